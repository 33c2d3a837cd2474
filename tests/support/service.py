"""A whole service over edges in memory: a Kafka that keeps logs and commits, a TikTok that answers from a script."""

import io
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import fastavro
from msgspec import structs

from consumer.core.backoff import Backoff
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema_lookups import SchemaAnswer, SchemaLookups
from consumer.core.dedupe.shared_window import SharedClaims
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.parking import ParkSettings, WaitingSize
from consumer.core.deliver.request import DeliverySettings, PixelSettings
from consumer.core.model import Headers, Position, Record, SchemaKey, TopicPartition
from consumer.core.pipeline import Pipeline, PipelineSettings
from consumer.core.read import CommittedOffset, FoundPosition, GroupRole, LogBounds, ReadBatch, ReadFault, ReadFaultKind
from consumer.core.rules.source import Comparison, PathSource, Rule
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.envelope import OutgoingRecord
from consumer.core.settle.ledger import Ledger
from consumer.core.validate import EventLimits
from consumer.metrics import Metrics
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows, WindowsSettings
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.loop import Service, ServiceSettings, ServiceStages
from consumer.service.outcomes import NoOutcomes, OutcomeWriter
from consumer.service.ports import Clocks, RebalanceListener, WindowStore, never
from consumer.service.read.read_stage import Edges, ReadSettings
from consumer.service.read.topics import TopicSettings
from consumer.service.settle.commits import CommitStage
from consumer.service.settle.settle_stage import SettleStage
from consumer.status.connections import Connections, OutsideSystem
from tests.support.fakes import FakeSender

SCHEMA: Final = fastavro.parse_schema(json.loads(Path("schemas/web_event.avsc").read_text()))
NOW_S: Final = 1_790_000_000.0
TOPIC: Final = "web-events"


def encoded(**fields: Any) -> bytes:
    """A record of the shipped schema; a Purchase of now unless the fields say otherwise."""
    buffer = io.BytesIO()
    record = {"event": "Purchase", "event_time": int(NOW_S * 1000), **fields}
    fastavro.schemaless_writer(buffer, SCHEMA, record)
    return buffer.getvalue()


class ManualClock:
    """Both clocks; a read that waits for records moves them on."""

    def __init__(self) -> None:
        self.s = 0.0

    def monotonic(self) -> float:
        return self.s

    def wall(self) -> float:
        return NOW_S + self.s


