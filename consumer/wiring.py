"""The composition root: from settings to a service with real edges. `cli` calls it; nothing else builds edges."""

import os
import random
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs
from pydantic import SecretStr

from consumer.adapters.access_tokens import AccessTokens
from consumer.adapters.dry_run import NoRecordWriter, NoSender, Outsider
from consumer.adapters.kafka.kafka_admin import KafkaCluster, TopicWatch
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer, OnCommit
from consumer.adapters.kafka.kafka_outcomes import KafkaOutcomeSink
from consumer.adapters.kafka.kafka_own_topics import OWN_SUFFIX, OwnTopicsConsumer
from consumer.adapters.kafka.kafka_positions import KafkaPositionFinder
from consumer.adapters.kafka.kafka_producer import KafkaRecordWriter
from consumer.adapters.tiktok_client import TikTokClient
from consumer.config import Settings
from consumer.config.kafka_clients import (
    abandoned_topics,
    chosen_topics,
    consumer_properties,
    follow_topics_every_s,
    outcomes_topics,
    own_topics_of,
    producer_properties,
)
from consumer.core.backoff import Backoff
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema_lookups import SchemaLookups
from consumer.core.dedupe.shared_protocol import OWNER_BYTES, Lifetimes, prefix_of
from consumer.core.dedupe.shared_window import SharedClaims
from consumer.core.dedupe.window import WindowSettings
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.parking import ParkSettings, WaitingSize
from consumer.core.deliver.request import DeliverySettings, PixelSettings
from consumer.core.errors import ConfigError
from consumer.core.model import EventOutcome, RejectReason
from consumer.core.pipeline import Pipeline, PipelineSettings
from consumer.core.remarks import MATCH_KEYS
from consumer.core.rules.selection import read_paths
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger
from consumer.core.validate import EventLimits
from consumer.metrics import Metrics
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows, WindowsSettings
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.loop import Service, ServiceSettings
from consumer.service.outcomes import NoOutcomes, OutcomeWriter
from consumer.service.ports import Clocks, Member, RecordWriter, Sender, WindowStore
from consumer.service.publish.report import ServiceInfo
from consumer.service.read.read_stage import Edges, ReadSettings
from consumer.service.read.topics import TopicSettings
from consumer.service.settle.settle_stage import SettleStage
from consumer.status.connections import Connections, OutsideSystem

if TYPE_CHECKING:
    from consumer.adapters.schema_registry import SchemaRegistry

_SLACK_BYTES: Final = 512
"""For a request's envelope: pixel code and test code are far shorter."""


class Replaced(Struct, frozen=True):
    """Edges other than the real ones: `--dry-run` sends nothing and writes nothing."""

    member: Callable[[OnCommit], Member] | None = None
    writer: RecordWriter | None = None
    sender: Sender | None = None
    is_dry: bool = False


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
    metrics, ledger = Metrics(), Ledger()
    metrics.set("build_info", 1, (version("tiktok-events-consumer"),))
    begin_counting(metrics, settings.pixels)
    clocks = Clocks(time.monotonic, time.time)
    connections = Connections(_addresses(settings), clocks.wall)
    decoder = decoder_of(settings)
    cluster = KafkaCluster(consumer_properties(settings))
    topics = _topic_watch(settings, cluster, is_dry=replaced.is_dry)
    windows = PartitionWindows(windows_settings(settings), metrics, clocks.monotonic, clocks.wall)
    writer = replaced.writer or KafkaRecordWriter(producer_properties(settings))
    ended.callback(writer.close, _CLOSE_S)
    sink = None if replaced.is_dry else outcomes_of(settings, ended)
    outcomes = NoOutcomes() if sink is None else OutcomeWriter(sink, ledger, metrics, clocks.wall)
    settling = SettleStage(ledger, writer, metrics, settings.dead_letter.topic, windows, outcomes=outcomes)
    member = (replaced.member or partial(_member, settings))(settling.committed)
    sender = replaced.sender or tiktok_of(settings)
    ended.callback(sender.close, _CLOSE_S)
    delivering = _delivering(settings, sender, metrics, connections)
    sharing: NoSharedWindow | SharedWindow = NoSharedWindow(delivering)
    store = None if replaced.is_dry else store_of(settings)
    if store is not None:
        ended.callback(store.close, _CLOSE_S)
        sharing = SharedWindow(
            shared_of(settings),
            store,
            windows,
            delivering,
            ledger=ledger,
            metrics=metrics,
            connections=connections,
            outcomes=outcomes,
        )
    service = Service(
        edges=Edges(member, KafkaPositionFinder(member.committed, cluster), topics, connections),
        read=_read_settings(settings),
        pipeline=pipeline_of(settings, decoder),
        lookups=DecodeStage(SchemaLookups(decoder), _registry(settings, decoder, ended), random.random),
        windows=windows,
        delivering=delivering,
        settling=settling,
        sharing=sharing,
        ledger=ledger,
        breaker=Breaker(settings.dead_letter.breaker.share, settings.dead_letter.breaker.of_last),
        metrics=metrics,
        clocks=clocks,
        settings=_service_settings(settings, is_dry=replaced.is_dry),
        outcomes=outcomes,
    )
    return service, topics


