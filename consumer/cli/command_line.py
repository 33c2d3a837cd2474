"""The commands. Each reads the command line, calls what does the work, and turns the end into an exit code.

What only one command needs is imported when it runs: `--help` and `run` do not wait for it.
"""

import sys
from collections.abc import Sequence
from typing import Final

import typer

from consumer.cli.configuration_cli import check_command, init_command, schema_command
from consumer.cli.demo_cli import demo_command
from consumer.cli.dlq_cli import dlq
from consumer.cli.output import UnwrittenError, finished
from consumer.cli.records_cli import cases_command, explain_command, outcomes_command
from consumer.cli.registration import Group, Version, register
from consumer.cli.run_cli import run_command, worker_command
from consumer.cli.sandbox_cli import sandbox_command
from consumer.cli.startup import log_for_people, settings_of
from consumer.cli.top_cli import top_command
from consumer.exit_codes import BUG, OK, UNUSABLE_CONFIG, UNUSABLE_INPUT, UNWRITTEN
from consumer.terminal import complain, printable

_USAGE_ERROR: Final = 2
"""What typer exits with; nothing else here does."""

app = typer.Typer(
    cls=Group,
    name="tiktok-consumer",
    help="Reads Avro event records from Kafka, and delivers them to TikTok's Events API: each one settled.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _commands(context: typer.Context, *, version: Version = False) -> None:  # its callback acts
    context.obj = settings_of  # for the commands of `dlq`


register(app, "run", run_command, "run --config consumer.yaml")
app.command("worker", hidden=True)(worker_command)
register(app, "explain", explain_command, "explain --topic web-events --partition 0 --offset 42")
register(app, "outcomes", outcomes_command, "outcomes --event-id order-123 --since 7d")
register(app, "demo", demo_command, "demo --keep")
register(app, "check", check_command, "check --config consumer.yaml --rate 500")
register(app, "test", cases_command, "test cases --update")
register(app, "init", init_command, "init --schema web_event.avsc -o consumer.yaml")
register(app, "schema", schema_command, "schema > consumer.schema.json")
register(app, "sandbox", sandbox_command, "sandbox --port 8088")
register(app, "top", top_command, "top --url http://127.0.0.1:9464")
app.add_typer(dlq, name="dlq")


def run_command_line(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says, and exit. Exit codes: docs/architecture.md §9."""
    sys.exit(finished(_code_of(arguments)))


def _code_of(arguments: Sequence[str] | None) -> int:
    try:
        app(args=arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else OK
        return UNUSABLE_INPUT if code == _USAGE_ERROR else code
    except UnwrittenError:
        return UNWRITTEN  # what was wrong with it, `finished` says
    except Exception as error:  # the outermost frame: Kafka still has the records
        return _failed(error)
    return OK


def _failed(error: Exception) -> int:
    import structlog

    from consumer.core.errors import ConfigError

    if isinstance(error, ConfigError):
        for problem in error.problems:
            complain(printable(problem, is_multiline=True))
        return UNUSABLE_CONFIG
    if not structlog.is_configured():
        log_for_people()
    log = structlog.get_logger("consumer")
    log.error("run.bug", exc_info=error)
    return BUG
