"""The command: from what was asked for to what is printed."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import msgspec
from msgspec import Struct
from rich.console import Console

from consumer import wiring
from consumer.commands.away import away_sentence
from consumer.commands.explain import rehearsal
from consumer.commands.explain.explain_text import show
from consumer.commands.explain.explain_window import Rehearsed, WindowVerdict
from consumer.commands.explain.explainer import Explained, Explaining, as_json, explain
from consumer.commands.explain.records.given import GivenRecord, InputError
from consumer.commands.explain.records.given_records import read_bytes
from consumer.commands.explain.records.json_records import read_avsc
from consumer.commands.explain.records.newest_records import newest_records
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.commands.explain.records.topic_records import TopicReader
from consumer.commands.explain.rehearsal import Rehearsal
from consumer.commands.explain.rule_story import FailedCondition, failed_conditions
from consumer.commands.progress_bar import Bar
from consumer.config import Settings
from consumer.core.errors import Unreachable
from consumer.core.model import Decision, Record, SchemaWanted, TopicPartition
from consumer.core.pipeline import Pipeline
from consumer.exit_codes import OK, UNFINISHED, UNUSABLE_INPUT
from consumer.terminal import complain

MOST_BEFORE: Final = 50_000
"""Records re-read at most to say what the window would have said."""


class ExplainOptions(Struct, frozen=True):
    """What to explain: a file's records, or one of a topic."""

    file: str | None = None
    """`-`: standard input."""
    schema: Path | None = None
    """With `file`: the .avsc of its JSON records, instead of the schemas that are configured."""
    at: tuple[str, int, int] | None = None
    """Topic, partition, offset."""
    last: tuple[str, int] | None = None
    """A rehearsal: topic, and how many of its last records."""
    is_json: bool = False
    shows_values: bool = False
    """Also the texts that identifiers' digests are made of."""


def explain_records(settings: Settings, asked: ExplainOptions, out: TextIO, stdin: BinaryIO = sys.stdin.buffer) -> int:
    """Print what becomes of each record. Returns the exit code."""
    with closing(TopicSchemas(settings)) as schemas:
        try:
            if asked.file is not None:
                _explain_file(settings, asked, schemas, out, _read(asked.file, stdin))
            elif asked.at is not None:
                _explain_offset(settings, asked, schemas, out)
            elif asked.last is not None:
                _rehearse(settings, asked, schemas, out)
        except InputError as fault:
            complain(f"{asked.file or 'topic'}: {fault}")
            return UNUSABLE_INPUT
        except Unreachable as away:
            complain(away_sentence(away, wiring.addresses_of(settings)))
            return UNFINISHED
    return OK


def _read(name: str, stdin: BinaryIO) -> bytes:
    try:
        return stdin.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None


class Explainer:
    """Decides records, and learns the schemas they want on the way."""

    def __init__(self, settings: Settings, schemas: TopicSchemas, *, shows_texts: bool = False) -> None:
        self._settings, self._schemas = settings, schemas
        self._explaining = Explaining(settings.rules, settings.dedupe.window_s > 0, shows_texts)
        self._conditions = {rule.name: failed_conditions(rule.when) for rule in settings.rules}
        self._pipelines: dict[int, Pipeline] = {}
        self.run_decoder = wiring.decoder_of(settings)

    def explain(self, given: GivenRecord, now_s: float | None = 0.0) -> Explained:
        """Raises Unreachable if the registry did not say what the record's schema is.

        Args:
            now_s: when it is decided, Unix seconds; 0 is now. None: now, but no event is too old.
        """
        pipeline = self._pipeline(given) if now_s is not None else self._ageless(given)
        now_s = now_s or time.time()
        what = given.record, given.read_as, given.has_position
        while isinstance(found := explain(what, pipeline, self._explaining, now_s), SchemaWanted):
            self._schemas.learn(given.decoder, found.key)
        return found

    def decide(self, record: Record) -> Decision:
        """As `run` would. Raises Unreachable."""
        given = self.of_topic(record)
        pipeline = self._pipeline(given)
        while isinstance(decision := pipeline.decide(record, time.time()), SchemaWanted):
            self._schemas.learn(given.decoder, decision.key)
        return decision

    def first_failed(self, decision: Decision) -> Mapping[str, FailedCondition]:
        """Of each rule that does not hold for a decided record, the condition that failed first."""
        return {rule: self._conditions[rule][place] for rule, place in decision.missed}

    def of_topic(self, record: Record) -> GivenRecord:
        """A record as it was read from Kafka."""
        return GivenRecord(record, self.run_decoder, f"Avro, framing {self._settings.avro.framing}", True)

    def _ageless(self, given: GivenRecord) -> Pipeline:
        limits = self._settings.limits.model_copy(update={"max_event_age_s": 0.0})
        return wiring.pipeline_of(self._settings.model_copy(update={"limits": limits}), given.decoder)

    def _pipeline(self, given: GivenRecord) -> Pipeline:
        key = id(given.decoder)
        if key not in self._pipelines:
            self._pipelines[key] = wiring.pipeline_of(self._settings, given.decoder)
        return self._pipelines[key]


