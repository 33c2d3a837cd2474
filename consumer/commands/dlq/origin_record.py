"""A letter that was written without its value: its record, from where it came from, if that is the same still."""

from hashlib import sha256

from msgspec import structs

from consumer.commands.dlq.dead_letter import DeadLetterRecord
from consumer.commands.dlq.replay_decision import SkipReason
from consumer.commands.explain.records.topic_records import TopicReader
from consumer.core.model import Record
from consumer.core.read import LogBounds


def fetched(letter: DeadLetterRecord, reader: TopicReader) -> Record | SkipReason:
    """The record with key, value and headers as they were; else why not. Raises Unreachable."""
    origin = letter.record.origin
    partition = origin.topic, origin.partition
    if not _has(reader.bounds(partition), origin.offset):
        return SkipReason.GONE
    for found in reader.read(partition, origin.offset, origin.offset + 1):
        return same(letter, found)
    return SkipReason.GONE  # compaction took it


def same(letter: DeadLetterRecord, found: Record) -> Record | SkipReason:
    """What stands at the origin, if it is what the letter was about."""
    if found.value is None or sha256(found.value).hexdigest() != letter.value_sha256:
        return SkipReason.CHANGED
    return structs.replace(letter.record, key=found.key, value=found.value, headers=found.headers)


def _has(bounds: LogBounds | None, offset: int) -> bool:
    return bounds is not None and bounds.low <= offset < bounds.high
