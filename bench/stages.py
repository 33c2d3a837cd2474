"""What each stage costs, so that a regression can be placed: CPU microseconds an event, in this process alone.

    python -m bench stages

Five hundred records at a time, as the service takes them, go through one stage after another. That a stage hands on a
list makes the sum somewhat more than what the stages cost in a row. `read` and `deliver` are not here: their cost is
in `run` less the sum.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Final, TypeVar

from bench.pure import PARTITION, records_of, settings_of
from bench.sample import SCHEMA_FILES
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.dedupe.window import Window
from consumer.core.map import compile_map
from consumer.core.model import Decoded, Item, Record, SchemaWanted
from consumer.core.normalize.event import normalize
from consumer.core.route.conditions import compile_condition, resolve_pixel
from consumer.core.rules.getters import compile_source
from consumer.core.settle.held_bytes import held_by_events, held_by_record
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.core.validate import EventLimits, validate
from consumer.wiring import decoder_of, windows_settings

RECORDS: Final = 20_000
STEP: Final = 500
REPEATS: Final = 5
NAMES: Final = ("decode", "route", "map", "normalize", "validate", "dedupe", "batch", "settle")
T = TypeVar("T")
U = TypeVar("U")


class Stopwatch:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.spent_s: defaultdict[str, float] = defaultdict(float)

    def each(self, name: str, do: Callable[[T], U], values: Iterable[T]) -> list[U]:
        """Do something with each value."""
        started_s = time.process_time()
        done = [do(value) for value in values]
        self.spent_s[name] += time.process_time() - started_s
        return done


def main() -> None:
    for schema in SCHEMA_FILES:
        costs = measured(schema)
        print(f"{schema}: " + ", ".join(f"{name} {us:.2f}" for name, us in costs.items()) + " µs an event")


def measured(schema: str) -> dict[str, float]:
    """Microseconds an event by stage, the median of several runs."""
    records = records_of(schema, RECORDS)
    runs = [once(schema, records) for _ in range(REPEATS)]
    return {name: median(run[name] for run in runs) for name in NAMES}


def once(schema: str, records: Sequence[Record]) -> dict[str, float]:
    """One run over all records but the first step, in which much is made ready that stays."""
    watch, way = Stopwatch(), _Way(schema)
    way.go(records[:STEP], Stopwatch())
    for start in range(STEP, len(records), STEP):
        way.go(records[start : start + STEP], watch)
    return {name: watch.spent_s[name] / (len(records) - STEP) * 1e6 for name in NAMES}


class _Way:
    """The stages, made ready for one configuration."""

    def __init__(self, schema: str) -> None:
        settings = settings_of(schema)
        [rule] = settings.rules
        codes = {pixel.pixel_code: name for name, pixel in settings.pixels.items()}
        assert not isinstance(rule.pixel, str)
        code_of = compile_source(rule.pixel)
        limits = EventLimits(settings.limits.max_event_age_s, settings.batch.max_bytes)
        self._decode = decoder_of(settings).decode
        self._holds = compile_condition(rule.when)
        self._pixel_of = lambda decoded: resolve_pixel(code_of(decoded), codes)
        self._map = compile_map(rule)
        self._validate = lambda made: validate(
            made[1],
            rule=rule.name,
            pixel=made[0],
            pixel_code=settings.pixels[made[0]].pixel_code,
            is_shadow=False,
            now_s=time.time(),
            limits=limits,
        )
        self._window = Window(windows_settings(settings).window)
        batch = settings.batch
        self._batcher = Batcher(
            BatchLimits(batch.max_events, batch.max_bytes, batch.max_wait_s), dict.fromkeys(settings.pixels, 100)
        )
        self._pixels = list(settings.pixels)
        self._ledger = Ledger()
        self._ledger.assign(PARTITION, 0, 0, is_committed=True)

    def go(self, records: Sequence[Record], watch: Stopwatch) -> None:
        decoded = [self._known(each) for each in watch.each("decode", self._decode, records)]
        watch.each("route", self._holds, decoded)
        pixels = watch.each("route", self._pixel_of, decoded)
        mapped = watch.each("map", self._map, decoded)
        normalized = watch.each(
            "normalize", lambda event: normalize(event, id_from_position="auto", reject_bad_fields=False), mapped
        )
        events = watch.each("validate", self._validate, zip(pixels, normalized, strict=True))
        watch.each("settle", self._open, zip(events, records, strict=True))
        offered = watch.each("dedupe", self._offer, zip(events, records, strict=True))
        items = [each.item for each in offered if each.is_to_batch and each.item is not None]
        watch.each("batch", lambda item: self._batcher.add(item, 0.0), items)
        bodies = watch.each("batch", self._cut, self._pixels)
        accepted = [item for batch in bodies for item in batch]
        watch.each("dedupe", self._window.accepted, accepted)
        watch.each("settle", lambda record: self._ledger.settle(record.position, RecordOutcome.SENT), records)

    @staticmethod
    def _known(decoded: Decoded | SchemaWanted) -> Decoded:
        assert isinstance(decoded, Decoded)
        return decoded

    def _open(self, made):  # type: ignore[no-untyped-def]  # a pair of event and record
        event, record = made
        self._ledger.open(record.position, held_by_record(record), 0.0)
        self._ledger.decided(record.position, 1, held_by_events((event,)))

    def _offer(self, made):  # type: ignore[no-untyped-def]  # a pair of event and record
        event, record = made
        self._window.saw(record, 1 << 41)
        return self._window.offer(event, record, 0.0)

    def _cut(self, pixel: str) -> list[Item]:
        batch = self._batcher.cut(pixel)
        b",".join([item.event.body for item in batch.items])
        for item in batch.items:
            item.is_submitted = True
        return batch.items


if __name__ == "__main__":
    main()
