"""`{cel: "…"}`: expressions of Google's Common Expression Language, compiled once, at start. A part of `rules`.

An expression sees the record's fields by name, and `key`, `timestamp`, `topic`, `headers` and `schema`, unless the
record has a field of that name. What the record lacks is null. Only what an expression names is converted: decimals
become doubles, dates and UUIDs their text, and so do times without zone: CEL has none, and would take the machine's.
`timestamp` is a CEL timestamp, headers are a map of text.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded
from consumer.core.reasons import RejectReason
from consumer.core.rules.texts import text_of

_FUNCTION_NAMES: Final = (
    "size contains startsWith endsWith matches int uint double string bytes timestamp duration getFullYear getMonth "
    "getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds getMilliseconds type dyn has all "
    "exists exists_one map filter"
)
FUNCTIONS: Final = frozenset(_FUNCTION_NAMES.split())
_BOUND: Final = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
"""The name that a macro gives to each item: `x` in `items.map(x, x.price)`."""
_MOST_ITEMS: Final = 1000
_MOST_VALUES: Final = 10_000
"""What an expression takes grows with the square of a list's length, and each value is converted for it."""
_AS_IT_IS: Final = (str, int, float, bool, bytes, Decimal, type(None))
_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TypeError, "no such operation for these types"),
    (KeyError, "no such key"),
    (IndexError, "index out of range"),
    (ArithmeticError, "arithmetic out of range"),
    (BufferError, "a list of more than 1,000 items, or more than 10,000 values"),
)

_FAULTS: Final = (TypeError, LookupError, ArithmeticError, BufferError, RuntimeError, ValueError)
"""What evaluating raises."""


def compile_expression(text: str) -> Callable[[Decoded], Any]:
    """A function of a record. It raises RecordRejected, MAP_CEL, named by expression and kind of error.

    Raises:
        ValueError: not an expression, or one with a function that there is not; says where.
    """
    program = _program(text)
    names = [(name, _ENVELOPE.get(name)) for name in program.variables()]
    bound = frozenset(_BOUND.findall(text))

    def evaluate(decoded: Decoded) -> Any:
        fields, room = decoded.fields, [_MOST_VALUES]
        given: dict[str, Any] = {}
        try:
            for name, part in names:
                value = part(decoded) if part is not None and name not in fields else fields.get(name)
                given[name] = _value(value, room)
            return program.execute(given)
        except _FAULTS as error:  # its text may quote the record
            kind = next((words for kinds, words in _KINDS if isinstance(error, kinds)), "cannot be evaluated")
        nulls = ", ".join(name for name, value in given.items() if value is None and name not in bound)
        raise RecordRejected(RejectReason.MAP_CEL, f"cel {text}: {kind}" + (f" (null: {nulls})" if nulls else ""))

    return evaluate


def names_in(text: str) -> frozenset[str]:
    """The fields of the record that an expression names; what it calls `key` or `topic` may be the envelope's."""
    return frozenset(_program(text).variables()) - frozenset(_BOUND.findall(text)) - _ENVELOPE.keys()


def _program(text: str) -> Any:
    import cel  # it loads a command line of its own, which takes a while: only for those who use it

    try:
        program = cel.compile(text)
    except ValueError as error:
        found = re.search(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n{]*)", str(error))
        where = f"column {found[2]}: {found[3].strip()}" if found else "not to be parsed"
        raise ValueError(f"not an expression of CEL: {where}") from None
    unknown = sorted(name for name in program.functions() if name.isidentifier() and name[0] != "_")
    unknown = [name for name in unknown if name not in FUNCTIONS]
    if unknown:
        raise ValueError(f"CEL has no function `{unknown[0]}`; it has {', '.join(sorted(FUNCTIONS))}")
    return program


def _value(value: Any, room: list[int]) -> Any:
    """As CEL takes it.

    Args:
        room: how many more values there may be; of all that an expression names together.
    """
    if isinstance(value, dict | list | tuple):
        room[0] -= len(value)
        if len(value) > _MOST_ITEMS or room[0] < 0:
            raise BufferError
        if isinstance(value, dict):
            return {key: _value(inner, room) for key, inner in value.items()}
        return [_value(inner, room) for inner in value]
    if isinstance(value, _AS_IT_IS) or (isinstance(value, datetime) and value.tzinfo is not None):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value) if isinstance(value, UUID) else None


def _timestamp(decoded: Decoded) -> datetime | None:
    milliseconds = decoded.record.timestamp_ms
    return None if milliseconds < 0 else datetime.fromtimestamp(milliseconds / 1000, UTC)


_ENVELOPE: Final[Mapping[str, Callable[[Decoded], Any]]] = {
    "key": lambda decoded: text_of(decoded.record.key) if decoded.key is None else decoded.key,
    "timestamp": _timestamp,
    "topic": lambda decoded: decoded.record.origin.topic,
    "headers": lambda decoded: {
        name: text for name, raw in decoded.record.headers if isinstance(text := text_of(raw), str)
    },
    "schema": lambda decoded: decoded.schema,
}
