"""What stands in a log and is no record for us: the marks of transactions, and envelopes that say odd things."""

from typing import Any, Final

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests.chaos.servers import Servers
from tests.support.odd_records import write_with_header
from tests.support.ports import LOOPBACK
from tests.support.records import Raw

_ASK_S: Final = 10.0
_ODD_HEADERS: Final = (
    ("__connect.errors.topic", b"a-topic-that-is-not-there"),
    ("__connect.errors.partition", b"--5"),
    ("__connect.errors.offset", b"9" * 5000),
    ("tiktok.timestamp", b"--5"),
    ("tiktok.replays", b"\xc2\xb2"),
)


def abort_transactions(bootstrap: str, topic: str, count: int) -> None:
    """Write to a topic's first partition what is then taken back. Raises KafkaException: a broker is away."""
    properties: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "transactional.id": f"{topic}-aborted",
        "transaction.timeout.ms": 10_000,  # what a broker's death leaves open holds readers back for so long
        "log_level": 2,
    }
    producer = Producer(properties)
    producer.init_transactions(_ASK_S)
    for _ in range(count):
        producer.begin_transaction()
        producer.produce(topic, b"never to be seen", partition=0)
        producer.flush(_ASK_S)
        producer.abort_transaction(_ASK_S)


def break_envelopes(servers: Servers, topic: str, partition: int, own_topic: str) -> None:
    """A record with a header whose name is no text, and in an own topic one whose numbers are none; both tombstones."""
    servers.kafka.produce(own_topic, [Raw(None, headers=_ODD_HEADERS)])
    admin = AdminClient({"bootstrap.servers": servers.cluster.direct, "log_level": 2})
    leader = admin.list_topics(topic, timeout=_ASK_S).topics[topic].partitions[partition].leader
    assert leader > 0, "it has no leader"
    address = f"{LOOPBACK}:{servers.cluster.brokers[leader - 1].internal_port}"
    write_with_header(address, topic, Raw(None, partition=partition), b"stra\xdfe")
