"""One cluster, one Kafka and one stand-in for TikTok for all tests; a namespace, a topic and a release for each."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.cluster.flow import Flow
from tests.parts.bases import PYTHON
from tests.parts.crds import CRDS
from tests.parts.golang import PAUSE
from tests.support.engine import Engine
from tests.support.image import base_of, build
from tests.support.kafka import Cluster
from tests.support.kubernetes import GATEWAY, Node, Release
from tests.support.ports import free_port
from tests.support.sandbox import Sandbox
from tests.support.topics import Kafka

collect_ignore_glob = [] if os.environ.get("CLUSTER") else ["test_*.py"]
TAG: Final = "tiktok-events-consumer:check"
PAUSE_TAG: Final = "registry.k8s.io/pause:3.10"
TOKEN: Final = "the-first-token"


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our image as the engine builds it, and a pause image, as one archive: CLUSTER_IMAGES, if that is set."""
    given = os.environ.get("CLUSTER_IMAGES")
    if given:
        return Path(given)
    archive = tmp_path_factory.mktemp("images") / "images.tar"
    with Engine(Path(tempfile.mkdtemp(prefix="engine-"))) as engine:
        engine.load(PYTHON.path(), base_of())
        build(engine, TAG)
        folder = tmp_path_factory.mktemp("pause")
        (folder / "pause").write_bytes(PAUSE.path().read_bytes())
        (folder / "pause").chmod(0o755)
        (folder / "Dockerfile").write_text('FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n')
        engine.build(folder / "Dockerfile", folder, PAUSE_TAG, {})
        engine.docker("save", "--output", str(archive), TAG, PAUSE_TAG, timeout_s=300, is_checked=True)
    return archive


@pytest.fixture(scope="session")
def node(images: Path) -> Iterator[Node]:
    """The cluster, with the kinds of prometheus-operator and of KEDA."""
    with Node(images) as running:
        for file in sorted(CRDS.path().iterdir()):
            running.kubectl("apply", "--server-side", "--filename", str(file))
        running.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield running


@dataclass(frozen=True)
class Outside:
    """What is outside of the cluster, and what pods call it."""

    kafka: Kafka
    sandbox: Sandbox
    bootstrap: str
    base_url: str


@pytest.fixture(scope="session")
def outside(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Kafka and the stand-in for TikTok on this machine, at the pods' gateway. `node` made that address."""
    cluster, port = Cluster(), free_port()
    [broker] = cluster.brokers
    text = broker.properties_file.read_text()
    for name in ("listeners", "advertised.listeners"):
        text = text.replace(f"\n{name}=", f"\n{name}=PODS://{GATEWAY}:{port},")
    mapped = "listener.security.protocol.map="
    broker.properties_file.write_text(text.replace(mapped, f"{mapped}PODS:PLAINTEXT,"))
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), arguments=("--host", "0.0.0.0"))  # noqa: S104 - for the pods
    with cluster:
        yield Outside(Kafka(cluster.bootstrap), sandbox, f"{GATEWAY}:{port}", f"http://{GATEWAY}:{sandbox.port}")
    sandbox.kill()


@pytest.fixture
def flow(outside: Outside) -> Flow:
    """A topic with nothing in it, and a stand-in for TikTok that takes one token."""
    topic = outside.kafka.new_topic("web-events", partitions=4)
    outside.kafka.create_topic(f"{topic}.dlq")
    outside.sandbox.reset()
    made = Flow(outside.kafka, outside.sandbox, topic)
    made.allow(TOKEN)
    return made


@pytest.fixture
def release(
    node: Node, outside: Outside, flow: Flow, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Release]:
    """Not installed yet; what it needs is there. The namespace goes with the test."""
    namespace = f"ads-{uuid4().hex[:6]}"
    node.kubectl("create", "namespace", namespace)
    node.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    node.kubectl("create", "secret", "generic", "tokens", f"--from-literal=shop={TOKEN}", "--namespace", namespace)
    values = tmp_path / "values.json"  # JSON is YAML, too
    values.write_text(json.dumps(_values(config(outside, flow.topic))))
    made = Release(node, namespace, values)
    yield made
    _tell(made)
    made.helm("uninstall", is_checked=False)
    node.kubectl("delete", "namespace", namespace, "--timeout=120s", is_checked=False)


def config(outside: Outside, topic: str, **more: Any) -> str:
    """consumer.yaml of a release: one pixel, one rule, records of the shipped schema without framing."""
    kafka = {
        "bootstrap_servers": outside.bootstrap,
        "topics": [topic],
        "group_id": f"group-of-{topic}",
        "properties": {"group.instance.id": "${POD_NAME}", "session.timeout.ms": 30000},
    }
    pixel = {"pixel_code": "SHOPPIXEL0000001", "access_token_file": "/run/secrets/tiktok/shop"}
    ours = {
        "kafka": kafka,
        "pixels": {"shop": pixel},
        "rules": [{"name": "everything", "pixel": "shop"}],
        "batch": {"max_wait": "200ms"},
        "delivery": {"base_url": outside.base_url, "backoff": {"first": "200ms", "max": "2s"}},
    }
    return json.dumps({**ours, **more})


def _values(text: str) -> dict[str, Any]:
    """Little is asked of the node: it has what this machine has, and other tests may run beside."""
    small = {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}
    repository, _, tag = TAG.partition(":")
    return {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
        "config": text,
        "tokens": {"shop": {"secret": "tokens", "key": "shop"}},
        "resources": small,
        "check": {"resources": small},
        "probes": {"startup": {"failureThreshold": 150}},
    }


def _tell(release: Release) -> None:
    """What became of its pods: pytest shows it where the test failed."""
    where = ("--namespace", release.namespace)
    told = [release.node.kubectl("describe", "pods", *where, is_checked=False).stdout[-6000:]]
    for name in release.pods():
        told += [f"── {name}", release.node.kubectl("logs", name, *where, is_checked=False).stdout[-3000:]]
    print("\n".join(told))  # noqa: T201 - where the test failed, pytest shows it
