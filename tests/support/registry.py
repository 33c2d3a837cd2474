"""A schema registry over HTTP, in memory: as much of Confluent's REST interface as clients of Avro use.

    with Registry() as registry:
        schema_id = registry.register("orders-value", schema)
        registry.url, registry.guid(schema_id)

`python -m tests.support.registry --port 8081` runs it until interrupted.
Source: Confluent, "Schema Registry API Reference".
"""

import argparse
import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

Reference = tuple[str, str, int]
"""Name, subject, version."""
Answer = tuple[int, Any]


@dataclass(frozen=True)
class _Entry:
    schema_id: int
    text: str
    schema_type: str
    references: tuple[Reference, ...]
    more: str = "{}"
    """`metadata` and `ruleSet`, as JSON."""

    @property
    def guid(self) -> str:
        content = json.dumps([self.text, self.schema_type, self.references])
        return str(UUID(bytes=md5(content.encode(), usedforsecurity=False).digest()))

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": self.schema_id, "guid": self.guid, "schema": self.text}
        answer |= json.loads(self.more)
        if self.schema_type != "AVRO":
            answer["schemaType"] = self.schema_type
        if self.references:
            keys = ("name", "subject", "version")
            answer["references"] = [dict(zip(keys, each, strict=True)) for each in self.references]
        return answer


@dataclass
class _Store:
    """Schemas by id, and for each subject the ids of its versions."""

    entries: dict[int, _Entry] = field(default_factory=dict)
    subjects: dict[str, list[int]] = field(default_factory=dict)

    def register(
        self, subject: str, text: str, schema_type: str, references: Sequence[Reference], more: str = "{}"
    ) -> _Entry:
        content = (text, schema_type, tuple(references), more)
        alike = (
            each
            for each in self.entries.values()
            if (each.text, each.schema_type, each.references, each.more) == content
        )
        entry = next(alike, None) or _Entry(len(self.entries) + 1, *content)
        self.entries[entry.schema_id] = entry
        versions = self.subjects.setdefault(subject, [])
        if entry.schema_id not in versions:
            versions.append(entry.schema_id)
        return entry

    def version(self, subject: str, entry: _Entry) -> dict[str, Any]:
        number = self.subjects[subject].index(entry.schema_id) + 1
        return {**entry.as_json(), "subject": subject, "version": number}


class Registry:
    """`misbehave_with` is a status that every request gets instead of its answer; `body` goes with it."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._store = _Store()
        self._lock = Lock()
        self._answering = Event()
        self._answering.set()
        self._address = (host, port)
        self._server: ThreadingHTTPServer | None = None
        self.misbehave_with: int | None = None
        self.body = b'{"error_code": 50001, "message": "told to misbehave"}'
        self.requests: Counter[str] = Counter()
        """How often each path was asked for, whatever was answered."""

    def __enter__(self) -> "Registry":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def hang(self, is_hanging: bool) -> None:
        """Take requests and answer none of them until told otherwise."""
        (self._answering.clear if is_hanging else self._answering.set)()

    def start(self) -> None:
        """Listen; after `stop` on the same port again, with the same schemas."""
        handler = type("Handler", (_Handler,), {"registry": self})
        self._server = ThreadingHTTPServer(self._address, handler)
        self._address = ("127.0.0.1" if self._address[0] == "0.0.0.0" else self._address[0], self._server.server_port)  # noqa: S104
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://{self._address[0]}:{self._address[1]}"

    @property
    def is_away(self) -> bool:
        return self.misbehave_with is not None

    @is_away.setter
    def is_away(self, is_away: bool) -> None:
        """Answer 503 to everything."""
        self.misbehave_with = 503 if is_away else None

    def register(
        self,
        subject: str,
        schema: object,
        references: Sequence[Reference] = (),
        schema_type: str = "AVRO",
        more: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a version to a subject; the same schema has one id everywhere. `schema`: text, or JSON as parsed.

        `more`: the schema's `metadata` and `ruleSet`.
        """
        text = schema if isinstance(schema, str) else json.dumps(schema)
        with self._lock:
            return self._store.register(subject, text, schema_type, references, json.dumps(more or {})).schema_id

    def guid(self, schema_id: int) -> str:
        return self._store.entries[schema_id].guid

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """What the registry says; for the handler."""
        self._answering.wait()
        with self._lock:
            self.requests[path] += 1
            if self.misbehave_with is not None:
                return self.misbehave_with, self.body
            status, document = self._route(method, path, json.loads(body) if body else {})
            return status, json.dumps(document).encode()

    def _route(self, method: str, path: str, document: dict[str, Any]) -> Answer:
        for of_method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == of_method:
                return answer(self._store, [unquote(each) for each in match.groups()], document)
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}


