"""Rules under development: a file of `rules` and the `elements` they use. Its other sections are not looked at."""

from collections.abc import Mapping
from pathlib import Path

from consumer.config import Settings
from consumer.config.document import read_document
from consumer.config.problems import Problems
from consumer.config.sections import read_rules
from consumer.core.errors import ConfigError


def with_rules_of(path: Path, settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The same settings with the file's rules in place of their own.

    Raises:
        ConfigError: everything that is wrong with the file.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read ({type(error).__name__}); name a YAML file with rules"]) from None
    problems = Problems()
    document = read_document(text, environ, problems)
    rules = read_rules(document, frozenset(settings.pixels), path, problems)
    if problems.has_under("elements", "rules"):
        raise ConfigError(f"{path}: {text}" for text in problems.texts())
    return settings.model_copy(update=rules)
