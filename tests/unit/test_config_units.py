"""Durations, sizes, addresses."""

import pytest

from consumer.config.units import duration_s, size_bytes, spell_duration, spell_size, split_address


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("250ms", 0.25), ("5s", 5), ("1.5s", 1.5), ("5m", 300), ("48h", 172_800), ("28d", 2_419_200)],
)
def test_reads_a_duration(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["5", "", "s", "-5s", "5 s", "5S", "5min", "1e3s", "٥s", "5s5s", "99999999999s"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="with its unit"):
        duration_s(text)


@pytest.mark.parametrize(
    ("text", "size"), [("0B", 0), ("512KiB", 524_288), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648)]
)
def test_reads_a_size(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["1024", "1KB", "1MB", "1.5MiB", "-1MiB", "1mib", ""])
def test_refuses_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="with its unit"):
        size_bytes(text)


@pytest.mark.parametrize("text", ["250ms", "5s", "5m", "48h", "28d"])
def test_spells_a_duration_as_it_is_written(text: str) -> None:
    assert duration_s(spell_duration(duration_s(text))) == duration_s(text)


def test_spells_what_has_no_round_unit() -> None:
    assert (spell_duration(0), spell_duration(90), spell_duration(1.5), spell_duration(86400)) == (
        "0s",
        "90s",
        "1500ms",
        "1d",
    )
    assert (spell_size(0), spell_size(1536), spell_size(500_000_000)) == ("0B", "1.5KiB", "477MiB")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1:9464", ("10.0.0.1", 9464)),
        (":80", ("0.0.0.0", 80)),  # noqa: S104
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_splits_an_address(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize("text", ["", "9464", "localhost", "localhost:", "localhost:x", "::1:80", "a:65536", "a:٥"])
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        split_address(text)
