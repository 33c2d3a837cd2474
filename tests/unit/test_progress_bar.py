"""The progress bar: at a terminal, and nowhere else."""

import io
import signal
import sys

import pytest

from consumer.commands.progress_bar import Bar
from consumer.signals import ended_at_interrupt


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


def test_sigterm_gives_the_cursor_back_while_it_is_hidden() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with ended_at_interrupt():
            with Bar("records", 3):
                within = signal.getsignal(signal.SIGTERM)
            after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert after is signal.SIG_DFL
    assert within is not after