def _addresses(settings: Settings) -> dict[OutsideSystem, str]:
    """Where the outside systems are, as far as a page may say: a URL may hold a user and a password."""
    registry, redis = settings.avro.registry, settings.dedupe.redis_url
    return {
        OutsideSystem.KAFKA: settings.kafka.bootstrap_servers,
        OutsideSystem.TIKTOK: _without_user(settings.delivery.base_url),
        **({} if registry is None else {OutsideSystem.REGISTRY: ",".join(map(_without_user, registry.url.split(",")))}),
        **({} if redis is None else {OutsideSystem.REDIS: _without_user(redis.get_secret_value())}),
    }


def _without_user(url: str) -> str:
    """`https://user:password@host:1/path?query` → `https://host:1/path`: a query may hold a password, too."""
    scheme, slashes, rest = url.partition("?")[0].strip().rpartition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}"


def _registry(settings: Settings, decoder: Decoder, ended: ExitStack) -> "SchemaRegistry | None":
    if settings.avro.registry is None:
        return None
    from consumer.adapters.schema_registry import SchemaRegistry  # its client takes a third of the start

    registry = SchemaRegistry(settings.avro.registry.properties, decoder.prepare)
    ended.callback(registry.close)
    return registry


def begin_counting(metrics: Metrics, pixels: Iterable[str]) -> None:
    """Show at 0 what alerts watch: a burst that is a counter's first value would be no increase to Prometheus."""
    metrics.begin("rejected", [(str(reason),) for reason in RejectReason])
    metrics.begin("commits", [("ok",), ("failed",)])
    for pixel in pixels:
        metrics.begin("events", [(pixel, str(outcome)) for outcome in EventOutcome])
        metrics.begin("match_keys", [(pixel, key) for key in MATCH_KEYS])
        metrics.begin("park_errors", [(pixel,)])


def _topic_watch(settings: Settings, cluster: KafkaCluster, *, is_dry: bool) -> TopicWatch:
    created = () if is_dry else own_topics_of(settings) | outcomes_topics(settings)
    topics = TopicWatch(cluster, follow_topics_every_s(settings), created)
    topics.watched = frozenset() if settings.kafka.topic_pattern else frozenset(settings.kafka.topics)
    return topics


def _member(settings: Settings, told: OnCommit) -> Member:
    properties = consumer_properties(settings)
    own_group = {"group.id": settings.kafka.group_id + OWN_SUFFIX}
    own = KafkaConsumer({**properties, **own_group, "fetch.wait.max.ms": "500"}, told)
    return OwnTopicsConsumer(KafkaConsumer(properties, told), own, own_topics_of(settings))


def dry(settings: Settings, from_ms: int | None) -> tuple[Settings, Replaced]:
    """The same settings, and edges, for a run that only looks: every rule a shadow rule, nothing sent or written."""
    rules = tuple(structs.replace(rule, is_shadow=True) for rule in settings.rules)
    properties = consumer_properties(settings)
    outside = Replaced(
        member=lambda told: Outsider(properties, told, KafkaCluster(properties), from_ms),
        writer=NoRecordWriter(),
        sender=NoSender(),
        is_dry=True,
    )
    return settings.model_copy(update={"rules": rules}), outside


def as_test(settings: Settings, test_event_code: str, group_id: str) -> Settings:
    """The same settings, with everything going to Test Events, read by a group of its own."""
    pixels = {n: p.model_copy(update={"test_event_code": test_event_code}) for n, p in settings.pixels.items()}
    kafka = settings.kafka.model_copy(update={"group_id": group_id})
    outcomes = settings.outcomes.model_copy(update={"topic": None})  # they are no outcomes of the real thing
    return settings.model_copy(update={"pixels": pixels, "kafka": kafka, "outcomes": outcomes})


_CLOSE_S: Final = 1.0
_CLOSE_OUTCOMES_S: Final = 5.0
"""They are best effort, but what has happened before a clean stop should be told: nothing writes it again."""


def pipeline_of(settings: Settings, decoder: Decoder) -> Pipeline:
    """What `run` decides by, and `explain`, `dlq` and `demo` as well."""
    return Pipeline(
        decoder,
        settings.rules,
        PipelineSettings(
            pixels={name: pixel.pixel_code for name, pixel in settings.pixels.items()},
            id_from_position=settings.event_id_from_position,
            reject_bad_fields=settings.on_bad_field == "reject",
            placeholders=frozenset(word.strip().lower() for word in settings.placeholders),
            limits=EventLimits(settings.limits.max_event_age_s, settings.batch.max_bytes - _SLACK_BYTES),
        ),
    )


def decoder_of(settings: Settings) -> Decoder:
    """The decoder of the configured framing and schemas."""
    avro = settings.avro
    return Decoder(
        avro.framing,
        max_record_bytes=settings.limits.max_record_bytes,
        local_schemas=[] if avro.framing == "confluent" else [file.schema for file in avro.schemas],
        reader_schema=avro.reader_schema.schema if avro.reader_schema else None,
        reads=read_paths(settings.rules),
    )


