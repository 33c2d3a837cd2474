"""`test`: the user's own cases beside their configuration: what must become of a record."""

from consumer.commands.cases.cases_command import run_cases

__all__ = ["run_cases"]
