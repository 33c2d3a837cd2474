"""Kafka: whether a group of the consumer protocol has let a member in, as librdkafka tells it. Decides nothing."""

import sys
from typing import Final


def member_epoch(metadata: object) -> int:
    """The epoch in what librdkafka calls a consumer group's metadata; -1 in a form that is not known.

    Source: librdkafka 2.16, rd_kafka_consumer_group_metadata_write: a mark, then the generation as an int32 of this
    machine, which in the consumer protocol is the member's epoch. It is 0 or less before the group has let it in.
    """
    if not isinstance(metadata, bytes) or not metadata.startswith(_METADATA_MARK):
        return -1
    return int.from_bytes(metadata.removeprefix(_METADATA_MARK)[:4], sys.byteorder, signed=True)


_METADATA_MARK: Final = b"CGMDv2:"
