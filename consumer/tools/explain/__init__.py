"""`explain`: what becomes of a record, and why. It decides by the code that `run` decides by.

given (a file's records) or from_topic (one offset) → explaining (pure) → people, or `as_json`.
"""

from consumer.tools.explain.command import Asked, explain_records
from consumer.tools.explain.rules_file import with_rules_of

__all__ = ["Asked", "explain_records", "with_rules_of"]
