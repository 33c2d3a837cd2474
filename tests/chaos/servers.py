"""What outlives a run: three brokers behind a proxy each, the registry, the sandbox and the ways to it, Redis."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.chaos.leaders import is_in_step
from tests.chaos.plan import SESSION_S
from tests.chaos.redis_pair import RedisPair
from tests.support.certificate import self_signed
from tests.support.kafka import Broker, Cluster
from tests.support.ports import free_ports
from tests.support.proxy import Proxy
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.topics import Kafka
from tests.support.wait import wait_until

BROKERS: Final = 3
_USER: Final = "service"
_PASSWORD: Final = "its-password"
_PROPERTIES: Final = {
    "group.consumer.session.timeout.ms": str(int(SESSION_S * 1000)),
    # Records' clocks jump, also ahead.
    "log.message.timestamp.after.max.ms": str(10 * 365 * 86_400_000),
    # The preferred replica leads: soon after it was chosen, and after its broker came back.
    "leader.imbalance.check.interval.seconds": "3",
    "leader.imbalance.per.broker.percentage": "0",
    "offsets.topic.num.partitions": "3",
    # A busy machine holds back a broker's heartbeats; the brokers of the system tests have it to themselves.
    "broker.session.timeout.ms": "9000",
    "controller.quorum.election.timeout.ms": "1000",
    "controller.quorum.fetch.timeout.ms": "3000",
    "num.network.threads": "3",
    "num.io.threads": "4",
    # Rights can be taken from the service and given back: it has a name. Brokers and suite have none, and every right.
    "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.client.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'user_{_USER}="{_PASSWORD}";',
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
    "super.users": "User:ANONYMOUS",
}
LOGIN: Final = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": _USER,
    "sasl.password": _PASSWORD,
}
"""Of the service, at the listener behind the proxies."""


@dataclass(frozen=True)
class Servers:
    cluster: Cluster
    proxies: dict[int, Proxy]
    """By broker's node id: what stands between it and its clients."""
    kafka: Kafka
    """Past the proxies."""
    registry: Registry
    sandbox: Sandbox
    tls: Proxy
    """The way to the sandbox by https."""
    good_certificate: Path
    bad_certificate: Path
    redis: RedisPair

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[Self]:
        """All of it, until the block ends."""
        with ExitStack() as stack:
            ports = free_ports(BROKERS)
            advertise = {node + 1: ports[node] for node in range(BROKERS)}
            cluster = stack.enter_context(Cluster(BROKERS, _PROPERTIES, advertise))
            proxies = {
                broker.node_id: stack.enter_context(Proxy(broker.client_port, broker.advertised_port))
                for broker in cluster.brokers
            }
            sandbox = Sandbox(folder)
            stack.callback(sandbox.kill)
            good, bad = self_signed(folder / "good.pem"), self_signed(folder / "bad.pem")
            tls = stack.enter_context(Proxy(sandbox.port, certificate=good))
            redis = stack.enter_context(RedisPair.started())
            registry = stack.enter_context(Registry())
            yield cls(cluster, proxies, Kafka(cluster.direct), registry, sandbox, tls, good, bad, redis)

    def broker(self, pick: float) -> Broker:
        return self.cluster.brokers[int(pick * BROKERS)]

    def fix(self) -> None:
        """End whatever a fault may have left: all brokers up and in step, everything forwarding and behaving."""
        for proxy in (*self.proxies.values(), self.tls):
            proxy.behave()
        for broker in self.cluster.brokers:
            if not broker.is_running:
                broker.start()
        self.cluster.wait_until_ready()
        self.registry.hang(False)
        self.registry.is_away = False
        wait_until(lambda: is_in_step(self.cluster.direct), 120, what="all replicas are in step", every_s=0.5)
