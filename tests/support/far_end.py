"""A server that misbehaves on request, on the loopback address: the far end of the edge to TikTok."""

import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

ENVELOPE = b'{"code": 0, "message": "OK", "request_id": "1", "data": {}}'


def http(status: str, body: bytes, *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class FarEnd:
    """Listens at `url`; treats each request as the last `behave` said, and keeps the raw requests."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._behaviour = "accept"
        self._is_closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = None
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def behave(self, behaviour: str) -> None:
        self._behaviour = behaviour

    def close(self) -> None:
        self._is_closed.set()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            while self._answer(connection):
                pass

    def _answer(self, connection: socket.socket) -> bool:
        """Read one request and answer it. True if the connection may serve another one."""
        if self._behaviour == "read slowly":
            return self._read_slowly(connection)
        if self._behaviour == "speak first":
            connection.sendall(b"220 mail.example.com\r\n")
            return False
        request = _read(connection)
        if request is None:
            return False
        self.requests.append(request)
        return self._treat(connection, self._behaviour)

    def _treat(self, connection: socket.socket, behaviour: str) -> bool:
        answers = {
            "accept": http("200 OK", ENVELOPE),
            "forbid": http("401 Unauthorized", b'{"code": 40105, "message": "no", "request_id": "1", "data": {}}'),
            "html": http("502 Bad Gateway", b"<html>"),
            "slow down": http("429 Too Many Requests", b"", "Retry-After: 7"),
            "redirect": http("302 Found", b"", "Location: /elsewhere"),
            "chatter": b"HTTP/1.1 100 Continue\r\n\r\n" + http("200 OK", ENVELOPE),
            "huge": http("200 OK", b" " * 1_000_000),
            "say goodbye": http("200 OK", ENVELOPE, "Connection: close"),
            "half a body": http("200 OK", ENVELOPE)[:-10],
            "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
            "nothing": b"",
            "garbage": b"\x00\x01 what?\r\n\r\n",
            "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-Much: more\r\n" * 20_000,
        }
        if behaviour in answers:
            connection.sendall(answers[behaviour])
            return behaviour in ("accept", "forbid", "html", "slow down", "redirect", "chatter", "huge")
        if behaviour == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif behaviour == "silence":
            self._is_closed.wait(30)
        elif behaviour == "drip headers":
            self._drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-Drip: drop\r\n" * 1000)
        elif behaviour == "drip body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            self._drip(connection, b" " * 1000)
        return False

    def _drip(self, connection: socket.socket, data: bytes) -> None:
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            if self._is_closed.wait(0.02):
                return

    def _read_slowly(self, connection: socket.socket) -> bool:
        while connection.recv(1024) and not self._is_closed.wait(0.02):
            pass
        return False


def _read(connection: socket.socket) -> bytes | None:
    """Read one whole request; None if the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def unused_url() -> str:
    """The address of a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
