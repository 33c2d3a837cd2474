"""The configuration file → frozen settings. All problems at once, each with its place and its remedy.

`load` → `document` (YAML, environment) → `sections` (pydantic models in `reading`, `sending`, `settings`) and
`rules` (`parameters`, `conditions`, `sources`, `calls`) → `crosschecks` → `Settings`.
"""

from consumer.config.loading import load, parse
from consumer.config.schema_files import SchemaFile, is_shipped, load_shipped_schema
from consumer.config.settings import Settings

__all__ = ["SchemaFile", "Settings", "is_shipped", "load", "load_shipped_schema", "parse"]
