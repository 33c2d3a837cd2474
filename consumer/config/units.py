"""Durations and sizes as people write them, and the other plain kinds of value, for the settings' models.

A value that came through `${NAME}` is text, so numbers and true/false are taken as text, too. A number that
stands for a time or a size needs its unit in the file; code that builds settings gives plain numbers.
"""

import re
from math import isfinite
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainValidator, SecretStr, ValidationInfo, WithJsonSchema

from consumer.core.deliver.request import access_token_in, is_access_token

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES: Final = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
DURATION_PATTERN: Final = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)"
SIZE_PATTERN: Final = r"([0-9]{1,9})(B|KiB|MiB|GiB)"
LEFT_OUT: Final = ", or leave the key out"
"""Ends a remedy; `section.said` takes it off where the key is needed."""


def duration_s(text: str) -> float:
    """Seconds of `250ms`, `5s`, `5m`, `48h`, `28d`.

    Raises:
        ValueError: anything else; a bare number, too.
    """
    match = re.fullmatch(DURATION_PATTERN, text.strip())
    if match is None:
        raise ValueError("not a duration; write a number with its unit, such as 250ms, 5s, 5m, 48h or 28d")
    return round(float(match[1]) * _SECONDS[match[2]], 9)


def size_bytes(text: str) -> int:
    """Bytes of `512KiB`, `1MiB`.

    Raises:
        ValueError: anything else; a bare number, too.
    """
    match = re.fullmatch(SIZE_PATTERN, text.strip())
    if match is None:
        raise ValueError("not a size; write a whole number with its unit, such as 512KiB or 1MiB")
    return int(match[1]) * _BYTES[match[2]]


def spell_duration(seconds: float) -> str:
    """The shortest way to write it: 300.0 → `5m`."""
    for unit, factor in reversed(_SECONDS.items()):
        if seconds >= factor and seconds / factor == int(seconds / factor):
            return f"{int(seconds / factor)}{unit}"
    return f"{seconds:g}s"


def spell_size(size: float) -> str:
    """Rounded, for people: 134217728 → `128MiB`."""
    for unit, factor in reversed(_BYTES.items()):
        if size >= factor:
            return f"{size / factor:.3g}{unit}"
    return "0B"


def _duration(value: object, info: ValidationInfo) -> object:
    if info.context is None and isinstance(value, float | int):
        return float(value)
    return duration_s(value if isinstance(value, str) else "")


def _size(value: object, info: ValidationInfo) -> object:
    if info.context is None and isinstance(value, int):
        return value
    return size_bytes(value if isinstance(value, str) else "")


def _text(value: object) -> str:
    if value is None:
        raise ValueError(f"has no value; write one{LEFT_OUT}")
    if not isinstance(value, str):
        raise ValueError("must be text; put it in quotes")
    if not value.strip():
        raise ValueError(f"must not be empty; write a value{LEFT_OUT}")
    if not value.isprintable():
        raise ValueError("must be one line of printable text; remove line breaks and control characters")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false; YAML 1.2 knows no yes, no, on and off")
    return value


def _count(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number; write it without unit and quotes")
    return value


def _number(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", value.strip(), re.ASCII):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("must be a number; write it without unit and quotes")
    return float(value)


def _scalar(value: object) -> str | int | float:
    if isinstance(value, str | int | float):
        return value
    raise ValueError('must be text, a number, true or false; write dotted names in one piece, as in "ssl.ca.location"')


def _property(value: object) -> str:
    """librdkafka wants text: 5 → "5", true → "true"."""
    plain = _scalar(value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _path(value: object, info: ValidationInfo) -> Path:
    path = Path(_text(str(value) if isinstance(value, Path) else value))
    folder = info.context["folder"] if info.context else Path()
    return Path(folder, path)


Duration = Annotated[
    float, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": f"^{DURATION_PATTERN}$"})
]
"""Seconds."""
Size = Annotated[int, BeforeValidator(_size), WithJsonSchema({"type": "string", "pattern": f"^{SIZE_PATTERN}$"})]
"""Bytes."""
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string", "minLength": 1})]
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[int, BeforeValidator(_count)]
Number = Annotated[float, BeforeValidator(_number)]
Property = Annotated[str, BeforeValidator(_property), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Scalar = Annotated[
    str | int | float | bool, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
FilePath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "minLength": 1})]
"""Relative paths start at the folder of the configuration file."""


def secret(value: object) -> SecretStr:
    """Says what is wrong, never what it holds."""
    if isinstance(value, SecretStr):
        return value
    text = _text(value)
    if text != text.strip():
        raise ValueError("starts or ends with a blank; remove it")
    return SecretStr(text)


def _token(value: object) -> SecretStr:
    found = secret(value)
    if not is_access_token(found.get_secret_value()):
        raise ValueError(
            "holds a character that no access token has, or quotes; copy the token from Events Manager again"
        )
    return found


def _token_file(value: object, info: ValidationInfo) -> Path:
    """Looked into where a file of settings is read: later, it may change at any time."""
    file = _path(value, info)
    if info.context is None:
        return file
    try:
        token = access_token_in(file.read_bytes())
    except OSError as error:
        remedy = "give the path of an existing file that this user may read"
        raise ValueError(f"cannot be read ({error.strerror}); {remedy}") from None
    if token is None:
        raise ValueError("does not hold an access token alone; write it there without quotes, and nothing else")
    return file


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `0.0.0.0:9464`, `[::1]:9464`, `:9464` (all addresses).

    Raises:
        ValueError: anything else.
    """
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    is_host = bare != host or ":" not in host
    if not (colon and is_host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError('not an address; write host:port, such as "0.0.0.0:9464"')
    return bare or "0.0.0.0", int(port)  # noqa: S104  # what no host means everywhere


def _address(value: object) -> str:
    text = _text(value)
    split_address(text)
    return text


def _host_name(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text):
        raise ValueError("not a host's name; write it without https://, port and path, such as events.example.com")
    return text


Secret = Annotated[SecretStr, BeforeValidator(secret), WithJsonSchema({"type": "string", "minLength": 1})]
"""Shown as stars; `get_secret_value()` reveals it."""
Token = Annotated[SecretStr, BeforeValidator(_token), WithJsonSchema({"type": "string", "minLength": 1})]
TokenFile = Annotated[Path, BeforeValidator(_token_file), WithJsonSchema({"type": "string", "minLength": 1})]
HostName = Annotated[str, BeforeValidator(_host_name), WithJsonSchema({"type": "string", "minLength": 1})]
Address = Annotated[str, BeforeValidator(_address), WithJsonSchema({"type": "string", "pattern": ":[0-9]{1,5}$"})]
