"""Schema look-ups while records wait for them. The deciding thread's alone; asking happens elsewhere."""

from collections.abc import Callable

import structlog

from consumer.core.decode.framing import named
from consumer.core.decode.schema_lookups import RegistryAway, SchemaAnswer, SchemaDenied, SchemaLookups, SchemaWait
from consumer.core.model import Position, SchemaKey, TopicPartition
from consumer.service.ports import SchemaClient
from consumer.status.connections import Connections, OutsideSystem

log = structlog.get_logger("consumer.decode")


class DecodeStage:
    """Asks for what records lack, and says when to decide them again.

    Args:
        registry: None without one; then nothing is ever wanted.
        random: 0 ≤ x < 1, for the jitter of pauses.
    """

    def __init__(
        self,
        lookups: SchemaLookups,
        registry: SchemaClient | None,
        random: Callable[[], float],
        connections: Connections,
    ) -> None:
        self._lookups, self._registry, self._random = lookups, registry, random
        self._connections = connections
        self._told: set[SchemaKey] = set()
        """Schemas of which people know that records wait for them."""

    def want(self, key: SchemaKey, position: Position, now_s: float) -> None:
        """The record there waits for this schema."""
        self._lookups.want(key, now_s, (position.topic, position.partition))

    def step(self, now_s: float) -> bool:
        """Ask for what is due and take in what was answered. True if records that waited may be decided again."""
        if self._registry is None:
            return False
        is_news = False
        for answer in self._registry.answers():
            self._note(answer)
            is_over = self._lookups.take(answer, now_s, self._random())
            is_news |= is_over
            if is_over:
                self._told.discard(answer.key)
            else:
                self._tell(answer, now_s)
        for key in self._lookups.due(now_s):
            self._registry.ask(key)
        return is_news

    def _note(self, answer: SchemaAnswer) -> None:
        """What an answer says of the registry itself."""
        if isinstance(answer, RegistryAway):
            self._connections.failed(OutsideSystem.REGISTRY, answer.why)
        else:
            self._connections.got_through(OutsideSystem.REGISTRY)

    def _tell(self, answer: SchemaAnswer, now_s: float) -> None:
        """Once a schema: which partitions stand still, and for how long at most."""
        wait = self._lookups.wait_for(answer.key)
        if wait is None or answer.key in self._told:
            return
        self._told.add(answer.key)
        log.warning(
            "schema.awaited",
            schema=named(answer.key),
            partitions=[f"{topic}[{number}]" for topic, number in sorted(wait.partitions)],
            why="the registry has no such schema"
            if isinstance(answer, SchemaDenied)
            else "the registry does not answer",
            for_s=None if wait.until_s is None else round(wait.until_s - now_s),
        )

    def wait_of(self, partition: TopicPartition) -> SchemaWait | None:
        """What a partition waits for; None if for nothing."""
        return self._lookups.wait_of(partition)

    @property
    def is_away(self) -> bool:
        """True while the registry does not answer."""
        return self._lookups.is_away

    @property
    def is_busy(self) -> bool:
        """True while records wait."""
        return bool(self._lookups.wanted)
