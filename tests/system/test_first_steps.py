"""A stranger's path: the commands of the README's quick start, from the installation on, as they stand there."""

import json
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.avro import framed
from tests.support.http_clients import HTTP
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import READY_TIMEOUT_S, Process, run_command
from tests.support.records import Raw
from tests.support.scene import Scene
from tests.support.wait import wait_until

ROOT: Final = Path(__file__).parents[2]
INIT: Final = ROOT / "tests" / "golden" / "init"
SCHEMA: Final[Any] = json.loads((INIT / "flat.avsc").read_text())
MOST_COMMANDS: Final = 6
MOST_S: Final = READY_TIMEOUT_S


def steps(name: str) -> list[str]:
    """The commands under a mark of the README."""
    text = (ROOT / "README.md").read_text().partition(f"<!-- first steps: {name} -->\n")[2]
    found = re.match(r"(?:    .*\n)+", text)
    assert found, name
    return [line.strip() for line in found[0].splitlines()]


def ours(name: str, **replaced: str) -> dict[str, list[str]]:
    """Command → the arguments of those steps that start our program, with what is different in the test."""
    lines = [line.removesuffix("&") for line in steps(name) if line.startswith("tiktok-consumer")]
    found = {arguments[1]: arguments[1:] for arguments in map(shlex.split, lines)}
    return {
        command: [replaced.get(re.sub(r"\W", "_", argument), argument) for argument in arguments]
        for command, arguments in found.items()
    }


def records(path: Path = INIT / "flat.records.json") -> list[dict[str, Any]]:
    """Somebody's records, of this moment."""
    found: list[dict[str, Any]] = json.loads(path.read_text())
    return [{**one, "created_at_ms": round(time.time() * 1000)} for one in found]


@contextmanager
def running(arguments: list[str], folder: Path, name: str) -> Iterator[Process]:
    process = Process(arguments, folder, name)
    try:
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("name", ["kafka", "file"])
def test_it_takes_few_commands(name: str) -> None:
    assert 3 < len(steps(name)) <= MOST_COMMANDS


def test_a_topics_records_reach_the_sandbox(scene: Scene) -> None:
    number = scene.registry.register(f"{scene.topic}-value", SCHEMA)
    values = [{**{field["name"]: None for field in SCHEMA["fields"]}, "schema_version": 1, **one} for one in records()]
    scene.kafka.produce(scene.topic, [Raw(framed(number, SCHEMA, value)) for value in values])
    commands = ours(
        "kafka",
        orders=scene.topic,
        localhost_9092=scene.kafka.bootstrap,
        http___localhost_8081=scene.registry.url,
        tiktok_first_try=scene.group,
    )

    done = run_command(*commands["init"], folder=scene.folder)
    assert done.returncode == 0, done.stderr.decode()
    config = scene.folder / "consumer.yaml"
    assert commands["sandbox"] == ["sandbox", "--port", "8088"]
    text = config.read_text().replace("http://localhost:8088", scene.sandbox.url)
    config.write_text(f'{text}http: {{listen: "{LOOPBACK}:{free_port()}"}}\n')

    with running(commands["run"], scene.folder, "first-run") as service:
        wait_until(lambda: scene.sandbox.events_accepted() >= 2, MOST_S, what="two events accepted")
        assert service.stop() == 0

    assert {key[1:] for key in scene.sandbox.accepted()} == {
        ("Purchase", "5d3c1f52-0001"),
        ("ViewContent", "5d3c1f52-0002"),
    }


@pytest.mark.server
def test_records_of_a_file_reach_the_sandbox_without_any_kafka(tmp_path: Path) -> None:
    (tmp_path / "order.avsc").write_text(json.dumps(SCHEMA))
    (tmp_path / "record.json").write_text(json.dumps(records()))
    commands = ours("file")

    assert run_command(*commands["init"], folder=tmp_path).returncode == 0
    with running(commands["demo"], tmp_path, "demo") as demo:
        address = re.compile(rf"http://{LOOPBACK}:\d+/")
        found = wait_until(lambda: address.search(demo.stdout.read_text()), MOST_S, what="the demo says where")
        assert found
        events = HTTP.get(f"{found[0]}sandbox/events").json()
        assert demo.stop() == 0

    assert [event["event_id"] for event in events] == ["5d3c1f52-0001", "5d3c1f52-0002"]
