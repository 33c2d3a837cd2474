"""A commit's metadata: what a partition's next owner must know, within what a broker takes. Part of `dedupe`.

Version 1 says how to fill the window again. Version 2 says also which records beyond the committed offset are settled;
it is written only where there are some, so that the release before this one understands all other commits.
Whatever it does not say is sent again; what it says wrongly would be lost. So settled records count only if the
metadata names the very offset it was committed for, and the very topic.
"""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from consumer.core.dedupe.rewind.checkpoint import (
    MARK_BYTES,
    MAX_REFUSED,
    ColdReason,
    Refusal,
    Rewind,
    without_rejected,
)
from consumer.core.model import OffsetRuns

MAX_METADATA_BYTES: Final = 4096
"""What a broker takes by default (`offset.metadata.max.bytes`)."""
SHORT_METADATA_BYTES: Final = 1024
"""For a broker that takes less than by default."""
_WINDOW_ONLY: Final = 1
_WITH_SETTLED: Final = 2
_MAX_PACKED_BYTES: Final = 1 << 16
"""Longer runs, before they are compressed, are not even tried; also the most that is unpacked."""


class WindowPast(Struct, frozen=True):
    """What must be known of the records before the committed offset."""

    start: int
    """The offset to rewind to."""
    watermark_ms: int
    refused: Sequence[Refusal] | None
    """None if too many events were refused: the next owner starts with an empty window."""


class SettledBeyond(Struct, frozen=True):
    """What must be known of the records beyond the committed offset."""

    committed: int
    runs: OffsetRuns = ()
    refused: Sequence[Refusal] = ()
    """Of records in these runs."""


class _Metadata(Struct, omit_defaults=True):
    """The JSON of a commit's metadata. Short names: it is stored with every commit."""

    v: int
    w: int = 0
    m: int = 0
    r: str = ""
    """Refused records; in base64, per refusal the distance from the one before and its mark."""
    c: bool = False
    """Cold: too many were refused."""
    t: str = ""
    """Which topic of this name it is about, and of which cluster."""
    o: int = -1
    """The committed offset."""
    s: str = ""
    """Settled beyond it; in base64, per run the distance from the end of the one before and its length."""
    z: str = ""
    """The same, compressed (raw deflate)."""


def write_metadata(
    past: WindowPast, topic_id: str, beyond: SettledBeyond | None = None, max_bytes: int = MAX_METADATA_BYTES
) -> str:
    """Say how to fill the window again, and as many of the settled runs as fit.

    Args:
        topic_id: at most 64 characters; empty if not known: then settled runs are of no use.
        max_bytes: 1,024 and up.
    """
    if beyond is None or not topic_id:
        return _window_only(past, topic_id, max_bytes)
    fitting, most = 0, len(beyond.runs)
    text = _window_only(past, topic_id, max_bytes)
    while fitting < most:
        count = (fitting + most + 1) // 2
        longer = _with_settled(past, topic_id, beyond, count)
        if longer is not None and len(longer) <= max_bytes:
            fitting, text = count, longer
        else:
            most = count - 1
    return text


def _window_only(past: WindowPast, topic_id: str, max_bytes: int) -> str:
    if past.refused is not None:
        for refused in (past.refused, without_rejected(past.refused)):
            text = _json(
                _Metadata(_WINDOW_ONLY, past.start, past.watermark_ms, _refused(past.start, refused), t=topic_id)
            )
            if len(text) <= max_bytes and len(refused) <= MAX_REFUSED:
                return text
    return _json(_Metadata(_WINDOW_ONLY, c=True, t=topic_id))


def _with_settled(past: WindowPast, topic_id: str, beyond: SettledBeyond, count: int) -> str | None:
    """With so many of the runs; None if more was refused than may be."""
    runs = beyond.runs[:count]
    refused = [*(past.refused or ()), *(refusal for refusal in beyond.refused if refusal[0] < runs[-1][1])]
    if len(refused) > MAX_REFUSED:
        refused = without_rejected(refused)
    packed = _pack_runs(beyond.committed, runs)
    if len(refused) > MAX_REFUSED or len(packed) > _MAX_PACKED_BYTES:
        return None
    compressed = zlib.compress(packed, 6, wbits=-zlib.MAX_WBITS)
    is_shorter = len(compressed) < len(packed)
    is_cold = past.refused is None
    start = beyond.committed if is_cold else past.start
    return _json(
        _Metadata(
            _WITH_SETTLED,
            start,
            past.watermark_ms,
            _refused(start, refused),
            is_cold,
            topic_id,
            beyond.committed,
            "" if is_shorter else _base64(packed),
            _base64(compressed) if is_shorter else "",
        )
    )


