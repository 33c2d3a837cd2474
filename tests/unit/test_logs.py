"""Log lines: one a line, positions and names, never a value."""

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import structlog

from consumer import logs
from consumer.log_limits import EVERY_S, KINDS, MOST, LogLimits
from consumer.run import LogLevelSwitch

SECRET: Final = "jane@example.com"


def to(style: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(level, style, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(value: str) -> None:
    raise ValueError(f"cannot read {value}")


def test_json_is_one_object_a_line_with_time_level_and_logger() -> None:
    stream = to("json")

    structlog.get_logger("consumer.a").warning("record.rejected", offset=7, reason="decode.utf8")

    (line,) = lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "record.rejected", "level": "warning", "logger": "consumer.a", "offset": 7, "reason": "decode.utf8",
    }  # fmt: skip


def test_text_with_line_ends_stays_on_one_line_of_json() -> None:
    stream = to("json")

    structlog.get_logger("consumer.b").info("read.fault", text="one\ntwo")

    (line,) = lines(stream)
    assert line["text"] == "one\ntwo"


def test_console_is_for_people_and_has_no_colours_where_there_is_no_terminal() -> None:
    stream = to("console")

    structlog.get_logger("consumer.c").info("run.stopping", why="SIGTERM")

    (line,) = stream.getvalue().splitlines()
    assert "run.stopping" in line
    assert "why=SIGTERM" in line
    assert "\x1b" not in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_auto_is_for_people_at_a_terminal_and_json_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, terminal, plain = io.StringIO(), Terminal(), Terminal()
    for stream, no_color in ((elsewhere, ""), (terminal, ""), (plain, "1")):
        monkeypatch.setenv("NO_COLOR", no_color)
        logs.set_up("info", "auto", stream)
        structlog.get_logger(f"consumer.auto.{no_color}.{stream.isatty()}").info("run.stopping")

    assert lines(elsewhere)[0]["event"] == "run.stopping"
    assert "\x1b[" in terminal.getvalue()
    assert "run.stopping" in plain.getvalue()
    assert "\x1b" not in plain.getvalue()


@pytest.mark.parametrize("style", ["json", "console"])
def test_of_an_exception_only_type_and_frames_are_shown(style: str) -> None:
    stream = to(style)
    log = structlog.get_logger(f"consumer.d.{style}")
    try:
        fail(SECRET)
    except ValueError as error:
        log.exception("run.bug")
        log.error("run.bug", exc_info=error)
        log.error("run.bug", exc_info=(type(error), error, error.__traceback__))

    text = stream.getvalue()
    assert SECRET not in text
    assert "Traceback" not in text
    assert text.count("ValueError") == 3
    assert text.count(" fail") == 3
    assert "test_logs.py:" in text


def test_the_frames_of_an_exception_are_innermost_last_and_without_its_text() -> None:
    try:
        fail(SECRET)
    except ValueError as error:
        *_, outer, inner = logs.frames(error)

    assert outer.startswith("test_logs.py:")
    assert outer.endswith(" test_the_frames_of_an_exception_are_innermost_last_and_without_its_text")
    assert inner.endswith(" fail")


def test_an_exception_of_a_library_that_logs_by_itself_shows_frames_only_as_well() -> None:
    stream = to("json")
    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("somebody.else").exception("failed")

    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["error"]) == ("failed", "somebody.else", "ValueError")
    assert SECRET not in stream.getvalue()


def test_no_exception_is_no_error() -> None:
    stream = to("json")

    structlog.get_logger("consumer.e").error("read.fault", exc_info=True)

    (line,) = lines(stream)
    assert "error" not in line
    assert "exc_info" not in line


def test_the_level_says_what_is_left_out_and_can_be_changed_while_running() -> None:
    stream = to("json", level="warning")
    log = structlog.get_logger("consumer.f")

    log.info("too fine")
    log.warning("one")
    logs.set_level("debug")
    log.debug("two")
    logs.set_level("error")
    log.warning("too fine again")

    assert [line["event"] for line in lines(stream)] == ["one", "two"]


def test_libraries_that_show_whole_requests_or_count_what_we_count_are_quiet() -> None:
    stream = to("json", level="debug")

    for noisy in ("httpx2", "httpcore2", "uvicorn", "confluent_kafka.schema_registry"):
        logging.getLogger(noisy).info("POST https://example.com/ 200")
        logging.getLogger(f"{noisy}.inner").debug("headers: Access-Token: t")

    assert lines(stream) == []


