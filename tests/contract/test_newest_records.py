"""`explain --last N` on a real Kafka: the newest records by time, whatever their partitions."""

import time
from collections.abc import Iterable
from contextlib import closing
from typing import Final

from consumer.commands.explain.records.newest_records import newest_records
from consumer.commands.explain.records.topic_records import TopicReader
from consumer.config import parse
from consumer.core.model import Record
from tests.support.records import Raw
from tests.support.topics import Kafka

HOUR_MS: Final = 3_600_000
CONFIG: Final = """
kafka: {{bootstrap_servers: "{bootstrap}", topics: [{topic}], group_id: g}}
pixels: {{shop: {{pixel_code: P, access_token: made-up}}}}
rules: [{{name: all, pixel: shop}}]
"""


def test_a_partition_with_old_records_gives_none(kafka: Kafka) -> None:
    topic, now_ms = kafka.new_topic("orders", 3), round(time.time() * 1000)
    old = [Raw(b"old", partition=0, timestamp_ms=now_ms - 48 * HOUR_MS + at) for at in range(40)]
    new = [Raw(b"new", partition=1 + at % 2, timestamp_ms=now_ms - HOUR_MS + at) for at in range(40)]
    kafka.produce(topic, [*old, *new])
    settings = parse(CONFIG.format(bootstrap=kafka.bootstrap, topic=topic), {})
    counted: list[int] = []

    def watched(records: Iterable[Record], total: int) -> Iterable[Record]:
        counted.append(total)
        return records

    with closing(TopicReader(settings)) as reader:
        partitions = [(topic, number) for number in range(3)]
        found = {most: newest_records(reader, partitions, most, now_ms, watched) for most in (20, 50, 1000)}

    assert [record.timestamp_ms for record in found[20]] == [now_ms - HOUR_MS + at for at in range(20, 40)]
    assert [record.value for record in found[50]] == [b"old"] * 10 + [b"new"] * 40
    assert len(found[1000]) == 80
    assert counted[0] <= 25, "little is read in vain"
