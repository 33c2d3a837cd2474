"""A registry's answer takes no memory, however it is packed: by the one client that `run`, `check` and `init` have."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

import pytest

MIB: Final = 1 << 20
_PACKED: Final = gzip.compress(gzip.compress(b" " * (256 * MIB), 9), 9)
_PROGRAM: Final = r"""
import json, resource, sys
from consumer.adapters.schema_registry import look_up, registry_client
from consumer.core.model import SchemaId

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

client = registry_client({"url": sys.argv[1]})
before = peak()
answer = look_up(client, SchemaId(1))
subjects = "read"
try:
    client.get_subjects()
except ValueError:
    subjects = "refused"
print(json.dumps({"grown": peak() - before, "away": getattr(answer, "why", ""), "subjects": subjects}))
"""


class Packed(BaseHTTPRequestHandler):
    """Answers everything with half a kilobyte that unpacks to 256 MiB."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip, gzip")
        self.send_header("Content-Length", str(len(_PACKED)))
        self.end_headers()
        self.wfile.write(_PACKED)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Packed) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_is_packed_is_not_unpacked(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, url], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)

    assert found["grown"] < 16 * MIB
    assert found["away"] == "ValueError"
    assert found["subjects"] == "refused"
