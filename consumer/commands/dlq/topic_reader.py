"""Reading whole logs outside of the group: dead letters, and what was replayed."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.adapters.kafka.kafka_own_topics import OWN_SUFFIX
from consumer.commands.dlq.dead_letter import DeadLetterRecord, Place, Replays, letter_of, replayed_mark
from consumer.commands.dlq.selection import Selection
from consumer.commands.explain.records.topic_records import Outside, TopicReader
from consumer.config import Settings, kafka_clients
from consumer.core.errors import Unreachable
from consumer.core.model import Record, TopicPartition
from consumer.core.read import LogBounds, ReadBatch, ReadFaultKind, partitions_of

REPLAY_SUFFIX: Final = ".dlq-replay"
"""The group that keeps a replay's progress is called like the service's, with this behind."""
READ_TIMEOUT_S: Final = 15.0
"""How long nothing may come before the cluster counts as unavailable."""
_AT_ONCE: Final = 500
_OF_MEMBERS: Final = frozenset({"group.instance.id", "group.protocol", "group.remote.assignor", "session.timeout.ms"})
"""Nothing is joined here; a commit in a static member's name would be refused."""

Ranges = Mapping[TopicPartition, tuple[int, int]]
"""Per partition the first offset, and the one before which to end."""


class Logs(Outside):
    """Reads ranges of logs to their ends. Commits go to the group named."""

    def __init__(self, settings: Settings, group_id: str) -> None:
        ours = kafka_clients.consumer_properties(settings)
        properties = {name: value for name, value in ours.items() if name not in _OF_MEMBERS}
        super().__init__({**properties, "group.id": group_id, "fetch.wait.max.ms": "50"})

    def start_since(self, partition: TopicPartition, low: int, since_ms: int | None) -> int:
        """Where to begin: at `low`, or at what was written since, if that is later. Raises Unreachable."""
        start = None if since_ms is None else self.offset_at(partition, since_ms)
        return low if start is None else max(low, start)

    def records(self, ranges: Ranges, is_over: Callable[[], bool] = lambda: False) -> Iterator[Record]:
        """Every record of these ranges, in order within each partition. Raises Unreachable."""
        ends = {partition: end for partition, (start, end) in ranges.items() if start < end}
        for partition in ends:
            self.assign(partition, ranges[partition][0], 0, is_paused=False)
        try:
            yield from self._records(dict(ends), is_over)
        finally:
            for partition in ends:
                self.unassign(partition)

    def _records(self, waiting: dict[TopicPartition, int], is_over: Callable[[], bool]) -> Iterator[Record]:
        until_s = time.monotonic() + READ_TIMEOUT_S
        while waiting and not is_over():
            batch = self._some()
            for record in batch.records:
                until_s = time.monotonic() + READ_TIMEOUT_S
                partition = record.position.topic, record.position.partition
                end = waiting.get(partition)
                if end is not None and record.position.offset < end:
                    yield record
                    until_s = time.monotonic() + READ_TIMEOUT_S  # the caller may have taken long
                if end is not None and record.position.offset >= end - 1:
                    del waiting[partition]
            for partition in batch.ends:
                waiting.pop(partition, None)
            if time.monotonic() > until_s:
                raise Unreachable(f"no record came within {READ_TIMEOUT_S:g} s")

    def _some(self) -> ReadBatch:
        batch = self.read(_AT_ONCE, 0.1)
        for fault in batch.faults:
            if fault.kind not in (ReadFaultKind.OTHER, ReadFaultKind.AWAY):
                raise Unreachable(fault.text)
        return batch


class DeadLetters:
    """The dead-letter topics of a configuration, as they are when it is made. Questions raise Unreachable."""

    def __init__(self, settings: Settings, logs: Logs, selection: Selection) -> None:
        self._logs, self._selection = logs, selection
        self.cluster: Final = KafkaCluster(kafka_clients.consumer_properties(settings))
        self.seen: Final = self.cluster.topics()
        chosen = kafka_clients.chosen_topics(settings)(self.seen)
        self.is_read_from: Final = any(topic in self.seen for topic in chosen)
        """Whether a topic is there whose records could be rejected."""
        self.topics: Final = tuple(dict.fromkeys(settings.dead_letter_topic(topic) for topic in chosen))
        self.bounds: Final[Mapping[TopicPartition, LogBounds]] = self.cluster.bounds(
            partitions_of(self.topics, self.seen)
        )

    def ranges(self) -> dict[TopicPartition, tuple[int, int]]:
        """What is to be read of each partition, as far as place and time say."""
        return {p: self._range(p, bounds) for p, bounds in self.bounds.items()}

    def _range(self, partition: TopicPartition, bounds: LogBounds) -> tuple[int, int]:
        low, high = self._selection.narrowed(partition, bounds.low, bounds.high)
        return self._logs.start_since(partition, low, self._selection.since_ms), high

    def read(
        self, ranges: Ranges, is_over: Callable[[], bool] = lambda: False
    ) -> Generator[DeadLetterRecord, None, None]:
        """The letters that are meant."""
        for record in self._logs.records(ranges, is_over):
            letter = letter_of(record)
            if letter is not None and self._selection.takes(letter):
                yield letter


def marks_of(settings: Settings, logs: Logs, letters: DeadLetters) -> dict[str, Place]:
    """The letters that the replay topic says were replayed: by their marks, where it does. Raises Unreachable."""
    partitions = _replay_partitions(settings, letters)
    ranges = {p: (bounds.low, bounds.high) for p, bounds in letters.cluster.bounds(partitions).items()}
    places = ((replayed_mark(each), each.position) for each in logs.records(ranges))
    return {mark: ((at.topic, at.partition), at.offset) for mark, at in places if mark is not None}


def replays_of(settings: Settings, logs: Logs, letters: DeadLetters) -> Replays:
    """What is known of earlier replays. Raises Unreachable.

    Args:
        logs: of the group that keeps a replay's progress.
    """
    if settings.replay_topic not in letters.seen:
        return Replays()
    marks = marks_of(settings, logs, letters)
    noted = _committed(logs, list(letters.bounds))
    if not marks and not any(noted.values()):
        return Replays()
    with closing(Logs(settings, settings.kafka.group_id + OWN_SUFFIX)) as own:
        replays = Replays(marks, noted, _committed(own, _replay_partitions(settings, letters)))
    for record in logs.records({p: (bounds.low, bounds.high) for p, bounds in letters.bounds.items()}):
        letter = letter_of(record)
        if letter is not None and letter.record.replays:
            replays.note(letter)
    return replays


def _replay_partitions(settings: Settings, letters: DeadLetters) -> list[TopicPartition]:
    return partitions_of([settings.replay_topic], letters.seen)


def _committed(logs: Logs, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Committed offsets; none where the user may not ask for them, which `list` can do without."""
    try:
        return {p: each.offset or 0 for p, each in logs.committed(partitions).items()} if partitions else {}
    except Unreachable:
        return {}


@contextmanager
def opened(settings: Settings, group_id: str, selection: Selection) -> Iterator[tuple[Logs, DeadLetters]]:
    """The dead letters, and what reads them. Raises Unreachable, and ConfigError as any client does."""
    logs = Logs(settings, group_id)
    try:
        yield logs, DeadLetters(settings, logs, selection)
    finally:
        logs.close()


@contextmanager
def origins(settings: Settings) -> Iterator[TopicReader]:
    """For letters that were written without their value."""
    reader = TopicReader(settings)
    try:
        yield reader
    finally:
        reader.close()
