"""The commands: from what was asked for to what is printed. Each returns an exit code."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import sha256
from typing import Final, TextIO

import msgspec
from msgspec import Struct
from rich.console import Console

from consumer import wiring
from consumer.adapters.kafka.kafka_producer import KafkaRecordWriter
from consumer.commands.away import away_sentence
from consumer.commands.dlq import dlq_list, dlq_show, replay_report
from consumer.commands.dlq.dead_letter import DeadLetterRecord, LetterState
from consumer.commands.dlq.dlq_list import Tally, last_of
from consumer.commands.dlq.origin_record import fetched
from consumer.commands.dlq.replay import Replay, ReplayRequest, ReplayTools
from consumer.commands.dlq.replay_decision import SkipReason
from consumer.commands.dlq.replay_progress import Progress
from consumer.commands.dlq.selection import Selection
from consumer.commands.dlq.topic_reader import REPLAY_SUFFIX, DeadLetters, Logs, marks_of, opened, origins, replays_of
from consumer.commands.explain.explain_command import Explainer, console_for
from consumer.commands.explain.explainer import Explained
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.commands.explain.records.topic_records import TopicReader
from consumer.commands.progress_bar import Bar
from consumer.commands.top.status_reader import ask
from consumer.config import Settings, kafka_clients
from consumer.core.errors import Unreachable
from consumer.core.model import Record
from consumer.exit_codes import OK, UNFINISHED, UNUSABLE_INPUT
from consumer.progress import StartLine
from consumer.signals import Signals
from consumer.status.model import Status
from consumer.terminal import complain


class Output(Struct, frozen=True):
    """Where and how to print."""

    out: TextIO
    is_json: bool = False

    @property
    def console(self) -> Console:
        return console_for(self.out)

    def line(self, value: object) -> None:
        """One JSON object on a line of its own."""
        self.out.write(msgspec.json.encode(value).decode() + "\n")


# ── list and show ───────────────────────────────────────────────────────────────────────────────


def list_letters(settings: Settings, selection: Selection, limit: int | None, output: Output) -> int:
    """Count letters by reason, and list the last of them, 10 without a limit; as JSON, each letter, or the last."""
    group = settings.kafka.group_id + REPLAY_SUFFIX
    with _telling_away(settings), opened(settings, group, selection) as (logs, letters):
        if not letters.bounds and letters.is_read_from:
            complain(f"No dead letters yet: there is no topic {', '.join(letters.topics)}.")
            return OK
        if not _must_exist(letters):
            return UNUSABLE_INPUT
        replays = replays_of(settings, logs, letters)
        found = ((each, replays.state(each)) for each in letters.read(letters.ranges()))
        list_found(found, limit, output, letters.topics)
        return OK
    return UNFINISHED


LISTED: Final = 10
"""Letters beside the counts, where no limit is given."""


def list_found(
    found: Iterable[tuple[DeadLetterRecord, LetterState]], limit: int | None, output: Output, topics: tuple[str, ...]
) -> None:
    """Print letters, each with what has become of it."""
    if output.is_json:
        for letter, state in found if limit is None else last_of(found, limit):
            output.line(dlq_list.as_json(letter) | {"state": str(state)})
        return
    tally = Tally(LISTED if limit is None else limit)
    for letter, state in found:
        tally.add(letter, state)
    dlq_list.show(output.console, tally, topics)


def show_letters(settings: Settings, selection: Selection, limit: int, output: Output) -> int:
    """Show letters, each with its record decoded and with what would become of it now."""
    with _telling_away(settings), ExitStack() as stack:
        _, letters = stack.enter_context(opened(settings, settings.kafka.group_id, selection))
        explainer = Explainer(settings, stack.enter_context(closing(TopicSchemas(settings))))
        reader = stack.enter_context(origins(settings))
        if not _must_exist(letters):
            return UNUSABLE_INPUT
        shown = 0
        with closing(letters.read(letters.ranges())) as found:
            for letter in found:
                _show(letter, _explained(letter, explainer, reader), output)
                shown += 1
                if shown >= limit:
                    break
        if not shown:
            complain("no such dead letter")
            return UNUSABLE_INPUT
        return OK
    return UNFINISHED


def _explained(letter: DeadLetterRecord, explainer: Explainer, reader: TopicReader) -> Explained | SkipReason:
    record = fetched(letter, reader) if letter.is_short else letter.record
    if isinstance(record, SkipReason):
        return record
    return explainer.explain(explainer.of_topic(dlq_show.from_origin(record)))


def _show(letter: DeadLetterRecord, explained: Explained | SkipReason, output: Output) -> None:
    if output.is_json:
        output.line(dlq_show.as_json(letter, explained))
    else:
        dlq_show.show(output.console, letter, explained)


# ── replay ──────────────────────────────────────────────────────────────────────────────────────


def replay_letters(settings: Settings, wanted: ReplayRequest, output: Output, signals: Signals) -> int:
    """Replay letters, and print what was done. Returns 0 once all that was meant was looked at."""
    if wanted.to_origin:
        complain(
            "warning: --to-origin: every reader of the origin's topics sees these records again, all rules hold for "
            "them, and nothing counts how often they are replayed"
        )
    with _telling_away(settings), ExitStack() as stack:
        group = settings.kafka.group_id + REPLAY_SUFFIX + (_own_suffix(wanted) if wanted.to_origin else "")
        logs, letters = stack.enter_context(opened(settings, group, wanted.selection))
        if not _must_exist(letters) or not (wanted.to_origin or wanted.is_dry or _make_topic(settings, letters)):
            return UNUSABLE_INPUT
        explainer = Explainer(settings, stack.enter_context(closing(TopicSchemas(settings))))
        writer = KafkaRecordWriter(kafka_clients.producer_properties(settings))
        stack.callback(writer.close, 1.0)
        fetch, since_s = _fetcher(settings, stack), _running_since_s(settings)
        tools = ReplayTools(writer, logs, explainer.decide, fetch, signals.stop, signals.hurry, complain, since_s)
        with signals.caught():  # only now is there something to stop in order
            done = _replayed(settings, wanted, (logs, letters), tools)
        if output.is_json:
            output.line(replay_report.as_json(done))
        else:
            replay_report.show(output.console, done)
        return OK if done.is_whole else UNFINISHED
    return UNFINISHED


def _replayed(
    settings: Settings, wanted: ReplayRequest, read: tuple[Logs, DeadLetters], tools: ReplayTools
) -> replay_report.Report:
    logs, letters = read
    progress = Progress(keeps_skipped=not wanted.to_origin)
    committed = logs.committed(list(letters.bounds)) if letters.bounds else {}
    ranges = {}
    for partition, (low, high) in letters.ranges().items():
        begun = committed[partition].offset or 0
        progress.begin(partition, min(begun, letters.bounds[partition].high))
        if low > begun and not wanted.to_origin and low > letters.bounds[partition].low:
            progress.opened(partition, begun)  # what lies between is not looked at: the offset stays before it
        ranges[partition] = max(low, begun if begun <= high else low), high
    marks = set() if wanted.to_origin else set(marks_of(settings, logs, letters))
    replay = Replay(wanted, tools, progress, marks, settings.replay_topic)
    with Bar("dead letters", sum(max(0, high - low) for low, high in ranges.values())) as bar:
        return replay.run(bar.watched(logs.records(ranges, tools.stop.is_set)))


def _running_since_s(settings: Settings) -> float | None:
    """Since when the service of this configuration runs on this machine, Unix seconds; None if none is found there."""
    if settings.http.port == 0:
        return None
    answer = ask(StartLine.of(settings, is_dry=False).page)
    return answer.started_at if isinstance(answer, Status) and answer.group == settings.kafka.group_id else None


def _own_suffix(wanted: ReplayRequest) -> str:
    """Nothing marks what went to its origin: each selection has a place of its own to resume from. Times count as they
    were typed, or `--since 2h` would begin anew each time."""
    selection = msgspec.to_builtins(wanted.selection) | {"since_ms": None, "until_ms": None}
    if not any(wanted.selection.times):
        del selection["times"]  # named as before there was any
    what = msgspec.json.encode((selection, wanted.only_if_fixed))
    return ".origin-" + sha256(what).hexdigest()[:8]


def _make_topic(settings: Settings, letters: DeadLetters) -> bool:
    """The replay topic, if no `run` has made it yet."""
    topic = settings.replay_topic
    if topic in letters.seen:
        return True
    widest = max(letters.seen.get(name, 1) for name in kafka_clients.chosen_topics(settings)(letters.seen))
    error = letters.cluster.create_topics([topic], widest)[topic]
    if error is not None:
        complain(f"{topic} is not there and cannot be created ({error}); create it")
    return error is None


def _fetcher(settings: Settings, stack: ExitStack) -> Callable[[DeadLetterRecord], Record | SkipReason]:
    """Connects only once there is something to fetch."""
    readers: list[TopicReader] = []

    def fetch(letter: DeadLetterRecord) -> Record | SkipReason:
        if not readers:
            readers.append(stack.enter_context(origins(settings)))
        return fetched(letter, readers[0])

    return fetch


# ── what all of them say ────────────────────────────────────────────────────────────────────────


def _must_exist(letters: DeadLetters) -> bool:
    if letters.bounds:
        return True
    complain(f"there is no dead-letter topic ({', '.join(letters.topics) or 'nothing is read'})")
    return False


@contextmanager
def _telling_away(settings: Settings) -> Iterator[None]:
    """A cluster or registry that does not answer ends the command."""
    try:
        yield
    except Unreachable as away:
        complain(away_sentence(away, wiring.addresses_of(settings)))
