"""Where a walk over Avro bytes stands, and the moves that all types are made of. Part of `decode`; see `guard`."""

from typing import Final

from consumer.core.decode.size_limits import LONG_NUMBER_COST, MAX_DEPTH
from consumer.core.errors import RecordRejected
from consumer.core.reasons import RejectReason

_MOST_VARINT_BYTES: Final = 10
"""Of a 64-bit number, seven bits a byte."""


class Cursor:
    """Where the walk is, what it may still spend, and the field it is in. All in bytes."""

    __slots__ = ("at", "budget", "data", "depth", "end", "field", "longest")

    def __init__(self, data: bytes, at: int, budget: float, longest: int) -> None:
        self.data = data
        self.at = at
        self.end = len(data)
        self.budget = budget
        self.longest = longest
        self.depth = 0
        self.field = "the value"

    def fault(self, reason: RejectReason, detail: str) -> RecordRejected:
        return RecordRejected(reason, f"{self.field}: {detail}")

    def spend(self, cost: float) -> None:
        self.budget -= cost
        if self.budget < 0:
            raise self.fault(RejectReason.DECODE_LENGTH, "stands for far more than its bytes could hold")

    def skip(self, size: int) -> None:
        self.at += size
        if self.at > self.end:
            short = self.at - self.end
            raise self.fault(RejectReason.DECODE_TRUNCATED, f"ends {short} byte{'s' * (short > 1)} before it should")

    def number(self) -> int:
        """A zig-zag number of up to 64 bits."""
        if self.at < self.end and (byte := self.data[self.at]) < 0x80:
            self.at += 1
            return (byte >> 1) ^ -(byte & 1)
        return self._long_number()

    def _long_number(self) -> int:
        bits = 0
        for place in range(_MOST_VARINT_BYTES):
            if self.at >= self.end:
                raise self.fault(RejectReason.DECODE_TRUNCATED, "ends within a number")
            byte = self.data[self.at]
            self.at += 1
            self.spend(LONG_NUMBER_COST)
            bits |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return (bits >> 1) ^ -(bits & 1)
        raise self.fault(RejectReason.DECODE_VALUE, f"a number of more than {_MOST_VARINT_BYTES} bytes")

    def length(self) -> int:
        """The length of what follows, all of which must be there."""
        length = self.number()
        if length < 0:
            raise self.fault(RejectReason.DECODE_LENGTH, "a negative length")
        if length > self.end - self.at:
            raise self.too_long(length)
        return length

    def block(self) -> int:
        """How many items follow; 0 ends them. A negative count is followed by the block's size, which is not needed."""
        count = self.number()
        if count < 0:
            self.number()
        return abs(count)

    def too_long(self, claimed: int) -> RecordRejected:
        """What goes beyond the end of a record was cut off; what goes beyond any record's is absurd."""
        reason = RejectReason.DECODE_LENGTH if claimed > self.longest else RejectReason.DECODE_TRUNCATED
        return self.fault(reason, f"claims more than the {self.end - self.at} bytes that are left")

    def enter(self, cost: float) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault(RejectReason.DECODE_TOO_DEEP, f"records, arrays and maps more than {MAX_DEPTH} deep")
        self.spend(cost)