def _post_version(store: _Store, parts: list[str], body: dict[str, Any]) -> Answer:
    references = [(each["name"], each["subject"], each["version"]) for each in body.get("references") or ()]
    entry = store.register(parts[0], body["schema"], body.get("schemaType") or "AVRO", references)
    return 200, store.version(parts[0], entry)


def _find_version(store: _Store, parts: list[str], body: dict[str, Any]) -> Answer:
    for schema_id in store.subjects.get(parts[0], ()):
        if store.entries[schema_id].text == body["schema"]:
            return 200, store.version(parts[0], store.entries[schema_id])
    return 404, {"error_code": 40403, "message": "Schema not found"}


def _get_version(store: _Store, parts: list[str], _body: dict[str, Any]) -> Answer:
    versions = store.subjects.get(parts[0])
    if versions is None:
        return 404, {"error_code": 40401, "message": "Subject not found"}
    number = len(versions) if parts[1] == "latest" else int(parts[1])
    if not 1 <= number <= len(versions):
        return 404, {"error_code": 40402, "message": "Version not found"}
    return 200, store.version(parts[0], store.entries[versions[number - 1]])


def _get_by_id(store: _Store, parts: list[str], _body: dict[str, Any]) -> Answer:
    entry = store.entries.get(int(parts[0]))
    return (200, entry.as_json()) if entry else (404, {"error_code": 40403, "message": "Schema not found"})


def _get_by_guid(store: _Store, parts: list[str], _body: dict[str, Any]) -> Answer:
    entry = next((each for each in store.entries.values() if each.guid == parts[0]), None)
    return (200, entry.as_json()) if entry else (404, {"error_code": 40403, "message": "Schema not found"})


def _get_subjects(store: _Store, _parts: list[str], _body: dict[str, Any]) -> Answer:
    return 200, sorted(store.subjects)


def _get_versions(store: _Store, parts: list[str], _body: dict[str, Any]) -> Answer:
    versions = store.subjects.get(parts[0])
    missing: Answer = (404, {"error_code": 40401, "message": "Subject not found"})
    return missing if versions is None else (200, list(range(1, len(versions) + 1)))


_ROUTES: tuple[tuple[str, str, Callable[[_Store, list[str], dict[str, Any]], Answer]], ...] = (
    ("POST", r"/subjects/([^/]+)/versions", _post_version),
    ("POST", r"/subjects/([^/]+)", _find_version),
    ("GET", r"/subjects/([^/]+)/versions/(latest|\d+)", _get_version),
    ("GET", r"/subjects/([^/]+)/versions", _get_versions),
    ("GET", r"/subjects", _get_subjects),
    ("GET", r"/schemas/ids/(\d+)", _get_by_id),
    ("GET", r"/schemas/guids/([^/]+)", _get_by_guid),
)


class _Handler(BaseHTTPRequestHandler):
    registry: ClassVar[Registry]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def _respond(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content = self.registry.answer(method, urlsplit(self.path).path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted, not printed."""


def main() -> None:
    parser = argparse.ArgumentParser(description="A schema registry in memory.")
    parser.add_argument("--port", type=int, default=8081, help="0: any that is free")
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with Registry(arguments.port, arguments.host) as registry:
        print(registry.url, flush=True)  # noqa: T201  # the program's one line
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
