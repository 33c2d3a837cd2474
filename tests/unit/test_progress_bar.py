"""The progress bar: at a terminal, and nowhere else."""

import io
import sys

import pytest

from consumer.commands.progress_bar import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "is_shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_is_drawn_at_a_terminal_only(stream: io.StringIO, is_shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    with Bar("records", 3) as bar:
        assert list(bar.watched([1, 2, 3])) == [1, 2, 3]

    assert ("records" in stream.getvalue()) is is_shown
