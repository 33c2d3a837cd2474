"""The command: find the cases, decide each record as `run` would, compare, or write what came."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TextIO

import msgspec
from msgspec import Struct

from consumer import wiring
from consumer.commands.away import away_sentence
from consumer.commands.cases.case_result import Json, differences, result_of, result_of_all
from consumer.commands.explain.explain_command import Explainer
from consumer.commands.explain.records.given import GivenRecord, InputError
from consumer.commands.explain.records.given_records import read_bytes
from consumer.commands.explain.records.json_records import read_avsc
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.config import Settings
from consumer.config.schema_files import SchemaFile
from consumer.core.errors import Unreachable
from consumer.exit_codes import NOT_AS_EXPECTED, OK, UNFINISHED, UNUSABLE_INPUT
from consumer.terminal import complain

RECORD: Final = ".record.json"
_EXPECTED: Final = ".expected.json"


class _Tally(Struct):
    passed: int = 0
    failed: int = 0
    written: int = 0


class _Deciding(Struct, frozen=True):
    """What decides the cases of a folder."""

    settings: Settings
    explainer: Explainer
    schemas: Sequence[SchemaFile]
    """Of the JSON records; none: those that are configured."""


def run_cases(settings: Settings, folder: Path, out: TextIO, *, is_update: bool) -> int:
    """Try each `NAME.record.json` of a folder against `NAME.expected.json`. Returns the exit code.

    Where the schema is in a registry, the folder's .avsc files say what the records are, and the registry is not asked.
    A record with a `$timestamp` is judged as at that time. Of one without, no event is too old: a case must not fail
    because a month has passed.
    """
    cases = sorted(folder.glob(f"*{RECORD}")) if folder.is_dir() else []
    if not cases:
        complain(f"{folder}: no case; put NAME.record.json there, then run with --update")
        return UNUSABLE_INPUT
    tally = _Tally()
    try:
        schemas = _schemas_beside(folder, settings)
    except InputError as fault:
        complain(str(fault))
        return UNUSABLE_INPUT
    with closing(TopicSchemas(settings)) as asked:
        deciding = _Deciding(settings, Explainer(settings, asked), schemas)
        for case in cases:
            try:
                _try_case(deciding, case, out, tally, is_update=is_update)
            except InputError as fault:
                out.write(f"FAILED   {case}\n  {fault}\n")
                tally.failed += 1
            except Unreachable as away:
                complain(away_sentence(away, wiring.addresses_of(settings)))
                return UNFINISHED
    out.write(_summary(tally))
    return NOT_AS_EXPECTED if tally.failed else OK


def write_case(settings: Settings, path: Path, record: Mapping[str, Json]) -> None:
    """Write a record as a case, and what comes of it as what is expected.

    Args:
        path: ends in `.record.json`.

    Raises:
        InputError, OSError, Unreachable: nothing can be expected of it.
    """
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    try:
        with closing(TopicSchemas(settings)) as asked:
            deciding = _Deciding(settings, Explainer(settings, asked), _schemas_beside(path.parent, settings))
            came = result_of_all(list(_results(deciding, path)))
    except (InputError, Unreachable):
        path.unlink()  # a case that expects nothing would only fail
        raise
    _write_expected(_expected_path(path), came)


def _expected_path(case: Path) -> Path:
    return case.with_name(case.name.removesuffix(RECORD) + _EXPECTED)


def _write_expected(path: Path, came: Json) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(came)) + b"\n")


def _schemas_beside(folder: Path, settings: Settings) -> list[SchemaFile]:
    """What says of JSON what it is, where the configuration does not. Raises InputError."""
    return [read_avsc(path) for path in sorted(folder.glob("*.avsc"))] if settings.avro.registry is not None else []


def _try_case(deciding: _Deciding, case: Path, out: TextIO, tally: _Tally, *, is_update: bool) -> None:
    came = result_of_all(list(_results(deciding, case)))
    path = _expected_path(case)
    expected = _expected(path)
    found = list(differences(expected, came)) if expected is not None else [f"no {path.name}; write it with --update"]
    if found and is_update:
        _write_expected(path, came)
        out.write(f"written  {path}\n")
        tally.written += 1
    elif found:
        out.write(f"FAILED   {case}\n" + "".join(f"  {line}\n" for line in found))
        tally.failed += 1
    else:
        out.write(f"ok       {case}\n")
        tally.passed += 1


def _results(deciding: _Deciding, case: Path) -> Iterator[Json]:
    now_ms = round(time.time() * 1000)
    try:
        content = case.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None
    settings, explainer, schemas = deciding.settings, deciding.explainer, deciding.schemas
    for given in read_bytes(content, case.name, settings, explainer.run_decoder, now_ms, schemas=schemas):
        yield result_of(explainer.explain(given, _judged_at_s(given, now_ms)))


def _judged_at_s(given: GivenRecord, now_ms: int) -> float | None:
    """The record's own time, if it has one; None: no event of it is too old."""
    return None if given.record.timestamp_ms == now_ms else given.record.timestamp_ms / 1000


def _expected(path: Path) -> Json:
    """What the case expects; None if nothing was written yet."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        raise InputError(f"{path.name} is not JSON") from None


def _summary(tally: _Tally) -> str:
    counts = [f"{tally.passed} passed", f"{tally.failed} failed"]
    return ", ".join([*counts, *([f"{tally.written} written"] if tally.written else [])]) + "\n"
