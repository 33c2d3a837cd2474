"""Everything one black-box test needs, with names of its own: topic, group, registry, sandbox and processes."""

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final
from uuid import uuid4

from tests.support.processes import Service, run_command, write_config
from tests.support.records import Stored
from tests.support.registry import Registry
from tests.support.sandbox import Key, Sandbox
from tests.support.stream import Made
from tests.support.stream_config import PIXELS, RULES, SCHEMAS
from tests.support.topics import Kafka
from tests.support.wait import wait_until

SETTLE_TIMEOUT_S: Final = 120.0
CLASSIC: Final = {"session.timeout.ms": "20000", "heartbeat.interval.ms": "500"}
CONSUMER: Final = {"group.protocol": "consumer"}
"""The two group protocols. A machine that stands still for some seconds puts no member out of its group; the broker's
setting for the second is the same."""
_SOON_MS: Final = 4000
_QUICK: Final = {"topic.metadata.refresh.interval.ms": "1000", "fetch.wait.max.ms": "100"}


@dataclass
class Scene:
    kafka: Kafka
    registry: Registry
    sandbox: Sandbox
    folder: Path
    topic: str
    group: str = field(default_factory=lambda: f"group-{uuid4().hex[:8]}")
    services: list[Service] = field(default_factory=list)
    protocol: Mapping[str, str] = field(default_factory=lambda: CLASSIC)

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.topic}.dlq"

    def schema_ids(self) -> tuple[int, int]:
        """The stream's two schema versions in the registry."""
        first, second = (self.registry.register(f"{self.topic}-value", schema) for schema in SCHEMAS)
        return first, second

    def expire_sessions_soon(self) -> None:
        """A member that died is put out of the group after seconds. Before a process of the group starts."""
        if self.protocol.get("group.protocol") == "consumer":
            self.kafka.configure_group(self.group, "consumer.session.timeout.ms", str(_SOON_MS))
        else:
            self.protocol = {**self.protocol, "session.timeout.ms": str(_SOON_MS)}

    def config(self, **sections: Any) -> dict[str, Any]:
        """The stream's configuration; `sections` are merged into it, key by key, and lists are replaced."""
        ours = {
            "kafka": {
                "bootstrap_servers": self.kafka.bootstrap,
                "topics": [self.topic],
                "group_id": self.group,
                "properties": {**_QUICK, **self.protocol},
            },
            "avro": {"registry": {"url": self.registry.url}},
            "pixels": PIXELS,
            "rules": RULES,
            "batch": {"max_wait": "200ms"},
            "delivery": {"base_url": self.sandbox.url, "backoff": {"first": "100ms", "max": "1s"}},
        }
        return _merged(ours, sections)

    def start(self, *arguments: str, name: str = "run", **sections: Any) -> Service:
        """Start a `run`, without waiting for it. It is killed at the end of the test if it still runs."""
        name = f"{name}-{len(self.services) + 1}"
        service = Service(self.config(**sections), self.folder, name, arguments)
        self.services.append(service)
        return service

    def run(self, *arguments: str, name: str = "run", **sections: Any) -> Service:
        """Start a `run`, and wait until it is ready."""
        service = self.start(*arguments, name=name, **sections)
        service.wait_until_ready()
        return service

    def command(self, *arguments: str, **sections: Any) -> CompletedProcess[bytes]:
        """Another command with the same configuration, to its end."""
        return run_command(*arguments, "--config", str(self.config_file(**sections)), folder=self.folder)

    def config_file(self, **sections: Any) -> Path:
        """The configuration as a file."""
        return write_config(self.config(**sections), self.folder / "command.yaml")

    def wait_until_settled(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Until the group's committed offsets are the ends of the topic."""
        what = f"{self.group} has committed the ends of {self.topic}"
        try:
            wait_until(self._is_settled, timeout_s, what=what, every_s=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.kafka.committed(self.group, self.topic)}\n{self.tail()}") from None

    def wait_until_shared(self) -> list[int]:
        """Until all partitions are given out, and each process has some: one of each."""
        return wait_until(self._one_of_each, SETTLE_TIMEOUT_S, what="each process has partitions")

    def _one_of_each(self) -> list[int]:
        shares = [self._partitions_of(service) for service in self.services]
        is_whole = sorted(partition for share in shares for partition in share) == sorted(
            self.kafka.end_offsets(self.topic)
        )
        return [share[0] for share in shares] if is_whole and all(shares) else []

    def _partitions_of(self, service: Service) -> list[int]:
        spans = (sample for sample in service.metrics().samples if sample.name == "uncommitted_span")
        return [int(span.labels["partition"]) for span in spans if span.labels["topic"] == self.topic]

    def _is_settled(self) -> bool:
        return self.kafka.is_at_end(self.group, self.topic)

    def produce(self, stream: Iterable[Made]) -> list[tuple[int, int]]:
        """Write these records to the topic; returns partition and offset of each."""
        return self.kafka.produce(self.topic, (made.raw for made in stream))

    def dead_letters(self) -> list[Stored]:
        return self.kafka.read_all(self.dead_letter_topic)

    def wait_until_rejected(self, letters: int) -> None:
        """Until there are so many dead letters."""
        wait_until(lambda: len(self.dead_letters()) >= letters, SETTLE_TIMEOUT_S, what=f"{letters} dead letters")

    def wait_until_accepted(self, events: int, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Until the sandbox has accepted so many events, copies counted."""
        try:
            wait_until(lambda: self.sandbox.events_accepted() >= events, timeout_s, what=f"{events} events accepted")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.sandbox.summary()}\n{self.tail()}") from None

    def assert_accepted_once(self, expected: Set[Key]) -> None:
        """Each of these events was accepted once, and no other; or said in lines: what is not so, what was logged."""
        accepted = self.sandbox.accepted()
        found = {
            "not accepted": expected - accepted.keys(),
            "accepted again": {key for key, times in accepted.items() if times > 1},
            "not expected": accepted.keys() - expected,
        }
        faults = [f"{what}: {len(keys)}, as {sorted(keys)[:3]}" for what, keys in found.items() if keys]
        assert not faults, "\n".join([*faults, *self._warnings()])

    def _warnings(self) -> list[str]:
        lines = (line for service in self.services for line in service.log() if line["level"] in {"warning", "error"})
        return [str(line)[:300] for line in lines if line["event"] != "record.rejected"][:10]

    def tail(self) -> str:
        """The ends of what its processes wrote."""
        return "\n".join(service.tail() for service in self.services)

    def close(self) -> None:
        """Kill what still runs."""
        with ExitStack() as stack:
            for service in self.services:
                stack.callback(service.kill)


def _merged(ours: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(ours)
    for name, other in others.items():
        mine = merged.get(name)
        both_map = isinstance(mine, Mapping) and isinstance(other, Mapping)
        merged[name] = _merged(mine, other) if both_map else other  # type: ignore[arg-type]  # both are mappings here
    return merged


@contextmanager
def scene_of(kafka: Kafka, registry: Registry, sandbox: Sandbox, folder: Path, topic: str) -> Iterator[Scene]:
    """A scene of a topic that is there, with a dead-letter topic for it; processes end with the block."""
    kafka.create_topic(f"{topic}.dlq")
    scene = Scene(kafka, registry, sandbox, folder, topic)
    yield scene
    print(scene.tail())  # noqa: T201 - pytest shows it where the test failed
    scene.close()