class FakeKafka:
    """Logs and commits of a cluster, shared by any number of members one after another."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.logs: dict[TopicPartition, list[Record | None]] = defaultdict(list)
        self.low: dict[TopicPartition, int] = defaultdict(int)
        self.commits: dict[TopicPartition, CommittedOffset] = {}
        self.ids: dict[str, str] = {TOPIC: "cluster/id-1"}
        """Of any other topic it is made from its name."""
        self.is_away = False

    def produce(
        self, value: bytes | None, partition: int = 0, *, topic: str = TOPIC, key: bytes | None = None,
        headers: Headers = (), timestamp_ms: int | None = None, are_headers_readable: bool = True,
    ) -> int:  # fmt: skip
        log = self.logs[topic, partition]
        position = Position(topic, partition, len(log))
        at_ms = int(self.clock.wall() * 1000) if timestamp_ms is None else timestamp_ms
        log.append(Record(position, at_ms, key, value, headers, position, are_headers_readable=are_headers_readable))
        return position.offset

    def committed_offset(self, partition: int = 0, topic: str = TOPIC) -> int | None:
        found = self.commits.get((topic, partition))
        return found.offset if found else None


class FakeMember:
    """One member: it reads what it was assigned, in order, and leaves out what is paused.

    As unkind as the client: faults come with the records of the same poll, ends of logs are told once, what is not
    subscribed to anything cannot subscribe to nothing, and an ended client answers nothing but its end.
    """

    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka
        self.told: Any = None
        self.places: dict[TopicPartition, tuple[int, int]] = {}
        self.paused: set[TopicPartition] = set()
        self.commits_fail = False
        self.commits_fail_until_s = 0.0
        self.commits_to_overtake = 0
        """So many that it sends again itself, as after a coordinator has moved: stored after the next that differs."""
        self._overtaken: list[Mapping[TopicPartition, tuple[int, str]]] = []
        self.is_closed = False
        self.faults: list[ReadFault] = []
        self.listener: RebalanceListener | None = None
        self.subscribed: tuple[str, ...] = ()
        self.ended: dict[GroupRole, str] = {}
        """Groups whose client is at its end, and why: until it is renewed."""
        self.renewed: list[GroupRole] = []
        self.own_is_denied = False
        self._is_in_callback = False
        self.silent: set[TopicPartition] = set()
        """Partitions of which the client gives nothing, however often they are assigned, until it is made again."""
        self.given: dict[TopicPartition, int] = {}
        self.silently_in: set[GroupRole] = set()
        """Groups that have let it in and say nothing, as there is nothing to be given."""
        self._told_ends: dict[TopicPartition, int] = {}
        self._highs: dict[TopicPartition, int] = {}
        self._coming: list[tuple[str, Sequence[TopicPartition], GroupRole]] = []

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        if tuple(topics) == self.subscribed:
            return
        self.listener, self.subscribed = listener, tuple(topics)
        if not self.places and not self._coming and topics:
            self.give([p for p in sorted(self.kafka.logs) if p[0] in topics])
            if not self.own_is_denied:
                self._coming.append(("assigned", [], GroupRole.OWN))

    def renew(self, group: GroupRole) -> None:
        self.renewed.append(group)
        self.subscribed = ()
        if self.ended.pop(group, None) is None:
            self.silent.clear()
            self.places.clear()

    def give(self, partitions: Sequence[TopicPartition]) -> None:
        """The group will assign these in the next read."""
        self._coming.append(("assigned", partitions, GroupRole.ORIGIN))

    def take(self, partitions: Sequence[TopicPartition], *, is_lost: bool = False) -> None:
        """The group will take these back in the next read."""
        self._coming.append(("lost" if is_lost else "revoked", partitions, GroupRole.ORIGIN))

    def assign(self, partition: TopicPartition, offset: int, epoch: int, is_paused: bool) -> None:
        self.places[partition] = offset, epoch
        self.given.pop(partition, None)
        self._told_ends.pop(partition, None)
        self.paused.discard(partition)
        if is_paused:
            self.paused.add(partition)

    def unassign(self, partition: TopicPartition) -> None:
        self.places.pop(partition, None)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        self.paused.update(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        self.paused.difference_update(partitions)

    def read(self, max_records: int, timeout_s: float) -> ReadBatch:
        if self.ended:
            self.kafka.clock.s += timeout_s
            return ReadBatch((), [ReadFault(ReadFaultKind.OUT, None, why, group) for group, why in self.ended.items()])
        self._rebalance()
        records: list[Record] = []
        for partition in [p for p in self.places if p not in self.paused | self.silent]:
            records += self._read(partition, max_records - len(records))
        if not records:
            self.kafka.clock.s += timeout_s
        faults, self.faults = self.faults, []
        return ReadBatch(records, faults, self._ends())

    def _ends(self) -> dict[TopicPartition, int]:
        """Of the logs that have been read to their end since that was last told."""
        ends = {}
        for partition, (offset, _) in self.places.items():
            at_end = partition not in self.paused and offset == len(self.kafka.logs[partition])
            if at_end and self._told_ends.get(partition) != offset:
                self._told_ends[partition] = ends[partition] = offset
        return ends

    def _rebalance(self) -> None:
        coming, self._coming = self._coming, []
        listener = self.listener
        for kind, partitions, group in coming:
            assert listener is not None
            if kind == "assigned":
                listener.assigned(partitions, group)
            elif kind == "lost":
                listener.lost(partitions, group)
            else:
                self._is_in_callback = True
                listener.revoked(partitions)
                self._is_in_callback = False
            if kind != "assigned":
                for partition in partitions:
                    self.unassign(partition)
            if kind == "lost":
                self._coming.append(("assigned", [], group))  # it joins again by itself

    def _read(self, partition: TopicPartition, most: int) -> list[Record]:
        offset, epoch = self.places[partition]
        self._highs[partition] = len(self.kafka.logs[partition])
        records: list[Record] = []
        for record in self.kafka.logs[partition][offset:]:
            if len(records) >= most:
                break
            offset += 1
            if record is not None:
                position = Position(*partition, record.position.offset, epoch)
                records.append(structs.replace(record, position=position, origin=position))
        self.places[partition] = offset, epoch
        if records:
            self.given[partition] = offset
        return records

    def commit(
        self,
        offsets: Mapping[TopicPartition, tuple[int, str]],
        *,
        wait: bool,
        is_over: Callable[[], bool] = never,
    ) -> bool:
        # In a callback the client answers none but the thread that the callback runs in.
        is_unanswered = self.kafka.is_away or (self._is_in_callback and is_over is not never)
        if is_unanswered:
            while wait and not is_over():
                self.kafka.clock.s += 0.05
        if self.commits_fail or is_unanswered or self.kafka.clock.s < self.commits_fail_until_s:
            self.told({}, False)
            return False
        if self.commits_to_overtake and not wait:
            self.commits_to_overtake -= 1
            self._overtaken.append(offsets)
            return True
        self._store(offsets)
        if self._overtaken and _offsets(self._overtaken[0]) != _offsets(offsets):
            self._store(self._overtaken.pop(0))
        return True

    def _store(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        for partition, (offset, metadata) in offsets.items():
            self.kafka.commits[partition] = CommittedOffset(offset, metadata)
        self.told(_offsets(offsets), True)

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        return {p: self.kafka.commits.get(p, CommittedOffset(None, "")) for p in partitions}

    def is_member(self, group: GroupRole) -> bool:
        return group in self.silently_in

    def known_high(self, partition: TopicPartition) -> int | None:
        return self._highs.get(partition)

    def position(self, partition: TopicPartition) -> int:
        return self.given.get(partition, -1)

    def close(self, is_over: Callable[[], bool] = never) -> None:
        while self.kafka.is_away and not is_over():
            self.kafka.clock.s += 0.05
        self.is_closed = True


def _offsets(commit: Mapping[TopicPartition, tuple[int, str]]) -> dict[TopicPartition, int]:
    return {partition: offset for partition, (offset, _) in commit.items()}


class FakePositions:
    """Answers at the next look, each partition for itself."""

    def __init__(self, kafka: FakeKafka, member: FakeMember) -> None:
        self._kafka, self._member = kafka, member
        self.without_leader: set[TopicPartition] = set()
        self.is_away = False
        self.is_silent = False
        self.stale_ids: dict[str, str] = {}
        """Topics of which the broker that is asked has not heard yet that they were made again."""
        self.open_transactions: dict[TopicPartition, int] = {}
        """Partition → the offset of the first record whose transaction is open."""
        self.asked: list[Sequence[TopicPartition]] = []
        self._answers: list[FoundPosition] = []

    def find(self, number: int, partitions: Sequence[TopicPartition]) -> None:
        self.asked.append(partitions)
        self._answers += [self._found(number, partition) for partition in partitions]

    def _found(self, number: int, partition: TopicPartition) -> FoundPosition:
        if self.is_away:
            return FoundPosition(number, partition, error="timed out")
        if partition in self.without_leader:
            return FoundPosition(number, partition, error="Broker: Leader not available")
        stored = self._member.committed([partition])[partition]
        end = len(self._kafka.logs[partition])
        bounds = LogBounds(self._kafka.low[partition], end, self.open_transactions.get(partition, end))
        topic_id = self.stale_ids.get(partition[0], self._kafka.ids.get(partition[0], f"cluster/{partition[0]}"))
        return FoundPosition(number, partition, stored, bounds, topic_id)

    def answers(self) -> list[FoundPosition]:
        if self.is_silent:
            return []
        answers, self._answers = self._answers, []
        return answers


class FakeTopics:
    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka = kafka
        self.watched: frozenset[str] = frozenset()
        self.read: frozenset[TopicPartition] = frozenset()
        self.standing: frozenset[TopicPartition] = frozenset()
        self.open_transactions: dict[TopicPartition, int] = {}
        """Partition → the offset of the first record whose transaction is open."""
        self.stale_ids: dict[str, str] = {}
        """What it saw when it looked last, where that is not so any more."""
        self.unread: Mapping[str, int] = {}
        self._id_looks = 0
        self.is_looking = False
        """True while a look is under way: what it saw last stays what is known."""
        self.looks = 0
        self.error: str | None = None
        self.times_asked_to_look = 0

    def look_now(self) -> None:
        self.times_asked_to_look += 1

    def looked(self, error: str | None = None) -> None:
        """It has asked the cluster again, which has answered or not."""
        self.error, self.looks = error, self.looks + 1

    @property
    def ends(self) -> Mapping[TopicPartition, int]:
        return {partition: len(self._kafka.logs[partition]) for partition in self.read}

    @property
    def stable_ends(self) -> Mapping[TopicPartition, int]:
        return {p: self.open_transactions.get(p, len(self._kafka.logs[p])) for p in self.standing}

    @property
    def seen(self) -> Mapping[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for topic, _ in self._kafka.logs:
            counts[topic] += 1
        return counts

    @property
    def id_looks(self) -> int:
        """It looks at each step, unless a look takes long."""
        self._id_looks += not self.is_looking
        return self._id_looks

    @property
    def ids(self) -> Mapping[str, str]:
        return {**self._kafka.ids, **self.stale_ids}


class FakeLetters:
    """Acknowledges letters at once, into the fake Kafka's logs, unless told otherwise."""

    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka = kafka
        self.error: str | None = None
        self.refused_topics: dict[str, str] = {}
        """Topics that cannot be written, each with its error."""
        self.max_bytes = 1 << 20
        self.is_silent = False
        self.written: list[OutgoingRecord] = []
        self.refused = 0
        self._waiting: list[tuple[int, OutgoingRecord]] = []

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None:
        self._waiting.append((number, letter))

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        self._kafka.clock.s += timeout_s
        if self.is_silent:
            return []
        waiting, self._waiting = self._waiting, []
        return [(number, self._fate(letter)) for number, letter in waiting]

    def _fate(self, letter: OutgoingRecord) -> str | None:
        error = self.refused_topics.get(letter.topic, self.error)
        if error is not None:
            self.refused += 1
            return error
        if len(letter.value or b"") > self.max_bytes:
            return "MSG_SIZE_TOO_LARGE"
        self.written.append(letter)
        self._kafka.produce(letter.value, topic=letter.topic, key=letter.key, headers=letter.headers)
        return None

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""


