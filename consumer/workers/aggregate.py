"""What the workers have published, as one: for the HTTP port that serves all of them, over the deaths of some. Pure.

A worker that is started again counts from 0. So what the dead ones had counted is kept and added: no counter goes
backwards, in `/metrics` or in the status. What a dead one had in flight is released, since Kafka gives it to another:
the ledger stays even.
"""

from collections.abc import Mapping

from msgspec import structs

from consumer.metrics import Snapshot, counted, total
from consumer.service.publish.published import ServiceSnapshot
from consumer.status.merging import merged
from consumer.status.model import LedgerStatus, RequestsStatus, Status, WindowStatus

_IN_FLIGHT = ("records_in_flight", ())
_RELEASED = ("records_released", ())
_DEATHS = ("worker_deaths", ())


class JoinedSnapshot(ServiceSnapshot, frozen=True):
    """Looks like the `ServiceSnapshot` of one process."""

    workers: Mapping[int, ServiceSnapshot] = {}

    def stuck(self, now_s: float) -> list[str]:
        """Why the run should be restarted: what each of the workers says."""
        return [f"worker {n}: {problem}" for n, worker in self.workers.items() for problem in worker.stuck(now_s)]


class WorkerTotals:
    """What workers have counted that are gone."""

    def __init__(self) -> None:
        self._gone: Snapshot = {_DEATHS: 0.0}
        self._gone_status: tuple[Status, ...] = ()
        """One for all of them; none while none is gone."""

    def add_dead(self, last: ServiceSnapshot) -> None:
        """A worker is gone; `last` is what it handed over last."""
        self._gone = total([self._gone, left_behind(last.snapshot)])
        if last.status.at:
            self._gone_status = (merged([*self._gone_status, status_left_behind(last.status)]),)

    def count_death(self) -> None:
        """A worker ended that nobody had told to."""
        self._gone = total([self._gone, {_DEATHS: 1.0}])

    def joined(self, workers: Mapping[int, ServiceSnapshot]) -> JoinedSnapshot:
        """One for all, the dead included.

        Args:
            workers: by number, what each has published last.
        """
        unready = tuple(f"worker {n}: {reason}" for n, worker in workers.items() for reason in worker.unready)
        return JoinedSnapshot(
            snapshot=total([self._gone, *(worker.snapshot for worker in workers.values())]),
            stepped_at_s=min((worker.stepped_at_s for worker in workers.values()), default=0.0),
            unready=unready,
            status=self._status(workers, unready),
            workers=workers,
        )

    def _status(self, workers: Mapping[int, ServiceSnapshot], unready: tuple[str, ...]) -> Status:
        """What `/api/status` shows: of those that have shown something yet."""
        living = [worker.status for worker in workers.values() if worker.status.at]
        status = merged([*living, *self._gone_status])
        return structs.replace(status, workers=len(workers), ready=not unready, reasons=unready)


def left_behind(last: Snapshot) -> Snapshot:
    """What stays of a worker that is gone: no gauge, and what it had in flight is released."""
    in_flight = last.get(_IN_FLIGHT, 0.0)
    return total([counted(last), {_RELEASED: in_flight}])


def status_left_behind(last: Status) -> Status:
    """The same of its status: what it counted, its rejections and its history; nothing that is of the moment only."""
    ledger = last.ledger
    return structs.replace(
        last,
        workers=0,
        ready=True,
        reasons=(),
        breaker_open=False,
        stages=tuple(structs.replace(stage, waiting=0) for stage in last.stages),
        ledger=LedgerStatus(ledger.read, ledger.settled, ledger.released + ledger.in_flight),
        partitions=(),
        pixels={name: structs.replace(pixel, waiting_events=0, next_try=None) for name, pixel in last.pixels.items()},
        requests=RequestsStatus(by_result=last.requests.by_result),
        connections=(),
        window=WindowStatus(),
    )
