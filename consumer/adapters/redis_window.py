"""The shared window in Redis or Valkey: one question, one round trip, one answer, or none in time."""

from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as TooLate
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Final

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from consumer.adapters.redis_faults import name_of
from consumer.core.dedupe.shared_protocol import SCRIPT, ClaimRequest, ClaimResult, Lifetimes, packed, read_answer
from consumer.core.errors import ConfigError, Unreachable

log = structlog.get_logger("consumer.dedupe")

ANSWER_WITHIN_S: Final = 0.05
"""docs/architecture.md §7."""
_SOCKET_TIMEOUT_S: Final = 1.0
"""After so long a connection is given up, and the next question opens another."""


class RedisWindow:
    """Asks with one script call a question.

    The caller waits for 50 ms and no longer, whatever takes longer: resolving a name, a TLS handshake, a server that
    sends its answer byte by byte. So a thread of its own speaks to Redis; a question that is no longer waited for
    is done to its end there, and until then there is no other. Nobody waits for that thread at the end, either: a name
    that is looked up for half a minute does not hold the process.

    Where another server has become the primary, the old one still answers, READONLY. Its connection is closed then,
    and the next one goes to whatever the name points to by now.

    Args:
        url: `redis://…` or `rediss://…`; may hold a password, and never gets into a log line or an exception.
        prefix: what all keys begin with (`shared_store.prefix_of`).

    Raises:
        ConfigError: the URL has a part that its library does not understand.
    """

    def __init__(self, url: str, prefix: bytes, lifetimes: Lifetimes, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._prefix, self._lifetimes, self._answer_within_s = prefix, lifetimes, answer_within_s
        self._client = client_of(url, _SOCKET_TIMEOUT_S)
        self._questions: SimpleQueue[tuple[_Arguments, Future[object]] | None] = SimpleQueue()
        self._last = self._submit([b"PING"])  # opens the connection before there is anything to ask
        Thread(target=self._work, name="window-store", daemon=True).start()

    def ask(self, question: ClaimRequest) -> list[ClaimResult]:
        """Ask, and wait at most 50 ms. Raises Unreachable, which names the kind of trouble and nothing else."""
        until_s = monotonic() + self._answer_within_s
        if not wait([self._last], self._answer_within_s).done:
            raise Unreachable("the question before has no answer yet")
        self._last = self._submit([b"EVAL", SCRIPT, 0, *packed(question, self._prefix, self._lifetimes)])
        try:
            answer = self._last.result(until_s - monotonic())
        except TooLate:
            raise Unreachable("TimeoutError") from None
        return read_answer(answer, len(question.claims))

    def close(self, timeout_s: float) -> None:
        """Close. A request under way ends within a second or two."""
        self._questions.put(None)

    def _submit(self, arguments: "_Arguments") -> Future[object]:
        answer: Future[object] = Future()
        self._questions.put((arguments, answer))
        return answer

    def _work(self) -> None:
        while (asked := self._questions.get()) is not None:
            arguments, answer = asked
            try:
                answer.set_result(self._execute(arguments))
            except Exception as error:  # the thread's outermost frame: without it nothing would be answered any more
                if not isinstance(error, FORESEEN):
                    log.error("window_store.bug", exc_info=error)
                answer.set_exception(Unreachable(name_of(error)))
        self._client.close()

    def _execute(self, arguments: "_Arguments") -> object:
        try:
            return self._client.execute_command(*arguments)  # type: ignore[no-untyped-call]  # published without hints
        except redis.ResponseError as error:
            if name_of(error) in _OF_REPLICAS:
                self._client.connection_pool.disconnect()
            raise


def client_of(url: str, timeout_s: float) -> redis.Redis:
    """A client that tries nothing twice: the caller knows when to, and as whom. Connects to nothing yet.

    Raises:
        ConfigError: the URL has a part that its library does not understand.
    """
    try:
        return redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            protocol=2,  # answers are bytes and nothing else; nothing is pushed
            retry=Retry(NoBackoff(), 0),
        )
    except (ValueError, TypeError, redis.RedisError):
        raise ConfigError(["dedupe.redis_url: not understood; write redis://host:port/0 or rediss://…"]) from None


_OF_REPLICAS: Final = ("READONLY", "MASTERDOWN")
FORESEEN: Final = (redis.RedisError, OSError, ValueError)
"""What a question may end in; ValueError: a number that is none."""
_Arguments = list[bytes | str | int]
