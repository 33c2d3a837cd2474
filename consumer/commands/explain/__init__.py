"""`explain`: what becomes of a record, and why. It decides by the code that `run` decides by.

given (a file's records) or from_topic (one offset) → explaining (pure) → people, or `as_json`.
"""

from consumer.commands.explain.explain_command import ExplainOptions, explain_records
from consumer.commands.explain.rules_file import with_rules_of

__all__ = ["ExplainOptions", "explain_records", "with_rules_of"]
