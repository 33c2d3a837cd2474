"""The shared window in Redis or Valkey: one question, one round trip, one answer, or none in time."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as TooLate
from time import monotonic
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from consumer.core.dedupe.shared_protocol import SCRIPT, ClaimRequest, ClaimResult, Lifetimes, packed, read_answer
from consumer.core.errors import ConfigError, Unreachable

ANSWER_WITHIN_S: Final = 0.05
"""docs/architecture.md §7."""
_SOCKET_TIMEOUT_S: Final = 1.0
"""After so long a connection is given up, and the next question opens another."""


class RedisWindow:
    """Asks with one script call a question.

    The caller waits for 50 ms and no longer, whatever takes longer: resolving a name, a TLS handshake, a server that
    sends its answer byte by byte. So a thread of its own speaks to Redis; a question that nobody waits for any more
    is done to its end there, and until then there is no other.

    Args:
        url: `redis://…` or `rediss://…`; may hold a password, and never gets into a text of ours.
        prefix: what all keys begin with (`shared_store.prefix_of`).

    Raises:
        ConfigError: the URL has a part that its library does not understand.
    """

    def __init__(self, url: str, prefix: bytes, lifetimes: Lifetimes, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._prefix, self._lifetimes, self._answer_within_s = prefix, lifetimes, answer_within_s
        try:
            self._client = redis.Redis.from_url(
                url,
                socket_timeout=_SOCKET_TIMEOUT_S,
                socket_connect_timeout=_SOCKET_TIMEOUT_S,
                protocol=2,  # answers are bytes and nothing else; nothing is pushed
                retry=Retry(NoBackoff(), 0),  # the caller knows when to try again, and as whom
            )
        except (ValueError, TypeError, redis.RedisError):
            raise ConfigError(["dedupe.redis_url: not understood; write redis://host:port/0 or rediss://…"]) from None
        self._thread = ThreadPoolExecutor(1, "window-store")
        self._last: Future[object] = self._thread.submit(self._greet)

    def ask(self, question: ClaimRequest) -> list[ClaimResult]:
        """Ask, and wait at most 50 ms. Raises Unreachable, which names the kind of trouble and nothing else."""
        until_s = monotonic() + self._answer_within_s
        if not wait([self._last], self._answer_within_s).done:
            raise Unreachable("the question before has no answer yet")
        self._last = self._thread.submit(self._call, packed(question, self._prefix, self._lifetimes))
        try:
            answer = self._last.result(until_s - monotonic())
        except (TooLate, redis.RedisError, OSError, ValueError) as error:  # ValueError: a number that is none
            raise Unreachable(type(error).__name__) from None
        return read_answer(answer, len(question.claims))

    def close(self, timeout_s: float) -> None:
        """Let go. A question under way ends by itself within a second or two."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _call(self, arguments: list[bytes | int]) -> object:
        answer: object = self._client.execute_command("EVAL", SCRIPT, 0, *arguments)  # type: ignore[no-untyped-call]  # published without hints
        return answer

    def _greet(self) -> object:
        """Open the connection before there is anything to ask."""
        try:
            self._client.ping()
        except (redis.RedisError, OSError, ValueError):
            return None
        return None