def _explain_file(
    settings: Settings, asked: ExplainOptions, schemas: TopicSchemas, out: TextIO, content: bytes
) -> None:
    explainer = Explainer(settings, schemas, shows_texts=asked.shows_values)
    now_ms = round(time.time() * 1000)
    avsc = () if asked.schema is None else (read_avsc(asked.schema),)
    all_given = read_bytes(content, asked.file or "-", settings, explainer.run_decoder, now_ms, schemas=avsc)
    printer = _Printer(asked, out, len(all_given))
    for given in all_given:
        printer.print(explainer.explain(given))


class _Printer:
    """Writes one explanation after another."""

    def __init__(self, asked: ExplainOptions, out: TextIO, of: int) -> None:
        self._is_json, self._out, self._of = asked.is_json, out, of
        self._console = console_for(out)
        self._printed = 0

    def print(self, explained: Explained, window: Sequence[WindowVerdict] = ()) -> None:
        self._printed += 1
        if self._is_json:
            self._out.write(msgspec.json.encode(as_json(explained)).decode() + "\n")
            self._out.flush()
        else:
            show(self._console, explained, self._printed, self._of, window)


def console_for(out: TextIO) -> Console:
    """Colours only on a terminal; no guessing of links, numbers or paths in text."""
    return Console(file=out, highlight=False, markup=False, emoji=False)


# ── from a topic ────────────────────────────────────────────────────────────────────────────────


def _explain_offset(settings: Settings, asked: ExplainOptions, schemas: TopicSchemas, out: TextIO) -> None:
    topic, number, offset = asked.at or ("", 0, 0)
    partition = topic, number
    explainer = Explainer(settings, schemas, shows_texts=asked.shows_values)
    with closing(TopicReader(settings)) as reader:
        low = _must_hold(reader, partition, offset)
        with closing(reader.read(partition, offset, sys.maxsize)) as records:  # type: ignore[type-var]  # a generator
            record = next(iter(records), None)
        if record is None or record.position.offset != offset:
            after = "there is none after it" if record is None else f"the next is {record.position.offset}"
            raise InputError(f"no record at offset {offset} (a transaction's mark, or compacted away); {after}")
        explained = explainer.explain(explainer.of_topic(record))
        verdicts = [] if asked.is_json else list(_window(settings, reader, explainer, record, low))
    _Printer(asked, out, 1).print(explained, verdicts)


def _must_hold(reader: TopicReader, partition: TopicPartition, offset: int) -> int:
    """The first offset that the partition's log has, if it has this one."""
    bounds = reader.bounds(partition)
    if bounds is None:
        raise InputError(f"{partition[0]} has no partition {partition[1]}, or is not there")
    if not bounds.low <= offset < bounds.high:
        held = f"offsets {bounds.low} to {bounds.high - 1}" if bounds.low < bounds.high else "nothing"
        raise InputError(f"no such offset: {partition[0]}[{partition[1]}] holds {held}")
    return bounds.low


def _window(
    settings: Settings, reader: TopicReader, explainer: Explainer, record: Record, low: int
) -> Iterator[WindowVerdict]:
    """What the window would have said of the record, by those before it."""
    if not settings.dedupe.window_s:
        return
    at, window = record.position, wiring.windows_settings(settings).window
    start = reader.offset_at((at.topic, at.partition), record.timestamp_ms - window.window_ms)
    first = max(low, at.offset - MOST_BEFORE, start if start is not None and start <= at.offset else 0)
    rehearsed = Rehearsed(window, settings.batch.max_wait_s)
    wall_ms = round(time.time() * 1000)
    for each in reader.read((at.topic, at.partition), first, at.offset + 1):
        live = [event for event in explainer.decide(each).events if not event.is_shadow]
        verdicts = rehearsed.saw(each, live, wall_ms)
        if each.position.offset == at.offset:
            yield from verdicts


# ── a rehearsal ─────────────────────────────────────────────────────────────────────────────────


def _rehearse(settings: Settings, asked: ExplainOptions, schemas: TopicSchemas, out: TextIO) -> None:
    """What the rules make of a topic's newest records."""
    explainer = Explainer(settings, schemas, shows_texts=asked.shows_values)
    tally = Rehearsal(rule.name for rule in settings.rules)
    records = _newest(settings, *(asked.last or ("", 0)))
    for record in _with_bar(records, len(records), "deciding"):
        _count(explainer, tally, record, shows_values=asked.shows_values)
    if asked.is_json:
        out.write(msgspec.json.encode(rehearsal.as_json(tally)).decode() + "\n")
    else:
        rehearsal.show(console_for(out), tally)


def _newest(settings: Settings, topic: str, most: int) -> list[Record]:
    with closing(TopicReader(settings)) as reader:
        partitions = [(topic, number) for number in range(reader.partitions(topic))]
        if not partitions:
            raise InputError(f"there is no topic {topic}")
        return newest_records(reader, partitions, most, round(time.time() * 1000), _with_bar)


def _count(explainer: Explainer, tally: Rehearsal, record: Record, *, shows_values: bool) -> None:
    if not shows_values:
        decision = explainer.decide(record)
    else:
        explained = explainer.explain(explainer.of_topic(record))
        decision = explained.decision
        for event in decision.events:
            for text in explained.texts_of(event.rule):
                tally.add_text(event.rule, text)
    tally.add(decision, record.position, explainer.first_failed(decision))


def _with_bar(records: Iterable[Record], total: int, name: str = "reading") -> Iterator[Record]:
    with Bar(name, total) as bar:
        yield from bar.watched(records)
