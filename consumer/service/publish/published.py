"""What the deciding thread lets others see of it: one immutable value, made again after a step."""

from typing import Final

from msgspec import Struct

from consumer.metrics import Snapshot
from consumer.status.model import Status

STUCK_AFTER_S: Final = 60.0
"""A step takes milliseconds; only a rebalance's drain may hold it, and that says so itself."""


class ServiceSnapshot(Struct, frozen=True):
    """The state of the service at the end of a step."""

    snapshot: Snapshot
    stepped_at_s: float
    """Monotonic seconds when the step ended."""
    busy_until_s: float = 0.0
    """A drain is under way that may take until then."""
    stuck_request_since_s: float | None = None
    """When the oldest request began, if it has outlived its timeouts by far."""
    unready: tuple[str, ...] = ("starting",)
    """Why the service is not ready, in words that an operator can act on; empty if it is."""
    status: Status = Status()
    """What `/api/status` and the page show."""

    def stuck(self, now_s: float) -> list[str]:
        """Why the process should be restarted; empty while the loop turns."""
        problems = []
        if now_s > max(self.stepped_at_s + STUCK_AFTER_S, self.busy_until_s + STUCK_AFTER_S):
            problems.append(f"the loop has not turned for {now_s - self.stepped_at_s:.0f} s")
        if self.stuck_request_since_s is not None:
            problems.append(f"a request has been under way for {now_s - self.stuck_request_since_s:.0f} s")
        return problems
