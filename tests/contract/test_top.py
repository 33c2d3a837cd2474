"""`top` against made-up services over HTTP: a snapshot in a pipe, a screen at a terminal, one that is away."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.processes import run_command
from tests.support.terminal import CTRL_C, Terminal
from tests.support.wait import wait_until

AWAY = "http://127.0.0.1:1"


class _MadeUp(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"group": "my-group", "version": "9.9", "ready": True, "later_field": 1}).encode()
        is_there = self.path == "/api/status"
        self.send_response(200 if is_there else 404)
        self.end_headers()
        self.wfile.write(body if is_there else b"")

    def log_message(self, format: str, *args: object) -> None:  # its signature
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _MadeUp)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_in_a_pipe_it_is_one_plain_snapshot(url: str, tmp_path: Path) -> None:
    done = run_command("top", "--url", url, "--url", url.removeprefix("http://") + "/", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"UP TO DATE  my-group  version 9.9") == 2
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("path", "said"),
    [(AWAY, "does not answer (ConnectError); is `run` there?"), ("{url}/nowhere", "answers HTTP 404")],
)
def test_one_that_is_away_is_one_sentence_and_69(path: str, said: str, url: str, tmp_path: Path) -> None:
    address = path.format(url=url)

    done = run_command("top", "-u", address, "-u", url, folder=tmp_path)

    [sentence] = done.stderr.decode().splitlines()
    assert done.returncode == 69
    assert sentence.startswith(f"{address} {said}")
    assert b"my-group" in done.stdout


@pytest.mark.parametrize(("keys", "code"), [(b"q", 0), (CTRL_C, 130)])
def test_at_a_terminal_it_follows_until_q_or_ctrl_c(keys: bytes, code: int, url: str, tmp_path: Path) -> None:
    terminal = Terminal(["top", "--url", url, "--url", AWAY], tmp_path)
    wait_until(lambda: "my-group" in terminal.shown and "does not answer" in terminal.shown, 60, what="both are shown")
    terminal.press(keys)

    ended, took_s = terminal.ended()

    assert ended == code
    assert took_s < 30
    assert "Traceback" not in terminal.shown
    assert "\x1b[?1049h" in terminal.shown
    assert terminal.shown.rindex("\x1b[?1049l") > terminal.shown.rindex("my-group")


def test_the_screen_ends_at_once_before_anybody_has_answered(tmp_path: Path) -> None:
    terminal = Terminal(["top", "--url", AWAY], tmp_path)
    terminal.wait_until_listening()
    time.sleep(0.2)
    terminal.press(CTRL_C)

    assert terminal.ended()[0] == 130
