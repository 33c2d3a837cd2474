"""`run --workers N`: starts the workers, starts again those that die, passes signals on, shows the numbers of all."""

import pickle
import signal
import time
from collections.abc import Sequence
from typing import Final

import structlog

from consumer.config import Settings
from consumer.core.backoff import Backoff
from consumer.core.errors import ConfigError
from consumer.exit_codes import BUG, INTERRUPTED, OK, UNFINISHED, UNUSABLE_CONFIG
from consumer.progress import RunProgress, StartLine
from consumer.run import listening
from consumer.service.publish.published import ServiceSnapshot
from consumer.signals import ENDING, Signals
from consumer.workers.aggregate import JoinedSnapshot, WorkerTotals
from consumer.workers.process import WorkerProcess
from consumer.workers.shares import problems, share
from consumer.workers.worker import SLACK_S, job

log = structlog.get_logger("consumer.workers")

STEP_S: Final = 0.1
"""How often the workers are looked after. Not whenever one hands something over: adding up many would cost more."""
HURRY_S: Final = 4.0
"""How long the workers may take to end at once: each ends itself after `run.HURRY_S`, whatever it waits for."""


def supervise(settings: Settings, signals: Signals, workers: int) -> int:
    """Run the workers until a signal stops them. Returns the exit code (docs/architecture.md §9).

    Raises:
        ConfigError: the settings cannot be shared, or the HTTP port cannot be bound; nothing was read.
    """
    wrong = problems(settings, workers)
    if wrong:
        raise ConfigError(wrong)
    supervisor = Supervisor(_jobs(settings, workers), settings.shutdown_timeout_s + SLACK_S)
    with listening(settings, lambda: supervisor.published) as port:
        progress = RunProgress(StartLine.of(settings, is_dry=False, port=port), time.monotonic)
        progress.begin()
        try:
            return supervisor.run(signals, progress)
        finally:
            supervisor.kill()


def _jobs(settings: Settings, workers: int) -> dict[int, bytes]:
    try:
        return {number: job(number, share(settings, number, workers)) for number in range(1, workers + 1)}
    except (pickle.PicklingError, AttributeError):
        problem = "rules: with --workers, each `call` must name a function by the name it was defined with"
        raise ConfigError([problem]) from None


YOUNG_S: Final = 5.0
"""A worker that has worked for less than this has died young: whatever ended it will soon do so again."""
MOST_YOUNG_DEATHS: Final = 5
"""So many in a row, of the same worker, and the run gives up."""
PAUSE: Final = Backoff(0.5, 30.0, jitter=0.0)


class Restarts:
    """When a worker that died is started again, and when no more. Pure: time is an argument."""

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


class _Slot:
    """A worker's place: the process in it changes."""

    def __init__(self, number: int, task: bytes) -> None:
        self.number, self._task = number, task
        self._restarts = Restarts()
        self.process: WorkerProcess | None = None
        self.due_s: float | None = 0.0
        """When it is to be started; None: no more."""
        self.why = "it is about to start"

    def start(self, now_s: float) -> None:
        self.process = WorkerProcess(self._task, now_s)
        log.info("worker.started", worker=self.number, pid=self.process.pid)

    def empty(self, code: int, now_s: float) -> None:
        """Its process has ended."""
        if self.process is None:
            return
        wait_s = self._restarts.after(self.process.worked_s(now_s))
        self.due_s = None if wait_s is None else now_s + wait_s
        self.why = f"it ended ({_name(code)})"
        self.process.close()
        self.process = None

    def published(self, now_s: float) -> ServiceSnapshot:
        if self.process is None:
            return ServiceSnapshot({}, now_s, unready=(self.why,))
        return self.process.latest or ServiceSnapshot({}, self.process.started_s)


