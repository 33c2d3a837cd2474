"""Access tokens: from the configuration, and from files that change."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from consumer.adapters.access_tokens import AccessTokens


def tokens_of(file: Path) -> AccessTokens:
    return AccessTokens({"shop": file, "blog": SecretStr("fixed")}, look_every_s=0.0)


def test_a_configured_token_is_revealed_and_never_changes() -> None:
    tokens = AccessTokens({"shop": SecretStr("token-1")})

    assert tokens.reveal("shop") == "token-1"
    assert tokens.changed() == []


def test_a_token_is_not_shown_by_accident(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-1")
    tokens = tokens_of(tmp_path / "token")

    assert "token-1" not in repr(tokens) + str(vars(tokens))


def test_a_file_is_read_at_the_start_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-1\n")
    tokens = tokens_of(tmp_path / "token")

    assert tokens.reveal("shop") == "token-1"
    assert tokens.changed() == []


def test_a_file_with_another_token_is_noticed_once(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.write_text("a-longer-token-2")

    assert tokens.changed() == ["shop"]
    assert tokens.reveal("shop") == "a-longer-token-2"
    assert tokens.changed() == []


def test_a_file_written_anew_with_the_same_token_is_no_change(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.write_text("token-1\n")

    assert tokens.changed() == []


def test_a_link_turned_to_another_file_is_noticed(tmp_path: Path) -> None:
    for name, token in (("old", "token-1"), ("new", "token-2")):
        (tmp_path / name).write_text(token)
    link = tmp_path / "token"
    link.symlink_to(tmp_path / "old")
    tokens = tokens_of(link)

    link.unlink()
    link.symlink_to(tmp_path / "new")

    assert tokens.changed() == ["shop"]
    assert tokens.reveal("shop") == "token-2"


@pytest.mark.parametrize("unusable", [b"", b"\n", b"two tokens", b"tok\nen", b"t\xc3\xb6ken", b"\xff\xfe", b"a\x00b"])
def test_what_is_no_token_leaves_the_last_one_and_is_looked_at_again(tmp_path: Path, unusable: bytes) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.write_bytes(unusable)
    assert tokens.changed() == []
    assert tokens.reveal("shop") == "token-1"

    file.write_text("token-number-2")
    assert tokens.changed() == ["shop"]


def test_a_missing_file_leaves_the_last_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.unlink()

    assert tokens.changed() == []
    assert tokens.reveal("shop") == "token-1"


def test_a_file_that_cannot_be_read_leaves_the_last_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.unlink()
    file.mkdir()

    assert tokens.changed() == []
    assert tokens.reveal("shop") == "token-1"


UNUSABLE: list[tuple[bytes | None, str]] = [
    (b'"token-2"', "does not hold an access token alone"),
    (b"", "does not hold an access token alone"),
    (b"\xff\xfet\x00", "does not hold an access token alone"),
    (None, "cannot be read (No such file or directory)"),
]


@pytest.mark.parametrize(("content", "why"), UNUSABLE)
def test_a_file_that_cannot_be_used_is_told_once_with_its_path_and_never_its_content(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    _replace(file, content)
    with capture_logs() as lines:
        for _ in range(5):
            assert tokens.changed() == []

    assert [(line["event"], line["log_level"], line["pixel"], line["file"], line["why"]) for line in lines] == [
        ("token.unusable", "warning", "shop", str(file), why)
    ]
    assert "token-2" not in str(lines)
    assert tokens.unusable() == {"shop": f"{file} {why}"}


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    file.unlink()
    file.mkdir()
    with capture_logs() as lines:
        _look_twice(tokens)

    assert [line["why"] for line in lines] == ["cannot be read (Is a directory)"]


def test_a_file_that_is_half_written_at_one_look_is_not_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    with capture_logs() as lines:
        file.write_text("")
        assert tokens.changed() == []
        file.write_text("token-number-2")
        assert tokens.changed() == ["shop"]

    assert lines == []


def test_each_change_to_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = tokens_of(file)

    with capture_logs() as lines:
        for content in (None, b"two words", b"three more words", None):
            _replace(file, content)
            _look_twice(tokens)

    assert [line["event"] for line in lines] == ["token.unusable"] * 4


def test_a_file_that_can_be_used_again_has_no_fault_and_its_next_one_is_told(tmp_path: Path) -> None:
    file, away = tmp_path / "token", tmp_path / "away"
    file.write_text("token-1")
    tokens = tokens_of(file)

    with capture_logs() as lines:
        for _ in range(2):
            file.rename(away)
            _look_twice(tokens)
            away.rename(file)
            _look_twice(tokens)
            assert tokens.unusable() == {}
        file.unlink()
        _look_twice(tokens)
        file.write_text("token-number-2")
        assert tokens.changed() == ["shop"]
        assert tokens.unusable() == {}

    assert [line["event"] for line in lines] == ["token.unusable"] * 3


def test_a_byte_order_mark_is_no_part_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbftoken-1\r\n")

    assert tokens_of(tmp_path / "token").reveal("shop") == "token-1"


def _replace(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)


def _look_twice(tokens: AccessTokens) -> None:
    tokens.changed()
    tokens.changed()


def test_a_token_that_comes_later_is_a_change(tmp_path: Path) -> None:
    tokens = tokens_of(tmp_path / "token")
    assert tokens.reveal("shop") == ""

    (tmp_path / "token").write_text("token-1")

    assert tokens.changed() == ["shop"]


def test_does_not_look_again_at_once(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1")
    tokens = AccessTokens({"shop": file}, look_every_s=3600.0)

    file.write_text("token-number-2")

    assert tokens.changed() == []
