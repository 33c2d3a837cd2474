"""Access tokens: from the configuration, and from files that change."""

from pathlib import Path

import pytest
from pydantic import SecretStr

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
