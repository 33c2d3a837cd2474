"""Nouns: what one stage hands to the next. Imports only TikTok's types and the reasons.

Nouns that exist once an event are msgspec Structs: one costs 0.05 µs, a frozen dataclass 0.6 µs.
`gc=False` is safe where no reference can lead back to the owner.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from consumer.core.reasons import DropReason, Problem, RejectReason
from consumer.core.tiktok_event import TikTokEvent

TopicPartition = tuple[str, int]
Headers = tuple[tuple[str, bytes | None], ...]
OffsetRuns = tuple[tuple[int, int], ...]
"""Offsets of a partition, as runs from the first to before the second; ascending, something between two runs."""


class Position(Struct, frozen=True, gc=False):
    """Where a record stands in Kafka, and under which assignment of its partition it was read.

    `epoch` counts the assignments of this process: a late answer to an earlier one settles nothing.
    """

    topic: str
    partition: int
    offset: int
    epoch: int = 0


class Record(Struct, frozen=True, gc=False):
    """One record as Kafka gave it.

    `origin` is where the record first stood: itself, except for parked and replayed records, whose
    `timestamp_ms` is the origin's, too. `rule` is then the only rule that may make an event of it.
    """

    position: Position
    timestamp_ms: int
    """Kafka's timestamp, Unix milliseconds; -1 where the record has none."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    origin: Position
    rule: str | None = None
    replays: int = 0
    are_headers_readable: bool = True
    """False where a header's name is not UTF-8, or there are more than 1,000: then there are none of them."""


class SchemaId(Struct, frozen=True, gc=False):
    """A schema's number in the registry: what follows the magic byte."""

    id: int


class SchemaGuid(Struct, frozen=True, gc=False):
    """A schema's GUID in the registry, as the `__value_schema_id` header gives it: 36 characters."""

    guid: str


SchemaKey = SchemaId | SchemaGuid


class SchemaWanted(Struct, frozen=True, gc=False):
    """This record cannot be decoded before its schema has been looked up."""

    key: SchemaKey


class Decoded(Struct, frozen=True, gc=False):
    """A record and the fields that its Avro value holds."""

    record: Record
    fields: dict[str, Any]
    is_shipped: bool
    """True if the (reader) schema is the shipped one, `schemas/web_event.avsc`: names then map to themselves."""
    schema: str = ""
    """Full name of the record's own Avro type, as it was written: of the branch, if its schema is a union."""
    key: Any = None
    """What an Avro key says, where it was decoded; None where the record's key is read as it is."""


class WithUnit(Struct, frozen=True, gc=False):
    """A number of which the configuration says what it counts: s, ms, us, ns of a time; `minor` (cents) of a sum."""

    value: Any
    unit: str


class WithRegion(Struct, frozen=True, gc=False):
    """A phone number of which the configuration says the region of a national number."""

    value: Any
    region: Any
    """ISO 3166 alpha-2 (`US`), of the configuration or of the record: raw then, and None where it has none."""


class MappedEvent(Struct, frozen=True, gc=False):
    """An event in clear text: raw values under TikTok's names. Absent and null values are not in the dicts."""

    decoded: Decoded
    event: Any = None
    event_time: Any = None
    event_id: Any = None
    limited_data_use: Any = None
    user: Mapping[str, Any] = {}
    page: Mapping[str, Any] = {}
    properties: Mapping[str, Any] = {}
    """Without contents. `query` has become `search_string` if that is not mapped itself."""
    contents: Any = None
    """None, or a tuple of dicts, one a product, under the names of `tiktok_event.Content`. An item that was no record
    stands in its place as it was, and what was no list is here instead of a tuple: `normalize` notes both."""
    has_minor_units: bool = False
    """True if a value or price may be `WithUnit(…, "minor")`: the rule says so, whatever the record holds."""


