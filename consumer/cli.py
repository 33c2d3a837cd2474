"""The commands. Each reads the command line, calls what does the work, and turns the end into an exit code.

What only one command needs is imported when it runs: `--help` and `run` do not wait for it.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from consumer.commands.dlq.dlq_cli import dlq
from consumer.commands.options import Config, Since, unix_ms
from consumer.terminal import printable

if TYPE_CHECKING:
    import logging

    from consumer.commands.explain import ExplainOptions
    from consumer.config import Settings

WRONG_COMMAND_LINE: Final = 64
UNUSABLE_CONFIG: Final = 78
BUG: Final = 70

app = typer.Typer(
    name="tiktok-consumer",
    help="Reads Avro event records from Kafka, and delivers them to TikTok's Events API: each one settled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(dlq, name="dlq")


@app.callback()
def _commands(context: typer.Context) -> None:
    context.obj = _settings  # for the commands that are made elsewhere


@app.command("run")
def run_command(
    config: Config = None,
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Outside of the group: decide and count, send nothing, commit nothing."),
    ] = False,
    from_when: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WHEN",
            help="With --dry-run, where to start: `earliest`, `2h` ago, or an ISO 8601 time with its zone. "
            "Default: where the group stands.",
        ),
    ] = None,
    test_event_code: Annotated[
        str | None,
        typer.Option("--test-event-code", metavar="CODE", help="Send everything to Test Events. Needs --group."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="GROUP", help="With --test-event-code: the consumer group to read with."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, help="So many processes of the group, behind one HTTP port."),
    ] = 1,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    if (test_event_code is None) != (group is None):
        raise typer.BadParameter("--test-event-code and --group go together: a test must not move the group's offsets")
    if from_when is not None and not dry_run:
        raise typer.BadParameter("--from goes with --dry-run")
    if workers > 1 and dry_run:
        raise typer.BadParameter("--workers share a group's partitions, and --dry-run is outside of the group")
    from consumer import run as running
    from consumer.log_limits import LIMITS
    from consumer.open_files import raise_limit
    from consumer.signals import Signals
    from consumer.wiring import Replaced, as_test, dry

    settings, replaced = _settings(config, LIMITS), Replaced()
    if test_event_code is not None and group is not None:
        settings = as_test(settings, test_event_code, group)
    if dry_run:
        settings, replaced = dry(settings, None if from_when is None else unix_ms("--from", from_when, time.time()))
    raise_limit(settings)
    signals = Signals()
    with signals.caught():
        if workers == 1:
            raise typer.Exit(running.run(settings, signals, replaced))
        from consumer.workers.supervisor import supervise

        raise typer.Exit(supervise(settings, signals, workers))


@app.command("worker", hidden=True)
def worker_command(numbers_fd: int) -> None:
    """One of the processes of `run --workers`, which starts it; its settings stand in standard input."""
    from consumer.workers.worker import work

    raise typer.Exit(work(numbers_fd))


@app.command("explain")
def explain_command(
    config: Config = None,
    *,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            "-f",
            metavar="F",
            help="Records as .json (one, a list, or one a line; `$key`, `$headers`, `$timestamp` beside `value` give "
            "Kafka's part), an Avro container .avro, a raw value .bin, or - for any of these.",
        ),
    ] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="T", help="Read one record of this topic.")] = None,
    partition: Annotated[int | None, typer.Option("--partition", metavar="P", min=0, help="With --topic.")] = None,
    offset: Annotated[int | None, typer.Option("--offset", metavar="O", min=0, help="With --topic.")] = None,
    last: Annotated[
        int | None,
        typer.Option("--last", metavar="N", min=1, help="With --topic: a rehearsal on its last N records, counted."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Decide by the rules of this file instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a record, one a line.")] = False,
) -> None:
    """Say what becomes of a record, and why. Reads outside of the group; sends and commits nothing."""
    from msgspec import structs

    from consumer.commands.explain import explain_records, with_rules_of

    asked = _asked(file, topic, partition, offset, last)
    settings = _settings(config)
    if rules is not None:
        settings = with_rules_of(rules, settings, os.environ)
    raise typer.Exit(explain_records(settings, structs.replace(asked, is_json=as_json), sys.stdout))


def _asked(
    file: str | None, topic: str | None, partition: int | None, offset: int | None, last: int | None
) -> "ExplainOptions":
    from consumer.commands.explain import ExplainOptions

    match file, topic, partition, offset, last:
        case str(), None, None, None, None:
            return ExplainOptions(file=file)
        case None, str(), int(), int(), None:
            return ExplainOptions(at=(topic, partition, offset))
        case None, str(), None, None, int():
            return ExplainOptions(last=(topic, last))
    raise typer.BadParameter("write --file F, --topic T --partition P --offset O, or --topic T --last N")


@app.command("outcomes")
def outcomes_command(
    event_id: Annotated[str, typer.Option("--event-id", metavar="ID", help="The event_id that TikTok got.")],
    config: Config = None,
    *,
    since: Since = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an outcome, one a line.")] = False,
) -> None:
    """Say what became of an event. Needs outcomes.topic, and reads what `run` wrote there."""
    from consumer.commands.outcomes import outcomes

    since_ms = None if since is None else unix_ms("--since", since, time.time())
    raise typer.Exit(outcomes(_settings(config), event_id, since_ms, sys.stdout, is_json=as_json))


@app.command("demo")
def demo_command(
    keep: Annotated[
        bool, typer.Option("--keep", help="Afterwards leave everything running, and say where, until Ctrl-C.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="F", help="Records of yours, as for `explain`, by your configuration."),
    ] = None,
    config: Config = None,
) -> None:
    """Run everything on this machine with nothing to install, and prove that nothing got lost: exit 1 if not."""
    from consumer.commands.demo import play, show_own
    from consumer.signals import Signals

    _log_for_people()
    if file is None and config is not None:
        raise typer.BadParameter("--config goes with --file: without, the demo has a configuration of its own")
    settings = _settings(config) if file is not None else None
    signals = Signals()
    kept_until = signals.stop if keep else None
    with signals.caught() if keep else nullcontext():
        code = (
            play(sys.stdout, kept_until)
            if settings is None or file is None
            else show_own(settings, file, sys.stdout, kept_until)
        )
    raise typer.Exit(code)


@app.command("check")
def check_command(
    config: Config = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at the file and its schemas alone; ask nobody.")
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="EVENTS_PER_S",
            min=0.001,
            help="Say what memory and how many records in flight the settings need at this rate.",
        ),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="F", help="Check paths against this .avsc file, also offline.")
    ] = None,
    *,
    as_data: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON list.")] = False,
) -> None:
    """Look for everything that is wrong with a configuration; exit 78 if `run` could not work with it."""
    from consumer.commands.check.check_command import run_check
    from consumer.config import load

    _log_for_people()
    is_fine = run_check(
        lambda: load(config, os.environ), offline=offline, rate=rate, schema_file=schema, as_data=as_data
    )
    raise typer.Exit(0 if is_fine else UNUSABLE_CONFIG)


@app.command("test")
def cases_command(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Folder of NAME.record.json files. Default: `cases` beside the file."),
    ] = None,
    config: Config = None,
    *,
    update: Annotated[bool, typer.Option("--update", help="Write what came as NAME.expected.json.")] = False,
) -> None:
    """Try your own cases: what must become of a record. Exit 1 where it is something else, field by field."""
    from consumer.commands.cases import run_cases  # here, since `run` need not wait for it

    settings = _settings(config)
    beside = (settings.path or Path()).parent / "cases"
    raise typer.Exit(run_cases(settings, folder or beside, sys.stdout, is_update=update))


@app.command("init")
def init_command(  # noqa: PLR0917  # typer makes options of them
    topic: Annotated[
        str | None,
        typer.Option("--topic", "-t", metavar="T", help="Topic to read; its schema is the registry's newest for it."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", "-s", metavar="FILE", help="An .avsc to guess from instead.")
    ] = None,
    bootstrap: Annotated[
        str, typer.Option("--bootstrap-servers", "-b", metavar="HOST:PORT", help="Brokers.")
    ] = "localhost:9092",
    registry: Annotated[str | None, typer.Option("--registry", "-r", metavar="URL", help="Schema registry.")] = None,
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Consumer group.")] = "tiktok-events",
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", metavar="NAME=VALUE", help="For the brokers: security.protocol, … Repeatable."),
    ] = None,
    registry_properties: Annotated[
        list[str] | None,
        typer.Option("--registry-property", metavar="NAME=VALUE", help="For the registry's client. Repeatable."),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="For a first try: send to `tiktok-consumer sandbox`, any pixel will do.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a first configuration, guessed from the names of a schema's fields, each guess with why."""
    from consumer.commands.init import InitOptions, write_first_config

    _log_for_people()
    if topic is None and schema is None:
        raise typer.BadParameter("write --topic T or --schema FILE")
    asked = InitOptions(
        topic, schema, bootstrap, registry, group, properties or (), registry_properties or (), sandbox, output, force
    )
    raise typer.Exit(write_first_config(asked, sys.stdout))


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the configuration file, for editors to complete it."""
    import json

    from consumer.config.reference.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2))  # noqa: T201  # what the command is for


@app.command("sandbox")
def sandbox_command(  # noqa: PLR0917  # typer makes options of them
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 8088,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    keep: Annotated[int, typer.Option("--keep", min=0, help="Events kept whole, about 1 KB each.")] = 100_000,
    forget_keys: Annotated[
        bool, typer.Option("--forget-keys", help="Do not count by event_id: for runs of many millions of events.")
    ] = False,
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Accept everything unread: for measuring the sender.")
    ] = False,
    latency: Annotated[str, typer.Option("--latency", metavar="TIME", help="Every answer takes longer by it.")] = "0s",
) -> None:
    """Stand in for TikTok's Events API on this machine: strict, and as unkind as it is told to be."""
    from consumer.config.units import duration_s
    from consumer.sandbox.api import SandboxSettings
    from consumer.sandbox.server import serve

    _log_for_people()
    try:
        latency_ms = duration_s(latency) * 1000
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--latency") from None
    settings = SandboxSettings(keep=keep, forgets_keys=forget_keys, has_checks=not no_checks, latency_ms=latency_ms)
    try:
        serve(port, host=host, settings=settings, on_ready=_tell_sandbox)
    except OSError as error:
        problem = f"{host}:{port} cannot be bound ({error.strerror}); choose another --port"
        print(problem, file=sys.stderr)  # noqa: T201  # for the person at the terminal
        raise typer.Exit(UNUSABLE_CONFIG) from None


