"""Schema look-ups while records wait for them. The deciding thread's alone; asking happens elsewhere."""

from collections.abc import Callable

from consumer.core.decode.schema_lookups import SchemaLookups
from consumer.core.model import Position, SchemaKey
from consumer.service.ports import SchemaClient


class DecodeStage:
    """Asks for what records lack, and says when to decide them again.

    Args:
        registry: None without one; then nothing is ever wanted.
        random: 0 ≤ x < 1, for the jitter of pauses.
    """

    def __init__(self, lookups: SchemaLookups, registry: SchemaClient | None, random: Callable[[], float]) -> None:
        self._lookups, self._registry, self._random = lookups, registry, random

    def want(self, key: SchemaKey, position: Position, now_s: float) -> None:
        """The record there waits for this schema."""
        self._lookups.want(key, now_s, (position.topic, position.partition))

    def step(self, now_s: float) -> bool:
        """Ask for what is due and take in what was answered. True if records that waited may be decided again."""
        if self._registry is None:
            return False
        is_news = False
        for answer in self._registry.answers():
            is_news |= self._lookups.take(answer, now_s, self._random())
        for key in self._lookups.due(now_s):
            self._registry.ask(key)
        return is_news

    @property
    def is_away(self) -> bool:
        """True while the registry does not answer."""
        return self._lookups.is_away

    @property
    def is_busy(self) -> bool:
        """True while records wait."""
        return bool(self._lookups.wanted)