class Note(Struct, frozen=True, gc=False):
    """Something to know of one field of one event. Never holds a value of the record."""

    field: str
    """TikTok's name with its path: `user.phone`, `properties.contents[2].price`. In a list, the first place."""
    problem: Problem
    is_dropped: bool = True
    """True if the field was left out because of it; only those are counted as dropped fields."""
    count: int = 1
    """In how many places of the list it is so: one note stands for all, however long the list."""


class NormalizedEvent(Struct, frozen=True, gc=False):
    """An event in canonical form: identifiers hashed, numbers numbers, times in seconds."""

    event: TikTokEvent
    fields: int
    """Bit mask of what is present: `tiktok_event.FIELD_BIT`."""
    notes: tuple[Note, ...] = ()
    is_id_from_position: bool = False


class Event(Struct, frozen=True, gc=False):
    """An event that TikTok should take, encoded once. From here on only `body` travels."""

    rule: str
    pixel: str
    """The configuration's name of the pixel."""
    pixel_code: str
    event: str
    event_id: str | None
    event_time_s: int
    body: bytes
    """The JSON object exactly as it stands in the request's `data`."""
    fields: int
    is_shadow: bool = False
    is_id_from_position: bool = False
    notes: tuple[Note, ...] = ()
    remarks: tuple[Problem, ...] = ()
    """What people should know of it besides the notes, each once; shared by all events of a kind."""


class Rejection(Struct, frozen=True, gc=False):
    """One record, or one rule's event of it, that goes to the dead-letter topic."""

    reason: RejectReason
    detail: str
    """Names fields and limits, never values: it goes into logs and headers."""
    rule: str | None = None
    pixel: str | None = None
    code: int | None = None
    """TikTok's code, where TikTok refused it."""
    request_id: str | None = None


class Decision(Struct, frozen=True, gc=False):
    """What becomes of one record. `dropped` is set exactly when there is neither event nor rejection."""

    events: tuple[Event, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    dropped: DropReason | None = None
    missed: tuple[tuple[str, str], ...] = ()
    """Rules that do not hold, each with the place in the file of its first condition that does not."""


class EventOutcome(StrEnum):
    """What became of an event that a rule made. A metric label."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    FORWARDED = "forwarded"
    REMOVED = "removed"
    REJECTED = "rejected"
    PARKED = "parked"
    SHADOW = "shadow"

    # An enum's own hash is a function in Python, and each event counts by its outcome several times.
    __hash__ = str.__hash__


class Item(Struct, eq=False):
    """An event on its way to TikTok, with every record that settles with it. Mutable: `dedupe` merges into it."""

    event: Event
    records: list[Record]
    """The record whose event it is, then those whose copies were merged into it or wait for its end."""
    outcomes: list[EventOutcome]
    """One a record: what its event counts as once this item is accepted. First ACCEPTED or FORWARDED,
    then MERGED or DUPLICATE. If the item is rejected, all of them are."""
    read_at_s: float
    """Monotonic seconds when its first record was read."""
    is_submitted: bool = False
    """True once its bytes were given to a request: from then on they never change."""
    copy_rules: list[str] = []
    """The rule that made the event of each record after the first; the first's is `event.rule`."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule that made the event of each record."""
        return (self.event.rule, *self.copy_rules)

    def rule_of(self, place: int) -> str:
        """The rule that made the event of the record at that place of `records`."""
        return self.copy_rules[place - 1] if place else self.event.rule


class Batch(Struct, eq=False):
    """Items of one pixel that go into one request, in order."""

    pixel: str
    items: list[Item]


class Answer(Struct, frozen=True, gc=False):
    """What came back for one request, or why nothing did. Nothing in it has been judged."""

    status: int | None
    """HTTP status; None if there was no whole answer."""
    body: bytes
    elapsed_s: float
    retry_after: str | None = None
    """The header as it came: seconds or an HTTP date."""
    failure: str | None = None
    """Where status is None: `timeout`, `connect`, `reset`, `tls` or `protocol`."""
    date: str | None = None
    """The header Date as it came."""
