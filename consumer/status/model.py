"""What `/api/status` shows: plain data, made by the deciding thread after a step (docs/status.md).

Holds no value of a record: counts, positions, and names from the configuration. Statuses of several workers become one
by `merging.merged`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

STAGES: Final = (
    *("read", "decode", "route", "map", "normalize", "validate"),
    *("dedupe", "batch", "deliver", "settle"),
)
"""The way of a record, in its order."""


class Stage(Struct, frozen=True):
    """One stage's numbers, since the process started."""

    name: str
    passed: int | None
    """Records (`read`, `decode`, `settle`) or events (the others) that left it for the next stage; None where only
    TikTok's answer shows it."""
    waiting: int = 0
    """Records or events that stand there now."""
    rejected: int = 0
    """Dead letters that it made."""
    notes: Mapping[str, int] = {}
    """What else it counts, by name: `dropped`, `merged` …"""


class LedgerStatus(Struct, frozen=True):
    """`read` is the sum of `settled`, `released` and `in_flight`."""

    read: int = 0
    settled: Mapping[str, int] = {}
    """Records finished, by outcome."""
    released: int = 0
    in_flight: int = 0
    in_flight_bytes: int = 0
    max_in_flight: int = 0
    """Reading pauses at so many."""
    max_in_flight_bytes: int = 0
    oldest_s: float | None = None
    """Age of the oldest record in flight; None without any."""


class PartitionStatus(Struct, frozen=True):
    """A partition that this service reads, or is to read."""

    topic: str
    partition: int
    state: str
    """`reading`; `full`, `stopped`, `schema` or `closed` say why it is paused; `unknown`: its position is not known."""
    next_offset: int | None
    """None, as `committed`: not known yet, as without a leader."""
    committed: int | None
    lag: int | None
    """End of the log minus committed offset; None until the cluster has said where the log ends."""
    read_per_s: float
    """Mean of the last 10 to 20 seconds."""
    awaits: str | None = None
    """In the state `schema`, which: `id 17`, or `GUID …`."""
    awaits_until: float | None = None
    """Unix seconds until when, if the registry still denies it then; None: as long as the registry does not answer."""


class PixelStatus(Struct, frozen=True):
    """A pixel, and what a person could do for it."""

    state: str
    since: float
    """Unix seconds when it entered the state."""
    why: str
    """Empty while it is open."""
    remedy: str
    """What to do; empty while it is open."""
    next_try: float | None
    """Unix seconds of its next request while it is closed; None: open, or not before a person acts."""
    waiting_events: int
    events: Mapping[str, int] = {}
    """Events by what became of them."""
    code: int | None = None
    """TikTok's code, if that is why it is closed."""
    match_keys: Mapping[str, int] = {}
    """Accepted events that had this match key; `none`: those without any."""


class RuleStatus(Struct, frozen=True):
    """What became of records by one rule."""

    events: Mapping[str, int] = {}
    """Events that it made, by what became of them."""
    rejected: Mapping[str, int] = {}
    """Dead letters that it is to blame for, by reason."""
    missed: Mapping[str, int] = {}
    """Records that it did not hold for, by the place in the file of the first condition that failed."""
    match_keys: Mapping[str, int] = {}
    """Accepted events of it that had this match key; `none`: those without any."""
    dropped_fields: int = 0
    """Optional fields left out of its events."""


class RequestTimes(Struct, frozen=True):
    """How long calls of the Events API took lately."""

    over_s: float = 0.0
    """In so many last seconds: five minutes, and less after the start."""
    count: int = 0
    mean_s: float | None = None
    """None if there was no call."""
    p95_s: float | None = None
    """95 of 100 took at most so long, to the next edge of `by_edge`; None: no call, or longer than the last edge."""
    by_edge: Mapping[str, int] = {}
    """Calls by the first edge in seconds that they did not exceed, `+Inf` last."""


class RequestsStatus(Struct, frozen=True):
    """Calls of the Events API."""

    in_flight: int = 0
    limit: int = 0
    """How many may be under way at once now."""
    max_in_flight: int = 0
    """How many the configuration allows."""
    by_result: Mapping[str, int] = {}
    recent: RequestTimes = RequestTimes()


