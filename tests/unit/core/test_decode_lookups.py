"""When the registry is asked for which schema, and when waiting for it ends."""

from collections.abc import Sequence

from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema_lookups import (
    DENIED_AFTER_S,
    RegistryAway,
    SchemaDenied,
    SchemaFound,
    SchemaLookups,
    SchemaReady,
    SchemaUnusable,
)
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.model import SchemaGuid, SchemaId, SchemaKey

ONE, TWO = SchemaId(1), SchemaGuid("0b5cd9d1-3c0e-4a55-9c5b-1df0a2f0a001")


class Told:
    """What a decoder would have been told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def learn(self, key: SchemaKey, text: str, references: Sequence[str]) -> None:
        self.calls.append(("learn", key, text, tuple(references)))

    def know(self, key: SchemaKey, reader: SchemaReader) -> None:
        self.calls.append(("know", key, reader))

    def refuse(self, key: SchemaKey, why: str) -> None:
        self.calls.append(("refuse", key, why))

    def deny(self, key: SchemaKey, missing: str = "") -> None:
        self.calls.append(("deny", key, missing) if missing else ("deny", key))

    def forget(self, key: SchemaKey) -> None:
        self.calls.append(("forget", key))


def test_takes_what_was_made_ready_elsewhere_and_names_a_reference_that_is_missing() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    reader = Decoder("confluent", max_record_bytes=1).prepare('{"type": "record", "name": "R", "fields": []}')
    assert isinstance(reader, SchemaReader)
    for key in (ONE, TWO):
        lookups.want(key, 0)
    lookups.due(0)

    assert lookups.take(SchemaReady(ONE, reader), 0, 0)
    lookups.take(SchemaDenied(TWO, "version 1 of subject leaf"), 0, 0)
    assert lookups.take(SchemaDenied(TWO, "version 1 of subject leaf"), 31, 0)

    assert told.calls == [("know", ONE, reader), ("deny", TWO, "version 1 of subject leaf")]


def test_of_a_schema_that_nothing_waits_for_there_is_no_wait() -> None:
    assert SchemaLookups(Told()).wait_for(ONE) is None


def test_asks_once_for_what_is_wanted_and_learns_the_answer() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 0)
    lookups.want(TWO, 0)
    lookups.want(ONE, 0)

    assert lookups.due(0) == [ONE, TWO]
    assert lookups.due(1) == []
    assert list(lookups.wanted) == [ONE, TWO]
    assert lookups.take(SchemaFound(ONE, "{}", ("[]",)), 1, 0.5)
    assert lookups.take(SchemaUnusable(TWO, "PROTOBUF"), 1, 0.5)
    assert told.calls == [("learn", ONE, "{}", ("[]",)), ("refuse", TWO, "PROTOBUF")]
    assert not lookups.wanted
    assert lookups.due(100) == []


def test_ignores_an_answer_that_nothing_waits_for() -> None:
    told = Told()

    assert not SchemaLookups(told).take(SchemaFound(ONE, "{}"), 0, 0)
    assert told.calls == []


def test_asks_for_a_denied_schema_for_thirty_seconds_before_giving_it_up() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 100)
    asked_at_s = [now for now in range(100, 130) if lookups.due(now) and not lookups.take(SchemaDenied(ONE), now, 0)]

    assert asked_at_s == list(range(100, 130))
    assert told.calls == []
    assert lookups.due(130) == [ONE]
    assert lookups.take(SchemaDenied(ONE), 130, 0)
    assert told.calls == [("deny", ONE)]


def test_waits_a_second_before_it_asks_for_a_denied_schema_again() -> None:
    lookups = SchemaLookups(Told())
    lookups.want(ONE, 0)
    lookups.due(0)
    lookups.take(SchemaDenied(ONE), 0.2, 0)

    assert lookups.due(1.1) == []
    assert lookups.due(1.2) == [ONE]


def test_learns_a_schema_that_appears_within_the_thirty_seconds() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 0)
    lookups.due(0)
    lookups.take(SchemaDenied(ONE), 0, 0)
    lookups.due(29)

    assert lookups.take(SchemaFound(ONE, "{}"), 29.9, 0)
    assert told.calls == [("learn", ONE, "{}", ())]


def test_remembers_a_denial_for_a_minute_and_then_starts_over() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 0)
    for now in (0, 30):
        lookups.due(now)
        lookups.take(SchemaDenied(ONE), now, 0)

    lookups.due(89.9)
    assert told.calls == [("deny", ONE)]
    lookups.due(90)
    assert told.calls == [("deny", ONE), ("forget", ONE)]
    lookups.want(ONE, 91)
    assert lookups.due(91) == [ONE]
    assert not lookups.take(SchemaDenied(ONE), 91, 0)


def test_never_gives_up_while_the_registry_is_away() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 0)
    now, asked = 0.0, 0
    while now < 86_400:
        if lookups.due(now):
            asked += 1
            assert not lookups.take(RegistryAway(ONE, "HTTP 503"), now, 1.0)
            assert lookups.is_away
        now += 1

    assert told.calls == []
    assert 86_400 / 30 <= asked < 86_400 / 30 + 20  # every 30 s, after a few shorter pauses
    lookups.due(now + 30)
    assert lookups.take(SchemaFound(ONE, "{}"), now + 30, 1.0)
    assert not lookups.is_away


def test_pauses_longer_each_time_with_jitter_but_never_not_at_all() -> None:
    lookups = SchemaLookups(Told())
    lookups.want(ONE, 0)
    lookups.due(0)
    lookups.take(RegistryAway(ONE, "timeout"), 0, 0.0)
    assert lookups.due(0.09) == []
    assert lookups.due(0.1) == [ONE]
    lookups.take(RegistryAway(ONE, "timeout"), 10, 0.5)
    assert lookups.due(10.49) == []
    assert lookups.due(10.5) == [ONE]
    lookups.take(RegistryAway(ONE, "timeout"), 20, 0.5)
    assert lookups.due(20.9) == []
    assert lookups.due(21) == [ONE]


def test_asks_for_one_schema_only_to_see_whether_the_registry_is_back() -> None:
    lookups = SchemaLookups(Told())
    lookups.want(ONE, 0)
    lookups.want(TWO, 0)
    assert lookups.due(0) == [ONE, TWO]
    lookups.take(RegistryAway(ONE, "timeout"), 0, 1.0)
    assert lookups.due(5) == []  # the other is still out
    lookups.take(RegistryAway(TWO, "timeout"), 0.2, 1.0)  # asked before the pause: no reason to make it longer

    assert lookups.due(0.5) == [ONE]
    assert lookups.due(5) == []
    lookups.take(SchemaFound(ONE, "{}"), 6, 1.0)
    assert lookups.due(6) == [TWO]


def test_counts_the_thirty_seconds_anew_when_the_registry_was_away_between_denials() -> None:
    told = Told()
    lookups = SchemaLookups(told)
    lookups.want(ONE, 0)
    for answer, now in (
        (SchemaDenied(ONE), 0),
        (RegistryAway(ONE, "reset"), 10),
        (SchemaDenied(ONE), 40),
        (SchemaDenied(ONE), 69),
    ):
        assert lookups.due(now) == [ONE]
        assert not lookups.take(answer, now, 1.0)

    assert lookups.due(70) == [ONE]
    assert lookups.take(SchemaDenied(ONE), 70, 1.0)


def test_a_wait_names_all_partitions_and_has_an_end_only_once_the_registry_denies_the_schema() -> None:
    lookups = SchemaLookups(Told())
    orders, visits = ("orders", 0), ("visits", 3)
    for partition in (orders, visits):
        lookups.want(ONE, 0, partition)
    lookups.due(0)

    wait = lookups.wait_of(visits)
    assert wait is not None
    assert (wait.key, wait.until_s, wait.partitions) == (ONE, None, frozenset({orders, visits}))
    assert lookups.wait_of(("orders", 1)) is None

    lookups.take(SchemaDenied(ONE), 5, 0)

    wait = lookups.wait_for(ONE)
    assert wait is not None
    assert wait.until_s == 5 + DENIED_AFTER_S


def test_a_partition_that_waited_for_nothing_is_soon_done_with_the_next_schema_that_is_denied() -> None:
    """A producer whose registry is another one makes many such schemas: each would take the whole wait."""
    lookups = SchemaLookups(Told())
    lookups.want(ONE, 0, ("orders", 0))
    lookups.take(SchemaDenied(ONE), 0, 0)
    assert lookups.take(SchemaDenied(ONE), DENIED_AFTER_S, 0)

    lookups.want(TWO, DENIED_AFTER_S + 1, ("orders", 0))

    assert lookups.take(SchemaDenied(TWO), DENIED_AFTER_S + 2, 0)
