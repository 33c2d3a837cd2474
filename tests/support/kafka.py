"""A real Apache Kafka of one or more brokers on the loopback address, from its published jars.

Each broker is its own controller too (KRaft, combined mode). Java 17 or later is needed, and the jars that
`make parts` fetches. A cluster of one is up in about four seconds.
"""

import hashlib
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.parts.jars import KAFKA
from tests.parts.part import program
from tests.support.ports import LOOPBACK, free_ports
from tests.support.wait import tail_of, wait_until

START_TIMEOUT_S: Final = 90.0
"""A shared machine with two cores may start three brokers at once."""
STOP_TIMEOUT_S: Final = 30.0

_JVM: Final = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a broker that lives for minutes never earns back what the second compiler costs
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


def archive_of() -> Path:
    """Where `tests.parts.classes` puts the classes that this machine's Java has archived."""
    java = Path(shutil.which("java") or "java").resolve()
    made = java.stat().st_mtime_ns if java.exists() else 0
    return KAFKA.place.with_name(f"{KAFKA.place.name}-{hashlib.sha256(f'{java} {made}'.encode()).hexdigest()[:12]}.jsa")


class Broker:
    """One node of a cluster: broker and controller in one Java process."""

    def __init__(
        self,
        node_id: int,
        folder: Path,
        ports: Sequence[int],
        advertised_port: int | None = None,
        java: str = "",
    ) -> None:
        self.node_id, self._java = node_id, java
        self.client_port, self.internal_port, self.controller_port = ports
        self.advertised_port = advertised_port or self.client_port
        self.properties_file = folder / f"broker-{node_id}.properties"
        self.data = folder / f"data-{node_id}"
        self.log = folder / f"broker-{node_id}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process; for SIGSTOP and the like."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def format(self, cluster_id: str) -> None:
        """Prepare the data folder, as `kafka-storage.sh format` does."""
        command = _java("", "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self.properties_file))
        with self.log.open("ab") as log:
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self) -> None:
        """Start the process; `Cluster.wait_until_ready` tells when it serves."""
        command = _java(self._java, "kafka.Kafka", str(self.properties_file))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self) -> bool:
        """A controlled shutdown: leaders move away first. A broker that takes too long is killed; then False."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """`kill -9`: what it had not replicated is gone with it."""
        process = self._running()
        process.kill()
        process.wait()

    def is_serving(self) -> bool:
        """True once this very process answers and counts itself among the cluster's brokers.

        Raises:
            AssertionError: its process has ended.
        """
        assert self.is_running, f"broker {self.node_id} died"
        admin = AdminClient({"bootstrap.servers": f"{LOOPBACK}:{self.internal_port}", "log_level": 0})
        try:
            return self.node_id in admin.list_topics(timeout=1).brokers
        except KafkaException:
            return False

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"broker {self.node_id} was never started"
        return self._process


class Cluster:
    """`with Cluster(brokers=3) as cluster: …`

    Args:
        brokers: 1 or 3; topics are replicated to all of them, and writes need all but one.
        properties: more broker properties, or others than ours.
        advertise: node id (from 1) → port that clients are told to use, where a proxy stands in front of a broker.
        java: an option for Java, instead of that which uses the archive of classes.

    `bootstrap` is for clients; `direct` goes past any proxy.
    """

    def __init__(
        self,
        brokers: int = 1,
        properties: Mapping[str, str] | None = None,
        advertise: Mapping[int, int] | None = None,
        java: str = "",
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-"))
        ports = free_ports(3 * brokers)
        advertised = advertise or {}
        self.brokers = [
            Broker(node + 1, self.folder, ports[3 * node : 3 * node + 3], advertised.get(node + 1), java)
            for node in range(brokers)
        ]
        for broker in self.brokers:
            broker.properties_file.write_text(_properties(broker, self.brokers, properties or {}))

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{LOOPBACK}:{broker.advertised_port}" for broker in self.brokers)

    @property
    def direct(self) -> str:
        return ",".join(f"{LOOPBACK}:{broker.internal_port}" for broker in self.brokers)

    def start(self) -> None:
        """Start every broker, and wait until all serve; if one does not, nothing is left."""
        cluster_id = str(uuid.uuid4())
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda broker: broker.format(cluster_id), self.brokers))
            for broker in self.brokers:
                broker.start()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self) -> None:
        """Until every broker whose process runs serves its clients; else the logs are shown.

        Raises:
            AssertionError: a process died, or time ran out.
        """
        started = [broker for broker in self.brokers if broker.is_running]
        try:
            for broker in started:
                wait_until(broker.is_serving, START_TIMEOUT_S, what=f"broker {broker.node_id} serves")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def stop(self) -> None:
        """Kill everything: the data folder goes with it."""
        for broker in self.brokers:
            if broker.is_running:
                broker.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, last_lines: int = 60) -> str:
        """The ends of the brokers' logs, for a person who looks at a failure."""
        return "\n".join(tail_of(broker.log, last_lines) for broker in self.brokers if broker.log.exists())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.logs())  # noqa: T201 - pytest shows it beside the failure
        self.stop()


def _java(option: str, main: str, *arguments: str) -> list[str]:
    archive = archive_of()
    archived = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    return [program("java"), *_JVM, *([option] if option else archived), "-cp", f"{KAFKA.path()}/*", main, *arguments]


def _properties(broker: Broker, brokers: Sequence[Broker], more: Mapping[str, str]) -> str:
    """`server.properties` of one node: small, quick to rebalance, and refusing what production would refuse."""
    replicas = len(brokers)
    properties = {
        "process.roles": "broker,controller",
        "node.id": broker.node_id,
        "controller.quorum.voters": ",".join(f"{b.node_id}@{LOOPBACK}:{b.controller_port}" for b in brokers),
        "listeners": f"CLIENT://{LOOPBACK}:{broker.client_port},INTERNAL://{LOOPBACK}:{broker.internal_port},"
        f"CONTROLLER://{LOOPBACK}:{broker.controller_port}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{broker.advertised_port},"
        f"INTERNAL://{LOOPBACK}:{broker.internal_port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": broker.data,
        "default.replication.factor": replicas,
        "min.insync.replicas": max(1, replicas - 1),
        **_internal_topics(replicas),
        **_GROUPS,
        **_SMALL,
        **(_ALONE if replicas == 1 else {}),
        "auto.create.topics.enable": "false",
        # Records may carry any timestamp; none is deleted for its age.
        "log.retention.ms": -1,
    }
    return "".join(f"{name}={value}\n" for name, value in {**properties, **more}.items())


def _internal_topics(replicas: int) -> dict[str, object]:
    return {
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 2,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": max(1, replicas - 1),
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": 1,
    }


_ALONE: Final = {
    # The right to write a topic can be taken away and given back. Only on one broker: controllers that vote
    # would need a principal of their own, since nobody is authorised before the rights were read.
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
    # No other broker could take over from one that stands still for some seconds, as the whole machine may.
    "broker.session.timeout.ms": 15_000,
}
_GROUPS: Final = {
    "group.coordinator.rebalance.protocols": "classic,consumer",
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "group.consumer.session.timeout.ms": 20_000,
    "group.consumer.min.session.timeout.ms": 3000,
    "group.consumer.heartbeat.interval.ms": 500,
    "group.consumer.min.heartbeat.interval.ms": 500,
}
_SMALL: Final = {
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 1,
    "log.cleaner.dedupe.buffer.size": 4 << 20,
    "controller.quorum.election.timeout.ms": 500,
    "controller.quorum.fetch.timeout.ms": 1500,
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 4000,
}
