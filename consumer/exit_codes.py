"""How each command ends: the one table (docs/architecture.md §9)."""

from typing import Final

OK: Final = 0
NOT_AS_EXPECTED: Final = 1
"""`demo`: a record is not accounted for. `test`: a case differs."""
UNUSABLE_INPUT: Final = 64
"""The command line, or a file that it names."""
UNFINISHED: Final = 69
"""A request was left without an answer, or an outside system that a command needs did not answer."""
BUG: Final = 70
UNWRITTEN: Final = 74
"""Standard output took not all that was printed: the disk is full, or it was closed. EX_IOERR of sysexits.h."""
UNUSABLE_CONFIG: Final = 78
BY_SIGNAL: Final = 128
"""And the signal's number: what a shell makes of one."""
INTERRUPTED: Final = 130
"""By Ctrl-C, which is SIGINT. `run` has stopped in order before."""
OUTPUT_CLOSED: Final = 141
"""Whoever read the output has closed the pipe, as `head` does: what a shell makes of SIGPIPE."""
