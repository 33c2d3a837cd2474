"""Which outside systems answer: `connected{to}`, and since when.

Whoever asks one notes how it went. The deciding thread alone does so: what other threads meet comes to it with answers.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from consumer.status.model import ConnectionStatus


class OutsideSystem(StrEnum):
    """Systems that the service speaks to; the label `to`."""

    KAFKA = "kafka"
    REGISTRY = "registry"
    TIKTOK = "tiktok"
    REDIS = "redis"


class Connections:
    """What is known of each.

    Args:
        addresses: of those that the configuration names; no others are noted.
        wall: Unix seconds.
    """

    def __init__(self, addresses: Mapping[OutsideSystem, str], wall: Callable[[], float]) -> None:
        self._wall = wall
        self._all: Final = {to: ConnectionStatus(to, address) for to, address in addresses.items()}

    def got_through(self, to: OutsideSystem) -> None:
        """An attempt was answered, whatever the answer says."""
        now = self._all.get(to)
        if now is not None and not now.connected:
            self._all[to] = ConnectionStatus(to, now.address, True, self._wall(), now.error, now.error_at)

    def failed(self, to: OutsideSystem, error: str) -> None:
        """An attempt was not answered. `error`: in the client's words, without any value or token."""
        now = self._all.get(to)
        if now is not None:
            at_s = self._wall()
            since_s = now.since if now.connected is False else at_s
            self._all[to] = ConnectionStatus(to, now.address, False, since_s, error, at_s)

    def away_for_s(self, to: OutsideSystem) -> float | None:
        """For how long it has not been reached; None if it is, or was not tried."""
        now = self._all.get(to)
        if now is None or now.connected is not False or now.since is None:
            return None
        return max(0.0, self._wall() - now.since)

    @property
    def all(self) -> tuple[ConnectionStatus, ...]:
        return tuple(self._all.values())
