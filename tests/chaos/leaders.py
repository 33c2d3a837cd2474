"""Who leads the partitions of a cluster: whether all replicas are in step, and making others lead."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.parts.jars import KAFKA

_ASK_S = 10.0


def is_in_step(bootstrap: str) -> bool:
    """True once every partition has a leader and all of its replicas in step; False while the cluster is away."""
    try:
        topics = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2}).list_topics(timeout=_ASK_S).topics
    except KafkaException:
        return False
    return all(
        partition.leader >= 0 and len(partition.isrs) == len(partition.replicas)
        for topic in topics.values()
        for partition in topic.partitions.values()
    )


def move_leaders(bootstrap: str, topics: Iterable[str], folder: Path) -> None:
    """Prefer the next replica of each partition as its leader; the brokers make it so within seconds.

    Raises:
        KafkaException: the cluster does not answer.
        subprocess.CalledProcessError: the cluster refused the new order of replicas.
    """
    known = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2}).list_topics(timeout=_ASK_S).topics
    moved = [
        {"topic": topic, "partition": number, "replicas": [*partition.replicas[1:], partition.replicas[0]]}
        for topic in topics
        for number, partition in known[topic].partitions.items()
    ]
    file = folder / "leaders.json"
    file.write_text(json.dumps({"version": 1, "partitions": moved}))
    _reassign(bootstrap, file)


def _reassign(bootstrap: str, file: Path) -> None:
    tool = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"
    java = ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{KAFKA.path()}/*", tool]
    command = [*java, "--bootstrap-server", bootstrap, "--reassignment-json-file", str(file), "--execute"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
