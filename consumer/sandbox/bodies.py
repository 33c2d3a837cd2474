"""Reading requests' bodies: each has its limit, and so have all together that are being read."""

from typing import Final

from starlette.requests import Request

MOST_AT_ONCE_BYTES: Final = 128 << 20


class BodyRoom:
    """How much of all the bodies that are being read, or answered, is in memory."""

    def __init__(self, most: int = MOST_AT_ONCE_BYTES) -> None:
        self._left = most

    def take(self, size: int) -> bool:
        """False if there is not so much room."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size


class Body:
    """One request's body, for as long as the block runs: `with Body(room, most) as body: await body.read(request)`."""

    def __init__(self, room: BodyRoom, most: int) -> None:
        """`most`: bytes that it may have."""
        self._room, self._most = room, most
        self._parts: list[bytes] = []
        self._taken = 0

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    async def read(self, request: Request) -> bytes | int:
        """The whole body, or the HTTP status that it deserves: 413 if it is too long, 503 if others take the room.

        It is read to its end all the same, and thrown away.

        Raises:
            ClientDisconnect: the sender went away in the middle.
        """
        length, status = 0, 0
        async for part in request.stream():
            length += len(part)
            if not status and not self._keep(part, length):
                self._drop()
                status = 413 if length > self._most else 503
        return (413 if length > self._most else status) or b"".join(self._parts)

    def _keep(self, part: bytes, length: int) -> bool:
        if length > self._most or not self._room.take(len(part)):
            return False
        self._parts.append(part)
        self._taken += len(part)
        return True

    def _drop(self) -> None:
        self._room.give_back(self._taken)
        self._parts.clear()
        self._taken = 0
