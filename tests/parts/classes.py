"""Kafka's classes as Java keeps them in memory, so that a broker starts with half the work.

Java archives what a broker has loaded when that ends (JEP 350); one that is started with the archive uses it if it was
made by the same Java from the same jars, and else starts as if there were none.
"""

from pathlib import Path
from typing import Final

from tests.parts.jars import ARCHIVE, KAFKA
from tests.parts.part import Part
from tests.support.kafka import Cluster


def _archive(folder: Path) -> None:
    KAFKA.make()
    cluster = Cluster(java=f"-XX:ArchiveClassesAtExit={folder / ARCHIVE.name}")
    with cluster:
        [broker] = cluster.brokers
        broker.stop()


CLASSES: Final = Part("Kafka's classes", ARCHIVE, _archive)
