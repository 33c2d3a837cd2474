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
UNUSABLE_CONFIG: Final = 78
INTERRUPTED: Final = 130
"""By Ctrl-C: what a shell makes of SIGINT. `run` has stopped in order before."""
