"""The service in one container, the sandbox in another: from the tests' Kafka to the last acknowledged event."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.containers import Container, readable
from tests.support.http_clients import HTTP
from tests.support.image import Image
from tests.support.ports import LOOPBACK, free_port
from tests.support.scene import Scene
from tests.support.stream import StreamSettings, expected_keys, make_stream
from tests.support.wait import wait_until

CONFIG = "/etc/tiktok-consumer/consumer.yaml"


class SandboxContainer(Container):
    def __init__(self, image: Image) -> None:
        port = str(free_port())
        self.url = f"http://{LOOPBACK}:{port}"
        health = f"--env=HEALTH_URL={self.url}/healthz"
        super().__init__(image, ["sandbox", "--port", port], name="sandbox", options=[health])

    def accepted(self) -> set[tuple[str, ...]]:
        """Pixel code, event and event_id of each accepted event."""
        keys = HTTP.get(f"{self.url}/sandbox/keys").raise_for_status().json()
        assert set(keys.values()) <= {1}
        return {tuple(json.loads(key)) if key.startswith("[") else tuple(key.split("|")) for key in keys}


@pytest.fixture
def sandbox_container(image: Image) -> Iterator[SandboxContainer]:
    with SandboxContainer(image) as running:
        running.wait_until_healthy()
        yield running


def test_a_container_reads_kafka_delivers_to_another_and_stops_clean(
    image: Image, scene: Scene, sandbox_container: SandboxContainer, tmp_path: Path
) -> None:
    stream = make_stream(StreamSettings(count=2_000), scene.schema_ids())
    scene.produce(stream)
    port = free_port()
    config = scene.config(delivery={"base_url": sandbox_container.url}, http={"listen": f"{LOOPBACK}:{port}"})
    file = readable(tmp_path / "consumer.yaml", json.dumps(config))  # JSON is YAML, too
    options = [f"--volume={file}:{CONFIG}:ro", f"--env=HEALTH_URL=http://{LOOPBACK}:{port}/readyz"]

    with Container(image, ["run"], name="service", options=options) as service:
        service.wait_until_healthy()
        scene.wait_until_settled()
        wait_until(lambda: sandbox_container.accepted() == expected_keys(stream), 90, what="all is accepted")

        assert service.stop() == 0, service.logs()
        assert scene.kafka.committed(scene.group, scene.topic) == scene.kafka.end_offsets(scene.topic)
    assert sandbox_container.stop() == 0
