"""Every metric of the service, in the order a record meets it. An undeclared name or label raises.

The deciding thread counts here; no other thread writes. It publishes an immutable snapshot now and then, and a scrape
reads the last one whole: so the ledger (docs/metrics.md) is even at every scrape. Snapshots of several
workers add up by `total`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

PREFIX: Final = "tiktok_consumer_"


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Declared(Struct, frozen=True):
    """One metric. `name` is without prefix, and without the `_total` that counters end in."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper edges, inclusive, without +Inf."""
    worst: str = "sum"
    """How the gauges of several workers make one: `sum`, `max` or `min`."""


def _counter(name: str, text: str, *labels: str) -> Declared:
    return Declared(name, Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str, worst: str = "sum") -> Declared:
    return Declared(name, Kind.GAUGE, text, labels, worst=worst)


def _histogram(name: str, text: str, *buckets: float) -> Declared:
    return Declared(name, Kind.HISTOGRAM, text, (), buckets)


DECLARED: Final[tuple[Declared, ...]] = (
    # read
    _counter("records_read", "Records taken from Kafka.", "topic"),
    _counter("records_rewound", "Records read again only to warm the window.", "topic"),
    _counter("offsets_lost", "Records that the log no longer had when reading was to resume.", "topic"),
    _counter("rebalances", "Times the group gave or took partitions.", "kind"),
    _gauge("committed_offset", "Up to where the group's offset is committed.", "topic", "partition", worst="max"),
    _gauge("lag", "End of the log minus committed offset.", "topic", "partition", worst="max"),
    _gauge("uncommitted_span", "Next offset to read minus committed offset.", "topic", "partition", worst="max"),
    _gauge("positions_unknown", "Partitions that cannot be read yet: no position is known, as without a leader."),
    _gauge(
        "parked_unread",
        "Parked records that are not read, since their pixels are no longer configured.",
        worst="max",
    ),
    # decode … validate
    _counter("rejected", "Dead letters, by reason and rule; no rule where none is to blame.", "reason", "rule"),
    _counter(
        "rule_missed", "Records that a rule did not hold for, by its first condition that failed.", "rule", "condition"
    ),
    _counter("dropped_fields", "Optional fields left out because TikTok would not take them.", "field", "problem"),
    _counter("rule_dropped_fields", "The same by rule.", "rule"),
    _counter("remarks", "Events that TikTok takes though they lack something, by what.", "rule", "remark"),
    _gauge("breaker_open", "1 while most records are rejected, so that reading has stopped.", worst="max"),
    # dedupe
    _gauge("window_keys", "Keys in the dedupe window."),
    _gauge("window_seconds", "How far back the dedupe window reaches; none without keys.", worst="min"),
    _histogram("window_warmup_seconds", "Rebuilding the window after an assignment.", 0.1, 0.5, 1, 2, 5, 10, 30, 60),
    _counter("window_store_errors", "Redis did not answer; decided locally."),
    # batch, deliver
    _histogram("batch_events", "Events in one call of the Events API.", 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
    _histogram(
        "batch_bytes", "Bytes of one call's body.", 1024, 4096, 16384, 65536, 131072, 262144, 524288, 1048576, 2097152
    ),
    _counter("requests", "Calls of the Events API.", "pixel", "result", "code"),
    _histogram("request_seconds", "Time of one call.", 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 20),
    _gauge("requests_in_flight", "Calls under way."),
    _gauge("requests_in_flight_limit", "Calls that may be under way at once, as adapted."),
    _gauge("pixel_state", "1 for the state the pixel is in.", "pixel", "state", worst="max"),
    # settle
    _counter("events", "What became of each event that a rule made.", "pixel", "outcome"),
    _counter("rule_events", "The same by rule.", "rule", "outcome"),
    _counter("match_keys", "Accepted events that had this match key.", "pixel", "key"),
    _counter("rule_match_keys", "The same by rule.", "rule", "key"),
    _histogram(
        "event_delay_seconds", "From the record's Kafka timestamp to acceptance.",
        0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400,
    ),
    _counter("records_settled", "Records finished: their offset may be committed.", "outcome"),
    _counter("records_released", "Records given up unsettled; they are read again later."),
    _gauge("records_in_flight", "Records read and neither settled nor released."),
    _gauge("bytes_in_flight", "Memory that they take, in bytes: keys, values, headers, their events and dead letters."),
    _gauge("oldest_in_flight_seconds", "Age of the oldest unsettled record.", worst="max"),
    _counter("commits", "Offset commits.", "result"),
    _counter("dead_letter_errors", "Dead letters that could not be written at the first try."),
    _counter("park_errors", "Events that a parked topic did not take; they wait in memory again.", "pixel"),
    _gauge("dead_letters_blocked", "1 while dead letters cannot be written, so that reading has stopped.", worst="max"),
    _counter("outcome_errors", "Records of the outcomes topic that could not be written."),
    _counter("worker_deaths", "Workers of `run --workers` that died; others took their places."),
    _gauge("connected", "1 while the last attempt to reach it got through.", "to", worst="min"),
    _gauge("build_info", "Always 1; the version is in the label.", "version", worst="max"),
)  # fmt: skip
_BY_NAME: Final[Mapping[str, Declared]] = {declared.name: declared for declared in DECLARED}

Labels = tuple[str, ...]
Sample = float | tuple[float, ...]
"""A counter's or gauge's value; of a histogram its counts by bucket with +Inf last, then the sum."""
Snapshot = Mapping[tuple[str, Labels], Sample]


def edges(name: str) -> tuple[float, ...]:
    """Upper edges of a histogram's buckets, without +Inf. Raises KeyError for an undeclared name."""
    return _BY_NAME[name].buckets


class Metrics:
    """The numbers of one process, written by one thread."""

    def __init__(self) -> None:
        # A counter must be scraped at 0 before it counts for the first time: `rate` needs two samples.
        self._values: dict[tuple[str, Labels], float] = {
            (d.name, ()): 0.0 for d in DECLARED if d.kind is Kind.COUNTER and not d.labels
        }
        self._histograms: dict[str, list[float]] = {
            d.name: [0.0] * (len(d.buckets) + 2) for d in DECLARED if d.kind is Kind.HISTOGRAM
        }

    def inc(self, name: str, labels: Labels = (), by: float = 1) -> None:
        """Count. Raises KeyError for an undeclared name, ValueError for wrong labels or a decrease."""
        key = (name, labels)
        if key not in self._values:
            _must_fit(name, Kind.COUNTER, labels)
        if by < 0:
            raise ValueError(f"counter {name} cannot go down")
        self._values[key] = self._values.get(key, 0) + by

    def begin(self, name: str, labels: Iterable[Labels]) -> None:
        """Show counters from 0 on, for label values that are known beforehand; one that counts already stays."""
        for each in labels:
            self.inc(name, each, 0)

    def level(self, name: str, total: float, labels: Labels = ()) -> None:
        """Take over a counter that somebody else keeps: its value until now."""
        self.inc(name, labels, total - self._values.get((name, labels), 0))

    def set(self, name: str, value: float, labels: Labels = ()) -> None:
        """Set a gauge. Raises KeyError for an undeclared name, ValueError for wrong labels."""
        key = (name, labels)
        if key not in self._values:
            _must_fit(name, Kind.GAUGE, labels)
        self._values[key] = value

    def forget(self, name: str, kept: Iterable[Labels]) -> None:
        """Drop a gauge's label values that no longer exist, such as partitions that are no longer assigned."""
        keep = set(kept)
        for key in [key for key in self._values if key[0] == name and key[1] not in keep]:
            del self._values[key]

    def observe(self, name: str, value: float, times: int = 1) -> None:
        """Note `times` observations of a value. Raises KeyError for what is not a declared histogram."""
        counts = self._histograms[name]
        counts[bisect_left(_BY_NAME[name].buckets, value)] += times
        counts[-1] += value * times

    def observe_all(self, name: str, values: Sequence[float]) -> None:
        """Note many observations: a third of the time of one at a time."""
        counts, buckets = self._histograms[name], _BY_NAME[name].buckets
        for value in values:
            counts[bisect_left(buckets, value)] += 1
        counts[-1] += sum(values)

    def snapshot(self) -> Snapshot:
        """All numbers as they are now, for other threads to read."""
        histograms: dict[tuple[str, Labels], Sample] = {(n, ()): tuple(c) for n, c in self._histograms.items()}
        return {**self._values, **histograms}


def total(snapshots: Iterable[Snapshot]) -> Snapshot:
    """One snapshot for several workers: counters and histograms added, gauges as `worst` says."""
    sums: dict[tuple[str, Labels], Sample] = {}
    for snapshot in snapshots:
        for key, sample in snapshot.items():
            sums[key] = _joined(_BY_NAME[key[0]].worst, sums[key], sample) if key in sums else sample
    return sums


def counted(snapshot: Snapshot) -> Snapshot:
    """What only ever grows: counters and histograms."""
    return {key: sample for key, sample in snapshot.items() if _BY_NAME[key[0]].kind is not Kind.GAUGE}


class SnapshotCollector(Collector):
    """Gives a snapshot to prometheus-client's exposition."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        families = {declared.name: _family(declared) for declared in DECLARED}
        for (name, labels), sample in self._snapshot.items():
            _add(families[name], _BY_NAME[name], labels, sample)
        return families.values()


def _must_fit(name: str, kind: Kind, labels: Labels) -> None:
    declared = _BY_NAME[name]
    if declared.kind is not kind or len(declared.labels) != len(labels):
        raise ValueError(f"{name} is a {declared.kind} with labels {declared.labels}")


def _joined(how: str, one: Sample, other: Sample) -> Sample:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return tuple(a + b for a, b in zip(one, other, strict=True))
    if isinstance(one, tuple) or isinstance(other, tuple):
        raise TypeError("a histogram met a number")
    return {"sum": one + other, "max": max(one, other), "min": min(one, other)}[how]


def _family(declared: Declared) -> Metric:
    name, labels = PREFIX + declared.name, declared.labels
    match declared.kind:
        case Kind.COUNTER:
            return CounterMetricFamily(name, declared.help, labels=labels)
        case Kind.GAUGE:
            return GaugeMetricFamily(name, declared.help, labels=labels)
        case Kind.HISTOGRAM:
            return HistogramMetricFamily(name, declared.help, labels=labels)


def _add(family: Metric, declared: Declared, labels: Labels, sample: Sample) -> None:
    if isinstance(family, HistogramMetricFamily) and isinstance(sample, tuple):
        family.add_metric(labels, _cumulated(declared.buckets, sample[:-1]), sample[-1])
    elif isinstance(family, CounterMetricFamily | GaugeMetricFamily) and not isinstance(sample, tuple):
        family.add_metric(labels, sample)


def _cumulated(edges: tuple[float, ...], counts: tuple[float, ...]) -> list[tuple[str, float]]:
    names = [*(f"{float(edge)}" for edge in edges), "+Inf"]
    so_far = 0.0
    cumulated = []
    for name, count in zip(names, counts, strict=True):
        so_far += count
        cumulated.append((name, so_far))
    return cumulated
