"""The page's view of the store: a short row an event, everything about one event, and the stream of what is new."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from consumer.sandbox.api import Api
from consumer.sandbox.event_rows import FIELDS, Row, WarningKinds, decode_event, row_of
from consumer.sandbox.event_search import Found, search
from consumer.sandbox.numbers import whole_number
from consumer.sandbox.rules.event_insight import EventPart, EventWarning, match_keys, parts, warnings
from consumer.sandbox.rules.parameter_texts import MATCH_KEYS
from consumer.sandbox.state.access import Rate, Refuse
from consumer.sandbox.state.copies import Copies, Placed, merge
from consumer.sandbox.state.event_store import Accepted, Mark, Summary
from consumer.sandbox.state.misbehaviour import ActiveFault

ROWS: Final = 20_000
"""The page holds as many; a sender that outruns it by more makes it skip to the newest."""
CHUNK: Final = 1000
_BUSY_PAUSE_S: Final = 0.1
"""Between chunks: the page may take a tenth of what the sandbox's thread has, not more."""
_IDLE_PAUSE_S: Final = 0.25
_KEEP_ALIVE_S: Final = 5.0
"""The page takes a sandbox that is silent for three times as long for one that hangs."""
_SHOWN_REFUSALS: Final = 100
_SHOWN_COPIES: Final = 50


class Copy(Struct, frozen=True):
    """One event of a group of copies."""

    seq: int
    received_at: float
    fate: str
    filled: list[str]
    """Paths of what the merged result has from it."""


class Detail(Struct, frozen=True):
    """Everything about one accepted event."""

    seq: int
    received_at: float
    request_id: str
    pixel: str
    test_event_code: str | None
    answered: bool
    fate: str
    first_seq: int
    exact: str
    """The JSON exactly as sent."""
    parts: list[EventPart]
    match_keys: list[str]
    warnings: list[EventWarning]
    copies: list[Copy]
    """Its whole group, itself among them; empty if there are no others."""
    merged: dict[str, Any] | None
    """What TikTok would make of the group; None if there are no others, or its first is no longer kept."""


class State(Struct, frozen=True):
    """What the sandbox has counted, and how it is set to misbehave."""

    summary: Summary
    faults: list[ActiveFault]
    rate: Rate | None
    refuse: Refuse


