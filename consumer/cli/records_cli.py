"""The command lines of what is about records: `explain`, `outcomes` and `test`."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumer.cli.options import MOST, MOST_OFFSET, MOST_PARTITION, Config, Since, place, unix_ms
from consumer.cli.startup import settings_of

if TYPE_CHECKING:
    from consumer.commands.explain import ExplainOptions


_File = Annotated[
    str | None,
    typer.Option(
        "--file",
        "-f",
        metavar="F",
        help="Records as .json (one, a list, or one a line; `$key`, `$headers`, `$timestamp`, `$schema` next to "
        "`value` give Kafka's part), an Avro container .avro, a raw value .bin, or - for any of these.",
    ),
]
_Schema = Annotated[
    Path | None,
    typer.Option("--schema", metavar="F", help="With --file: the .avsc of JSON records whose schema is in a registry."),
]
_Last = Annotated[
    int | None,
    typer.Option(
        "--last", metavar="N", min=1, max=MOST, help="With --topic: a rehearsal on its newest N records, counted."
    ),
]
_Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help="Decide by the rules (and pixels) of this file instead."),
]
_ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Show the texts that were hashed, next to their digests.")
]


def explain_command(
    config: Config = None,
    *,
    file: _File = None,
    schema: _Schema = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="T", help="Read one record of this topic.")] = None,
    partition: Annotated[
        int | None, typer.Option("--partition", metavar="P", min=0, max=MOST_PARTITION, help="With --topic.")
    ] = None,
    offset: Annotated[
        int | None, typer.Option("--offset", metavar="O", min=0, max=MOST_OFFSET, help="With --topic.")
    ] = None,
    last: _Last = None,
    rules: _Rules = None,
    show_values: _ShowValues = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a record, one a line.")] = False,
) -> None:
    """Say what becomes of a record, and why. Reads outside of the group; sends and commits nothing."""
    from msgspec import structs

    from consumer.commands.explain import explain_records, with_rules_of

    asked = _asked(file, topic, partition, offset, last)
    if schema is not None and file is None:
        raise typer.BadParameter("--schema is for the records of --file; those of a topic say what they are")
    settings = settings_of(config)
    if rules is not None:
        settings = with_rules_of(rules, settings, os.environ)
    asked = structs.replace(asked, schema=schema, is_json=as_json, shows_values=show_values)
    raise typer.Exit(explain_records(settings, asked, sys.stdout))


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


def outcomes_command(
    config: Config = None,
    *,
    event_id: Annotated[
        str | None, typer.Option("--event-id", metavar="ID", help="Of the event with this event_id.")
    ] = None,
    order_id: Annotated[
        str | None,
        typer.Option("--order-id", metavar="ID", help="Of an order's events: reads the topics for its records, too."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="T:P:O", help="Of a record: topic, partition, offset of where it first stood."),
    ] = None,
    since: Since = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an outcome, one a line.")] = False,
) -> None:
    """Say what became of an event, an order or a record. Needs outcomes.topic, and reads what `run` wrote there."""
    if sum(given is not None for given in (event_id, order_id, at)) != 1:
        raise typer.BadParameter("write exactly one of --event-id ID, --order-id ID and --at TOPIC:PARTITION:OFFSET")
    from consumer.commands.outcomes import OutcomeQuery, outcomes

    since_ms = None if since is None else unix_ms("--since", since, time.time())
    query = OutcomeQuery(event_id, order_id, None if at is None else place(at), since_ms)
    raise typer.Exit(outcomes(settings_of(config), query, sys.stdout, is_json=as_json))


def cases_command(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="Folder of NAME.record.json files. Default: `cases` in the configuration's folder."
        ),
    ] = None,
    config: Config = None,
    *,
    update: Annotated[bool, typer.Option("--update", help="Write the results as NAME.expected.json.")] = False,
) -> None:
    """Run your own cases: records with their expected results. Exit 1 if one differs, and each difference by field.

    An .avsc file in the folder says what its records are, where the schema is in a registry.
    """
    from consumer.commands.cases import run_cases  # here, since `run` need not wait for it

    settings = settings_of(config)
    usual = (settings.path or Path()).parent / "cases"
    raise typer.Exit(run_cases(settings, folder or usual, sys.stdout, is_update=update))
