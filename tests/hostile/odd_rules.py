"""Made-up rules over the paths of a schema, written as a configuration has them."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from consumer.core.tiktok_event import CONTENT_FIELDS, PAGE_FIELDS, PROPERTY_FIELDS, USER_FIELDS

_CONDITIONS: Final[tuple[Mapping[str, Any], ...]] = (
    *({"equals": "Purchase"}, {"not_equals": "x"}, {"in": ["a", "USD"]}, {"not_in": [1, 2]}, {"contains": "a"}),
    *({"starts_with": "a"}, {"ends_with": "a"}, {"matches": "(a|b)*c?$"}, {"matches": "^(.*)(.*)(.*)x"}),
    *({"less_than": 5}, {"at_least": "2026-01-01"}, {"exists": True}, {"exists": False}, {"is_true": True}),
)
_PARTS: Final = ("$key", "$headers.h", "$timestamp", "$topic", "$offset", "$schema")
_CEL: Final = (
    *("{0}", "size({0}) > 3", "{0} == null", "string({0})", "{0} + {0}", "has({0}.k) ? {0}.k : 'x'", "{0}[0]"),
    *("{0}.matches('(a*)*b')", "{0}.exists(x, x == 'a')", "{0}.map(x, x)", "key + string(timestamp)", "headers"),
)
_UNITS: Final = ("s", "ms", "us", "ns")


def configuration(rng: random.Random, paths: Sequence[str]) -> dict[str, Any]:
    """A whole configuration of one to three rules."""
    return {
        "kafka": {"bootstrap_servers": "localhost:1", "topics": ["t"], "group_id": "g"},
        "avro": {"framing": "confluent", "registry": {"url": "http://localhost:1"}},
        "pixels": {"shop": {"pixel_code": "CODE", "access_token": "made-up"}},
        "on_bad_field": rng.choice(("drop", "drop", "drop", "reject")),
        "event_id_from_position": rng.choice(("auto", "always", "never")),
        "rules": [_rule(rng, paths, number) for number in range(rng.choice((1, 1, 1, 3)))],
        "limits": {"max_event_age": rng.choice(("0s", "28d"))},
    }


def _rule(rng: random.Random, paths: Sequence[str], number: int) -> dict[str, Any]:
    fixed = rng.random() < 0.7  # else nearly all end for want of an event and its time
    mapped: dict[str, Any] = {
        "event": {"const": "Purchase"} if fixed else _source(rng, paths),
        "event_time": "$timestamp" if fixed else _timed(rng, paths),
        "user": _some(rng, paths, [*USER_FIELDS]),
        "page": _some(rng, paths, [*PAGE_FIELDS]),
        "properties": _some(rng, paths, [name for name in PROPERTY_FIELDS if name != "contents"]),
    }
    if rng.random() < 0.5:
        mapped["event_id"] = _source(rng, paths)
    if rng.random() < 0.3:
        mapped["limited_data_use"] = _source(rng, paths)
    if rng.random() < 0.4:
        mapped["properties"]["contents"] = _contents(rng, paths)
    rule: dict[str, Any] = {"name": f"rule{number}", "pixel": "shop", "map": mapped}
    if rng.random() < 0.5:
        rule["when"] = [_condition(rng, paths) for _ in range(rng.choice((1, 2)))]
    return rule


def _some(rng: random.Random, paths: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    chosen = [name for name in names if rng.random() < 0.3]
    made = {name: _source(rng, paths) for name in chosen}
    if "phone" in made and rng.random() < 0.7:
        made["phone"] = {"path": rng.choice(paths), "region": rng.choice(("DE", "US"))}
    if "value" in made and rng.random() < 0.5:
        made["value"] = {"path": rng.choice(paths), "unit": "minor"}
    return made


def _source(rng: random.Random, paths: Sequence[str]) -> Any:
    kind = rng.choice(("path", "path", "path", "path", "changed", "changed", "several", "cel", "part", "const"))
    path = rng.choice(paths)
    if kind == "changed":
        return {"path": path, **_options(rng)}
    if kind == "several":
        return [path, rng.choice(paths), "$headers.h"]
    if kind == "cel":
        return {"cel": rng.choice(_CEL).format(path.partition("[")[0].partition(".")[0])}
    if kind == "part":
        return rng.choice(_PARTS)
    return {"const": "made-up"} if kind == "const" else path


def _options(rng: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {"trim": True, "lower": True, "default": rng.choice(("x", 5, None)), "scale": 0.01}
    return {name: value for name, value in options.items() if rng.random() < 0.5} or {"values": {"a": "b", "1": 2}}


def _timed(rng: random.Random, paths: Sequence[str]) -> Any:
    path = rng.choice(paths)
    return {"path": path, "unit": rng.choice(_UNITS)} if rng.random() < 0.5 else path


def _contents(rng: random.Random, paths: Sequence[str]) -> Any:
    path = rng.choice(paths).partition("[")[0]
    inner = [each for name in ("f0", "f1", "f2", "k") for each in (name, f"{name}.f0")]
    chosen = [name for name in CONTENT_FIELDS if rng.random() < 0.5] or ["price"]
    return {"each": path, **{name: rng.choice(inner) for name in chosen}}


def _condition(rng: random.Random, paths: Sequence[str]) -> Any:
    kind = rng.choice(("one", "one", "one", "any", "not"))
    if kind == "any":
        return {"any": [_condition(rng, paths), _condition(rng, paths)]}
    if kind == "not":
        return {"not": _condition(rng, paths)}
    return {"field": rng.choice((*paths, *_PARTS)), **rng.choice(_CONDITIONS)}