class Supervisor:
    """All workers. It reads no records, and never waits for any of them.

    Args:
        jobs: what each worker is given, by its number.
        patience_s: how long they may take to stop.
    """

    def __init__(self, jobs: dict[int, bytes], patience_s: float) -> None:
        self._slots = [_Slot(number, task) for number, task in jobs.items()]
        self._patience_s = patience_s
        self._totals = WorkerTotals()
        self._until_s: float | None = None
        """While it is stopping: until when the workers may take."""
        self._codes: list[int] = []
        """What has ended the run, and how each worker ended after that."""
        self._reason = ""
        self.published: JoinedSnapshot
        """For other threads to read: replaced, never changed."""
        self._publish(time.monotonic())

    def run(self, signals: Signals, progress: RunProgress) -> int:
        """Until a signal, or a worker that cannot continue, ends it. Returns the exit code."""
        while self._until_s is None or self._running():
            self._step(signals, time.monotonic())
            progress.step(self.published)
        code = verdict(self._codes, is_interrupted=signals.is_interrupted)
        say = log.info if code in _IN_ORDER else log.error
        say("workers.stopped", code=code, why=self._reason or _WHY[code])
        return code

    def kill(self) -> None:
        """Leave none behind, whatever happened."""
        for process in self._running():
            process.kill()

    def _step(self, signals: Signals, now_s: float) -> None:
        while signals.received:
            self._pass_on(signals.received.popleft(), now_s)
        for slot in self._slots:
            self._look_after(slot, now_s)
        if self._until_s is not None and now_s > self._until_s:
            self._reason = "a worker did not stop in time and was ended; its events will be sent again"
            self.kill()
        self._publish(now_s)
        time.sleep(STEP_S)

    def _pass_on(self, number: signal.Signals, now_s: float) -> None:
        log.info("workers.signal", signal=number.name)
        if number not in ENDING:
            for process in self._running():
                process.pass_on(number)
        elif self._until_s is None:
            self._stop(now_s)
        else:
            self._until_s = min(self._until_s, now_s + HURRY_S)
            for process in self._running():
                process.hurry()

    def _stop(self, now_s: float) -> None:
        self._until_s = now_s + self._patience_s
        for process in self._running():
            process.stop()

    def _look_after(self, slot: _Slot, now_s: float) -> None:
        process = slot.process
        if process is None:
            if self._until_s is None and slot.due_s is not None and now_s >= slot.due_s:
                slot.start(now_s)
            return
        code = process.ended()  # before the last look into its pipe, or what it wrote in between would be lost
        process.read_snapshots(now_s)
        if code is not None:
            self._ended(slot, process, code, now_s)

    def _ended(self, slot: _Slot, process: WorkerProcess, code: int, now_s: float) -> None:
        if process.latest is not None:
            self._totals.add_dead(process.latest)
        slot.empty(code, now_s)
        if self._until_s is not None:
            self._codes.append(code)
            return
        self._totals.count_death()
        is_over = code in _FINAL or slot.due_s is None
        if is_over:
            self._codes.append(code if code in _FINAL else UNFINISHED)
            self._reason = _FINAL.get(code, f"worker {slot.number} dies again and again soon after its start")
            self._stop(now_s)
        wait_s = None if is_over or slot.due_s is None else round(slot.due_s - now_s, 1)
        log.error("worker.ended", worker=slot.number, why=_name(code), starts_again_in_s=wait_s)

    def _running(self) -> Sequence[WorkerProcess]:
        return [slot.process for slot in self._slots if slot.process is not None]

    def _publish(self, now_s: float) -> None:
        self.published = self._totals.joined({slot.number: slot.published(now_s) for slot in self._slots})


_FINAL: Final = {
    UNUSABLE_CONFIG: "a worker finds the configuration unusable",
    UNFINISHED: "a worker was removed from the group; give no two runs the same group.instance.id",
}
"""Exit codes of a worker that a new start would not fix."""
_IN_ORDER: Final = (OK, INTERRUPTED)
_WHY: Final = {
    OK: "all workers have stopped",
    INTERRUPTED: "all workers have stopped, after Ctrl-C",
    UNFINISHED: "a worker left something unfinished; its events will be sent again",
    BUG: "a worker met a bug while it stopped",
    UNUSABLE_CONFIG: _FINAL[UNUSABLE_CONFIG],
}
"""Exit code of the run → why, where nothing else has ended it."""


def verdict(codes: Sequence[int], *, is_interrupted: bool = False) -> int:
    """The exit code of the run, by what ended it and how its workers ended; `is_interrupted`: by Ctrl-C.

    A worker that a signal ended has left something unfinished.
    """
    for grave in (UNUSABLE_CONFIG, BUG):
        if grave in codes:
            return grave
    if any(codes):
        return UNFINISHED
    return INTERRUPTED if is_interrupted else OK


def _name(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}: {signal.strsignal(-code)}"