def test_setting_up_again_writes_each_line_once() -> None:
    first, second = to("json"), to("json")

    logging.getLogger("somebody.else").warning("x")

    assert first.getvalue() == ""
    assert len(lines(second)) == 1


# ── what repeats ────────────────────────────────────────────────────────────────────────────────


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def limited(clock: Clock) -> tuple[io.StringIO, LogLimits]:
    stream, repeats = io.StringIO(), LogLimits(clock)
    logs.set_up("info", "json", stream, only=repeats)
    return stream, repeats


def reject(times: int, reason: str) -> None:
    for offset in range(times):
        structlog.get_logger("consumer.g").warning("record.rejected", reason=reason, offset=offset)


def test_of_what_repeats_the_first_of_each_kind_are_written_and_the_others_counted_when_the_minute_is_over() -> None:
    clock = Clock()
    stream, repeats = limited(clock)

    reject(MOST + 25, "map.call")
    reject(3, "decode.utf8")
    clock.s = EVERY_S - 1
    repeats.report()
    reject(2, "map.call")
    before = lines(stream)
    clock.s = EVERY_S
    repeats.report()

    assert [line["reason"] for line in before] == ["map.call"] * MOST + ["decode.utf8"] * 3
    (said,) = lines(stream)[len(before) :]
    assert (said["event"], said["line"], said["kind"], said["suppressed"]) == (
        "log.suppressed", "record.rejected", "map.call", 27,
    )  # fmt: skip


def test_the_next_minute_begins_anew_and_the_end_tells_what_is_left() -> None:
    clock = Clock()
    stream, repeats = limited(clock)
    reject(MOST + 1, "map.call")
    clock.s = EVERY_S
    repeats.report()
    reject(MOST + 2, "map.call")
    repeats.report(is_end=True)
    repeats.report(is_end=True)

    found = lines(stream)
    assert [line["suppressed"] for line in found if line["event"] == "log.suppressed"] == [1, 2]
    assert sum(line["event"] == "record.rejected" for line in found) == 2 * MOST


def test_changes_of_state_are_written_however_often_they_come() -> None:
    stream, repeats = limited(Clock())

    for _ in range(MOST * 2):
        structlog.get_logger("consumer.h").info("pixel.state", pixel="shop")
        logging.getLogger("somebody.else").warning("x")
    repeats.report(is_end=True)

    assert len(lines(stream)) == 4 * MOST


def test_the_clients_own_lines_repeat_by_what_they_are_about() -> None:
    stream, _ = limited(Clock())

    for about in ("FAIL", "REQTMOUT"):
        for number in range(MOST * 2):
            logging.getLogger("librdkafka").warning("%s [%s] %d", about, "consumer-1", number)

    assert len(lines(stream)) == 2 * MOST


def test_a_signal_changes_the_level_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for level, other in (("error", "debug"), ("debug", "info")):
        stream = to("json", level)
        switch = LogLevelSwitch(level)
        switch.toggle()
        now = logging.getLogger().level
        switch.toggle()

        assert [line["level"] for line in lines(stream)] == ["info", "info"]
        assert now == logging.getLevelName(other.upper())
        assert logging.getLogger().level == logging.getLevelName(level.upper())


# ── the document ────────────────────────────────────────────────────────────────────────────────

ROOT: Final = Path(__file__).parents[2]


def _said(path: Path) -> Iterator[str]:
    """The lines that a module logs: `log.LEVEL("name", …)`, or `say("name", …)` where a level is chosen."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log")) | ast.Name("say"), args=[ast.Constant(str(name)), *_]
            ):
                yield name


def _listed() -> dict[str, tuple[bool, str]]:
    """Of each line in the document: whether it is marked as repeating, and its levels."""
    rows = re.findall(r"^\| `([a-z_.]+)`( ×)? \| ([a-z, ]+) \|", (ROOT / "docs/logs.md").read_text(), re.MULTILINE)
    return {name: (bool(mark), levels) for name, mark, levels in rows}


def test_the_document_lists_every_line_there_is_and_no_other() -> None:
    modules = (ROOT / "consumer").rglob("*.py")
    said = {name for path in modules for name in _said(path)}

    assert sorted(_listed()) == sorted(said)
    assert list(_listed()) == sorted(_listed())


def test_the_document_marks_what_repeats() -> None:
    assert {name for name, (repeats, _) in _listed().items() if repeats} == set(KINDS)
