"""The `run` processes of the group: which there are, which a fault has taken, and how they ended."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.support.processes import Service

MOST: Final = 4
FEWEST: Final = 2
EXIT_S: Final = 120.0
"""Far beyond `shutdown_timeout`, which a busy machine stretches."""


@dataclass
class Members:
    """`start` starts the process of that name. Threads share this: each fault takes a member for itself."""

    start: Callable[[str], Service]
    every: list[Service] = field(default_factory=list)
    """All there ever were."""
    problems: list[str] = field(default_factory=list)
    """Processes that ended on their own, or with a code that they should not have."""
    _free: list[Service] = field(default_factory=list)
    _alive: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def join(self) -> bool:
        """Start another one, unless there are as many as there may be."""
        with self._lock:
            if self._alive >= MOST:
                return False
            self._alive += 1
        self.replace()
        return True

    def replace(self) -> None:
        """Start one in the place of one that ended."""
        with self._lock:
            service = self.start(f"run-{len(self.every) + 1}")
            self.every.append(service)
            self._free.append(service)

    def take(self, pick: float, *, to_leave: bool = False) -> Service | None:
        """One that no other fault has; None if there is none, or if it is to leave and too few would be left."""
        with self._lock:
            if not self._free or (to_leave and self._alive <= FEWEST):
                return None
            self._alive -= to_leave
            service = self._free.pop(int(pick * len(self._free)))
        self._must_run(service)
        return service

    def give_back(self, service: Service) -> None:
        with self._lock:
            self._free.append(service)

    def free(self) -> list[Service]:
        """Those that no fault has taken."""
        with self._lock:
            return list(self._free)

    def terminate(self, service: Service) -> int:
        """SIGTERM, and the exit code, which must be 0 or 69; or the signal's, if it came before a word was said."""
        service.send(signal.SIGTERM)
        code = service.wait(EXIT_S)
        is_too_early = code == -signal.SIGTERM and not service.stderr.stat().st_size
        if code not in (0, 69) and not is_too_early:
            self.problems.append(f"{service.name} ended with {code} after SIGTERM\n{service.tail()}")
        return code

    def stop_all(self) -> list[int]:
        """SIGTERM for those that are left; their exit codes."""
        left = [service for service in self.free() if self._must_run(service)]
        for service in left:
            service.send(signal.SIGTERM)
        return [service.wait(EXIT_S) for service in left]

    def kill_all(self) -> None:
        for service in self.every:
            service.kill()

    def _must_run(self, service: Service) -> bool:
        if not service.is_running:
            self.problems.append(f"{service.name} ended by itself with {service.wait()}\n{service.tail()}")
            return False
        return True
