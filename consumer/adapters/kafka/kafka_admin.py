"""Kafka: questions to the cluster about topics and logs, and making topics. Decides nothing.

The deciding thread waits for the answers, so a question may take only a few seconds.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from typing import Final

import structlog
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, NewTopic, OffsetSpec

from consumer.adapters.kafka.kafka_errors import config_errors
from consumer.core import model
from consumer.core.errors import Unreachable
from consumer.core.read import LogBounds

log = structlog.get_logger("consumer.cluster")

ASK_TIMEOUT_S: Final = 5.0
AWAY_AGAIN_S: Final = 1.0
LOOK_AT_ENDS_EVERY_S: Final = 10.0
"""A paused partition is not fetched, and its log grows all the same: its lag would seem to stand still."""


class TopicWatch(threading.Thread):
    """Looks the cluster's topics up now and then, off the deciding thread, which an unavailable cluster must not stall.

    Attributes:
        seen: every topic and its number of partitions; None before the first answer.
        ids: the ids of the `watched` topics.
        id_looks: how often they were looked up.
        ends: where the logs of the `read` partitions end.
        stable_ends: before which offset no transaction is open, of the `standing` partitions.
        count_unread: finds out `unread`, given `seen`.
        unread: records of topics that are no longer read, by topic, of those that have any.
        looks: how often the cluster was asked.
        error: why the last question was not answered; None if it was.
    """

    def __init__(self, cluster: "KafkaCluster", every_s: float, own_topics: Iterable[str] = ()) -> None:
        super().__init__(name="topic-watch", daemon=True)
        self._cluster, self._every_s = cluster, every_s
        self._own_topics = frozenset(own_topics)
        self.count_unread: Callable[[Mapping[str, int]], Mapping[str, int]] = lambda seen: {}
        self._is_told = self._is_over = False
        self._woken = threading.Event()
        self.seen: Mapping[str, int] | None = None
        self.ids: Mapping[str, str] = {}
        self.id_looks = 0
        self.watched: frozenset[str] = frozenset()
        self.ends: Mapping[model.TopicPartition, int] = {}
        self.read: frozenset[model.TopicPartition] = frozenset()
        self.stable_ends: Mapping[model.TopicPartition, int] = {}
        self.standing: frozenset[model.TopicPartition] = frozenset()
        self.unread: Mapping[str, int] = {}
        self.looks = 0
        self.error: str | None = None

    def run(self) -> None:
        look_at_topics_s = 0.0
        while not self._is_over:
            is_due = time.monotonic() >= look_at_topics_s
            self._note(self._look if is_due or self.error else self._look_at_ends)
            if is_due:
                look_at_topics_s = time.monotonic() + (self._every_s if self.seen is not None else 1)
            pause_s = AWAY_AGAIN_S if self.error else LOOK_AT_ENDS_EVERY_S
            if self._woken.wait(max(0.0, min(look_at_topics_s - time.monotonic(), pause_s))):
                self._woken.clear()
                look_at_topics_s = 0.0

    def _note(self, look: Callable[[], bool]) -> None:
        """Remember whether the cluster has answered; a look that asks nothing says nothing of that."""
        try:
            is_asked, error = look(), None
        except Unreachable as away:
            is_asked, error = True, str(away)
            log.warning("cluster.away", error=error)
        if is_asked:
            self.error = error
            self.looks += 1

    def _look_at_ends(self) -> bool:
        ends = self._cluster.ends(self.read)
        self.ends = {**{p: end for p, end in self.ends.items() if p in self.read}, **ends}
        self.stable_ends = self._cluster.ends(self.standing, IsolationLevel.READ_COMMITTED)
        return bool(ends)

    def _look(self) -> bool:
        seen = self._cluster.topics()
        if self._create_own(seen):
            seen = self._cluster.topics()
        self.ids = self._cluster.topic_ids(self.watched & seen.keys())
        self.id_looks += 1
        self.seen = seen
        self._look_at_ends()
        self.unread = self.count_unread(seen)
        return True

    def look_now(self) -> None:
        """Look again at once."""
        self._woken.set()

    def _create_own(self, seen: Mapping[str, int]) -> bool:
        """Make the service's own topics that are missing, each with as many partitions as the widest topic read."""
        missing = self._own_topics - seen.keys()
        if not missing:
            return False
        widest = max((seen[topic] for topic in self.watched & seen.keys()), default=1)
        for name, error in self._cluster.create_topics(missing, widest).items():
            if error is None:
                log.info("topic.created", topic=name, partitions=widest)
            elif not self._is_told:
                log.warning("topic.missing", topic=name, error=error, remedy="create it, or allow this user to")
        self._is_told = True
        return True

    def close(self) -> None:
        """Look no more."""
        self._is_over = True
        self._woken.set()


