"""The command line: `command_line` lists the commands, the other modules hold their options."""

from consumer.cli.command_line import app, main

__all__ = ["app", "main"]
