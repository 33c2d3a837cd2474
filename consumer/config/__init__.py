"""The configuration file → frozen settings. All problems at once, each with its place and its remedy.

`loading` → `document` (YAML, environment) → `sections`, each by its pydantic model: those of the sections, and `rules/`
for sources, conditions and maps → `checks/` → `Settings`. The same models make the JSON Schema and
docs/configuration.md (`reference/`).
"""

from consumer.config.loading import load, parse
from consumer.config.schema_files import SchemaFile, is_shipped, load_shipped_schema
from consumer.config.settings import Settings

__all__ = ["SchemaFile", "Settings", "is_shipped", "load", "load_shipped_schema", "parse"]
