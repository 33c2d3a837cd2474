"""The command line of `run`."""

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from consumer.cli.options import Config, unix_ms
from consumer.cli.startup import import_structlog_alone, settings_of

if TYPE_CHECKING:
    from consumer.config import Settings
    from consumer.signals import Signals
    from consumer.wiring import Replaced

DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Outside of the group: decide and count, send nothing, commit nothing."),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="WHEN",
        help="With --dry-run, where to start: `earliest`, `2h` ago, or an ISO 8601 time with its zone. "
        "Parked and replayed records are left out then. Default: where the group stands.",
    ),
]
TestEventCode = Annotated[
    str | None,
    typer.Option("--test-event-code", metavar="CODE", help="Send everything to Test Events. Needs --group."),
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="GROUP", help="With --test-event-code: the consumer group to read with."),
]
_MOST_WORKERS: Final = 1000
"""More than a machine has cores."""
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=_MOST_WORKERS,
        help="Number of processes, each a member of the group, behind one HTTP port.",
    ),
]


def run_command(
    config: Config = None,
    *,
    dry_run: DryRun = False,
    from_when: From = None,
    test_event_code: TestEventCode = None,
    group: Group = None,
    workers: Workers = 1,
) -> None:
    """Run the service until SIGTERM, which ends it with 0, or Ctrl-C: with 130."""
    if (test_event_code is None) != (group is None):
        raise typer.BadParameter("--test-event-code and --group go together: a test must not move the group's offsets")
    if from_when is not None and not dry_run:
        raise typer.BadParameter("--from goes with --dry-run")
    if workers > 1 and dry_run:
        raise typer.BadParameter("--workers share a group's partitions, and --dry-run is outside of the group")
    import_structlog_alone()
    from consumer.log_limits import LIMITS
    from consumer.wiring import Replaced, as_test, dry

    settings, replaced = settings_of(config, LIMITS), Replaced()
    if test_event_code is not None and group is not None:
        if group == settings.kafka.group_id:
            raise typer.BadParameter(
                "--group must be another one than kafka.group_id: what a test has read, the real run would not read"
            )
        settings = as_test(settings, test_event_code, group)
    if dry_run:
        settings, replaced = dry(settings, None if from_when is None else unix_ms("--from", from_when, time.time()))
    raise typer.Exit(_run(settings, replaced, workers))


def _run(settings: "Settings", replaced: "Replaced", workers: int) -> int:
    from consumer.exit_codes import INTERRUPTED, OK
    from consumer.open_files import raise_limit
    from consumer.signals import Signals

    raise_limit(settings)
    signals = Signals()
    with signals.caught():
        code = _run_until(signals, settings, replaced, workers)
    return INTERRUPTED if code == OK and signals.is_interrupted else code


def _run_until(signals: "Signals", settings: "Settings", replaced: "Replaced", workers: int) -> int:
    from consumer import run as running

    if workers == 1:
        return running.run(settings, signals, replaced)
    from consumer.workers.supervisor import supervise

    return supervise(settings, signals, workers)


def worker_command(numbers_fd: int) -> None:
    """One of the processes of `run --workers`, which starts it; its settings stand in standard input."""
    import_structlog_alone()
    from consumer.workers.worker import work

    raise typer.Exit(work(numbers_fd))
