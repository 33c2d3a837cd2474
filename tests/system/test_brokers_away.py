"""Brokers that do not answer: it says so, and ends in time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.kafka import Cluster
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene, scene_of
from tests.support.stream import make_purchases
from tests.support.topics import Kafka
from tests.support.wait import wait_until

SLACK_S: Final = 25.0
"""For a process to close what it has, on a machine with two busy cores."""


@pytest.fixture
def alone(registry: Registry, sandbox: Sandbox, tmp_path: Path) -> Iterator[tuple[Cluster, Scene]]:
    """A cluster that nobody else needs."""
    with Cluster() as cluster:
        kafka = Kafka(cluster.bootstrap)
        kafka.create_topic("events", 4)
        with scene_of(kafka, registry, sandbox, tmp_path, "events") as scene:
            yield cluster, scene


@pytest.mark.timeout(400)
def test_it_says_that_they_are_away_and_stops_in_time_or_at_a_second_signal(alone: tuple[Cluster, Scene]) -> None:
    cluster, scene = alone
    stream = make_purchases(20, scene.schema_ids())
    scene.produce(stream)
    patient = scene.run(shutdown_timeout="60s")
    punctual = scene.run(shutdown_timeout="5s")
    scene.wait_until_accepted(20)
    assert patient.metrics_now().value("connected", to="kafka") == 1

    os.kill(cluster.brokers[0].pid, signal.SIGSTOP)
    try:
        wait_until(lambda: "Kafka does not answer" in patient.wait_until_unready().text, 90, what="it says so")
        assert patient.metrics_now().value("connected", to="kafka") == 0
        punctual.send(signal.SIGTERM)
        punctual.wait(5 + SLACK_S)
        patient.send(signal.SIGTERM)
        patient.wait_until_logged("run.stopping")  # of two signals at once it would see one
        patient.send(signal.SIGTERM)
        patient.wait(SLACK_S)
    finally:
        os.kill(cluster.brokers[0].pid, signal.SIGCONT)
