"""TikTok's Events API: one request in, one answer out. What an answer means is `core.verdict`'s to say.

A few threads carry the bytes over one HTTP client, so the deciding thread never waits. Whatever happens to
a request, exactly one answer comes back.
"""

import ssl
import time
import traceback
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

import httpcore2
import httpx2
import structlog

from consumer.adapters.access_tokens import AccessTokens
from consumer.adapters.http_deadline import Deadline
from consumer.adapters.http_transport import DeadlineTransport
from consumer.core.deliver.request import Request
from consumer.core.model import Answer

log = structlog.get_logger("consumer.tiktok")

_PATH: Final = "/open_api/v1.3/event/track/"  # without the last slash TikTok answers 404 (tiktok.md, section 1)
_MOST_BODY_BYTES: Final = 64 * 1024  # an envelope has a few hundred; more is somebody else's page


class TikTokClient:
    """Sends requests and collects the answers.

    Args:
        base_url: scheme, host and perhaps port; proxies come from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY,
            certificate authorities from SSL_CERT_FILE or the system.
        timeout_s: of one request, in all.
        threads: how many requests can be on their way at once.

    Raises:
        ConfigError: the environment names a proxy of a kind that is not supported.
    """

    def __init__(self, base_url: str, tokens: AccessTokens, timeout_s: float, threads: int) -> None:
        self._url = base_url.rstrip("/") + _PATH
        self._tokens = tokens
        self._timeout_s = timeout_s
        self._deadline = Deadline()
        self._client = httpx2.Client(transport=DeadlineTransport(base_url, self._deadline, threads))
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[int, Answer]] = SimpleQueue()
        self._threads = [Thread(target=self._carry, name=f"tiktok-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def send(self, request: Request) -> None:
        """Hand a request to a thread. Never waits."""
        self._requests.put(request)

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

    def close(self, timeout_s: float) -> None:
        """Stop the threads, waiting at most this long for requests on their way."""
        until_s = time.monotonic() + timeout_s
        for _ in self._threads:
            self._requests.put(None)
        for thread in self._threads:
            thread.join(max(until_s - time.monotonic(), 0.0))
        if not any(thread.is_alive() for thread in self._threads):
            self._client.close()

    def _carry(self) -> None:
        while (request := self._requests.get()) is not None:
            self._answers.put((request.number, self._answer(request)))

    def _answer(self, request: Request) -> Answer:
        begun_s = time.monotonic()
        try:
            with self._deadline.within(self._timeout_s):
                return self._exchange(request, begun_s)
        except Exception as error:  # the thread's outermost frame: a request without an answer would never end
            failure = _failure(error)
            if failure is None:
                failure = "protocol"
                frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
                log.error("request.bug", request=request.number, error=type(error).__name__, frames=frames)
            return Answer(None, b"", time.monotonic() - begun_s, failure=failure)

    def _exchange(self, request: Request, begun_s: float) -> Answer:
        headers = {
            "Access-Token": self._tokens.reveal(request.pixel),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "tiktok-events-consumer",
        }
        with self._client.stream("POST", self._url, content=request.body, headers=headers) as response:
            body = _body(response)
        elapsed_s = time.monotonic() - begun_s
        return Answer(response.status_code, body, elapsed_s, response.headers.get("retry-after"))


def _body(response: httpx2.Response) -> bytes:
    """Read the body, but no more of it than an envelope could need."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) >= _MOST_BODY_BYTES:
            break
    return bytes(body[:_MOST_BODY_BYTES])


def _failure(error: Exception) -> str | None:
    """Name what went wrong on the way, as `Answer.failure` has it; None if it is no failure of the network."""
    match error:
        case httpcore2.TimeoutException():
            return "timeout"
        case httpcore2.NetworkError() if isinstance(error.__context__, ssl.SSLError):
            return "tls"
        case httpcore2.ConnectError() | httpcore2.ProxyError():
            return "connect"
        case httpcore2.NetworkError():
            return "reset"
        case httpcore2.ProtocolError() | httpx2.DecodingError():
            return "protocol"
    return None