class FakeOutcomes:
    """Keeps what was written, unless each is to be lost."""

    def __init__(self) -> None:
        self.written: list[tuple[bytes, bytes]] = []
        self.error: str | None = None
        self._failed: list[str] = []

    def write(self, key: bytes, body: bytes) -> None:
        if self.error is None:
            self.written.append((key, body))
        else:
            self._failed.append(self.error)

    def failed(self) -> list[str]:
        failed, self._failed = self._failed, []
        return failed


class FakeRegistry:
    """Answers what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[SchemaKey] = []
        self.coming: list[SchemaAnswer] = []
        self.answer: Callable[[SchemaKey], SchemaAnswer] | None = None

    def ask(self, key: SchemaKey) -> None:
        self.asked.append(key)
        if self.answer is not None:
            self.coming.append(self.answer(key))

    def answers(self) -> list[SchemaAnswer]:
        coming, self.coming = self.coming, []
        return coming


RULES: Final = (Rule("all", "shop", Comparison(PathSource(("event",)), "not_in", ["Ignored"])),)


class Scene:
    """A service with its fakes. A second one over the same Kafka is the process after a restart."""

    def __init__(
        self,
        kafka: FakeKafka | None = None,
        *,
        rules: Sequence[Rule] = RULES,
        pixels: Sequence[str] = ("shop",),
        framing: str = "plain",
        window_s: float = 300.0,
        merge_wait_s: float = 0.0,
        max_events: int = 1000,
        max_wait_s: float = 1.0,
        max_records: int = 50_000,
        max_bytes: int = 1 << 27,
        share: float = 0.5,
        of_last: int = 1000,
        is_latest: bool = False,
        park_after_s: float = 600.0,
        warmup_max_s: float = 60.0,
        held: Sequence[str] = (),
        store: WindowStore | None = None,
        name: bytes = b"process",
        outcomes: FakeOutcomes | None = None,
        chosen: Callable[[Iterable[str]], tuple[str, ...]] = lambda _: (TOPIC,),
    ) -> None:
        self.kafka = kafka or FakeKafka(ManualClock())
        self.clock = self.kafka.clock
        self.member, self.sender = FakeMember(self.kafka), FakeSender()
        self.positions, self.topics = FakePositions(self.kafka, self.member), FakeTopics(self.kafka)
        self.letters, self.registry = FakeLetters(self.kafka), FakeRegistry()
        self.metrics, self.ledger = Metrics(), Ledger()
        self.connections = Connections({to: f"{to}.example" for to in OutsideSystem}, self.clock.wall)
        codes = {name: f"CODE{name}" for name in pixels}
        decoder = Decoder(framing, max_record_bytes=1 << 20, local_schemas=[SCHEMA])  # type: ignore[arg-type]  # a test's own word
        window = WindowSettings(round(window_s * 1000), round(merge_wait_s * 1000))
        windows = PartitionWindows(
            WindowsSettings(window, 1_000_000, warmup_max_s), self.metrics, self.clock.monotonic, self.clock.wall
        )
        self.outcomes = outcomes or FakeOutcomes()
        written: OutcomeWriter | NoOutcomes = NoOutcomes()
        if outcomes is not None:
            written = OutcomeWriter(outcomes, self.ledger, self.metrics, self.clock.wall)
        settling = SettleStage(self.ledger, self.letters, self.metrics, "{topic}.dlq", outcomes=written)
        commits = CommitStage(self.ledger, self.metrics, windows)
        self.member.told = commits.answered
        delivery = Delivery(
            DeliverySettings(8, 1000.0, Backoff(0.5, 60.0)),
            [PixelSettings(name, code, is_held=name in held) for name, code in codes.items()],
            random.Random(1).random,
        )
        batcher = Batcher(BatchLimits(max_events, 1 << 20, max_wait_s), delivery.overhead_bytes())
        parked = {name: f"g.parked.{name}" for name in pixels}
        delivering = DeliverStage(batcher, delivery, self.sender, self.metrics, self.connections)
        self.sharing: NoSharedWindow | SharedWindow = NoSharedWindow(delivering)
        if store is not None:
            names = (name + number.to_bytes(1, "big") for number in itertools.count())
            shared = SharedClaims(
                forward_new_fields=True, window_s=window_s, name=names.__next__, random=random.Random(3).random
            )
            self.sharing = SharedWindow(
                shared,
                store,
                windows=windows,
                delivering=delivering,
                ledger=self.ledger,
                metrics=self.metrics,
                connections=self.connections,
                outcomes=written,
            )
        room = WaitingSize(max(1, max_records // 4), max_bytes // 4)
        self.service = Service(
            edges=Edges(self.member, self.positions, self.topics, self.connections),
            read=ReadSettings(
                TopicSettings(
                    chosen=chosen,
                    own_topics=frozenset({"g.replay", *parked.values()}),
                    is_latest=is_latest,
                ),
                max_records=max_records,
                max_bytes=max_bytes,
            ),
            stages=ServiceStages(
                Pipeline(
                    decoder, rules, PipelineSettings(codes, "auto", False, EventLimits(28 * 86400.0, (1 << 20) - 512))
                ),
                DecodeStage(SchemaLookups(decoder), self.registry, random.Random(2).random, self.connections),
                windows,
                delivering,
                settling,
                commits,
                self.ledger,
                Breaker(share, of_last),
                self.metrics,
                written,
                self.sharing,
            ),
            clocks=Clocks(self.clock.monotonic, self.clock.wall),
            settings=ServiceSettings(
                30.0,
                30.0,
                10.0,
                ParkSettings(True, park_after_s, room),
                parked,
            ),
        )

    def run(self, for_s: float = 3.0) -> "Scene":
        """Steps until so much time has passed, each of which must leave the ledger even."""
        until_s = self.clock.s + for_s
        while self.clock.s < until_s:
            self.service.step()
            assert self.is_even(), self.numbers()
        return self

    def stop(self) -> bool:
        unfinished = self.service.stop(lambda: False)
        self.service.publishing.publish()
        assert self.is_even(), self.numbers()
        return not unfinished

    def numbers(self) -> dict[str, float]:
        """Every counter and gauge, as `name{label,label}`."""
        self.service.publishing.publish()
        snapshot = self.service.published.snapshot
        return {
            f"{name}{{{','.join(labels)}}}": value
            for (name, labels), value in snapshot.items()
            if not isinstance(value, tuple)
        }

    def is_even(self) -> bool:
        """The ledger of docs/metrics.md."""
        numbers = self.numbers()

        def total(name: str) -> float:
            return sum(value for key, value in numbers.items() if key.startswith(name + "{"))

        finished = total("records_settled") + total("records_released") + total("records_in_flight")
        return total("records_read") == finished

    @property
    def sent(self) -> list[dict[str, Any]]:
        """Every event that was in a request, in order, requests that failed included."""
        return [json.loads(item.event.body) for request in self.sender.sent for item in request.items]

    @property
    def sent_ids(self) -> list[str]:
        return [event["event_id"] for event in self.sent]
