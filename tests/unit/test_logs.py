"""Log lines: one a line, positions and names, never a value."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import structlog

from consumer import logs

SECRET: Final = "jane@example.com"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


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
