"""Commands at a terminal whose brokers, registry and sandbox are away: Ctrl-C, and what is said."""

import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.processes import write_config
from tests.support.terminal import CTRL_C, Terminal

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
]
"""Commands that wait for something, so that Ctrl-C finds them at it."""


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
    if "^C" in terminal.shown:  # else it had said all before, and ended
        assert code == 130, terminal.shown
    assert took_s < 10


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
