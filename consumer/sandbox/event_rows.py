"""What the page's list shows of an event: one short row, and its warnings by number."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from consumer.sandbox.rules.event_insight import EventWarning, general, leaves, match_keys, warnings
from consumer.sandbox.rules.parameter_texts import ABOUT, MATCH_KEYS
from consumer.sandbox.state.copies import Placed
from consumer.sandbox.state.event_store import Accepted

FIELDS: Final = (*ABOUT, "other properties")
"""The names behind the bits of `Row.fields`."""
MOST_KINDS: Final = 200
"""A warning may name a property of the sender's own, so there is no end of them."""
OTHER_KIND: Final = EventWarning("other", "any other warning: open the event to see it")
_BIT_BY_FIELD: Final = {name: 1 << place for place, name in enumerate(FIELDS)}
_BIT_BY_KEY: Final = {name: 1 << place for place, name in enumerate(MATCH_KEYS)}
decode_event: Final = msgspec.json.Decoder(float_hook=float).decode
"""As tolerant as `judge`, which does not look into unknown properties: there, 1e999 may stand."""


class Row(Struct, array_like=True, frozen=True):
    """What the list shows of an event. An array in JSON: the page reads it by place."""

    seq: int
    received_at: float
    pixel: str
    test_event_code: str | None
    event: str
    event_id: str | None
    fate: str
    first_seq: int
    match_keys: int
    """Bits over `MATCH_KEYS`."""
    warnings: list[int]
    """Numbers of `WarningKinds`, each once, however many products have it."""
    answered: bool
    fields: int
    """Bits over `FIELDS`: at most 53 of them, or JavaScript would lose some."""
    value: float | None
    currency: str | None
    order_id: str | None


class WarningKinds:
    """The kinds of warnings met so far, numbered from 0 in the order met. Mutable."""

    def __init__(self, most: int = MOST_KINDS) -> None:
        """`most`: how many are told apart; all further ones are `OTHER_KIND`."""
        self._most = most
        self._numbers: dict[EventWarning, int] = {}

    def numbers(self, warned: Iterable[EventWarning]) -> list[int]:
        """The kinds of these warnings, each once; the places of products make no difference."""
        return list(dict.fromkeys(self._number(EventWarning(general(one.field), one.what)) for one in warned))

    def listed(self, first: int = 0) -> list[EventWarning]:
        """The kinds from this number on."""
        return list(self._numbers)[first:]

    def _number(self, kind: EventWarning) -> int:
        if kind not in self._numbers and len(self._numbers) >= self._most - 1:
            kind = OTHER_KIND
        return self._numbers.setdefault(kind, len(self._numbers))


def row_of(event: Accepted, placed: Placed, kinds: WarningKinds) -> Row:
    """The row of an accepted event."""
    decoded: dict[str, Any] = decode_event(event.body)
    fields = 0
    for path, _ in leaves(decoded):
        fields |= _BIT_BY_FIELD.get(general(path), _BIT_BY_FIELD["other properties"])
    properties = decoded.get("properties") or {}
    return Row(
        seq=event.seq,
        received_at=event.received_at,
        pixel=event.pixel,
        test_event_code=event.test_event_code,
        event=event.event,
        event_id=event.event_id,
        fate=placed.fate,
        first_seq=placed.first_seq,
        match_keys=sum(_BIT_BY_KEY[key] for key in match_keys(decoded)),
        warnings=kinds.numbers(warnings(decoded, event.received_at)),
        answered=event.answered,
        fields=fields,
        value=properties.get("value"),
        currency=properties.get("currency"),
        order_id=properties.get("order_id"),
    )
