"""docs/tutorial.md, on a real Kafka: its commands in their order, with its schema, its record and its rules."""

import hashlib
import json
import re
import shlex
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.avro import framed
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import READY_TIMEOUT_S, Process, run_command
from tests.support.records import Raw
from tests.support.scene import Scene
from tests.support.terminal import CTRL_C, Terminal
from tests.support.wait import wait_until

PAGE: Final = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
SCHEMA, RECORD = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S))
RULES: Final[str] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[0]
COMMANDS: Final[list[str]] = re.findall(r"^    (tiktok-consumer .*?) *(?:&|# .*)?$", PAGE, re.M)
KINDS: Final = ("page_viewed", "order_placed", "order_paid")
ENDED_S: Final = READY_TIMEOUT_S


def argv(command: str, scene: Scene) -> list[str]:
    """The arguments of a command of the page, with this test's topic and addresses."""
    replaced = {
        "orders": scene.topic,
        "localhost:9092": scene.kafka.bootstrap,
        "http://localhost:8081": scene.registry.url,
        "tiktok-first-try": scene.group,
        "tiktok-trial": f"{scene.group}-trial",
    }
    return [replaced.get(word, word) for word in shlex.split(command)[1:]]


def one(beginning: str, scene: Scene) -> list[str]:
    [found] = [command for command in COMMANDS if command.startswith(f"tiktok-consumer {beginning}")]
    return argv(found, scene)


def made_now(scene: Scene) -> None:
    """An order of each kind, one of them without consent."""
    number = scene.registry.register(f"{scene.topic}-value", SCHEMA)
    now_ms = round(time.time() * 1000)
    orders = [RECORD | {"event_type": kind, "order_id": f"o-{kind}", "created_at": now_ms} for kind in KINDS]
    orders.append(RECORD | {"order_id": "o-no", "created_at": now_ms, "marketing_consent": False})
    scene.kafka.produce(scene.topic, [Raw(framed(number, SCHEMA, order), partition=0) for order in orders])


def done(scene: Scene, arguments: list[str]) -> str:
    ended = run_command(*arguments, folder=scene.folder)
    assert ended.returncode == 0, (arguments, ended.stdout.decode(), ended.stderr.decode())
    return ended.stdout.decode()


def sent_by(scene: Scene, arguments: list[str], events: int) -> list[Any]:
    """What the sandbox got from a `run` with these arguments, once it is so many events."""
    process = Process(arguments, scene.folder, f"run-{free_port()}")
    try:
        wait_until(lambda: len(scene.sandbox.events()) >= events, ENDED_S, what=f"{events} events")
        assert process.stop() == 0
    finally:
        process.kill()
    return scene.sandbox.events()


@pytest.fixture
def begun(scene: Scene) -> Scene:
    """After `init`, with the addresses of this test."""
    made_now(scene)
    done(scene, one("init", scene))
    config = scene.folder / "consumer.yaml"
    ours = f'http: {{listen: "{LOOPBACK}:{free_port()}"}}\n'
    config.write_text(config.read_text().replace("http://localhost:8088", scene.sandbox.url) + ours)
    return scene


def put_rules(config: Path) -> None:
    """The page's rules in the place of those that `init` guessed."""
    text = re.sub(r"^elements:\n.*?(?=^delivery:)", RULES, config.read_text(), flags=re.M | re.S)
    assert RULES in text
    config.write_text(text)


def test_the_first_event_is_right_without_a_change(begun: Scene) -> None:
    sent = sent_by(begun, one("run --test-event-code TRY", begun), 2)

    paid = next(event["body"] for event in sent if event["event_id"] == "o-order_paid")
    assert paid["event"] == "Purchase"
    assert paid["properties"]["value"] == 59.98
    assert paid["properties"]["contents"][0]["price"] == 29.99
    assert paid["user"]["phone"] == hashlib.sha256(b"+4930901820").hexdigest()
    assert paid["user"]["email"] == hashlib.sha256(b"ada@example.com").hexdigest()


def test_the_commands_in_between_say_what_the_page_says(begun: Scene) -> None:
    put_rules(begun.folder / "consumer.yaml")

    assert "29.99" in done(begun, [*one("explain --topic orders --partition", begun)[:-3], "--offset", "2"])
    rehearsal = done(begun, one("explain --topic orders --last", begun))
    done(begun, ["check"])

    assert "4 records" in rehearsal


def test_the_rules_of_the_page_send_an_order_once_and_only_with_consent(begun: Scene) -> None:
    put_rules(begun.folder / "consumer.yaml")

    sent = sent_by(begun, one("run --test-event-code TEST12345", begun), 1)

    assert [(event["event"], event["event_id"]) for event in sent] == [("Purchase", "o-order_paid")]


def test_cases_need_no_network(begun: Scene) -> None:
    put_rules(begun.folder / "consumer.yaml")
    cases = begun.folder / "cases"
    for case in cases.glob("*.json"):
        case.unlink()
    (cases / "paid.record.json").write_text(json.dumps(RECORD))
    config = begun.folder / "consumer.yaml"
    config.write_text(config.read_text().replace(begun.registry.url, f"http://{LOOPBACK}:2"))

    done(begun, ["test", "--update"])
    done(begun, ["test"])
    done(begun, ["check", "--offline"])

    expected = json.loads((cases / "paid.expected.json").read_text())
    [event] = expected
    assert event["properties"]["value"] == 59.98, event


def test_a_dry_run_of_a_day_counts_and_sends_nothing(begun: Scene) -> None:
    put_rules(begun.folder / "consumer.yaml")

    terminal = Terminal(one("run --dry-run", begun), begun.folder)
    wait_until(lambda: re.search(r"run\.progress.* read=4", terminal.shown) is not None, 90, what="all are read")
    terminal.press(CTRL_C)

    code, _ = terminal.ended(60)
    assert code == 130
    assert re.search(r"run\.counted.*read=4 .*would_send=1", terminal.shown), terminal.shown
    assert begun.sandbox.events() == []
