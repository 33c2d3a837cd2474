"""What the workers have published, as one: for the HTTP port that serves all of them, over the deaths of some. Pure.

A worker that is started again counts from 0. So what the dead ones had counted is kept and added: no counter goes
backwards. What a dead one had in flight is released, since Kafka gives it to another: the ledger stays even.
"""

from collections.abc import Iterable, Mapping

from msgspec import structs

from consumer.metrics import Snapshot, counted, total
from consumer.service.publish.published import ServiceSnapshot
from consumer.status.merging import merged
from consumer.status.model import Status

_IN_FLIGHT = ("records_in_flight", ())
_RELEASED = ("records_released", ())


class WorkerTotals:
    """What workers have counted that are gone."""

    def __init__(self) -> None:
        self._gone: Snapshot = {}

    def add_dead(self, last: Snapshot) -> None:
        """A worker is gone; `last` is the last snapshot that it handed over."""
        self._gone = total([self._gone, left_behind(last)])

    def with_living(self, living: Iterable[Snapshot]) -> Snapshot:
        """One snapshot for all, the dead included."""
        return total([self._gone, *living])


def left_behind(last: Snapshot) -> Snapshot:
    """What stays of a worker that is gone: no gauge, and what it had in flight is released."""
    in_flight = last.get(_IN_FLIGHT, 0.0)
    return total([counted(last), {_RELEASED: in_flight}])


class JoinedSnapshot(ServiceSnapshot, frozen=True):
    """Looks like the `ServiceSnapshot` of one process."""

    workers: Mapping[int, ServiceSnapshot] = {}

    def stuck(self, now_s: float) -> list[str]:
        """Why the run should be restarted: what each of the workers says."""
        return [f"worker {n}: {problem}" for n, worker in self.workers.items() for problem in worker.stuck(now_s)]


def joined(snapshot: Snapshot, workers: Mapping[int, ServiceSnapshot]) -> JoinedSnapshot:
    """One for all.

    Args:
        snapshot: of all, as `Totals` adds them up.
        workers: by number, what each has published last.
    """
    unready = tuple(f"worker {n}: {reason}" for n, worker in workers.items() for reason in worker.unready)
    return JoinedSnapshot(
        snapshot=snapshot,
        stepped_at_s=min((worker.stepped_at_s for worker in workers.values()), default=0.0),
        unready=unready,
        status=joined_status(workers, unready),
        workers=workers,
    )


def joined_status(workers: Mapping[int, ServiceSnapshot], unready: tuple[str, ...]) -> Status:
    """What `/api/status` shows of several workers: of those that have shown something yet."""
    statuses = [worker.status for worker in workers.values() if worker.status.at]
    return structs.replace(merged(statuses), workers=len(workers), ready=not unready, reasons=unready)
