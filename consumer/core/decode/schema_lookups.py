"""When to ask the registry for which schema. Asking is `edges.registry`'s job, waiting for it the service's.

Rules (docs/architecture.md §9):
- A registry that does not answer is not the record's fault: asked again, with growing pauses, for as long as it takes.
  While it is, one schema at a time is asked for, to see whether it is back.
- A schema that the registry denies may not have reached every replica of it: asked for again for 30 s.
  Then its records are rejected for a minute; after that the schema is wanted again, and all begins again.
- A partition waits so for 30 s in ten minutes, not once more for each id: in a topic with plain Avro in it every
  record may seem to name another schema. Until they are over, the first denial counts for what it wants.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from consumer.core.backoff import Backoff
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.model import SchemaKey, TopicPartition

DENIED_AFTER_S: Final = 30.0
DENIAL_KEPT_S: Final = 60.0
_IMPATIENT_TIMES: Final = 19
"""For each second that a partition waited for nothing, so many in which it does not wait again."""
_DENIED_AGAIN_S: Final = 1.0
_AWAY: Final = Backoff(0.5, 30.0)
_AWAY_LEAST_S: Final = 0.1
"""However the jitter falls, so that it is never a busy loop."""


class SchemaFound(Struct, frozen=True):
    """The registry has it. `references`: the texts of what it refers to, each after what it needs itself."""

    key: SchemaKey
    text: str
    references: tuple[str, ...] = ()


class SchemaReady(Struct, frozen=True):
    """The registry has it, and it was made ready to be read by, off the deciding thread."""

    key: SchemaKey
    reader: SchemaReader


class SchemaUnusable(Struct, frozen=True):
    """The registry has it, and it is not Avro."""

    key: SchemaKey
    why: str


class SchemaDenied(Struct, frozen=True):
    """The registry says that it has no such schema, or lacks what the schema refers to: `missing`."""

    key: SchemaKey
    missing: str = ""


class RegistryAway(Struct, frozen=True):
    """The registry did not say whether it has it."""

    key: SchemaKey
    why: str


SchemaAnswer = SchemaFound | SchemaReady | SchemaUnusable | SchemaDenied | RegistryAway


class SchemaSource(Protocol):
    """What gets the answers: `decode.Decoder`."""

    def learn(self, key: SchemaKey, text: str, references: Sequence[str]) -> None: ...
    def know(self, key: SchemaKey, reader: SchemaReader) -> None: ...
    def refuse(self, key: SchemaKey, why: str) -> None: ...
    def deny(self, key: SchemaKey, missing: str = "") -> None: ...
    def forget(self, key: SchemaKey) -> None: ...


class _Wanted(Struct):
    """`denied_since_s`: the first denial since it was wanted or the registry did not answer."""

    ask_at_s: float
    is_asked: bool = False
    denied_since_s: float | None = None
    partitions: set[TopicPartition] = set()
    """Where records wait for it."""


class SchemaWait(Struct, frozen=True):
    """What a partition waits for."""

    key: SchemaKey
    until_s: float | None
    """When its records are rejected if the registry still denies it then; None: not before the registry answers."""
    partitions: frozenset[TopicPartition]
    """All that wait for it."""


class SchemaLookups:
    """Which schemas are wanted and when each is asked for. Times are monotonic seconds.

    A step of the service: `want` what records lack, ask for what is `due`, `take` what was answered; a key that
    `take` returns True for needs no more waiting, and its records are decoded again.
    """

    def __init__(self, schemas: SchemaSource) -> None:
        self._schemas = schemas
        self._wanted: dict[SchemaKey, _Wanted] = {}
        self._denied_until_s: dict[SchemaKey, float] = {}
        self._impatient_until_s: dict[TopicPartition, float] = {}
        self._times_away = 0
        self._back_at_s = 0.0

    @property
    def wanted(self) -> tuple[SchemaKey, ...]:
        """What records wait for, oldest first."""
        return tuple(self._wanted)

    @property
    def is_away(self) -> bool:
        """True from an answer that was none until the next that is one."""
        return self._times_away > 0

    def wait_for(self, key: SchemaKey) -> SchemaWait | None:
        """What waits for this schema, and for how long; None if nothing does."""
        wanted = self._wanted.get(key)
        if wanted is None:
            return None
        until_s = None if wanted.denied_since_s is None else wanted.denied_since_s + DENIED_AFTER_S
        return SchemaWait(key, until_s, frozenset(wanted.partitions))

    def wait_of(self, partition: TopicPartition) -> SchemaWait | None:
        """What a partition waits for, of several the first."""
        key = next((key for key, wanted in self._wanted.items() if partition in wanted.partitions), None)
        return None if key is None else self.wait_for(key)

    def want(self, key: SchemaKey, now_s: float, partition: TopicPartition | None = None) -> None:
        """A record of a partition cannot be decoded without this schema. Wanting it again changes nothing."""
        wanted = self._wanted.setdefault(key, _Wanted(now_s))
        if partition is not None:
            wanted.partitions.add(partition)

    def due(self, now_s: float) -> list[SchemaKey]:
        """What to ask for now; each is then out until `take` gets its answer. Forgets denials that are over."""
        self._forget_old_denials(now_s)
        if self.is_away and (now_s < self._back_at_s or any(each.is_asked for each in self._wanted.values())):
            return []
        keys = [key for key, each in self._wanted.items() if not each.is_asked and each.ask_at_s <= now_s]
        keys = keys[:1] if self.is_away else keys
        for key in keys:
            self._wanted[key].is_asked = True
        return keys

    def take(self, answer: SchemaAnswer, now_s: float, jitter: float) -> bool:
        """Note an answer.

        Args:
            jitter: random, from 0 up to 1: the share of the pause that is made, so that members do not ask in step.

        Returns:
            True if records that waited for this schema can now be decided.
        """
        wanted = self._wanted.get(answer.key)
        if wanted is None:
            return False
        wanted.is_asked = False
        if isinstance(answer, RegistryAway):
            self._pause(wanted, now_s, jitter)
            return False
        self._times_away = 0
        if isinstance(answer, SchemaDenied) and not self._is_denied_for_good(wanted, now_s):
            return False
        self._tell(answer, now_s)
        del self._wanted[answer.key]
        return True

    def _pause(self, wanted: _Wanted, now_s: float, jitter: float) -> None:
        wanted.denied_since_s = None
        if now_s >= self._back_at_s:
            # Answers to what was asked before the pause began do not make it longer.
            self._times_away += 1
            self._back_at_s = now_s + max(_AWAY_LEAST_S, _AWAY.wait_s(self._times_away, jitter))

    def _is_denied_for_good(self, wanted: _Wanted, now_s: float) -> bool:
        if wanted.denied_since_s is None:
            wanted.denied_since_s = now_s
        wanted.ask_at_s = now_s + _DENIED_AGAIN_S
        waited_s = now_s - wanted.denied_since_s
        impatient = [self._impatient_until_s.get(partition, 0.0) for partition in wanted.partitions]
        if waited_s < DENIED_AFTER_S and not any(until_s > now_s for until_s in impatient):
            return False
        for partition in wanted.partitions:
            until_s = now_s + _IMPATIENT_TIMES * waited_s
            self._impatient_until_s[partition] = max(until_s, self._impatient_until_s.get(partition, 0.0))
        return True

    def _tell(self, answer: SchemaFound | SchemaReady | SchemaUnusable | SchemaDenied, now_s: float) -> None:
        if isinstance(answer, SchemaFound):
            self._schemas.learn(answer.key, answer.text, answer.references)
        elif isinstance(answer, SchemaReady):
            self._schemas.know(answer.key, answer.reader)
        elif isinstance(answer, SchemaUnusable):
            self._schemas.refuse(answer.key, answer.why)
        else:
            self._schemas.deny(answer.key, answer.missing)
            self._denied_until_s[answer.key] = now_s + DENIAL_KEPT_S

    def _forget_old_denials(self, now_s: float) -> None:
        for key in [key for key, until_s in self._denied_until_s.items() if until_s <= now_s]:
            del self._denied_until_s[key]
            self._schemas.forget(key)
