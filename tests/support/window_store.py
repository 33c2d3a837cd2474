"""A shared window in memory that does what the script does in Redis, and fails when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass

from consumer.core.dedupe.shared_protocol import HEARTBEAT_MS, Claim, ClaimRequest, ClaimResult, Lifetimes
from consumer.core.errors import Unreachable


@dataclass
class _Held:
    is_accepted: bool
    time_ms: int
    fields: int
    owner: bytes = b""
    token: bytes = b""
    ends_ms: int = 0


class FakeStore:
    """Several processes may share one.

    Args:
        now_ms: its clock.
    """

    def __init__(self, lifetimes: Lifetimes, now_ms: Callable[[], int]) -> None:
        self._lifetimes, self._now_ms = lifetimes, now_ms
        self.keys: dict[bytes, _Held] = {}
        self.heartbeats: dict[bytes, int] = {}
        self.asked: list[ClaimRequest] = []
        self.is_away = False
        self.why_away = "away"
        self.is_deaf = False
        """It does what it is asked, and the answer gets lost."""

    def ask(self, question: ClaimRequest) -> list[ClaimResult]:
        if self.is_away:
            raise Unreachable(self.why_away)
        self.asked.append(question)
        if question.is_heartbeat:
            self.heartbeats[question.owner] = self._now_ms() + HEARTBEAT_MS
        for claim, fields in question.confirms:
            self._confirm(claim, fields)
        for claim, owner in question.releases:
            self._release(claim, owner)
        verdicts = [self._claim(question.owner, claim, fields) for claim, fields in question.claims]
        if self.is_deaf:
            raise Unreachable("deaf")
        return verdicts

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""

    def _read(self, claim: Claim) -> _Held | None:
        held = self.keys.get(claim.digest)
        if held is None or held.ends_ms <= self._now_ms():
            return None
        return held if abs(claim.time_ms - held.time_ms) <= self._lifetimes.keep_ms else None

    def _is_old(self, claim: Claim) -> bool:
        """A key that is of a later time stays as it is."""
        held = self.keys.get(claim.digest)
        if held is None or held.ends_ms <= self._now_ms():
            return False
        return held.time_ms - claim.time_ms > self._lifetimes.keep_ms

    def _write(self, claim: Claim, held: _Held) -> None:
        held.ends_ms = self._now_ms() + self._lifetimes.ttl_ms
        self.keys[claim.digest] = held

    def _confirm(self, claim: Claim, fields: int) -> None:
        if self._is_old(claim):
            return
        held = self._read(claim) or _Held(True, claim.time_ms, 0)
        if held.token == claim.token:
            held.owner = held.token = b""
        held.is_accepted = True
        held.fields |= fields
        self._write(claim, held)

    def _release(self, claim: Claim, owner: bytes) -> None:
        held = self.keys.get(claim.digest)
        if held is None or (held.owner, held.token) != (owner, claim.token):
            return
        held.owner = held.token = b""
        if held.is_accepted:
            self._write(claim, held)
        else:
            del self.keys[claim.digest]

    def _claim(self, owner: bytes, claim: Claim, fields: int) -> ClaimResult:
        if self._is_old(claim):
            return ClaimResult.FIRST
        held = self._read(claim)
        if held is None:
            self._write(claim, _Held(False, claim.time_ms, 0, owner, claim.token))
            return ClaimResult.FIRST
        if held.is_accepted and abs(claim.time_ms - held.time_ms) > self._lifetimes.window_ms:
            return ClaimResult.REMOVED
        if held.is_accepted and not fields & ~held.fields:
            return ClaimResult.DUPLICATE
        if held.token not in (b"", claim.token) and self.heartbeats.get(held.owner, 0) > self._now_ms():
            return ClaimResult.WAIT
        held.owner, held.token = owner, claim.token
        held.time_ms = held.time_ms if held.is_accepted else claim.time_ms
        self._write(claim, held)
        return ClaimResult.FORWARD if held.is_accepted else ClaimResult.FIRST
