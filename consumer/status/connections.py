"""Which outside systems answer: `connected{to}`, and since when. Pure: the time is an argument.

Whoever asks one notes how it went. The deciding thread alone does so: what other threads meet comes to it with answers.
"""

from collections.abc import Mapping
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
    """

    def __init__(self, addresses: Mapping[OutsideSystem, str]) -> None:
        self._all: Final = {to: ConnectionStatus(to, address) for to, address in addresses.items()}

    def got_through(self, to: OutsideSystem, at_s: float) -> None:
        """An attempt was answered, whatever the answer says. `at_s`: Unix seconds."""
        now = self._all.get(to)
        if now is not None and not now.connected:
            self._all[to] = ConnectionStatus(to, now.address, True, at_s, now.error, now.error_at)

    def failed(self, to: OutsideSystem, error: str, at_s: float) -> None:
        """An attempt was not answered.

        Args:
            error: in the client's words, without any value or token.
            at_s: Unix seconds.
        """
        now = self._all.get(to)
        if now is not None:
            since_s = now.since if now.connected is False else at_s
            self._all[to] = ConnectionStatus(to, now.address, False, since_s, error, at_s)

    def is_away_for_s(self, to: OutsideSystem, at_s: float) -> float | None:
        """For how long it has not been reached; None if it is, or was not tried."""
        now = self._all.get(to)
        return None if now is None or now.connected is not False or now.since is None else max(0.0, at_s - now.since)

    @property
    def all(self) -> tuple[ConnectionStatus, ...]:
        return tuple(self._all.values())