class Feed:
    """Follows the store; costs nothing before the first look."""

    def __init__(self, api: Api, *, rows: int = ROWS, chunk: int = CHUNK) -> None:
        """`rows`: how far a page may fall behind; `chunk`: rows in one message."""
        self._api = api
        self._rows = rows
        self._chunk = chunk
        self._store = api.store
        self._copies = Copies()
        self._kinds = WarningKinds()
        self._clearings = api.store.mark().clearings

    def rows(self, after: int) -> list[Row]:
        """Rows of the next kept events whose sequence number is above `after`, in order."""
        self._catch_up()
        return [
            row_of(event, self._copies.placed(event), self._kinds)
            for event in self._store.events(after, limit=self._chunk)
        ]

    async def search(self, query: str, after: int) -> Found:
        """Which of the newest events, those that a page can hold, have every word of `query`."""
        return await search(self._store, query, max(after, self._store.mark().seq - self._rows))

    def detail(self, seq: int) -> Detail | None:
        """None if the event is not kept (any longer)."""
        self._catch_up()
        event = self._store.event(seq)
        if event is None:
            return None
        decoded = decode_event(event.body)
        placed = self._copies.placed(event)
        copies, merged = self._merged(event, placed)
        warned = warnings(decoded, event.received_at)
        return Detail(
            seq=seq,
            received_at=event.received_at,
            request_id=event.request_id,
            pixel=event.pixel,
            test_event_code=event.test_event_code,
            answered=event.answered,
            fate=placed.fate,
            first_seq=placed.first_seq,
            exact=bytes(event.body).decode(),
            parts=parts(decoded, warned),
            match_keys=match_keys(decoded),
            warnings=warned,
            copies=copies,
            merged=merged,
        )

    def state(self) -> State:
        summary = self._store.summary()
        summary.by_event = {}  # may be long, and the page counts for itself
        return State(summary, self._api.faults.listed(), self._api.limit.rate, self._api.refuse)

    async def stream(self, resume: str | None) -> AsyncIterator[bytes]:
        """Server-sent events: `hello` once, then `clear`, `kinds`, `rows`, `refusals` and `state` as there is news,
        and `alive` while there is none.

        Args:
            resume: the Last-Event-ID of an earlier stream, which then continues where it was.
        """
        mark = self._resumed(resume)
        yield _message("hello", self._hello())
        if mark is None:
            yield _message("clear", None)
            mark = self.begin()
        state = b""
        kinds = 0
        quiet_since = time.monotonic()
        while not self._api.stopping.is_set():
            messages, mark = self.news(mark)
            if new := self._kinds.listed(kinds):  # before the rows that name them
                messages.insert(0, _message("kinds", {"first": kinds, "kinds": new}))
                kinds += len(new)
            if (now := msgspec.json.encode(self.state())) != state:
                state = now
                messages.append(_message("state", msgspec.Raw(state)))
            if messages:
                quiet_since = time.monotonic()
                yield b"".join([*messages, self._id(mark)])
            elif time.monotonic() - quiet_since > _KEEP_ALIVE_S:
                quiet_since = time.monotonic()
                yield _message("alive", None)
            await asyncio.sleep(_IDLE_PAUSE_S if mark.seq == self._store.mark().seq else _BUSY_PAUSE_S)

    def begin(self) -> Mark:
        """Where a page that has seen nothing yet begins."""
        now = self._store.mark()
        return Mark(now.clearings, max(0, now.seq - self._rows), max(0, now.refused - _SHOWN_REFUSALS))

    def news(self, mark: Mark) -> tuple[list[bytes], Mark]:
        """The next messages for a page that has come as far as `mark`, and how far it has come with them."""
        messages: list[bytes] = []
        now = self._store.mark()
        if mark.clearings != now.clearings:
            messages.append(_message("clear", None))
            mark = Mark(now.clearings, mark.seq, mark.refused)
        after = mark.seq if now.seq - mark.seq <= self._rows else now.seq - self._chunk
        rows = self.rows(after)
        if rows:
            messages.append(_message("rows", rows))
        refusals = self._store.refusals(max(mark.refused, now.refused - _SHOWN_REFUSALS))
        if refusals:
            messages.append(_message("refusals", refusals))
        # What was cleared meanwhile leaves no rows, and must not be waited for.
        seq = rows[-1].seq if rows else now.seq
        return messages, Mark(now.clearings, seq, now.refused)

    def _hello(self) -> dict[str, object]:
        known = {"run": self._api.run_id, "fields": FIELDS, "match_keys": MATCH_KEYS, "rows": self._rows}
        return {**known, "at": time.time()}  # ages are told by the sandbox's clock: a browser's may be wrong

    def _resumed(self, resume: str | None) -> Mark | None:
        run, _, numbers = (resume or "").partition("/")
        marks = [whole_number(number) for number in numbers.split("/")]
        match marks if run == self._api.run_id else ():
            case [int() as clearings, int() as seq, int() as refused]:
                return Mark(clearings, seq, refused)
        return None

    def _id(self, mark: Mark) -> bytes:
        return f"id: {self._api.run_id}/{mark.clearings}/{mark.seq}/{mark.refused}\n\n".encode()

    def _catch_up(self) -> None:
        clearings = self._store.mark().clearings
        if clearings != self._clearings:
            self._clearings = clearings
            self._copies = Copies()
        for event in self._store.events(self._copies.seq, limit=self._api.settings.keep):
            self._copies.place(event)
        self._copies.forget_before(self._store.oldest)

    def _merged(self, event: Accepted, placed: Placed) -> tuple[list[Copy], dict[str, Any] | None]:
        group = [one for one in self._copies.group(event) if one.first_seq == placed.first_seq]
        if len(group) < 2:
            return [], None
        merged: dict[str, Any] | None = None
        copies: list[Copy] = []
        for one in group[:_SHOWN_COPIES]:
            filled: list[str] = []
            decoded = self._decoded(one.seq)
            if decoded is not None and one.seq == placed.first_seq:
                merged = decoded
            elif decoded is not None and merged is not None and one.fate == "merged":
                merged, filled = merge(merged, decoded)
            copies.append(Copy(one.seq, one.received_at, one.fate, filled))
        return copies, merged

    def _decoded(self, seq: int) -> dict[str, Any] | None:
        event = self._store.event(seq)
        return None if event is None else dict(decode_event(event.body))


def _message(name: str, data: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
