"""Two Redis servers behind one address, which always leads new connections to the one that is primary."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Self

from tests.support.ports import LOOPBACK
from tests.support.proxy import Proxy
from tests.support.redis import PASSWORD, RedisServer
from tests.support.wait import wait_until

_IN_STEP_S: Final = 30.0


@dataclass
class RedisPair:
    primary: RedisServer
    other: RedisServer
    address: Proxy

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        with ExitStack() as stack:
            first, second = (stack.enter_context(RedisServer()) for _ in range(2))
            yield cls(first, second, stack.enter_context(Proxy(first.port)))

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@{LOOPBACK}:{self.address.port}/0"

    def kill(self) -> None:
        """`kill -9` of the primary: what it knew is gone."""
        self.primary.kill()

    def start(self) -> None:
        self.primary.start()

    def fail_over(self) -> None:
        """The other one has what the primary had, and becomes it; connections that there are stay, and are READONLY."""
        old, new = self.primary, self.other
        new.client.replicaof(LOOPBACK, str(old.port))
        wait_until(lambda: new.client.info("replication")["master_link_status"] == "up", _IN_STEP_S, what="a replica")
        new.client.replicaof("NO", "ONE")
        self.address.upstream_port = new.port
        old.client.replicaof(LOOPBACK, str(new.port))
        self.primary, self.other = new, old
