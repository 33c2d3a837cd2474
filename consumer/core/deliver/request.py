"""What goes into delivery and comes out of it: settings, requests, results. Part of `deliver`."""

from typing import Protocol

from msgspec import Struct

from consumer.core.backoff import Backoff
from consumer.core.deliver.pixel_state import StateChange
from consumer.core.deliver.response import ResponseVerdict
from consumer.core.model import Batch, Item, Rejection


class DeliverySettings(Struct, frozen=True):
    """`delivery` of the configuration, this process's share of it (docs/configuration.md)."""

    max_in_flight: int
    max_requests_per_second: float
    backoff: Backoff


class PixelSettings(Struct, frozen=True):
    """What delivery needs to know of one entry of `pixels`."""

    name: str
    pixel_code: str
    test_event_code: str | None = None
    max_requests_per_second: float | None = None
    is_held: bool = False
    """`hold: true`."""


class UnsentEvents(Protocol):
    """The events that were not sent yet: the batcher."""

    def is_due(self, pixel: str, now_s: float, is_flushing: bool = False) -> bool: ...
    def cut(self, pixel: str) -> Batch: ...
    def cut_newest(self, pixel: str) -> Batch: ...
    def waiting(self, pixel: str) -> int: ...


class Request(Struct, frozen=True, eq=False):
    """One call of the Events API."""

    number: int
    """Counts up from 0; names the request when its answer comes."""
    pixel: str
    items: tuple[Item, ...]
    body: bytes
    is_probe: bool
    """True if the pixel was closed when it began."""


class RequestResult(Struct, frozen=True, eq=False):
    """What one answer did. Items in none of the lists will be tried again."""

    request: Request
    verdict: ResponseVerdict
    accepted: list[Item]
    rejected: list[tuple[Item, Rejection]]
    changes: list[StateChange]


def is_access_token(text: str) -> bool:
    """Whether it can be an access token, which goes into a header of HTTP: printable ASCII without blanks. Quotes
    around it are none of it: they were meant for a shell."""
    return text.isascii() and text.isprintable() and text != "" and " " not in text and text == text.strip("\"'")


def access_token_in(content: bytes) -> str | None:
    """The token that a file holds alone, but for blanks around it and the mark that some editors begin UTF-8 with."""
    text = content.decode("utf-8-sig", errors="replace").strip()
    return text if is_access_token(text) else None