def _tell_sandbox(url: str) -> None:
    told = f"Sandbox:     {url}/\nIts base_url: {url}\nStop it with Ctrl-C."
    print(told, flush=True)  # noqa: T201  # for the person at the terminal


def _settings(config: Path | None, lines: "logging.Filter | None" = None) -> "Settings":
    from consumer import logs
    from consumer.config import load
    from consumer.config.checks.schema_paths import schema_problems
    from consumer.core.errors import ConfigError

    settings = load(config, os.environ)
    problems = schema_problems(settings)
    if problems:
        raise ConfigError(problems)
    logs.set_up(settings.log.level, settings.log.format, only=lines)
    return settings


def _log_for_people() -> None:
    """Of a command without a configuration, or before it has one."""
    from consumer import logs

    logs.set_up("info", "console")


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exit codes: docs/architecture.md §9."""
    try:
        app(args=arguments)
    except SystemExit as end:
        sys.exit(WRONG_COMMAND_LINE if end.code == _USAGE_ERROR else end.code)
    except Exception as error:  # the outermost frame: Kafka still has the records
        sys.exit(_failed(error))


def _failed(error: Exception) -> int:
    import structlog

    from consumer.core.errors import ConfigError

    if isinstance(error, ConfigError):
        for problem in error.problems:
            print(printable(problem, is_multiline=True), file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return UNUSABLE_CONFIG
    if not structlog.is_configured():
        _log_for_people()
    log = structlog.get_logger("consumer")
    log.error("run.bug", exc_info=error)
    return BUG


_USAGE_ERROR: Final = 2  # what typer exits with; nothing else here does
