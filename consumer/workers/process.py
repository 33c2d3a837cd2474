"""One worker's process, as the supervisor sees it, and the pipe through which it hands over what it publishes.

In the pipe: a length of four bytes (big-endian) and a `ServiceSnapshot`, again and again. Both ends are of one version
and on one machine, whose monotonic clock they share.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Final

import msgspec

from consumer.service.publish.published import ServiceSnapshot

_PIECE_BYTES: Final = 1 << 20
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


class WorkerProcess:
    """A worker from its start to its end.

    Spawned, not forked: librdkafka's threads do not survive a fork. In a process group of its own: what a terminal
    sends goes to the supervisor alone.
    """

    def __init__(self, job: bytes, now_s: float) -> None:
        self.started_s = now_s
        self.latest: ServiceSnapshot | None = None
        """What it has handed over last."""
        self._working_since_s: float | None = None
        self._frames = Frames()
        self._numbers, theirs = os.pipe()
        os.set_blocking(self._numbers, False)
        self._process = subprocess.Popen(  # noqa: S603  # this very program
            [sys.executable, "-P", "-m", "consumer", "worker", str(theirs)],
            stdin=subprocess.PIPE,
            pass_fds=(theirs,),
            process_group=0,
            # What this process can import, that one must: `call` names functions.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        os.close(theirs)
        self._give(job)

    def _give(self, job: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        with suppress(BrokenPipeError):  # it has died already, and will be found dead
            self._process.stdin.write(job)
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        return self._process.pid

    def worked_s(self, now_s: float) -> float:
        """For how long it has handed something over."""
        return 0.0 if self._working_since_s is None else now_s - self._working_since_s

    def read_snapshots(self, now_s: float) -> None:
        """Take in what it has handed over."""
        with suppress(BlockingIOError):
            while piece := os.read(self._numbers, _PIECE_BYTES):
                self.latest = self._frames.newest(piece) or self.latest
        if self.latest is not None and self._working_since_s is None:
            self._working_since_s = now_s

    def ended(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to stop; it may be starting still."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def pass_on(self, number: signal.Signals) -> None:
        """Send it a signal, if it has got so far as to listen."""
        if self.latest is not None:
            self._process.send_signal(number)

    def hurry(self) -> None:
        """Ask it to stop at once."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Let go of an ended one's pipes."""
        self.stop()
        os.close(self._numbers)
