"""Kafka's classes as Java keeps them in memory, so that a broker starts with half the work.

Java archives what a broker has loaded when that ends (JEP 350). It is of use to the same Java with the same jars alone.
"""

from pathlib import Path
from typing import Final

from tests.parts.jars import KAFKA
from tests.parts.part import Part
from tests.support.kafka import Cluster, archive_of


def _archive(folder: Path) -> None:
    KAFKA.make(tries=1)
    file = folder / CLASSES.place.name
    try:
        with Cluster(java=f"-XX:ArchiveClassesAtExit={file}") as cluster:
            [broker] = cluster.brokers
            has_ended = broker.stop()
    except AssertionError as error:
        raise OSError(f"no broker whose classes could be archived: {error}") from error
    if not (has_ended and file.exists()):
        raise OSError("the broker ended without an archive of its classes")


CLASSES: Final = Part("Kafka's classes", archive_of(), _archive)
