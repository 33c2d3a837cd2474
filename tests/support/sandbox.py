"""The stand-in for TikTok: `tiktok-consumer sandbox` as a process, steered and asked over HTTP."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from tests.support.http_clients import http_client
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import READY_TIMEOUT_S, Process
from tests.support.wait import wait_until

Key = tuple[str, str, str]
"""Pixel code, event, event_id."""


class Sandbox(Process):
    """`Sandbox(folder)` starts it; `kill()` ends it."""

    def __init__(self, folder: Path, name: str = "sandbox", arguments: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        super().__init__(["sandbox", "--port", str(self.port), *arguments], folder, name)
        self._http = http_client(base_url=self.url, timeout=30)
        wait_until(self._is_up, READY_TIMEOUT_S, what="the sandbox is up")

    def _is_up(self) -> bool:
        assert self.is_running, self.tail()
        try:
            return self._http.get("/healthz").is_success
        except httpx2.TransportError:
            return False

    def reset(self) -> None:
        """As just started: nothing accepted, no faults, any token will do."""
        for path in ("faults", "tokens", "rate", "refuse", "events"):
            self._http.delete(f"/sandbox/{path}").raise_for_status()

    def misbehave(self, *faults: Mapping[str, Any]) -> None:
        """Replace the faults in force: `{"do": {"code": 40100}, "for_next": 3}`; none: behave."""
        self._http.put("/sandbox/faults", json=list(faults)).raise_for_status()

    def allow_tokens(self, pixels_by_token: Mapping[str, Sequence[str]]) -> None:
        """Only these tokens are good, and for these pixels."""
        self._http.put("/sandbox/tokens", json=pixels_by_token).raise_for_status()

    def refuse(self, *event_ids: str) -> None:
        """Refuse every request that holds one of these events."""
        self._http.put("/sandbox/refuse", json={"event_ids": event_ids}).raise_for_status()

    def accepted(self) -> Counter[Key]:
        """How often each event was accepted."""
        counts: dict[str, int] = self._get("/sandbox/keys")
        return Counter({_key(text): times for text, times in counts.items()})

    def events(self, limit: int = 1000) -> list[dict[str, Any]]:
        """Accepted events in order, each with `pixel`, `event_id`, `body` and more."""
        found: list[dict[str, Any]] = self._get(f"/sandbox/events?limit={limit}")
        return found

    def requests(self) -> int:
        """How many requests came, whatever was answered."""
        return int(self._get("/sandbox/summary")["requests"])

    def events_accepted(self) -> int:
        """How many events were accepted, each copy counted."""
        return int(self._get("/sandbox/summary")["events"])

    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get("/sandbox/summary")
        return found

    def _get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()


def _key(text: str) -> Key:
    pixel, event, event_id = text.split("|", 2)
    return pixel, event, event_id
