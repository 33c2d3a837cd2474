"""The command line: `command_line` lists the commands, the other modules hold their options."""

from collections.abc import Sequence

from consumer.signals import ended_at_interrupt


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Ctrl-C ends it with 130, also while the commands are imported."""
    with ended_at_interrupt():
        from consumer.cli.command_line import run_command_line

        run_command_line(arguments)
