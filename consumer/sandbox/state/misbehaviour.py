"""Misbehaving on purpose: which of the faults that were set applies to this request. Pure: chance is an argument."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct


class Act(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do instead of answering rightly. Only `latency_ms`: answer rightly, but late."""

    code: int | None = None
    """The usual envelope with this code, in HTTP status `status` (200 if that is not set)."""
    message: str | None = None
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    """HTTP status; without `code`, `body` and `text`, a plain text that is not the envelope."""
    body: Literal["garbage", "html", "half", "empty"] | None = None
    """`half`: the envelope is promised whole, breaks off in the middle, and the connection is closed."""
    text: str | None = None
    """A body of your own."""
    end: Literal["hang", "reset", "close"] | None = None
    """No answer at all: silence until the client gives up, a TCP reset, or an orderly close."""
    latency_ms: Annotated[float, Meta(ge=0)] = 0
    retry_after: int | str | None = None
    """The header: seconds, or an HTTP date as text."""
    accept: bool = False
    """Judge and record the events first, as if all were well, and then misbehave."""

    @property
    def is_only_late(self) -> bool:
        has_answer = any(part is not None for part in (self.code, self.status, self.body, self.text, self.end))
        return not has_answer and self.retry_after is None


class FaultMatch(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a fault is for; an empty one matches all."""

    pixel: str | None = None


class Misbehaviour(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault as it is set over HTTP. With neither `for_next` nor `share`: every request, until it is cleared."""

    do: Act
    match: FaultMatch = FaultMatch()
    for_next: Annotated[int, Meta(ge=1)] | None = None
    """Gone after this many requests."""
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    """The part of the matching requests that it strikes, by (seeded) chance."""


class ActiveFault(Struct):
    """A fault in force, and how often it struck."""

    fault: Misbehaviour
    struck: int = 0

    @property
    def is_over(self) -> bool:
        return self.fault.for_next is not None and self.struck >= self.fault.for_next


class Faults:
    """The faults in force, in the order set; the first that applies strikes, alone."""

    def __init__(self, draw: Callable[[], float]) -> None:
        """`draw` gives the next number from 0 up to 1, 1 excluded."""
        self._draw = draw
        self._standing: list[ActiveFault] = []

    def __bool__(self) -> bool:
        return bool(self._standing)

    def replace(self, faults: Iterable[Misbehaviour]) -> None:
        self._standing = [ActiveFault(fault) for fault in faults]

    def add(self, faults: Iterable[Misbehaviour]) -> None:
        self._standing += [ActiveFault(fault) for fault in faults]

    def listed(self) -> list[ActiveFault]:
        """Those in force; one that is over has left the list."""
        return list(self._standing)

    def strike(self, pixel: str | None) -> Act | None:
        """What to do to a request of this pixel; None: nothing out of the ordinary."""
        for standing in self._standing:
            if self._applies(standing.fault, pixel):
                standing.struck += 1
                self._standing = [one for one in self._standing if not one.is_over]
                return standing.fault.do
        return None

    def _applies(self, fault: Misbehaviour, pixel: str | None) -> bool:
        if fault.match.pixel is not None and fault.match.pixel != pixel:
            return False
        return fault.share is None or self._draw() < fault.share
