"""Commands at a terminal whose brokers, registry and sandbox are away: Ctrl-C, and what is said."""

import re
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.processes import run_command, write_config
from tests.support.scene import Scene
from tests.support.stream import make_purchases
from tests.support.terminal import COLUMNS, CTRL_C, Terminal
from tests.support.wait import wait_until

AWAY: Final[dict[str, Any]] = {
    "kafka": {"bootstrap_servers": "127.0.0.1:1", "topics": ["web-events"], "group_id": "g"},
    "avro": {"registry": {"url": "http://127.0.0.1:2"}},
    "pixels": {"shop": {"pixel_code": "CODE", "access_token": "made-up"}},
    "rules": [{"name": "all", "pixel": "shop"}],
    "outcomes": {"topic": "outcomes"},
    "http": {"listen": "127.0.0.1:0"},
}
WAITING: Final = [
    "run",
    "run --dry-run",
    "explain --topic web-events --partition 0 --offset 1",
    "explain --topic web-events --last 10",
    "dlq list",
    "dlq show",
    "dlq replay",
    "outcomes --event-id 1",
    "check",
    "init --topic web-events --registry http://127.0.0.1:2",
    "demo",
    "demo --keep",
    "sandbox --port 0",
    "top --url http://127.0.0.1:1",
]
"""Commands that wait for something, so that Ctrl-C finds them at it."""


ENDING: Final = {
    "explain --topic web-events --partition 0 --offset 1": 69,
    "explain --file none.json": 64,
    "dlq list": 69,
    "dlq show": 69,
    "dlq replay": 69,
    "outcomes --at web-events:0:1": 69,
    "check": 78,
    "init --topic web-events --registry http://127.0.0.1:2": 69,
    "init --schema none.avsc": 64,
    "test": 64,
    "sandbox --port 99999": 64,
    "run --config none.yaml": 78,
    "run --bogus": 64,
    "--help": 0,
}
"""What commands end with where every address and file is wrong."""
ASKING: Final = [command for command in WAITING if command.split()[0] in {"explain", "dlq", "outcomes", "init"}]
"""Commands that end where what they ask is away."""
AWAY_CODE: Final = 69
"""What they end with."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration whose every address is wrong, where commands look for it."""
    write_config(AWAY, tmp_path / "consumer.yaml")
    return tmp_path


@pytest.mark.parametrize("after_s", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("command", WAITING)
def test_ctrl_c_ends_every_command_with_130_and_no_traceback(command: str, after_s: float, folder: Path) -> None:
    terminal = Terminal(command.split(), folder)
    terminal.wait_until_listening()
    time.sleep(after_s)
    terminal.press(CTRL_C)

    code, took_s = terminal.ended()

    assert "Traceback" not in terminal.shown
    assert "KeyboardInterrupt" not in terminal.shown
    before, pressed, _ = terminal.shown.partition("^C")
    had_said_all = command in ASKING and "again." in before
    if pressed:  # else it had said all before, and ended
        assert code in ({130, AWAY_CODE} if had_said_all else {130}), terminal.shown
    assert took_s < 30


def test_ctrl_c_ends_run_with_workers_as_well(folder: Path) -> None:
    terminal = Terminal(["run", "--workers", "2"], folder)
    terminal.wait_until_listening()
    time.sleep(4)
    terminal.press(CTRL_C)

    code, _ = terminal.ended(60)

    assert (code, "Traceback" in terminal.shown) == (130, False)


def test_the_cursor_that_a_bar_has_hidden_is_shown_again(folder: Path) -> None:
    terminal = Terminal(["explain", "--topic", "web-events", "--last", "10"], folder)
    terminal.wait_until_listening()
    terminal.press(CTRL_C)

    terminal.ended()

    assert terminal.shown.endswith("\x1b[?25h\r\n")


@pytest.mark.parametrize(("command", "code"), ENDING.items())
def test_no_line_is_wider_than_the_terminal_and_none_is_a_traceback(command: str, code: int, folder: Path) -> None:
    terminal = Terminal(command.split(), folder, {"NO_COLOR": "1"})

    ended = terminal.ended(60)[0]

    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.shown).splitlines()
    assert ended == code, terminal.shown
    assert "Traceback" not in terminal.shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", terminal.shown), "no colour"
    assert lines
    assert [line for line in lines if len(line) > COLUMNS and " " in line.strip()] == []


