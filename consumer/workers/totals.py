"""The numbers of all workers, over the deaths of some. Pure.

A worker that is started again counts from 0. So what the dead ones had counted is kept and added: no counter goes
backwards. What a dead one had in flight is released, since Kafka gives it to another: the ledger stays even.
"""

from collections.abc import Iterable

from consumer.metrics import Snapshot, counted, total

_IN_FLIGHT = ("records_in_flight", ())
_RELEASED = ("records_released", ())


class WorkerTotals:
    """What workers have counted that are gone."""

    def __init__(self) -> None:
        self._gone: Snapshot = {}

    def bury(self, last: Snapshot) -> None:
        """A worker is gone; `last` is the last snapshot that it handed over."""
        self._gone = total([self._gone, left_behind(last)])

    def with_those_of(self, living: Iterable[Snapshot]) -> Snapshot:
        """One snapshot for all, the dead included."""
        return total([self._gone, *living])


def left_behind(last: Snapshot) -> Snapshot:
    """What stays of a worker that is gone: no gauge, and what it had in flight is released."""
    in_flight = last.get(_IN_FLIGHT, 0.0)
    return total([counted(last), {_RELEASED: in_flight}])
