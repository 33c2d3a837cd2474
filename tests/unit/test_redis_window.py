"""A thread that speaks to Redis outlives a bug."""

from typing import Final

import pytest
from structlog.testing import capture_logs

from consumer.adapters.redis_window import RedisWindow
from consumer.core.dedupe.shared_protocol import ClaimRequest, Lifetimes
from consumer.core.errors import Unreachable

SECRET: Final = "hunter2"


def test_a_bug_in_the_thread_is_logged_without_values_and_does_not_end_it() -> None:
    with capture_logs() as logs:
        # An option that the configuration would refuse: the library meets it when it makes a connection.
        store = RedisWindow(f"redis://h:1/0?foo={SECRET}", b"", Lifetimes(1), 30.0)
        for _ in range(2):
            with pytest.raises(Unreachable, match=r"^TypeError$"):
                store.ask(ClaimRequest(b"process1", True))
        store.close(1.0)

    assert [line["event"] for line in logs] == ["window_store.bug"] * 3
    assert all(isinstance(line["exc_info"], TypeError) for line in logs)
    assert SECRET not in str([{**line, "exc_info": None} for line in logs])
