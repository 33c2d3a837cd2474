"""The .avsc files that the configuration names, and the one this package ships."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationInfo

from consumer.core.decode.decoder import SHIPPED
from consumer.core.decode.resolution import Target
from consumer.core.decode.schema import UnusableSchemaError, parse

SHIPPED_NAME: Final = "web_event.avsc"


@dataclass(frozen=True)
class SchemaFile:
    """An Avro schema as its file has it."""

    path: Path
    schema: Any
    """The JSON of the file, which `core.schemas.parse` is known to take."""

    @property
    def name(self) -> str:
        """The full name of its record; empty where it is a union of records."""
        return parse(self.schema).name or ""


def load_shipped_schema() -> dict[str, Any]:
    """The schema that is read by default: from the installed package, else from the source tree."""
    schema: dict[str, Any] = json.loads(_shipped_path().read_text("utf-8"))
    return schema


def shipped_file() -> SchemaFile:
    """The shipped schema with its place."""
    return SchemaFile(_shipped_path(), load_shipped_schema())


def is_shipped(file: SchemaFile) -> bool:
    """True if records of this schema need no `map`: it has the shipped one's full name."""
    return file.name == SHIPPED


def schema_file(written: object, info: ValidationInfo) -> SchemaFile | None:
    """Read one .avsc file; None stays None.

    Raises:
        ValueError: not a file's name, not readable, not JSON, or not a schema.
    """
    if written is None or isinstance(written, SchemaFile):
        return written
    if not isinstance(written, str) or not written.strip():
        raise ValueError("must be the path of an .avsc file; write it as text")
    folder = info.context["folder"] if info.context else Path()
    return read_schema_file(Path(folder, written))


def reader_schema_file(written: object, info: ValidationInfo) -> SchemaFile | None:
    """As `schema_file`, of a schema whose defaults are used.

    Raises:
        ValueError: also if a default is no value of its field's type.
    """
    file = schema_file(written, info)
    if file is not None:
        try:
            Target(parse(file.schema, are_defaults_used=True))
        except UnusableSchemaError as fault:
            raise ValueError(f"cannot be used as a schema ({fault}); fix the .avsc file") from None
    return file


def schema_files(written: object, info: ValidationInfo) -> tuple[SchemaFile, ...]:
    """Read one .avsc file or a list of them; None is none.

    Raises:
        ValueError: as `schema_file`.
    """
    if written is None:
        return ()
    found = [schema_file(one, info) for one in (written if isinstance(written, list | tuple) else [written])]
    if not found or None in found:
        raise ValueError("must name at least one .avsc file; leave the key out to use the shipped schema")
    return tuple(one for one in found if one)


def read_schema_file(path: Path) -> SchemaFile:
    """Read one .avsc file.

    Raises:
        ValueError: not readable, not JSON, or not a schema; the text says what to do and does not name the file.
    """
    try:
        document = json.loads(path.read_text("utf-8-sig"))  # editors may begin it with a byte-order mark
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}); give the path of an existing .avsc file") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({where_in_json(error)}); an .avsc file holds one Avro schema as JSON") from None
    except (ValueError, RecursionError):
        raise ValueError("is not JSON in UTF-8; an .avsc file holds one Avro schema as JSON") from None
    try:
        parse(document)
    except UnusableSchemaError as fault:
        raise ValueError(f"cannot be used as a schema ({fault}); fix the .avsc file") from None
    return SchemaFile(path, document)


def where_in_json(error: json.JSONDecodeError) -> str:
    """What is wrong and where, without what stands there."""
    return f"{error.msg}, line {error.lineno}, column {error.colno}"


def _shipped_path() -> Path:
    installed = Path(str(files("consumer"))) / SHIPPED_NAME
    return installed if installed.is_file() else installed.parents[1] / "schemas" / SHIPPED_NAME
