"""The sections about what is read: kafka and avro."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from consumer.config.schema_files import SchemaFile, reader_schema_file, schema_files, shipped_file
from consumer.config.section import Section, needed, setting
from consumer.config.units import Property, Scalar, Text

Framing = Literal["confluent", "single_object", "plain"]


class KafkaSection(Section):
    """The cluster, the topics and the group."""

    bootstrap_servers: Text = needed("Brokers to ask first, as host:port, separated by commas.")
    topics: tuple[Text, ...] = needed(
        "Topics to read: names, or exactly one regular expression `^…` (RE2), which the service resolves itself "
        "and follows as topics come and go. It never reads its own topics by it.",
        min_length=1,
    )
    group_id: Text = needed("Consumer group. Also the first part of the names of the service's own topics.")
    start: Literal["earliest", "latest"] = setting(
        "earliest",
        "Where a group that has no offset at all begins. A partition found later starts at its beginning.",
    )
    properties: Mapping[str, Property] = setting(
        {},
        "Any librdkafka property of the consumer: security, `group.instance.id`, `group.protocol`, fetch sizes. "
        "Those the service depends on are refused.",
        repr=False,
    )
    producer_properties: Mapping[str, Property] = setting(
        {},
        "Any librdkafka property of the producer (dead letters, parked records, outcomes), on top of the "
        "security settings in `properties`.",
        repr=False,
    )

    @property
    def topic_pattern(self) -> str | None:
        """The one regular expression, if that is what `topics` holds."""
        return self.topics[0] if self.topics[0].startswith("^") else None


class RegistrySection(Section):
    """The schema registry. Other keys than `url` go to its client as they are."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Scalar] = Field(init=False)

    url: Text = needed("Address of the registry; several, separated by commas, are tried in turn.")

    @property
    def properties(self) -> dict[str, Scalar]:
        """What the registry client takes, `url` included. Holds secrets."""
        return {"url": self.url, **self.__pydantic_extra__}

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        return []


class AvroSection(Section):
    """How the records' values are encoded."""

    registry: RegistrySection | None = setting(
        None,
        "The schema registry: `url`, and any property of its client, such as `basic.auth.user.info`, "
        "`ssl.ca.location` or `bearer.auth.credentials.source`.",
    )
    framing: Annotated[Framing, WithJsonSchema({"enum": ["confluent", "single_object", "plain", None]})] = setting(
        None,
        "What stands before the Avro bytes. `confluent`: the schema's GUID in the `__value_schema_id` header, "
        "else the magic byte and an id. `single_object`: Avro's marker and fingerprint. `plain`: nothing. "
        "Left out: `confluent` with a registry, else `plain`.",
    )
    named_schemas: Annotated[
        tuple[SchemaFile, ...],
        BeforeValidator(schema_files),
        WithJsonSchema({"type": ["string", "array", "null"], "items": {"type": "string"}}),
    ] = setting(
        None,
        "The .avsc file that `plain` records were written with; for `single_object`, the file or files whose "
        "fingerprints are known. Relative to the configuration file. Left out: the shipped web_event.avsc.",
        validation_alias="schema",
    )
    reader_schema: Annotated[
        SchemaFile | None, BeforeValidator(reader_schema_file), WithJsonSchema({"type": ["string", "null"]})
    ] = setting(
        None,
        "An .avsc file that every record is resolved to, whatever it was written with (schema evolution). "
        "Its logical types and defaults count, save that times and decimals keep the unit and scale that they were "
        "written with. Relative to the configuration file.",
    )

    @property
    def schemas(self) -> tuple[SchemaFile, ...]:
        """What `schema` names, else the shipped one. For confluent framing they say nothing."""
        return self.named_schemas or (shipped_file(),)

    @model_validator(mode="before")
    @classmethod
    def _framing_follows_registry(cls, written: Any) -> Any:
        if not isinstance(written, dict | None) or (written or {}).get("framing") is not None:
            return written
        has_registry = (written or {}).get("registry") is not None
        return {**(written or {}), "framing": "confluent" if has_registry else "plain"}