def tiktok_of(settings: Settings) -> TikTokClient:
    """The sender, with each pixel's token or token file."""
    sources: dict[str, SecretStr | Path] = {}
    for name, pixel in settings.pixels.items():
        source = pixel.access_token if pixel.access_token is not None else pixel.access_token_file
        if source is not None:
            sources[name] = source
    delivery = settings.delivery
    return TikTokClient(delivery.base_url, AccessTokens(sources), delivery.timeout_s, delivery.max_in_flight)


def outcomes_of(settings: Settings, ended: ExitStack) -> KafkaOutcomeSink | None:
    """The writer of the outcomes topic, if one is configured."""
    topic = settings.outcomes.topic
    if topic is None:
        return None
    outcomes = KafkaOutcomeSink(producer_properties(settings), topic)
    ended.callback(outcomes.close, _CLOSE_OUTCOMES_S)
    return outcomes


def _read_settings(settings: Settings) -> ReadSettings:
    return ReadSettings(
        TopicSettings(
            chosen=chosen_topics(settings),
            own_topics=own_topics_of(settings),
            abandoned=abandoned_topics(settings),
            is_latest=settings.kafka.start == "latest",
        ),
        max_records=settings.limits.max_records_in_flight,
        max_bytes=settings.limits.max_bytes_in_flight,
    )


def windows_settings(settings: Settings) -> WindowsSettings:
    dedupe = settings.dedupe
    window = WindowSettings(
        window_ms=round(dedupe.window_s * 1000),
        merge_wait_ms=round(dedupe.merge_wait_s * 1000),
        forward_new_fields=dedupe.forward_new_fields,
        max_body_bytes=settings.batch.max_bytes - _SLACK_BYTES,
    )
    return WindowsSettings(window, dedupe.max_keys, dedupe.warmup_max_s)


def store_of(settings: Settings) -> WindowStore | None:
    """The window that all processes share, if one is configured.

    Raises:
        ConfigError: its URL cannot be used, or its library is missing.
    """
    dedupe = settings.dedupe
    if dedupe.store == "memory" or not dedupe.window_s or dedupe.redis_url is None:
        return None
    try:
        from consumer.adapters.redis_window import RedisWindow  # its library is an optional extra
    except ModuleNotFoundError:
        remedy = "pip install 'tiktok-events-consumer[redis]'"
        raise ConfigError([f"dedupe.store: redis is not installed; {remedy}, or use store: memory"]) from None
    lifetimes = Lifetimes(round(dedupe.window_s * 1000), round(dedupe.remove_for_s * 1000))
    return RedisWindow(dedupe.redis_url.get_secret_value(), prefix_of(settings.kafka.group_id), lifetimes)


def shared_of(settings: Settings) -> SharedClaims:
    """This process's part in that window, under a name of its own."""
    return SharedClaims(
        forward_new_fields=settings.dedupe.forward_new_fields,
        name=partial(os.urandom, OWNER_BYTES),
        random=random.random,
    )


def _delivering(settings: Settings, sender: Sender, metrics: Metrics, connections: Connections) -> DeliverStage:
    limits, batch = settings.delivery, settings.batch
    delivery = Delivery(
        DeliverySettings(
            limits.max_in_flight,
            limits.max_requests_per_second,
            Backoff(limits.backoff.first_s, limits.backoff.max_s),
        ),
        [
            PixelSettings(name, pixel.pixel_code, pixel.test_event_code, pixel.max_requests_per_second, pixel.hold)
            for name, pixel in settings.pixels.items()
        ],
        random.random,
    )
    batcher = Batcher(BatchLimits(batch.max_events, batch.max_bytes, batch.max_wait_s), delivery.overhead_bytes())
    return DeliverStage(batcher, delivery, sender, metrics, connections)


def _service_settings(settings: Settings, *, is_dry: bool = False) -> ServiceSettings:
    limits, park = settings.limits, settings.delivery.park
    poll_s = int(settings.kafka.properties.get("max.poll.interval.ms", "300000")) / 1000
    return ServiceSettings(
        shutdown_timeout_s=settings.shutdown_timeout_s,
        drain_timeout_s=min(settings.shutdown_timeout_s, poll_s / 2),
        request_timeout_s=settings.delivery.timeout_s,
        park=ParkSettings(
            park.enabled,
            park.after_s,
            WaitingSize(max(1, limits.max_records_in_flight // 4), max(1, limits.max_bytes_in_flight // 4)),
        ),
        parked_topics={pixel: settings.parked_topic(pixel) for pixel in settings.pixels},
        about=_about(settings, is_dry=is_dry),
    )


def _about(settings: Settings, *, is_dry: bool) -> ServiceInfo:
    is_test = all(pixel.test_event_code for pixel in settings.pixels.values())
    return ServiceInfo(
        version=version("tiktok-events-consumer"),
        group=settings.kafka.group_id,
        mode="dry run" if is_dry else "test" if is_test else "run",
        explain="tiktok-consumer explain" + (f" --config {shlex.quote(str(settings.path))}" if settings.path else ""),
        max_requests=settings.delivery.max_in_flight,
    )
