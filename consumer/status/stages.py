"""What each stage has done, summed up for people: from decisions, metrics and the ledger to one `Stage` each. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from consumer.core.model import Decision
from consumer.core.reasons import DropReason, RejectReason
from consumer.metrics import Snapshot
from consumer.status.model import STAGES, RuleStatus, Stage

ACCEPTED: Final = ("accepted", "forwarded")
"""Outcomes of events that TikTok took."""
JOINED: Final = ("merged", "duplicate", "removed", "forwarded")
"""Outcomes of copies."""


class Decided(Struct):
    """What the stages of one record made of records, counted as it is decided."""

    records: int = 0
    tombstones: int = 0
    undecoded: int = 0
    """Records that no rule could look at."""
    unrouted: int = 0
    """Records that no rule held for."""
    events: int = 0

    def note(self, decision: Decision) -> None:
        """Count one decision."""
        self.records += 1
        self.events += len(decision.events)
        if decision.rejections:
            self.undecoded += _is_undecoded(decision.rejections[0].reason)
        if decision.dropped is not None:
            self.tombstones += decision.dropped is DropReason.TOMBSTONE
            self.unrouted += decision.dropped is DropReason.NO_RULE


def stage_of(reason: RejectReason) -> str:
    """`decode.truncated` and `bug.decode` are both of stage `decode`."""
    first, _, rest = reason.partition(".")
    return rest if first == "bug" else first


def _is_undecoded(reason: RejectReason) -> bool:
    """The headers are another matter: each rule that reads one rejects the record for itself, others take it."""
    return stage_of(reason) == "decode" and reason is not RejectReason.DECODE_HEADERS


class RuleCounts(Struct):
    """What the metrics say of one rule."""

    events: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    match_keys: Counter[str] = field(default_factory=Counter)
    dropped_fields: Counter[str] = field(default_factory=Counter)

    def shown(self) -> RuleStatus:
        """Without what never was."""
        return RuleStatus(
            dict(+self.events),
            dict(+self.rejected),
            dict(+self.missed),
            dict(+self.match_keys),
            self.dropped_fields.total(),
        )


class Counts:
    """Sums over a snapshot, made in one go."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.read = 0
        self.remarks = 0
        self.lag = 0
        self.lags: dict[tuple[str, str], int] = {}
        self.events: dict[str, Counter[str]] = {}
        self.match_keys: dict[str, Counter[str]] = {}
        self.dropped_fields: Counter[tuple[str, str]] = Counter()
        self.results: Counter[str] = Counter()
        self.dead_letters = 0
        self.delays_s = self.delays = 0.0
        self.request_seconds: tuple[float, ...] = ()
        """The histogram: counts by bucket, then the sum."""
        self.rules: dict[str, RuleCounts] = {}
        for (name, labels), value in snapshot.items():
            if not isinstance(value, tuple):
                self._add(name, labels, int(value))
            elif name == "event_delay_seconds":
                *counts, self.delays_s = value
                self.delays = sum(counts)
            elif name == "request_seconds":
                self.request_seconds = value
        self.outcomes: Counter[str] = sum(self.events.values(), Counter())
        """Events of all pixels, by what became of them."""

    def _add(self, name: str, labels: tuple[str, ...], value: int) -> None:
        match name:
            case "records_read":
                self.read += value
            case "dropped_fields":
                self.dropped_fields[labels[0], labels[1]] += value
            case "remarks":
                self.remarks += value
            case "lag":
                self.lag += value
                self.lags[labels[0], labels[1]] = value
            case "events":
                self.events.setdefault(labels[0], Counter())[labels[1]] += value
            case "match_keys":
                self.match_keys.setdefault(labels[0], Counter())[labels[1]] += value
            case "requests":
                self.results[labels[1]] += value
            case "rejected":
                self.dead_letters += value
                self._add_to_rule(labels[1], "rejected", labels[0], value)
            case "rule_events" | "rule_missed" | "rule_match_keys" | "rule_dropped_fields":
                self._add_to_rule(labels[0], name.removeprefix("rule_"), labels[-1], value)

    def _add_to_rule(self, rule: str, what: str, of: str, value: int) -> None:
        if rule:
            counts = self.rules.setdefault(rule, RuleCounts())
            getattr(counts, what)[of] += value

    @property
    def fields_left_out(self) -> int:
        """Of all events, for all problems."""
        return self.dropped_fields.total()

    @property
    def accepted(self) -> int:
        """Events that TikTok took."""
        return sum(self.outcomes[outcome] for outcome in ACCEPTED)


def stages(
    counts: Counts,
    decided: Decided,
    rejected: Mapping[str, int],
    settled: Mapping[str, int],
    waiting: Mapping[str, int],
) -> Iterator[Stage]:
    """One of each of `STAGES`, in their order. What passed a stage of one record is what the later ones got.

    Args:
        rejected: dead letters by stage.
        settled: records by outcome.
        waiting: what stands at a stage now, by stage.
    """
    passed, notes = _passed(counts, decided, rejected, settled), _notes(counts, decided, settled)
    for name in STAGES:
        shown = {note: count for note, count in notes.get(name, {}).items() if count}
        yield Stage(name, passed.get(name), waiting.get(name, 0), rejected.get(name, 0), shown)


def _passed(
    counts: Counts, decided: Decided, rejected: Mapping[str, int], settled: Mapping[str, int]
) -> dict[str, int]:
    normalized = decided.events + rejected.get("validate", 0)
    mapped = normalized + rejected.get("normalize", 0)
    return {
        "read": counts.read,
        "decode": decided.records - decided.tombstones - decided.undecoded,
        "route": mapped + rejected.get("map", 0),
        "map": mapped,
        "normalize": normalized,
        "validate": decided.events,
        "deliver": counts.accepted,
        "settle": sum(settled.values()),
    }


def _notes(counts: Counts, decided: Decided, settled: Mapping[str, int]) -> dict[str, Mapping[str, int]]:
    return {
        "decode": {"tombstones": decided.tombstones},
        "route": {"no rule": decided.unrouted},
        "normalize": {"fields left out": counts.fields_left_out},
        "validate": {"shadow": counts.outcomes["shadow"], "remarks": counts.remarks},
        "dedupe": {outcome: counts.outcomes[outcome] for outcome in JOINED},
        "deliver": counts.results,
        "settle": settled,
    }
