"""Asks running services for their status, each in a thread of its own: one that is away delays no other."""

import time
from functools import cache
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from consumer.status.model import Status

ASK_EVERY_S: Final = 2.0
_TIMEOUT_S: Final = 3.0

Answer = Status | str
"""A status, or the sentence that says why there is none."""


def service_url(text: str) -> str:
    """`http://127.0.0.1:9464` of itself, and of what stands in `http.listen`: `127.0.0.1:9464`.

    Raises:
        ValueError: anything else.
    """
    url = text if "://" in text else f"http://{'localhost' if text.startswith(':') else ''}{text}"
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and (parts.port is not None or "://" in text)
    except ValueError:  # of brackets, or of a port that is none
        is_whole = False
    if not is_whole or parts.scheme not in {"http", "https"} or any(one.isspace() for one in url):
        raise ValueError("not the address of a service; write host:port or http://host:port, as http.listen has it")
    return url


def ask(url: str) -> Answer:
    """The status of the service at this address, such as `http://127.0.0.1:9464`."""
    try:
        answer = httpx2.get(f"{url.rstrip('/')}/api/status", timeout=_TIMEOUT_S, trust_env=False, verify=_tls())
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=Status)
    except httpx2.HTTPStatusError as refused:
        return f"{url} answers HTTP {refused.response.status_code}; --url is the http.listen of a `run`."
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        why = type(error).__name__
        return f"{url} does not answer ({why}); is `run` there? Give the address of its http.listen with --url."
    except msgspec.DecodeError:
        return f"{url} answers something else than a status; --url is the http.listen of a `run`."


_tls: Final = cache(httpx2.create_ssl_context)
"""Made once: the machine's certificates take longer to read than an answer."""


class StatusReader(Thread):
    """Asks one service again and again.

    Attributes:
        answer: the last one; None before the first.
    """

    def __init__(self, url: str) -> None:
        super().__init__(name="status-reader", daemon=True)
        self.url = url
        self.answer: Answer | None = None
        self._is_over = Event()

    def run(self) -> None:
        while not self._is_over.is_set():
            begun_s = time.monotonic()
            self.answer = ask(self.url)
            self._is_over.wait(max(0.1, ASK_EVERY_S - (time.monotonic() - begun_s)))

    def close(self) -> None:
        """Ask no more."""
        self._is_over.set()
