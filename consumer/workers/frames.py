"""What a worker hands over through its pipe: a length of four bytes (big-endian) and a `ServiceSnapshot`. Pure.

Both ends are of one version and on one machine, whose monotonic clock they share.
"""

from typing import Final

import msgspec

from consumer.service.published import ServiceSnapshot

_LENGTH_BYTES: Final = 4
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(ServiceSnapshot).decode


def framed(published: ServiceSnapshot) -> bytes:
    body = _encode(published)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class Frames:
    """Puts frames together from the pieces that arrive."""

    def __init__(self) -> None:
        self._data = b""

    def newest(self, piece: bytes) -> ServiceSnapshot | None:
        """Add what has arrived. Returns the last that is whole now, if any became so; older ones are passed over."""
        self._data += piece
        body = None
        while len(self._data) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._data[:_LENGTH_BYTES], "big")
            if len(self._data) < end:
                break
            body, self._data = self._data[_LENGTH_BYTES:end], self._data[end:]
        return None if body is None else _decode(body)
