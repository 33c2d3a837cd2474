"""The whole file as one frozen value. Every section but those in `reading` and `sending`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from consumer.config.input_sections import AvroSection, KafkaSection
from consumer.config.output_sections import (
    BatchSection,
    DeadLetterSection,
    DedupeSection,
    DeliverySection,
    LimitsSection,
    OutcomesSection,
    PixelSection,
)
from consumer.config.rules.rule_section import RuleField
from consumer.config.rules.source_forms import SourceField
from consumer.config.schema_files import load_shipped_schema
from consumer.config.section import Section, needed, setting
from consumer.config.units import Address, Duration, HostName, Text, split_address
from consumer.core.rules.placeholders import visible


class Http(Section):
    """The port for metrics, health and the status page."""

    listen: Address = setting("0.0.0.0:9464", "Address and port, as host:port.")
    hosts: tuple[HostName, ...] = setting(
        (),
        "Names by which people reach the status page, without port. `localhost`, this machine's name and addresses "
        "written as numbers always work; under any other name a foreign web page could read it (DNS rebinding).",
    )

    @property
    def host(self) -> str:
        return split_address(self.listen)[0]

    @property
    def port(self) -> int:
        return split_address(self.listen)[1]


class Log(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "Lines below this level are left out.")
    format: Literal["auto", "json", "console"] = setting(
        "auto",
        "`json`: one object a line. `console`: for people, in colours. `auto`: console at a terminal, json elsewhere.",
    )


class ConfigurationSource(NamedTuple):
    """One state of a configuration file."""

    file: str
    """Its absolute path."""
    digest: str
    """The first digits of the SHA-256 of its bytes."""
    read_at: float
    """Unix seconds."""


class Settings(Section):
    """Everything the configuration file says. Values in the file may hold `${NAME}` or `${NAME:-default}`."""

    kafka: KafkaSection = needed("The cluster, the topics and the group.")
    avro: AvroSection = setting({}, "How the records' values are encoded.")
    pixels: Annotated[Mapping[str, PixelSection], Field(min_length=1)] = needed(
        "A name of yours → where events go. The name is a metric label and part of the parked topic's name.",
    )
    elements: Mapping[str, SourceField] = setting(
        {}, "Named sources, to be used by several rules as `{element: name}`."
    )
    rules: Annotated[tuple[RuleField, ...], Field(min_length=1)] = needed(
        "Every rule that holds for a record makes one event of it. A record no rule holds for is dropped and counted."
    )
    dedupe: DedupeSection = setting({}, "The window in which copies of an event become one.")
    event_id_from_position: Literal["auto", "always", "never"] = setting(
        "auto",
        "Whether an event without an event_id gets one made of topic, partition, offset and timestamp, so that a "
        "re-delivery cannot count twice. Such ids never enter the window. `auto`: only if the event has no ttp "
        "either, since TikTok pairs such events with the browser's by ttp.",
    )
    placeholders: tuple[Text, ...] = setting(
        [],
        "Words of yours that stand for nothing, such as `walk-in`: as an id or in a hashed field, names included, "
        "they are left out, like those that docs/tiktok.md lists. Any case, with or without quotes.",
    )
    on_bad_field: Literal["drop", "reject"] = setting(
        "drop",
        "What an optional field does that TikTok would not take. `drop`: it is left out and counted. `reject`: the "
        "event becomes a dead letter.",
    )
    batch: BatchSection = setting(
        {}, "How many events share a request. The first limit that is reached closes a batch."
    )
    delivery: DeliverySection = setting({}, "The calls of the Events API.")
    dead_letter: DeadLetterSection = setting({}, "Where records go that can never be sent.")
    limits: LimitsSection = setting({}, "What may be in memory at once, and which records are taken.")
    outcomes: OutcomesSection = setting({}, "A record of what became of each event.")
    shutdown_timeout_s: Duration = setting(
        "30s",
        "Longest time from the signal to stop to the end: what is on its way is finished, the rest read again later.",
        validation_alias="shutdown_timeout",
    )
    http: Http = setting({}, "The port for metrics, health and the status page.")
    log: Log = setting({}, "What is logged.")
    path: Path | None = Field(default=None, exclude=True)
    """The file all this was read from. Not a key of it."""
    source: ConfigurationSource | None = Field(default=None, exclude=True)
    """Which state of the file that was, and when. Not a key of it, either."""

    @property
    def placeholder_words(self) -> frozenset[str]:
        """As `normalize` takes them: in lowercase, as people see them."""
        return frozenset(visible(word.strip().lower()) for word in self.placeholders)

    @staticmethod
    def shipped_schema() -> dict[str, Any]:
        """The schema that is read by default."""
        return load_shipped_schema()

    def dead_letter_topic(self, topic: str) -> str:
        """Where rejected records of `topic` go."""
        return self.dead_letter.topic.replace("{topic}", topic)

    def parked_topic(self, pixel: str) -> str:
        return f"{self.kafka.group_id}.parked.{pixel}"

    @property
    def replay_topic(self) -> str:
        return f"{self.kafka.group_id}.replay"