class KafkaCluster:
    """The cluster as an administrator sees it.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        of_admin: dict[str, str | int | float | bool] = {
            name: value for name, value in properties.items() if name not in _CONSUMER_ONLY
        }
        with config_errors("kafka.properties", properties):
            self._admin = AdminClient(of_admin, logger=logging.getLogger("librdkafka"))
        self._has_controller, self._cluster_id = True, ""

    def bounds(self, partitions: Sequence[model.TopicPartition]) -> dict[model.TopicPartition, LogBounds]:
        """Where the logs begin and end: of all of them. Raises Unreachable."""
        found = dict(self.bounds_of_each(partitions))
        for bounds in found.values():
            if isinstance(bounds, str):
                raise Unreachable(bounds)
        return {p: bounds for p, bounds in found.items() if not isinstance(bounds, str)}

    def bounds_of_each(
        self, partitions: Iterable[model.TopicPartition], stable_of: Collection[model.TopicPartition] = ()
    ) -> Iterator[tuple[model.TopicPartition, LogBounds | str]]:
        """Where the logs begin and end, each as soon as it is known; or why it is not, in the broker's words.

        Args:
            stable_of: of these, also the offset before which no transaction is open.
        """
        asked = {p: [self._ask_offset(p, _EARLIEST), self._ask_offset(p, _LATEST)] for p in partitions}
        for p in stable_of:
            asked[p].append(self._ask_offset(p, _LATEST, IsolationLevel.READ_COMMITTED))
        partition_of = {future: p for p, futures in asked.items() for future in futures}
        unanswered = Counter(partition_of.values())
        for future in as_completed(partition_of):
            partition = partition_of[future]
            unanswered[partition] -= 1
            if not unanswered[partition]:
                yield partition, _bounds(*asked[partition])

    def ends(
        self,
        partitions: Iterable[model.TopicPartition],
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[model.TopicPartition, int]:
        """Where the logs end: the offset that the next record will have. What is not known is left out.

        Args:
            isolation: READ_COMMITTED: the offset of the first record whose transaction is open, if there is one.

        Raises:
            Unreachable: nothing is known of any.
        """
        asked = {p: self._ask_offset(p, _LATEST, isolation) for p in partitions}
        found: dict[model.TopicPartition, int] = {}
        error = ""
        for partition, answer in asked.items():
            try:
                found[partition] = answer.result().offset
            except KafkaException as failed:
                error = failed.args[0].str()
        if error and not found:
            raise Unreachable(error)
        return found

    def _ask_offset(
        self,
        partition: model.TopicPartition,
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> "_Offset":
        """One partition a question: of several, one without a leader would make all of them fail."""
        asked = {TopicPartition(*partition): spec}
        [answer] = self._admin.list_offsets(asked, isolation_level=isolation, request_timeout=ASK_TIMEOUT_S).values()
        return answer

    def topics(self) -> dict[str, int]:
        """Every topic of the cluster and its number of partitions. Raises Unreachable."""
        self._admin.poll(0)  # hands on what the client wants logged
        try:
            listed = self._admin.list_topics(timeout=ASK_TIMEOUT_S)
        except KafkaException as failed:
            raise Unreachable(failed.args[0].str()) from None
        self._has_controller = listed.controller_id in listed.brokers
        self._cluster_id = listed.cluster_id or ""
        return {name: len(topic.partitions) for name, topic in listed.topics.items() if topic.error is None}

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """The cluster's id, a slash, and its id of a topic, which differs once a topic is deleted and made again.

        A topic whose id cannot be had is left out: brokers before 2.8 have none, and while there is no controller
        (librdkafka's mock cluster never has one) the client would only wait for it.
        """
        ids: dict[str, str] = {}
        if not self._has_controller:
            return ids
        try:
            asked = self._admin.describe_topics(TopicCollection(sorted(topics)), request_timeout=ASK_TIMEOUT_S)
            for name, answer in asked.items():
                ids[name] = f"{self._cluster_id}/{answer.result().topic_id}"
        except KafkaException as failed:
            log.info("topic.id_unknown", error=failed.args[0].name())
        return ids

    def create_topics(self, names: Iterable[str], partitions: int) -> dict[str, str | None]:
        """Create topics with the broker's default replication. Per name: None, or why it could not be."""
        asked = self._admin.create_topics(
            [NewTopic(name, partitions, -1) for name in names], request_timeout=ASK_TIMEOUT_S
        )
        return {name: _failure(answer.result) for name, answer in asked.items()}


_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the library's own
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the same
_Offset = Future[ListOffsetsResultInfo]
_CONSUMER_ONLY: Final = frozenset(
    {
        "auto.offset.reset",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "group.protocol",
        "group.remote.assignor",
        "partition.assignment.strategy",
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "max.poll.interval.ms",
        "isolation.level",
        "check.crcs",
        "fetch.wait.max.ms",
        "fetch.queue.backoff.ms",
        "fetch.message.max.bytes",
        "max.partition.fetch.bytes",
        "fetch.max.bytes",
        "fetch.min.bytes",
        "fetch.error.backoff.ms",
        "queued.min.messages",
        "queued.max.messages.kbytes",
    }
)
"""Properties that librdkafka warns about on any other client."""


def _bounds(low: _Offset, high: _Offset, stable: _Offset | None = None) -> LogBounds | str:
    try:
        return LogBounds(low.result().offset, high.result().offset, (stable or high).result().offset)
    except KafkaException as failed:
        return str(failed.args[0].str())


def _failure(result: Callable[[], object]) -> str | None:
    try:
        result()
    except KafkaException as failed:
        error: KafkaError = failed.args[0]
        return None if error.code() == KafkaError.TOPIC_ALREADY_EXISTS else error.str()
    return None
