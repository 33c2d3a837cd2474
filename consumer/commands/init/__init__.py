"""`init`: a first configuration, guessed from the names of a schema's fields.

asking (the schema) → leaves → events, moments, products, matching (by aliases, which are data) → drafting → writing.
All between asking and the command is pure.
"""

from consumer.commands.init.init_command import InitOptions, write_first_config

__all__ = ["InitOptions", "write_first_config"]
