"""The command: a screen that follows the services at a terminal, one snapshot elsewhere."""

import os
import select
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, TextIO

from rich.live import Live

from consumer.commands.explain.explain_command import console_for
from consumer.commands.top.fitted import Fitted
from consumer.commands.top.screen import screen
from consumer.commands.top.status_reader import StatusReader, ask
from consumer.exit_codes import OK, UNFINISHED
from consumer.signals import also_at_interrupt
from consumer.terminal import complain

_DRAW_EVERY_S: Final = 0.5
_ENDING_KEYS: Final = (b"q", b"Q", b"")
_NORMAL_SCREEN: Final = "\x1b[?1049l"


def show_top(urls: Sequence[str], out: TextIO, keys: TextIO) -> int:
    """Show services until `q` is pressed; where `out` is no terminal, once. Returns the exit code."""
    return _follow(urls, out, keys) if out.isatty() else _snapshot(urls, out)


def _snapshot(urls: Sequence[str], out: TextIO) -> int:
    answers = {url: ask(url) for url in urls}
    console = console_for(out)
    for url, answer in answers.items():
        if isinstance(answer, str):
            complain(answer)
        else:
            console.print(screen(url, answer))
    return UNFINISHED if any(isinstance(answer, str) for answer in answers.values()) else OK


def _follow(urls: Sequence[str], out: TextIO, keys: TextIO) -> int:
    readers = [StatusReader(url) for url in urls]
    for reader in readers:
        reader.start()
    live = Live(_drawn(readers), console=console_for(out), screen=True, auto_refresh=False)
    with _single_keys(keys), also_at_interrupt(partial(_leave_screen, out)), live:
        while _pressed(keys) not in _ENDING_KEYS:
            live.update(_drawn(readers), refresh=True)
    for reader in readers:
        reader.close()
    return OK


def _drawn(readers: Sequence[StatusReader]) -> Fitted:
    return Fitted([(reader.url, reader.answer) for reader in readers], "q ends it")


def _pressed(keys: TextIO) -> bytes | None:
    """The key that was pressed within a moment; None without one, empty once the terminal is gone."""
    ready, _, _ = select.select([keys] if keys.isatty() else [], [], [], _DRAW_EVERY_S)
    return os.read(keys.fileno(), 1) if ready else None


@contextmanager
def _single_keys(keys: TextIO) -> Iterator[None]:
    """Keys come one by one, without Enter, and are not shown."""
    if not keys.isatty():
        yield
        return
    before = termios.tcgetattr(keys)
    restore = partial(termios.tcsetattr, keys, termios.TCSADRAIN, before)
    try:
        with also_at_interrupt(restore):
            tty.setcbreak(keys)
            yield
    finally:
        restore()


def _leave_screen(out: TextIO) -> None:
    out.write(_NORMAL_SCREEN)
    out.flush()
