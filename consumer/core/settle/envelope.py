"""The envelope of a dead letter, and of every record the service writes for itself: what is added, and reading it back.

Headers are Kafka Connect's (`__connect.errors.*`), so that existing tools read them, and this service's (`tiktok.*`);
docs/dead-letters.md. None of them holds a value from the record.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

import re2
from msgspec import Struct, structs

from consumer.core.model import Headers, Position, Record, Rejection

_CONNECT: Final = "__connect.errors."
_OURS: Final = "tiktok."
REPLAYED_FROM: Final = "tiktok.replayed_from"
"""Of a record in the replay topic: which dead letter it was."""
_LARGEST_KEY_BYTES: Final = 4096  # a key this long is no key but a second value; the short form goes without it


class OutgoingRecord(Struct, frozen=True):
    """A record to be written. `position` is the one that settles when the broker has acknowledged it."""

    position: Position
    topic: str
    key: bytes | None
    value: bytes | None
    original: Headers
    added: Headers

    @property
    def headers(self) -> Headers:
        """All of them; where a name stands twice, a reader takes the last, which is the service's."""
        return self.original + self.added


def dead_letter(record: Record, rejection: Rejection, topic: str, failed_at: str) -> OutgoingRecord:
    """The dead letter of one rejection.

    Args:
        topic: where it goes; `{topic}` already replaced by the origin's name.
        failed_at: ISO 8601, UTC.
    """
    rule = rejection.rule or record.rule  # what the record names stays its rule, also where it is not configured
    added = _origin(record) | _fault(rejection) | {"tiktok.rule": rule, "tiktok.failed_at": failed_at}
    return OutgoingRecord(record.position, topic, record.key, record.value, record.headers, _encode(added))


def own_record(record: Record, topic: str, rule: str | None, pixel: str | None, replays: int) -> OutgoingRecord:
    """A record as it is written to a parked or replay topic: original bytes, origin and rule in headers.

    Args:
        rule: the only one that may make an event of it; None: any.
    """
    added = _origin(record) | {"tiktok.rule": rule, "tiktok.pixel": pixel, "tiktok.replays": str(replays)}
    return OutgoingRecord(record.position, topic, record.key, record.value, record.headers, _encode(added))


def replay_record(record: Record, topic: str, pixel: str | None, mark: str) -> OutgoingRecord:
    """A dead letter's record as it is written to the replay topic, once more replayed.

    Args:
        record: as `restored` made it.
        mark: which dead letter it is; a header says so, so that it is not replayed again.
    """
    own = own_record(record, topic, record.rule, pixel, record.replays + 1)
    return structs.replace(own, added=(*own.added, (REPLAYED_FROM, mark.encode())))


def place_of(position: Position) -> str:
    """`topic:partition:offset`, as commands take it; a topic's name has no colon."""
    return f"{position.topic}:{position.partition}:{position.offset}"


def shortened(outgoing: OutgoingRecord) -> OutgoingRecord:
    """The same without value and original headers, for a broker that refuses it for its size."""
    value = outgoing.value or b""
    proof = {"tiktok.value_bytes": str(len(value)), "tiktok.value_sha256": sha256(value).hexdigest()}
    key = outgoing.key if len(outgoing.key or b"") <= _LARGEST_KEY_BYTES else None
    return structs.replace(outgoing, key=key, value=None, original=(), added=outgoing.added + _encode(proof))


def restored(record: Record) -> Record:
    """A record of one of the service's own topics, with origin, timestamp, rule and replays as its headers say.

    What a header does not say, or says unusably, stays as the record has it: no number there can do harm. The headers
    that the service added are taken off, so that a record never carries two sets of them.
    """
    original, added = parted(record.headers)
    told = headers_of(added)
    topic = told.get(f"{_CONNECT}topic", "")
    origin = Position(
        topic if _TOPIC.fullmatch(topic) and topic not in (".", "..") else record.origin.topic,
        whole_number(told.get(f"{_CONNECT}partition"), _LARGEST_PARTITION, record.origin.partition),
        whole_number(told.get(f"{_CONNECT}offset"), _LARGEST_OFFSET, record.origin.offset),
    )
    return structs.replace(
        record,
        origin=origin,
        timestamp_ms=_timestamp_ms(told.get("tiktok.timestamp"), record.timestamp_ms),
        rule=told.get("tiktok.rule") or None,
        replays=whole_number(told.get("tiktok.replays"), _MOST_REPLAYS, 0),
        headers=original,
    )


