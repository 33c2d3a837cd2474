"""Standard output and standard error of every command: one that fails, or cannot show a character, is no bug.

Rules: what standard output does not take is told once, as `UnwrittenError`, and the rest is dropped. What standard
error does not take is dropped: nobody can be told, and the exit code says it. No character raises.
"""

import codecs
import io
import os
import sys
from contextlib import suppress
from errno import EBADF, EPIPE
from typing import Final, TextIO, cast

from consumer.exit_codes import NOT_AS_EXPECTED, OK, OUTPUT_CLOSED, UNWRITTEN


class UnwrittenError(Exception):
    """Standard output has not taken what a command printed. No OSError: those that a command expects are others."""


class _Raw(io.FileIO):
    """A descriptor that stays silent after its first fault."""

    fault: OSError | None = None
    is_quiet = False

    def write(self, data: bytes) -> int:  # type: ignore[override]  # of anything with bytes, as FileIO has it
        if self.fault is None:
            try:
                return super().write(data)
            except OSError as error:
                self.fault = error
                if not self.is_quiet:
                    raise UnwrittenError from error
        return len(data)


_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2
_SIGNS: Final = str.maketrans(
    {"→": ">", "←": "<", "…": "...", "✓": "+", "✗": "x", "×": "x", "·": ".", "–": "-", "—": "-", "“": "'", "”": "'"}
)
"""What stands for the signs of our own texts where they cannot be shown."""


def _shown(error: UnicodeError) -> tuple[str, int]:
    """Instead of what the encoding does not have: escapes as JSON has them, so that JSON keeps its values.

    Text that is no JSON, which is known by its first character, gets something readable instead of our own signs.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if not error.object.lstrip().startswith(("{", "[")):
        text = text.translate(_SIGNS)
    return "".join(one if one.isascii() else _escaped(one) for one in text), error.end


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def guard() -> None:
    """Replace the streams of the process; those that a test has put there stay. Before any file is opened."""
    codecs.register_error(_ESCAPED, _shown)
    for number in (_STDIN, _STDOUT, _STDERR):
        _keep_closed(number)
    if sys.stdin is None:  # what Python makes of a closed one
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # as long as the process lives
    if sys.stdout is sys.__stdout__:
        sys.stdout = _guarded(_STDOUT, sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _guarded(_STDERR, sys.stderr)


_ESCAPED: Final = "consumer.escaped"


def _keep_closed(number: int) -> None:
    """Let no socket or file get the number of a standard stream that was closed, and with it what is printed there."""
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDONLY)  # which fails to write as a closed one does: EBADF
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _guarded(number: int, was: TextIO | None) -> TextIO:
    raw = _Raw(number, "wb", closefd=False)
    raw.is_quiet = number == _STDERR
    is_unbuffered = getattr(was, "write_through", False)  # PYTHONUNBUFFERED
    if was is not None:
        was.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(cast(io.RawIOBase, raw)),
        encoding=getattr(was, "encoding", None) or "utf-8",
        errors=_ESCAPED,
        line_buffering=is_unbuffered or number == _STDERR or raw.isatty(),
    )


def finished(code: int) -> int:
    """The exit code, once everything is written that was printed; another one, and a sentence, if it was not.

    Where something else has gone wrong, such as a replay that is not finished, the code is that of this.
    """
    with suppress(UnwrittenError):
        sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    fault = raw.fault if isinstance(raw, _Raw) else None
    if fault is None:
        return code
    unwritten = _unwritten(fault)
    return unwritten if code in _LESS_GRAVE else code


_LESS_GRAVE: Final = (OK, NOT_AS_EXPECTED, UNWRITTEN)


def _unwritten(fault: OSError) -> int:
    """Who closes a pipe has seen enough, as `head` does: that is said by the exit code alone."""
    if fault.errno == EPIPE:
        return OUTPUT_CLOSED
    from consumer.terminal import complain  # takes longer, and is seldom needed

    why = "it is closed" if fault.errno == EBADF else fault.strerror
    complain(f"standard output cannot be written ({why}); give it another place, such as > FILE")
    return UNWRITTEN
