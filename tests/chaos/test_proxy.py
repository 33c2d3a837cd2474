"""The proxy forwards, and does not where it is told so."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificate import self_signed
from tests.support.ports import LOOPBACK
from tests.support.proxy import Proxy


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that says again what it hears."""
    listener = socket.create_server((LOOPBACK, 0))

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while heard := connection.recv(1024):
                connection.sendall(heard)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def proxy(echo_port: int) -> Iterator[Proxy]:
    with Proxy(echo_port) as running:
        yield running


def _connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=10)


def _said(connection: socket.socket, word: bytes) -> bytes:
    connection.sendall(word)
    return connection.recv(1024)


def test_forwards_both_ways(proxy: Proxy) -> None:
    with _connected(proxy) as connection:
        assert _said(connection, b"one") == b"one"


def test_a_hanging_proxy_forwards_nothing_until_it_is_told_to(proxy: Proxy) -> None:
    with _connected(proxy) as connection:
        proxy.hang(True)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            _said(connection, b"one")

        proxy.hang(False)
        connection.settimeout(10)
        assert connection.recv(1024) == b"one"


def test_a_slow_proxy_takes_its_time_each_way(proxy: Proxy) -> None:
    with _connected(proxy) as connection:
        proxy.delay(0.1)
        begun_s = time.monotonic()
        _said(connection, b"one")
        assert time.monotonic() - begun_s >= 0.2


def test_a_reset_ends_the_connections_there_are_and_no_later_ones(proxy: Proxy) -> None:
    with _connected(proxy) as connection:
        _said(connection, b"one")
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            _said(connection, b"two")
    with _connected(proxy) as connection:
        assert _said(connection, b"one") == b"one"


def test_a_server_that_is_down_is_a_reset(echo_port: int) -> None:
    with Proxy(upstream_port=1) as proxy, contextlib.suppress(ConnectionResetError), _connected(proxy) as connection:
        assert connection.recv(1024) == b""


def test_speaks_tls_and_shows_another_certificate(echo_port: int, tmp_path: Path) -> None:
    good, bad = self_signed(tmp_path / "good.pem"), self_signed(tmp_path / "bad.pem")
    trusting = ssl.create_default_context(cafile=str(good))
    with Proxy(echo_port, certificate=good) as proxy:
        with trusting.wrap_socket(_connected(proxy), server_hostname=LOOPBACK) as connection:
            assert _said(connection, b"one") == b"one"
        proxy.show(bad)
        with _connected(proxy) as plain, pytest.raises(ssl.SSLCertVerificationError):
            trusting.wrap_socket(plain, server_hostname=LOOPBACK)
        proxy.show(good)
        with trusting.wrap_socket(_connected(proxy), server_hostname=LOOPBACK) as connection:
            assert _said(connection, b"two") == b"two"
