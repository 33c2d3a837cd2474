"""What a person at a terminal is told, and what a file gets."""

import pytest

from consumer import terminal
from consumer.terminal import complain

SENTENCE = "Kafka at 127.0.0.1:1 does not answer; check the address, the security settings and the network."


def test_a_line_stays_one_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"{SENTENCE}\n  rules[0]: unknown key")

    assert capsys.readouterr().err == f"{SENTENCE}\n  rules[0]: unknown key\n"


def test_a_line_ends_between_words_where_the_terminal_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_columns", lambda: 40)
    path = "/" + "x" * 60

    complain(f"{SENTENCE}\n{path}: cannot be read\n\n  an indented one")

    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "Kafka at 127.0.0.1:1 does not answer;"
    assert [line for line in lines if len(line) > 40] == [f"{path}:"], "a path can still be copied"
    assert lines[-2:] == ["", "  an indented one"]
    assert f"{first} {' '.join(lines)}".startswith(SENTENCE)