@pytest.mark.parametrize("command", ASKING)
def test_what_is_away_is_said_in_one_sentence_with_its_address_and_the_remedy(command: str, folder: Path) -> None:
    address = "http://127.0.0.1:2" if command.startswith("init") else "127.0.0.1:1"

    done = run_command(*command.split(), folder=folder)

    [said] = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (69, b"")
    assert f" at {address} does not answer (" in said
    assert "; check the address, the security settings and the network, then try again." in said


def test_a_terminal_sees_the_same_without_colours_where_none_are_wanted(folder: Path) -> None:
    terminal = Terminal(["dlq", "list"], folder, {"NO_COLOR": "1"})

    code, _ = terminal.ended()

    assert code == 69
    assert "\x1b" not in terminal.shown
    assert "{" not in terminal.shown
    assert terminal.shown.count(".\r\n") == 1


def test_check_colours_ok_warning_and_error_at_a_terminal_and_nowhere_else(scene: Scene) -> None:
    config = scene.config(delivery={"base_url": "http://127.0.0.1:1"}, http={"listen": "127.0.0.1:0"})
    config["avro"]["registry"]["url"] = "http://127.0.0.1:2"
    write_config(config, scene.folder / "consumer.yaml")
    levels = {"ok": "\x1b[32mok\x1b[0m", "warning": "\x1b[33mwarning\x1b[0m", "error": "\x1b[1;31merror\x1b[0m"}

    shown = []
    for env in ({"NO_COLOR": ""}, {"NO_COLOR": "1"}):
        terminal = Terminal(["check"], scene.folder, env)
        assert terminal.ended(60)[0] == 78
        shown.append(terminal.shown)
    piped = run_command("check", folder=scene.folder, env={"NO_COLOR": ""}).stdout.decode()

    assert all(level in shown[0] for level in levels.values())
    assert [level for level in levels.values() if level in shown[1]] == []
    assert "\x1b" not in piped
    assert all(f"\n{level}" in f"\n{piped}" for level in levels)


def test_check_names_the_addresses_that_do_not_answer(folder: Path) -> None:
    write_config(
        {**AWAY, "dedupe": {"store": "redis", "redis_url": "redis://me:made-up@127.0.0.1:3"}}, folder / "consumer.yaml"
    )

    done = run_command("check", folder=folder)

    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (78, b"")
    for address in ("127.0.0.1:1 ", "http://127.0.0.1:2 ", "redis://127.0.0.1:3 "):
        assert sum(address in line for line in said.splitlines()) == 1, said
    assert "made-up" not in said


def test_a_registry_that_is_away_is_said_where_a_record_wants_it(scene: Scene) -> None:
    [(partition, offset)] = scene.produce(make_purchases(1, scene.schema_ids()))
    place = ["--topic", scene.topic, "--partition", str(partition), "--offset", str(offset)]

    done = scene.command("explain", *place, avro={"registry": {"url": "http://127.0.0.1:2"}})

    [said] = done.stderr.decode().splitlines()
    assert done.returncode == 69
    assert said.startswith("The schema registry at http://127.0.0.1:2 does not answer (")


def test_a_dry_run_that_ctrl_c_ends_says_its_counts_and_commits_nothing(scene: Scene) -> None:
    scene.produce(make_purchases(5, scene.schema_ids()))
    write_config(scene.config(http={"listen": "127.0.0.1:0"}), scene.folder / "consumer.yaml")
    terminal = Terminal(["run", "--dry-run", "--from", "earliest"], scene.folder)
    wait_until(lambda: re.search(r"run\.progress.* read=5", terminal.shown) is not None, 90, what="all are read")
    terminal.press(CTRL_C)

    code, _ = terminal.ended(60)

    assert code == 130
    assert re.search(r"run\.counted.* read=5 .*would_send=5", terminal.shown), terminal.shown
    assert scene.kafka.committed(scene.group, scene.topic) == {}
