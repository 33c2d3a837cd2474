"""What is to be written and not acknowledged yet: dead and parked records. Part of the stage `settle`."""

from collections.abc import Callable

from msgspec import Struct

from consumer.core.model import Item
from consumer.core.settle.envelope import OutgoingRecord, shortened
from consumer.core.settle.ledger import RecordOutcome


class Parking(Struct, eq=False):
    """An item whose records are being written to a parked topic."""

    item: Item
    left: int
    """Records without an answer yet."""
    failed: list[int]
    """Places of the records that could not be written."""
    error: str = ""


class ParkResult(Struct, frozen=True, eq=False):
    """What became of an item that was to be parked."""

    item: Item
    failed: tuple[int, ...]
    """Places of its records that could not be written; empty if all were."""
    error: str
    is_too_large: bool


class PendingRecord(Struct, eq=False):
    """A record to be written that is not acknowledged, and what it means once it is."""

    outgoing: OutgoingRecord
    reason: str
    """Of the rejection; empty for a parked record."""
    pixel: str | None
    rule: str | None
    tell: Callable[[], None]
    """Tells the outcomes topic then."""
    parking: Parking | None = None
    place: int = 0
    """Of the record in the item that is parked."""
    claimed_topic: str = ""
    """The origin's, if only the headers of a record in an own topic say so: who may write there may say anything."""
    is_alone: bool = False
    """True once it must not share a batch with others: a broker refuses a batch whole for its size."""

    @property
    def outcome(self) -> RecordOutcome:
        return RecordOutcome.REJECTED if self.parking is None else RecordOutcome.PARKED


def can_be_smaller(pending: PendingRecord) -> bool:
    """Leave something out of what the broker refused for its size: first the others, then a dead letter's value.

    A parked record keeps its value, which is needed.
    """
    if not pending.is_alone:
        pending.is_alone = True
        return True
    if pending.outgoing.value is None or pending.parking is not None:
        return False
    pending.outgoing = shortened(pending.outgoing)
    return True