def parse_metadata(text: str, committed: int, window_ms: int, wall_ms: int) -> Rewind:
    """Read what `write_metadata` wrote for the offset `committed`; whatever else it is, the window starts cold."""
    if not text:
        return Rewind(committed, cold=ColdReason.NONE)
    try:
        found = msgspec.json.decode(text, type=_Metadata)
        refused = frozenset(_read_refused(found.w, found.r))
        settled = _read_settled(found, committed)
    except (msgspec.MsgspecError, ValueError, IndexError, zlib.error):
        return Rewind(committed, cold=ColdReason.UNREADABLE)
    fault = _fault(found, committed, wall_ms + window_ms)
    if fault is not None:
        is_known = fault is ColdReason.TOO_MANY_REFUSED
        return Rewind(
            committed, 0, refused if is_known else frozenset(), settled if is_known else (), found.t, cold=fault
        )
    return Rewind(found.w, found.m, refused, settled, found.t)


def _fault(found: _Metadata, committed: int, latest_ms: int) -> ColdReason | None:
    if found.v not in (_WINDOW_ONLY, _WITH_SETTLED):
        return ColdReason.VERSION
    if found.c:
        return ColdReason.TOO_MANY_REFUSED
    if not 0 <= found.w <= committed:
        return ColdReason.BEYOND
    return None if 0 <= found.m <= latest_ms else ColdReason.TIME


def _json(metadata: _Metadata) -> str:
    return msgspec.json.encode(metadata).decode()


def _base64(packed: bytes | bytearray) -> str:
    return urlsafe_b64encode(packed).decode()


def _refused(start: int, refused: Sequence[Refusal]) -> str:
    packed = bytearray()
    for offset, mark in refused:
        _pack(packed, offset - start)
        packed += mark
        start = offset
    return _base64(packed)


def _read_refused(start: int, text: str) -> Iterator[Refusal]:
    """The inverse of `_refused`. Raises ValueError (binascii.Error is one) or IndexError for anything else."""
    packed = urlsafe_b64decode(text)
    at = 0
    while at < len(packed):
        distance, at = _unpack(packed, at)
        start += distance
        mark = packed[at : at + MARK_BYTES]
        if len(mark) < MARK_BYTES:
            raise binascii.Error
        yield start, mark
        at += MARK_BYTES


def _pack_runs(committed: int, runs: OffsetRuns) -> bytes:
    packed = bytearray()
    at = committed
    for first, end in runs:
        _pack(packed, first - at)
        _pack(packed, end - first)
        at = end
    return bytes(packed)


def _read_settled(found: _Metadata, committed: int) -> OffsetRuns:
    """The settled runs; none if they are for another offset. Raises as `_read_refused`, or zlib.error."""
    if found.o != committed:
        return ()
    packed = urlsafe_b64decode(found.s)
    if found.z:
        packed = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(urlsafe_b64decode(found.z), _MAX_PACKED_BYTES)
    runs: list[tuple[int, int]] = []
    at, end = 0, committed
    while at < len(packed):
        distance, at = _unpack(packed, at)
        length, at = _unpack(packed, at)
        first, end = end + distance, end + distance + length
        runs.append((first, end))
    return tuple(runs)


def _pack(packed: bytearray, number: int) -> None:
    """Seven bits a byte, lowest first; the eighth says that more follow."""
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


def _unpack(packed: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where the next one does. Raises IndexError if it ends too early."""
    number = shift = 0
    while packed[at] & 0x80:
        number |= (packed[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return number | packed[at] << shift, at + 1


def is_other_topic(then: str, now: str) -> bool:
    """True if one cluster's topic was deleted and made again in between.

    Args:
        then: as the metadata has it: the cluster's id, a slash, the topic's id. Empty: not known.
        now: the same of the topic that is read.
    """
    return bool(then and now) and then != now and not is_other_cluster(then, now)


def is_other_cluster(then: str, now: str) -> bool:
    """True if the commit was made in another cluster: somebody brought the group's offsets over to this one."""
    cluster_then, cluster_now = then.partition("/")[0], now.partition("/")[0]
    return bool(then and now) and cluster_then != cluster_now
