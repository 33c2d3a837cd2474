"""A registry's answer takes no memory, however it is packed: by the one client that `run`, `check` and `init` have."""

import contextlib
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest

from tests.support.cpu import allowed_s

MIB: Final = 1 << 20
_PACKED: Final = gzip.compress(gzip.compress(b" " * (256 * MIB), 9), 9)
_PROGRAM: Final = r"""
import json, resource, sys
from consumer.adapters.registry_client import look_up, registry_client
from consumer.core.model import SchemaId

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

client = registry_client({"url": sys.argv[1]})
before, started_s = peak(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
answer = look_up(client, SchemaId(1))
subjects = "read"
try:
    client.get_subjects()
except (ValueError, OverflowError):
    subjects = "refused"
print(json.dumps({"grown": peak() - before, "away": getattr(answer, "why", ""), "subjects": subjects,
    "cpu_s": resource.getrusage(resource.RUSAGE_SELF).ru_utime - started_s}))
"""


class Answers(BaseHTTPRequestHandler):
    """Answers everything without an end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        with contextlib.suppress(ConnectionError):
            self.answer()

    def answer(self) -> None:
        self.end_headers()
        for _ in range(256):
            self.wfile.write(b" " * MIB)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


class PackedAnswers(Answers):
    """Answers everything with half a kilobyte that unpacks to 256 MiB."""

    def answer(self) -> None:
        self.send_header("Content-Encoding", "gzip, gzip")
        self.send_header("Content-Length", str(len(_PACKED)))
        self.end_headers()
        self.wfile.write(_PACKED)


@contextmanager
def registry(answers: type[Answers]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answers", "away"), [(PackedAnswers, "ValueError"), (Answers, "OverflowError")], ids=["packed", "endless"]
)
def test_an_answer_longer_than_any_schema_is_not_read_to_its_end(answers: type[Answers], away: str) -> None:
    """In a fresh process: 2 MB of gzip became 6 GB."""
    with registry(answers) as url:
        done = subprocess.run([sys.executable, "-c", _PROGRAM, url], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)

    assert found["grown"] < 16 * MIB
    assert found["away"] == away
    assert found["subjects"] == "refused"
    assert found["cpu_s"] < allowed_s(1.0)
