"""What is printed to a terminal cannot steer it, whoever wrote it: records, schemas, brokers, libraries."""

import io
import logging
import sys
import time
from typing import Final

import pytest
import structlog
from confluent_kafka import Producer

from consumer import logs
from consumer.terminal import printable
from tests.support.cpu import within


@pytest.mark.parametrize("text", ["", "plain", "Ünïcödé 漢字 🙂", "a b"])
def test_what_has_a_shape_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\u001b[31m"),
        ("\x9b", "\\u009b"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("a\nb", "a\\u000ab"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_steers_becomes_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_ends_may_stay_and_nothing_else() -> None:
    assert printable("a\nb\rc\x1b", is_multiline=True) == "a\nb\\u000dc\\u001b"


def test_no_character_passes_that_python_calls_unprintable() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))

    assert printable(every).isprintable()


def test_a_megabyte_of_controls_costs_little_time() -> None:
    controls = "\x1b" * (1 << 20)

    assert len(within(2.0, lambda: printable(controls))) == 6 << 20


STEERING: Final = "a\x1b[2Jb\x9bc\x07d\u202ee\u2066f\u2028g\rh\ni\x7fj"


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_line_can_steer_a_terminal_whoever_wrote_it(style: str) -> None:
    stream = io.StringIO()
    logs.set_up("info", style, stream)

    logging.getLogger("librdkafka").warning("%s [%s] %s", "FAIL", "consumer-1", STEERING)
    logging.getLogger("somebody.else").warning(STEERING)
    log = structlog.get_logger(f"consumer.steering.{style}")
    log.info(STEERING, why=STEERING, several=[STEERING, (STEERING,)], named={STEERING: STEERING})

    text = stream.getvalue()
    assert text.count("\n") == 3
    assert [one for one in text.replace("\n", "") if not one.isprintable()] == []
    assert text.count("202e") == 8


def test_what_kafkas_client_says_of_a_broker_is_escaped_as_well() -> None:
    stream = io.StringIO()
    logs.set_up("info", "console", stream)
    settings = {"bootstrap.servers": "a\x1b[2J\x9bb\u202e:1", "log_level": 7, "debug": "broker"}
    client = Producer(settings, logger=logging.getLogger("librdkafka"))
    until_s = time.monotonic() + 20
    while "[2J" not in stream.getvalue() and time.monotonic() < until_s:
        client.poll(0.1)

    text = stream.getvalue()
    assert "\\u001b[2J" in text
    assert [one for one in text.replace("\n", "") if not one.isprintable()] == []
