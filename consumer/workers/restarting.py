"""When a worker that died is started again, and when no more. Pure: time is an argument."""

from typing import Final

from consumer.core.backoff import Backoff

YOUNG_S: Final = 5.0
"""A worker that has worked for less than this has died young: whatever ended it will soon do so again."""
MOST_YOUNG_DEATHS: Final = 5
"""So many in a row, of the same worker, and the run gives up."""
PAUSE: Final = Backoff(0.5, 30.0, jitter=0.0)


class Restarts:
    """Of one worker."""

    def __init__(self) -> None:
        self._young_deaths = 0

    def after(self, worked_s: float) -> float | None:
        """Seconds to wait before it is started again; None: give up.

        Args:
            worked_s: how long it had worked when it died. 0: it did not even come to that; a start takes a second, or
                many where the machine is busy, and says nothing.
        """
        self._young_deaths = self._young_deaths + 1 if worked_s < YOUNG_S else 0
        if self._young_deaths >= MOST_YOUNG_DEATHS:
            return None
        return PAUSE.wait_s(max(1, self._young_deaths), 0.0)
