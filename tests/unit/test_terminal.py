"""What is printed to a terminal cannot steer it."""

import sys

import pytest

from consumer.terminal import printable


@pytest.mark.parametrize("text", ["", "plain", "Ünïcödé 漢字 🙂", "a b"])
def test_what_has_a_shape_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\u001b[31m"),
        ("\x9b", "\\u009b"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("a\nb", "a\\u000ab"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_steers_becomes_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_ends_may_stay_and_nothing_else() -> None:
    assert printable("a\nb\rc\x1b", is_multiline=True) == "a\nb\\u000dc\\u001b"


def test_no_character_passes_that_python_calls_unprintable() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))

    assert printable(every).isprintable()