_TOPIC: Final = re2.compile("[a-zA-Z0-9._-]{1,249}")
"""A name that Kafka allows (org.apache.kafka.common.internals.Topic): no other can be written to, ever."""
_LARGEST_PARTITION: Final = (1 << 31) - 1
_LARGEST_OFFSET: Final = (1 << 63) - 1
_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999: later times are no dates in Python."""
_MOST_REPLAYS: Final = 1_000_000
_MOST_DIGITS: Final = 19


def whole_number(text: str | None, largest: int, otherwise: int) -> int:
    """A number from 0 to `largest` that a header holds in ASCII digits; `otherwise` for anything else."""
    if text is None or len(text) > _MOST_DIGITS or not (text.isascii() and text.isdecimal()):
        return otherwise
    number = int(text)
    return number if number <= largest else otherwise


def _timestamp_ms(text: str | None, otherwise: int) -> int:
    return -1 if text == "-1" else whole_number(text, _LAST_MS, otherwise)  # -1: the origin had none


def parted(headers: Headers) -> tuple[Headers, Headers]:
    """The headers a record had at its origin, and those that the service added behind them.

    Those of the origin may have the same names, and count for nothing: else a producer of the origin could name a rule.
    """
    begins = [place for place, (name, _) in enumerate(headers) if name == _FIRST_ADDED]
    if begins:
        return headers[: begins[-1]], headers[begins[-1] :]
    ours = tuple((name, value) for name, value in headers if name.startswith((_CONNECT, _OURS)))
    return tuple(header for header in headers if header not in ours), ours


def headers_of(added: Headers) -> dict[str, str]:
    """Headers that the service added, as text."""
    return {name: (value or b"").decode(errors="replace") for name, value in added}


_FIRST_ADDED: Final = f"{_CONNECT}topic"


def _origin(record: Record) -> dict[str, str | None]:
    return {
        _FIRST_ADDED: record.origin.topic,
        f"{_CONNECT}partition": str(record.origin.partition),
        f"{_CONNECT}offset": str(record.origin.offset),
        "tiktok.timestamp": str(record.timestamp_ms),
        "tiktok.replays": str(record.replays),
    }


def _fault(rejection: Rejection) -> dict[str, str | None]:
    return {
        f"{_CONNECT}stage": rejection.reason.partition(".")[0],
        f"{_CONNECT}exception.message": f"{rejection.reason}: {rejection.detail}",
        "tiktok.reason": str(rejection.reason),
        "tiktok.detail": rejection.detail,
        "tiktok.pixel": rejection.pixel,
        "tiktok.code": None if rejection.code is None else str(rejection.code),
        "tiktok.request_id": rejection.request_id,
    }


def _encode(added: Mapping[str, str | None]) -> Headers:
    return tuple((name, value.encode()) for name, value in added.items() if value is not None)


def topic_for(template: str, record: Record) -> str:
    """The dead-letter topic of a record: `{topic}` is its origin's."""
    return template.replace("{topic}", record.origin.topic)


def own_topics(group_id: str, pixels: Iterable[str]) -> tuple[str, ...]:
    """The topics that the service writes for itself and reads too: `{group}.replay`, `{group}.parked.{pixel}`."""
    return (f"{group_id}{_REPLAY}", *(f"{group_id}{_PARKED}{pixel}" for pixel in pixels))


def own_topics_among(seen: Iterable[str], group_id: str) -> frozenset[str]:
    """Those of these topics that are a group's own, whatever its pixels are, or were."""
    replay, parked = f"{group_id}{_REPLAY}", f"{group_id}{_PARKED}"
    return frozenset(topic for topic in seen if topic == replay or (topic.startswith(parked) and topic != parked))


def groups_among(seen: Iterable[str]) -> frozenset[str]:
    """The groups that some of these topics are the own ones of: every service has both kinds."""
    topics = frozenset(seen)
    groups = {topic.rpartition(_PARKED)[0] for topic in topics if _PARKED in topic}
    return frozenset(group for group in groups if f"{group}{_REPLAY}" in topics)


_REPLAY: Final = ".replay"
_PARKED: Final = ".parked."
