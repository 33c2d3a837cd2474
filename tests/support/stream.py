"""A made-up stream of a shop's events, of which is known beforehand what must become of each record.

The same settings make the same stream. It comes with the configuration
that it is known for: three rules, two pixels, and a schema of two versions in Confluent's framing.

| share | action | becomes |
|---|---|---|
| `dropped` | page_ping | nothing: no rule holds |
| `bad` | any of `BAD` in turn | a dead letter, with that reason |
| the rest | order_completed | Purchase in shop; from 500 on also BigOrder in blog |
| | signup, newsletter | CompleteRegistration or Lead in blog |

With `duplicates`, that share of the good records is there twice in its partition: the first with the customer's
email and without phone, the copy, up to 200 records later, the other way round.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastavro import parse_schema

from tests.support.avro import framed
from tests.support.letters import Letter
from tests.support.records import Headers, Raw
from tests.support.sandbox import Key
from tests.support.stream_config import BLOG, SCHEMAS, SHOP

HOUR_MS: Final = 3_600_000
BIG_ORDER: Final = 500.0
LARGEST_GAP: Final = 200
_PARSED: Final = tuple(parse_schema(schema) for schema in SCHEMAS)


@dataclass(frozen=True)
class StreamSettings:
    """Shares are from 0 to 1; `bad` and `dropped` together at most 1."""

    start_ms: int = field(default_factory=lambda: int(time.time() * 1000) - 60_000)
    """Unix milliseconds of the first record: a minute ago. Those after it follow in steps of `step_ms`."""
    count: int = 20_000
    """Records without the duplicates."""
    seed: int = 1
    partitions: int = 4
    bad: float = 0.02
    dropped: float = 0.10
    duplicates: float = 0.0
    step_ms: int = 1


@dataclass(frozen=True)
class Made:
    """One record, and what is expected of it: the keys of its events, or the reason of its dead letter, or neither."""

    raw: Raw
    keys: tuple[Key, ...] = ()
    reason: str | None = None
    identifiers: frozenset[str] = frozenset()
    """Which of `email` and `phone` its events carry."""


def expected_keys(stream: Iterable[Made]) -> set[Key]:
    """Every event that must be accepted; copies share their key."""
    return {key for made in stream for key in made.keys}


def expected_letters(stream: Iterable[Made]) -> Counter[Letter]:
    """Every dead letter that must be there."""
    bad = ((made.raw, made.reason) for made in stream if made.reason)
    return Counter(Letter(raw.key, raw.value, raw.headers, reason) for raw, reason in bad)


def expected_identifiers(stream: Iterable[Made]) -> dict[Key, frozenset[str]]:
    """What the copies of each event carry, together."""
    union: dict[Key, frozenset[str]] = {}
    for made in stream:
        for key in made.keys:
            union[key] = union.get(key, frozenset()) | made.identifiers
    return union


def make_stream(settings: StreamSettings, schema_ids: Sequence[int]) -> list[Made]:
    """The records in the order to be written. `schema_ids`: of the two versions, as the registry numbered them."""
    plans = sorted(_plans(settings, random.Random(settings.seed)), key=lambda plan: plan.place)
    return [_encoded(plan, number, settings, schema_ids) for number, plan in enumerate(plans)]


def make_purchases(
    count: int, schema_ids: Sequence[int], *, first: int = 0, partitions: Sequence[int] = (0, 1, 2, 3)
) -> list[Made]:
    """Good records of the plainest kind, numbered from `first`: each makes one Purchase in shop."""
    settings = StreamSettings(count=count)
    draw = random.Random(settings.seed)
    plans = (_small_order(_good(first + number, settings.start_ms, settings, draw)) for number in range(count))
    placed = (replace(plan, partition=partitions[number % len(partitions)]) for number, plan in enumerate(plans))
    return [_encoded(plan, number, settings, schema_ids) for number, plan in enumerate(placed)]


def make_bad(reasons: Sequence[str], schema_ids: Sequence[int], *, first: int = 1_000_000) -> list[Made]:
    """One bad record for each of these reasons, numbered from `first`."""
    settings = StreamSettings()
    draw = random.Random(settings.seed)
    plans = (_good(first + number, settings.start_ms, settings, draw) for number in range(len(reasons)))
    spoilt = (_spoilt(plan, reason) for plan, reason in zip(plans, reasons, strict=True))
    return [_encoded(plan, number, settings, schema_ids) for number, plan in enumerate(spoilt)]


@dataclass(frozen=True)
class _Plan:
    """A record before it has its bytes; `place` orders them, and copies come in between."""

    place: float
    partition: int
    version: int
    fields: Mapping[str, Any]
    reason: str | None = None
    headers: Headers = field(default=())


def _plans(settings: StreamSettings, draw: random.Random) -> Iterator[_Plan]:
    bad_in_turn = 0
    for number in range(settings.count):
        at_ms = settings.start_ms + number * settings.step_ms
        plan = _good(number, at_ms, settings, draw)
        chance = draw.random()
        if chance < settings.bad:
            yield _spoilt(plan, list(BAD)[bad_in_turn % len(BAD)])
            bad_in_turn += 1
        elif chance < settings.bad + settings.dropped:
            yield replace(plan, fields={**plan.fields, "action": "page_ping"})
        elif draw.random() < settings.duplicates:
            yield _with_customer(plan, phone=None)
            yield replace(_with_customer(plan, email=None), place=number + draw.randint(1, LARGEST_GAP) + 0.5)
        else:
            yield plan


def _good(number: int, at_ms: int, settings: StreamSettings, draw: random.Random) -> _Plan:
    action = draw.choices(("order_completed", "signup", "newsletter"), (6, 2, 2))[0]
    total = BIG_ORDER + number % 100 if draw.random() < 0.1 else 1 + number % 400 + 0.5
    fields = {
        "action": action,
        "id": f"{settings.seed}-{number}",
        "at": _moment(at_ms),
        "customer": {
            "id": f"c{number % 5000}",
            "email": f"customer{number % 5000}@example.com",
            "phone": f"+1202555{number % 10_000:04}",
        },
        "order": {"total": total, "currency": "USD"} if action == "order_completed" else None,
        "page_url": f"https://shop.example.com/{action}?n={number}",
        "country": "US",
        "took_ms": draw.random() * 1000,
    }
    headers: Headers = _HEADERS if number % 10 == 0 else ()
    return _Plan(number, number % settings.partitions, number % 2, fields, headers=headers)


_HEADERS: Final[Headers] = (("trace", b"\x00\xff"), ("trace", b"again"), ("empty", b""), ("none", None))
"""Twice the same name, bytes that are no text, an empty value and none: all of it must survive."""


def _spoilt(plan: _Plan, reason: str) -> _Plan:
    """A record that fails for this one reason; only `purchases` holds for it, so there is one dead letter."""
    plan = _small_order(plan)
    change, _ = BAD[reason]
    return replace(plan, fields=change(plan.fields), reason=reason)


def _small_order(plan: _Plan) -> _Plan:
    order = {"total": 5.0, "currency": "USD"}
    return replace(plan, fields={**plan.fields, "action": "order_completed", "order": order})


def _with_customer(plan: _Plan, **changes: str | None) -> _Plan:
    return replace(plan, fields={**plan.fields, "customer": {**plan.fields["customer"], **changes}})


def _encoded(plan: _Plan, number: int, settings: StreamSettings, schema_ids: Sequence[int]) -> Made:
    value = framed(schema_ids[plan.version], _PARSED[plan.version], plan.fields)
    key = str(plan.fields["id"]).encode()
    if plan.reason:
        value = BAD[plan.reason][1](value, key)
    timestamp_ms = settings.start_ms + number * settings.step_ms
    raw = Raw(value, key, plan.headers, plan.partition, timestamp_ms)
    if plan.reason:
        return Made(raw, reason=plan.reason)
    customer = plan.fields["customer"]
    return Made(raw, _keys(plan.fields), identifiers=frozenset(n for n in ("email", "phone") if customer[n]))


def _keys(fields: Mapping[str, Any]) -> tuple[Key, ...]:
    event_id = str(fields["id"])
    match fields["action"]:
        case "order_completed" if fields["order"]["total"] >= BIG_ORDER:
            return (SHOP, "Purchase", event_id), (BLOG, "BigOrder", event_id)
        case "order_completed":
            return ((SHOP, "Purchase", event_id),)
        case "signup":
            return ((BLOG, "CompleteRegistration", event_id),)
        case "newsletter":
            return ((BLOG, "Lead", event_id),)
    return ()


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


Fields = Mapping[str, Any]


def _same_fields(fields: Fields) -> Fields:
    return fields


def _same_bytes(value: bytes, _key: bytes) -> bytes:
    return value


def _at(change: Callable[[datetime], Any]) -> Callable[[Fields], Fields]:
    return lambda fields: {**fields, "at": change(fields["at"])}


BAD: Final[Mapping[str, tuple[Callable[[Fields], Fields], Callable[[bytes, bytes], bytes]]]] = {
    "decode.truncated": (_same_fields, lambda value, _key: value[:-3]),
    "decode.left_over": (_same_fields, lambda value, _key: value + b"\x00"),
    "decode.framing": (_same_fields, lambda value, _key: b"\x01" + value[1:]),
    "decode.utf8": (_same_fields, lambda value, key: value.replace(key, b"\xff" * len(key), 1)),
    "normalize.event_time": (_at(lambda _at: None), _same_bytes),
    "normalize.event_time_no_zone": (_at(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}"), _same_bytes),
    "validate.event_too_old": (_at(lambda at: at - timedelta(days=40)), _same_bytes),
    "validate.event_time_future": (_at(lambda at: at + timedelta(hours=30)), _same_bytes),
}
"""Reason → how to spoil the fields, and how to spoil the bytes (given the record's key, which is its id)."""
