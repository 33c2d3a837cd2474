"""TikTok's Events API: one request in, one answer out. What an answer means is `core.deliver.response`'s to say.

One thread with an event loop carries the bytes of all requests, so the deciding thread never waits. Whatever happens to
a request, exactly one answer comes back, within the timeout: `asyncio.timeout` around the whole of it, the look-up of
the name included. (httpx2's own timeouts are for each read and write: a server that drips bytes would hold a request
forever.)
"""

import asyncio
import ssl
import time
import traceback
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import structlog

from consumer.adapters.access_tokens import AccessTokens
from consumer.adapters.name_lookups import LookupLoop
from consumer.core.deliver.request import Request
from consumer.core.errors import ConfigError
from consumer.core.model import Answer

log = structlog.get_logger("consumer.tiktok")

_PATH: Final = "/open_api/v1.3/event/track/"  # without the last slash TikTok answers 404 (docs/tiktok.md §1)
_MOST_BODY_BYTES: Final = 64 * 1024  # an envelope has a few hundred; more is somebody else's page
_KEEP_ALIVE_S: Final = 5.0  # of an idle connection: short, since a request on one that the server just closed is lost


class TikTokClient:
    """Sends requests and collects the answers.

    Args:
        base_url: scheme, host and perhaps port; proxies come from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY,
            certificate authorities from SSL_CERT_FILE or the system.
        timeout_s: of one request, in all.
        connections: how many requests can be on their way at once.

    Raises:
        ConfigError: the environment names a proxy of a kind that is not supported.
    """

    def __init__(self, base_url: str, tokens: AccessTokens, timeout_s: float, connections: int) -> None:
        self._url = base_url.rstrip("/") + _PATH
        self._tokens = tokens
        self._timeout_s = timeout_s
        self._client = _client(base_url, connections)
        self._answers: SimpleQueue[tuple[int, Answer]] = SimpleQueue()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop = LookupLoop()
        self._thread = Thread(target=self._loop.run_forever, name="tiktok", daemon=True)
        self._thread.start()

    def send(self, request: Request) -> None:
        """Hand a request to the loop. Never waits."""
        self._loop.call_soon_threadsafe(self._begin, request)

    def answers(self) -> list[tuple[int, Answer]]:
        """Take the answers that have come, each with its request's number. Never waits."""
        taken: list[tuple[int, Answer]] = []
        while True:
            try:
                taken.append(self._answers.get_nowait())
            except Empty:
                return taken

    def changed_tokens(self) -> list[str]:
        """Look whether token files changed, at most once a second; give the pixels whose token is another one now."""
        return self._tokens.changed()

    def unusable_tokens(self) -> dict[str, str]:
        """Of each pixel whose token file cannot be used: its path and why."""
        return self._tokens.unusable()

    def close(self, timeout_s: float) -> None:
        """Stop the loop, waiting at most this long for requests on their way. What is left then gets no answer."""
        if self._loop.is_closed():
            return
        ending = asyncio.run_coroutine_threadsafe(self._end(timeout_s), self._loop)
        with suppress(TooLate):
            ending.result(timeout_s + _SLACK_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SLACK_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _end(self, timeout_s: float) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._client.aclose()

    def _begin(self, request: Request) -> None:
        task = self._loop.create_task(self._carry(request))
        self._under_way.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._under_way.discard)

    async def _carry(self, request: Request) -> None:
        self._answers.put((request.number, await self._answer(request)))

    async def _answer(self, request: Request) -> Answer:
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(request, begun_s)
        except Exception as error:  # the task's outermost frame: a request without an answer would never end
            failure = _failure(error)
            if failure is None:
                failure = "protocol"
                frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
                log.error("request.bug", request=request.number, error=type(error).__name__, frames=frames)
            return Answer(None, b"", time.monotonic() - begun_s, failure=failure)

    async def _exchange(self, request: Request, begun_s: float) -> Answer:
        headers = {
            "Access-Token": self._tokens.reveal(request.pixel),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "tiktok-events-consumer",
        }
        async with self._client.stream("POST", self._url, content=request.body, headers=headers) as response:
            body = await _body(response)
        elapsed_s = time.monotonic() - begun_s
        told = response.headers
        return Answer(response.status_code, body, elapsed_s, told.get("retry-after"), date=told.get("date"))


_SLACK_S: Final = 0.5
"""For the loop to close its connections."""


async def _body(response: httpx2.Response) -> bytes:
    """Read the body, but no more of it than an envelope could need."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= _MOST_BODY_BYTES:
            break
    return bytes(body[:_MOST_BODY_BYTES])


def _failure(error: Exception) -> str | None:
    """Name what went wrong on the way, as `Answer.failure` has it; None if it is no failure of the network."""
    match error:
        case TimeoutError() | httpx2.TimeoutException():
            return "timeout"
        case httpx2.NetworkError() if _is_of_tls(error):
            return "tls"
        case httpx2.ConnectError() | httpx2.ProxyError():
            return "connect"
        case httpx2.NetworkError():
            return "reset"
        case httpx2.ProtocolError() | httpx2.DecodingError():
            return "protocol"
    return None


def _is_of_tls(error: BaseException) -> bool:
    """True if TLS is behind it: httpx2 and the layers below it each wrap what they caught."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _client(base_url: str, connections: int) -> httpx2.AsyncClient:
    tls = httpx2.create_ssl_context()
    return httpx2.AsyncClient(
        verify=tls,
        proxy=_proxy(base_url, tls),
        trust_env=False,  # the proxy is given: one of the environment that is for other addresses must not matter
        timeout=None,  # the whole request has one
        limits=httpx2.Limits(max_connections=connections, keepalive_expiry=_KEEP_ALIVE_S),
    )


def _proxy(base_url: str, tls: ssl.SSLContext) -> httpx2.Proxy | None:
    """Find the proxy that the environment names for this address."""
    address = urlsplit(base_url)
    proxies = getproxies()
    named = proxies.get(address.scheme) or proxies.get("all")
    if not named or proxy_bypass(address.netloc):
        return None
    url = named if "://" in named else f"http://{named}"
    if not url.startswith(("http://", "https://")):
        raise ConfigError(["the environment names a proxy for delivery.base_url that is not http:// or https://"])
    return httpx2.Proxy(url, ssl_context=tls if url.startswith("https:") else None)
