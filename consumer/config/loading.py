"""The file → frozen settings, or every problem at once."""

import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from consumer.config.checks.consistency import check_together
from consumer.config.checks.schema_paths import faults_with, known_schemas
from consumer.config.document import read_document
from consumer.config.problems import Problems
from consumer.config.sections import SECTION_BY_KEY, read_sections
from consumer.config.settings import ConfigurationSource, Settings
from consumer.core.errors import ConfigError

_HASH_DIGITS: Final = 12
"""Enough to tell two states of a file apart, and short enough to read out."""
VARIABLE: Final = "TIKTOK_CONSUMER_CONFIG"
DEFAULT_PATH: Final = "consumer.yaml"


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the configuration file.

    Args:
        path: None: the file that $TIKTOK_CONSUMER_CONFIG names, else ./consumer.yaml.
        environ: what `${NAME}` is replaced from.

    Raises:
        ConfigError: everything that is wrong with it.
    """
    path = path or Path(environ.get(VARIABLE) or DEFAULT_PATH)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        remedy = f"name the file with --config or ${VARIABLE}"
        raise ConfigError([f"{path}: cannot be read ({error.strerror}); {remedy}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: not UTF-8; save it as UTF-8"]) from None
    settings = parse(text.replace("\r\n", "\n"), environ, path)
    source = ConfigurationSource(
        str(path.absolute()), sha256(content).hexdigest()[:_HASH_DIGITS], round(time.time(), 3)
    )
    return settings.model_copy(update={"source": source})


def parse(text: str, environ: Mapping[str, str], path: Path = Path(DEFAULT_PATH)) -> Settings:
    """As `load`, from the text. Relative paths in it start at the folder of `path`, which need not exist."""
    problems = Problems()
    document = read_document(text, environ, problems)
    _refuse_unknown(document, problems)
    sections = read_sections(document, path, problems)
    check_together(sections, problems)
    if problems:
        _check_paths(sections, problems)
        raise ConfigError(problems.texts())
    return Settings.model_construct(**sections, path=path.absolute())  # type: ignore[arg-type]  # each has been read


def _check_paths(sections: Mapping[str, object], problems: Problems) -> None:
    """What `check` would find next, so that it is reported in the same run: what the rules ask of the schemas."""
    if {"rules", "avro"} <= sections.keys():
        with_pixels = {"pixels": {}, **sections}  # they may be at fault
        settings = Settings.model_construct(**with_pixels)  # type: ignore[arg-type]  # each has been read
        for place, text in faults_with(settings, known_schemas(settings)):
            problems.add(place, text)


def _refuse_unknown(document: Mapping[str, object], problems: Problems) -> None:
    for key in document.keys() - SECTION_BY_KEY.keys():
        problems.unknown((key,), SECTION_BY_KEY.keys())
