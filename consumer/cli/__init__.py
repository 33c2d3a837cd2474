"""The command line: `command_line` lists the commands, the other modules hold their options."""

import gc
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from consumer.cli.output import guard
from consumer.signals import ended_at_interrupt, held_back


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Ctrl-C ends it with 130, also while the commands are imported.

    Other signals to a service that is starting wait until it can stop in order.
    """
    [command] = (sys.argv[1:] if arguments is None else arguments)[:1] or [""]
    with held_back() if command in _STOPPED_IN_ORDER else nullcontext():
        gc.set_threshold(_COLLECT_AFTER_OBJECTS, 10, 10)
        guard()
        with ended_at_interrupt():
            from consumer.cli.command_line import run_command_line

            run_command_line(arguments)


_STOPPED_IN_ORDER: Final = ("run", "worker")
_COLLECT_AFTER_OBJECTS: Final = 100_000
"""What imports make is no garbage. By default, 700, it is looked at again and again: 3 % of the start of `run`."""
