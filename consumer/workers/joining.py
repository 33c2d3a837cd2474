"""What the workers have published, as one: for the HTTP port that serves all of them. Pure."""

from collections.abc import Mapping

from msgspec import structs

from consumer.metrics import Snapshot
from consumer.service.published import ServiceSnapshot
from consumer.status.merging import merged
from consumer.status.model import Status


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
