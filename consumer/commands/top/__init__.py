"""`top`: the status page's first screen in a terminal, of running services."""

from consumer.commands.top.top_command import show_top

__all__ = ["show_top"]
