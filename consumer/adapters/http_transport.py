"""The connections to TikTok: a pool that keeps the deadline, through a proxy if the environment names one.
Part of the edge to TikTok.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from consumer.adapters.http_deadline import Deadline, DeadlineBackend
from consumer.core.errors import ConfigError

_KEEP_ALIVE_S: Final = 5.0  # of an idle connection: short, since a request on one that the server just closed is lost


class DeadlineTransport(httpx2.BaseTransport):
    """Connections that keep a deadline. httpx2's own transport cannot be given another network.

    Raises httpcore2's exceptions. Proxies come from the environment, certificate authorities, too.
    """

    def __init__(self, base_url: str, deadline: Deadline, connections: int) -> None:
        self._deadline = deadline
        self._pool = _pool(_proxy(base_url), DeadlineBackend(deadline), connections)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._pool.handle_request(
            httpcore2.Request(
                request.method,
                _address(request.url),
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": {"pool": self._deadline.left_s(httpcore2.PoolTimeout)}},
            )
        )
        return httpx2.Response(response.status, headers=response.headers, stream=_Stream(response))

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx2.SyncByteStream):
    """A response's body, read as it comes."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _address(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _pool(proxy: httpx2.Proxy | None, network: httpcore2.NetworkBackend, most: int) -> httpcore2.ConnectionPool:
    tls = httpx2.create_ssl_context()
    if proxy is None:
        return httpcore2.ConnectionPool(
            tls, max_connections=most, keepalive_expiry=_KEEP_ALIVE_S, network_backend=network
        )
    return httpcore2.HTTPProxy(
        _address(proxy.url),
        proxy.raw_auth,
        ssl_context=tls,
        max_connections=most,
        keepalive_expiry=_KEEP_ALIVE_S,
        network_backend=network,
    )


def _proxy(base_url: str) -> httpx2.Proxy | None:
    """Find the proxy that the environment names for this address."""
    address = urlsplit(base_url)
    proxies = getproxies()
    named = proxies.get(address.scheme) or proxies.get("all")
    if not named or proxy_bypass(address.netloc):
        return None
    url = named if "://" in named else f"http://{named}"
    if not url.startswith(("http://", "https://")):
        raise ConfigError(["the environment names a proxy for delivery.base_url that is not http:// or https://"])
    return httpx2.Proxy(url)
