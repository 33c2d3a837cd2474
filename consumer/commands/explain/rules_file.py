"""Rules under development: a file of `rules`, the `elements` they use, and `pixels`, if there are other ones.

Its other sections are not looked at: it may be a whole configuration.
"""

from collections.abc import Mapping
from pathlib import Path

from consumer.config import Settings
from consumer.config.document import read_document
from consumer.config.problems import Problems
from consumer.config.sections import read_pixels, read_rules
from consumer.core.errors import ConfigError


def with_rules_of(path: Path, settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The same settings with the file's rules instead of their own, and its pixels added to theirs, or instead.

    Raises:
        ConfigError: everything that is wrong with the file.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read ({type(error).__name__}); name a YAML file with rules"]) from None
    problems = Problems()
    document = read_document(text, environ, problems)
    own = document.get("pixels")
    names = frozenset(settings.pixels) | (own.keys() if isinstance(own, dict) else frozenset())
    rules = read_rules(document, names, path, problems)
    pixels = read_pixels(document, path, problems)
    if problems.has_under("elements", "rules", "pixels"):
        raise ConfigError(f"{path}: {text}" for text in problems.texts())
    return settings.model_copy(update={**rules, "pixels": {**settings.pixels, **pixels}})