class WindowStatus(Struct, frozen=True):
    """The dedupe window."""

    keys: int = 0
    reaches_back_s: float = 0.0
    is_warm: bool = True
    """False while it is filled in again after an assignment."""


class Rejected(Struct, frozen=True):
    """A dead letter: of a record, or of one rule's event of it."""

    at: float
    """Unix seconds."""
    topic: str
    partition: int
    offset: int
    rule: str | None
    """None if no rule had been reached."""
    pixel: str | None
    reason: str
    detail: str
    """Names fields and limits, never values."""
    code: int | None
    """TikTok's, where TikTok refused it."""
    request_id: str | None
    explain: str
    """The command that shows what became of the record, and why."""


class RejectedReason(Struct, frozen=True):
    """Dead letters of one reason since the start."""

    reason: str
    count: int
    first_at: float
    """Unix seconds."""
    last_at: float
    detail: str
    """Of the last one. Names fields and limits, never values."""
    explain: str
    """The command that shows the last one."""


class DroppedField(Struct, frozen=True):
    """An optional field that was left out of events for one problem, since the start."""

    field: str
    """TikTok's name of it: `user.phone`."""
    problem: str
    count: int
    text: str = ""
    """The problem in words."""
    remedy: str = ""
    """What to do."""


class Sample(Struct, frozen=True):
    """Some seconds of the past: ten, or two minutes."""

    at: int
    """Unix seconds at its end, a multiple of its length."""
    read_per_s: float
    accepted_per_s: float
    """Events, forwarded ones included."""
    rejected_per_s: float
    lag: int
    in_flight: int
    delay_s: float | None = None
    """From the record's Kafka timestamp to acceptance, the mean; None if nothing was accepted."""


class ConnectionStatus(Struct, frozen=True):
    """Whether an outside system answers."""

    to: str
    """`kafka`, `registry`, `tiktok` or `redis`."""
    address: str
    """As configured, without user and password."""
    connected: bool | None = None
    """Whether the last attempt got through; None before the first."""
    since: float | None = None
    """Unix seconds of the first attempt that went as the last one; None before the first."""
    error: str = ""
    """Of the last attempt that failed, also after a later one got through; empty if none did."""
    error_at: float | None = None
    """Unix seconds of that attempt."""


class ConfigurationStatus(Struct, frozen=True):
    """Which configuration the service runs with."""

    file: str
    """Its path."""
    hash: str
    """The first 12 hex digits of the SHA-256 of the file's bytes. Values of the environment are not part of it."""
    since: float
    """Unix seconds when it was read."""


class Status(Struct, frozen=True):
    """The service at one moment."""

    at: float = 0.0
    """Unix seconds."""
    started_at: float = 0.0
    version: str = ""
    configuration: ConfigurationStatus | None = None
    """None: it was not read from a file."""
    group: str = ""
    mode: str = "run"
    """`run`, `dry run` (sends and commits nothing) or `test` (everything goes to Test Events)."""
    workers: int = 1
    ready: bool = False
    reasons: tuple[str, ...] = ()
    """Why it is not ready, in words that an operator can act on."""
    breaker_open: bool = False
    """Whether most records are rejected, so that reading has stopped."""
    stages: tuple[Stage, ...] = ()
    """All of `STAGES`, in their order."""
    ledger: LedgerStatus = LedgerStatus()
    partitions: tuple[PartitionStatus, ...] = ()
    pixels: Mapping[str, PixelStatus] = {}
    rules: Mapping[str, RuleStatus] = {}
    """By name, in the order of the file."""
    requests: RequestsStatus = RequestsStatus()
    connections: tuple[ConnectionStatus, ...] = ()
    window: WindowStatus = WindowStatus()
    rejected: tuple[Rejected, ...] = ()
    """The last 20, newest first."""
    rejected_reasons: tuple[RejectedReason, ...] = ()
    """The most frequent first."""
    dropped_fields: tuple[DroppedField, ...] = ()
    """The most frequent first."""
    history: tuple[Sample, ...] = ()
    """The last 15 minutes in samples of ten seconds, oldest first."""
    history_hours: tuple[Sample, ...] = ()
    """The last six hours in samples of two minutes, oldest first."""
