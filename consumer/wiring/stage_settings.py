"""From the sections of the configuration to what each stage takes."""

import os
import random
import shlex
from functools import partial
from importlib.metadata import version
from typing import Final

from consumer.config import Settings
from consumer.config.kafka_clients import (
    chosen_topics,
    own_topics_of,
)
from consumer.core.backoff import Backoff
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.decode.decoder import Decoder
from consumer.core.dedupe.shared_protocol import OWNER_BYTES
from consumer.core.dedupe.shared_window import SharedClaims
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.parking import ParkSettings, WaitingSize
from consumer.core.deliver.request import DeliverySettings, PixelSettings
from consumer.core.pipeline import Pipeline, PipelineSettings
from consumer.core.rules.selection import read_paths
from consumer.core.validate import EventLimits
from consumer.service.dedupe import WindowsSettings
from consumer.service.loop import ServiceSettings
from consumer.service.publish.report import ServiceInfo
from consumer.service.read.read_stage import ReadSettings
from consumer.service.read.topics import TopicSettings
from consumer.status.model import ConfigurationStatus

_SLACK_BYTES: Final = 512
"""For a request's envelope: pixel code and test code are far shorter."""


def pipeline_of(settings: Settings, decoder: Decoder) -> Pipeline:
    """What `run` decides by, and `explain`, `dlq` and `demo` as well."""
    return Pipeline(
        decoder,
        settings.rules,
        PipelineSettings(
            pixels={name: pixel.pixel_code for name, pixel in settings.pixels.items()},
            id_from_position=settings.event_id_from_position,
            reject_bad_fields=settings.on_bad_field == "reject",
            placeholders=settings.placeholder_words,
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


def read_settings(settings: Settings, *, reads_own: bool = True) -> ReadSettings:
    return ReadSettings(
        TopicSettings(
            chosen=chosen_topics(settings),
            own_topics=own_topics_of(settings) if reads_own else frozenset(),
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


def shared_of(settings: Settings) -> SharedClaims:
    """This process's part in that window, under a name of its own."""
    return SharedClaims(
        forward_new_fields=settings.dedupe.forward_new_fields,
        window_s=settings.dedupe.window_s,
        name=partial(os.urandom, OWNER_BYTES),
        random=random.random,
    )


def batcher_and_delivery(settings: Settings) -> tuple[Batcher, Delivery]:
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
    return batcher, delivery


def service_settings(settings: Settings, *, is_dry: bool = False) -> ServiceSettings:
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
        configuration=settings.source and ConfigurationStatus(*settings.source),
        group=settings.kafka.group_id,
        mode="dry run" if is_dry else "test" if is_test else "run",
        explain="tiktok-consumer explain" + (f" --config {shlex.quote(str(settings.path))}" if settings.path else ""),
        max_requests=settings.delivery.max_in_flight,
    )
