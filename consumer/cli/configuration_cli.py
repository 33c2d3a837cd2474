"""The command lines of what is about the configuration file: `check`, `init` and `schema`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.options import Config, rate_per_s
from consumer.cli.startup import log_for_people
from consumer.exit_codes import UNUSABLE_CONFIG


def check_command(
    config: Config = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Check the file and its schemas alone; connect to nothing.")
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="EVENTS_PER_S",
            parser=rate_per_s,
            help="Estimate the memory and the records in flight that the settings need at this rate.",
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

    log_for_people()
    is_fine = run_check(
        lambda: load(config, os.environ), offline=offline, rate=rate, schema_file=schema, as_data=as_data
    )
    raise typer.Exit(0 if is_fine else UNUSABLE_CONFIG)


_Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")]


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
        typer.Option("--property", metavar="NAME=VALUE", help="For the brokers, as security.protocol. Repeatable."),
    ] = None,
    registry_properties: Annotated[
        list[str] | None,
        typer.Option("--registry-property", metavar="NAME=VALUE", help="For the registry's client. Repeatable."),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="For a first try: send to `tiktok-consumer sandbox`, any pixel will do.")
    ] = False,
    output: _Output = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Write a first configuration, guessed from the names of a schema's fields, each guess with its reason."""
    from consumer.commands.init import InitOptions, write_first_config

    log_for_people()
    if topic is None and schema is None:
        raise typer.BadParameter("write --topic T or --schema FILE")
    file = None if output == Path("-") else output
    asked = InitOptions(
        topic, schema, bootstrap, registry, group, properties or (), registry_properties or (), sandbox, file, force
    )
    raise typer.Exit(write_first_config(asked, sys.stdout))


def schema_command() -> None:
    """Print the JSON Schema of the configuration file, for editors to complete it."""
    from consumer.config.reference.json_schema import json_schema_text

    sys.stdout.write(json_schema_text())
