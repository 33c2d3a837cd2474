"""Standard output that fails, is closed, or cannot show a character: what a command then says, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

CONFIG: Final = """
kafka: {bootstrap_servers: "localhost:9092", topics: [web-events], group_id: tiktok-events}
pixels:
  shop: {pixel_code: CABC123, access_token: "${TOKEN}"}
rules:
  - {name: all, pixel: shop}
limits: {max_event_age: 0s}
"""
RECORD: Final = '{"event": "Achat d’été 😀", "event_time": "2026-01-31T12:00:00Z", "event_id": "1"}'
EXPLAIN: Final = "explain --file one.record.json"
COMMANDS: Final = ["explain --help", "schema", EXPLAIN, "check --offline --json", "test .", "sandbox --port 0"]
SCHEMA: Final = '{"type": "record", "name": "Web", "fields": [{"name": "event", "type": "string"}]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands read."""
    (tmp_path / "consumer.yaml").write_text(CONFIG)
    (tmp_path / "one.record.json").write_text(RECORD, "utf-8")
    (tmp_path / "web_event.avsc").write_text(SCHEMA)
    return tmp_path


def ended(command: str, folder: Path, streams: str = "", encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """`tiktok-consumer COMMAND`, with its streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m consumer {command} {streams}', sys.executable],
        cwd=folder,
        env={**os.environ, "TOKEN": "made-up", "PYTHONIOENCODING": encoding},
        capture_output=True,
        encoding=encoding,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said_in_a_sentence_and_ends_with_74(command: str, folder: Path) -> None:
    done = ended(command, folder, ">/dev/full")

    assert (done.returncode, done.stderr) == (
        74,
        "standard output cannot be written (No space left on device); give it another place, such as > FILE\n",
    )


@pytest.mark.parametrize("command", ["schema", "init --schema web_event.avsc"])
def test_so_is_an_output_that_was_closed_before(command: str, folder: Path) -> None:
    done = ended(command, folder, ">&-")

    assert (done.returncode, done.stderr) == (
        74,
        "standard output cannot be written (it is closed); give it another place, such as > FILE\n",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_seen_enough_ends_a_command_with_141_and_nothing_is_said(command: str, folder: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with subprocess.Popen(
        [sys.executable, "-m", "consumer", *command.split()],
        cwd=folder,
        env={**os.environ, "TOKEN": "made-up"},
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        _, said = process.communicate()

    assert (process.returncode, said) == (141, "")


@pytest.mark.parametrize(("code", "ends_with"), [(0, 74), (1, 74), (69, 69), (130, 130)])
def test_what_else_has_gone_wrong_keeps_its_code(code: int, ends_with: int) -> None:
    program = (
        "from contextlib import suppress; from consumer.cli.output import UnwrittenError, finished, guard\nguard()\n"
        f"with suppress(UnwrittenError): print('x')\nraise SystemExit(finished({code}))"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == ends_with
    assert done.stderr.startswith("standard output cannot be written")


@pytest.mark.parametrize("streams", ["2>/dev/full", "2>&-"])
def test_the_exit_code_says_what_standard_error_cannot(streams: str, folder: Path) -> None:
    done = ended("check --config absent.yaml", folder, streams)

    assert (done.returncode, done.stdout, done.stderr) == (78, "", "")


def test_nothing_is_read_from_a_standard_input_that_was_closed(folder: Path) -> None:
    done = ended("explain --file -", folder, "<&-")

    assert (done.returncode, done.stderr) == (0, "")
    assert "record 1 of 1" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_keeps_its_values_in_every_encoding(encoding: str, folder: Path) -> None:
    done = ended(f"{EXPLAIN} --json", folder, encoding=encoding)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"][0]["event"]["event"] == "Achat d’été 😀"


def test_what_people_read_has_readable_signs_in_place_of_those_that_cannot_be_shown(folder: Path) -> None:
    done = ended(EXPLAIN, folder, encoding="ascii")

    assert done.returncode == 0, done.stderr
    assert "rule all holds > pixel shop" in done.stdout
    assert "Achat d\\u2019\\u00e9t\\u00e9 \\ud83d\\ude00" in done.stdout
