"""`test`: the user's own cases in their configuration's folder: what must become of a record."""

from consumer.commands.cases.cases_command import RECORD, run_cases, write_case

__all__ = ["RECORD", "run_cases", "write_case"]
