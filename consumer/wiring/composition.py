"""The composition root: from settings to a service with real edges. Only this folder and the commands build edges."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version

from msgspec import Struct, structs

from consumer.adapters.kafka.kafka_admin import KafkaCluster, TopicWatch
from consumer.adapters.kafka.kafka_consumer import OnCommit
from consumer.adapters.kafka.kafka_positions import KafkaPositionFinder
from consumer.adapters.kafka.kafka_producer import KafkaRecordWriter
from consumer.adapters.kafka.kafka_unread import unread_records
from consumer.config import Settings
from consumer.config.kafka_clients import (
    abandoned_topics,
    consumer_properties,
    producer_properties,
)
from consumer.core.decode.schema_lookups import SchemaLookups
from consumer.core.model import EventOutcome
from consumer.core.reasons import RejectReason
from consumer.core.remarks import MATCH_KEYS
from consumer.core.route.conditions import missed_places
from consumer.core.rules.source import Rule
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.loop import Service, ServiceStages
from consumer.service.outcomes import NoOutcomes, OutcomeWriter
from consumer.service.ports import Clocks, Member, RecordWriter, Sender, WindowStore
from consumer.service.read.read_stage import Edges
from consumer.service.settle.commits import CommitStage
from consumer.service.settle.settle_stage import SettleStage
from consumer.status.connections import Connections
from consumer.wiring.outside_systems import (
    CLOSE_S,
    addresses_of,
    member_of,
    outcomes_of,
    registry_of,
    store_of,
    tiktok_of,
    topic_watch,
)
from consumer.wiring.stage_settings import (
    batcher_and_delivery,
    decoder_of,
    pipeline_of,
    read_settings,
    service_settings,
    shared_of,
    windows_settings,
)


class Replaced(Struct, frozen=True):
    """Edges other than the real ones: `--dry-run` sends nothing and writes nothing."""

    member: Callable[[OnCommit], Member] | None = None
    writer: RecordWriter | None = None
    sender: Sender | None = None
    is_dry: bool = False
    reads_own: bool = True
    """Whether the service's own topics are read, too."""


@contextmanager
def composed(settings: Settings, replaced: Replaced = Replaced()) -> Iterator[Service]:  # noqa: B008  # frozen
    """A service that is ready to take its first step; its edges are closed when the block ends.

    Raises:
        ConfigError: a setting that only its library can judge is unusable.
    """
    with ExitStack() as ended:
        service, topics = _service(settings, replaced, ended)
        topics.start()
        ended.callback(topics.close)
        yield service


def _service(settings: Settings, replaced: Replaced, ended: ExitStack) -> tuple[Service, TopicWatch]:
    clocks = Clocks(time.monotonic, time.time)
    connections = Connections(addresses_of(settings), clocks.wall)
    cluster = KafkaCluster(consumer_properties(settings))
    topics = topic_watch(settings, cluster, is_dry=replaced.is_dry)
    stages = _stages(settings, replaced, ended, clocks, connections)
    member = (replaced.member or partial(member_of, settings))(stages.commits.answered)
    if not replaced.is_dry:
        topics.count_unread = partial(_unread, settings, member, cluster)
    service = Service(
        edges=Edges(member, KafkaPositionFinder(member.committed, cluster), topics, connections),
        stages=stages,
        read=read_settings(settings, reads_own=replaced.reads_own),
        clocks=clocks,
        settings=service_settings(settings, is_dry=replaced.is_dry),
    )
    return service, topics


def _unread(settings: Settings, member: Member, cluster: KafkaCluster, seen: Mapping[str, int]) -> Mapping[str, int]:
    topics = {topic: seen[topic] for topic in abandoned_topics(settings, seen)}
    return unread_records(topics, member.committed, cluster)


def _stages(
    settings: Settings, replaced: Replaced, ended: ExitStack, clocks: Clocks, connections: Connections
) -> ServiceStages:
    metrics, ledger, decoder = _metrics(settings), Ledger(), decoder_of(settings)
    windows = PartitionWindows(windows_settings(settings), metrics, clocks.monotonic, clocks.wall)
    writer = replaced.writer or KafkaRecordWriter(producer_properties(settings))
    ended.callback(writer.close, CLOSE_S)
    sink = None if replaced.is_dry else outcomes_of(settings, ended)
    outcomes = NoOutcomes() if sink is None else OutcomeWriter(sink, ledger, metrics, clocks.wall)
    sender = replaced.sender or tiktok_of(settings)
    ended.callback(sender.close, CLOSE_S)
    delivering = DeliverStage(*batcher_and_delivery(settings), sender, metrics, connections)
    stages = ServiceStages(
        pipeline_of(settings, decoder),
        DecodeStage(SchemaLookups(decoder), registry_of(settings, decoder, ended), random.random, connections),
        windows,
        delivering,
        SettleStage(ledger, writer, metrics, settings.dead_letter.topic, outcomes=outcomes),
        CommitStage(ledger, metrics, windows),
        ledger,
        Breaker(settings.dead_letter.breaker.share, settings.dead_letter.breaker.of_last),
        metrics,
        outcomes,
        NoSharedWindow(delivering),
    )
    store = None if replaced.is_dry else store_of(settings)
    if store is None:
        return stages
    ended.callback(store.close, CLOSE_S)
    return structs.replace(stages, sharing=_shared(settings, store, stages, connections))


def _shared(settings: Settings, store: WindowStore, stages: ServiceStages, connections: Connections) -> SharedWindow:
    return SharedWindow(
        shared_of(settings),
        store,
        stages.windows,
        stages.delivering,
        ledger=stages.ledger,
        metrics=stages.metrics,
        connections=connections,
        outcomes=stages.outcomes,
    )


def _metrics(settings: Settings) -> Metrics:
    metrics = Metrics()
    metrics.set("build_info", 1, (version("tiktok-events-consumer"),))
    begin_counting(metrics, settings.pixels, settings.rules)
    return metrics


def begin_counting(metrics: Metrics, pixels: Iterable[str], rules: Sequence[Rule]) -> None:
    """Show at 0 what alerts watch: a burst that is a counter's first value would be no increase to Prometheus."""
    metrics.begin("rejected", [(str(reason), "") for reason in RejectReason])
    metrics.begin("commits", [("ok",), ("failed",)])
    for pixel in pixels:
        metrics.begin("events", [(pixel, str(outcome)) for outcome in EventOutcome])
        metrics.begin("match_keys", [(pixel, key) for key in MATCH_KEYS])
        metrics.begin("park_errors", [(pixel,)])
    for rule in rules:
        metrics.begin("rejected", [(str(reason), rule.name) for reason in RejectReason])
        metrics.begin("rule_events", [(rule.name, str(outcome)) for outcome in EventOutcome])
        metrics.begin("rule_missed", [(rule.name, place) for place in missed_places(rule.when)])
        metrics.begin("rule_match_keys", [(rule.name, key) for key in MATCH_KEYS])
        metrics.begin("rule_dropped_fields", [(rule.name,)])
