"""What came of a record, as a case's file has it, and where two of them differ. Pure.

A case expects, of each record, one of these:
- `[{…}, …]`: the events as TikTok gets them, in the order of the rules, and nothing rejected;
- `{"reason": "normalize.event_time"}`: no event, but this reason, of a rejection or for which it is dropped;
- `{"events": [{…}, …], "reasons": ["…", …]}`: some rules made events, others rejected it.
Of a file with several records, a case expects `{"records": [one of these each]}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from consumer.commands.explain.explainer import Explained

Json = Any
"""Whatever JSON can hold."""
ABSENT: Final = object()


def result_of(explained: Explained) -> Json:
    """What came of one record."""
    decision = explained.decision
    events = [msgspec.json.decode(each.event.body) for each in explained.events]
    reasons = [str(each.reason) for each in decision.rejections]
    if decision.dropped is not None:
        reasons.append(str(decision.dropped))
    if not events and len(reasons) == 1:
        return {"reason": reasons[0]}
    return {"events": events, "reasons": reasons} if reasons else events


def result_of_all(results: Sequence[Json]) -> Json:
    """What came of a file's records."""
    return results[0] if len(results) == 1 else {"records": list(results)}


def differences(expected: Json, came: Json) -> Iterator[str]:
    """A line for each place where they differ, in the order of what was expected."""
    wanted, found = dict(_leaves(expected, "")), dict(_leaves(came, ""))
    for path in dict.fromkeys((*wanted, *found)):
        one, other = wanted.get(path, ABSENT), found.get(path, ABSENT)
        if one is ABSENT:
            yield f"{path or 'the whole'}: not expected, came {_text(other)}"
        elif other is ABSENT:
            yield f"{path or 'the whole'}: expected {_text(one)}, is missing"
        elif one != other or type(one) is not type(other):
            yield f"{path or 'the whole'}: expected {_text(one)}, came {_text(other)}"


def _leaves(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def _text(value: Json) -> str:
    return msgspec.json.encode(value).decode()
