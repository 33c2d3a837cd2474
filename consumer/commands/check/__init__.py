"""`check`: every finding about a configuration, on a line of its own. Prints nothing itself."""

from collections.abc import Mapping
from pathlib import Path

from consumer.commands.check.check_cluster import client_findings, cluster_findings
from consumer.commands.check.check_outside import registry_findings, tiktok_findings
from consumer.commands.check.check_rate import limit_findings, rate_findings
from consumer.commands.check.check_redis import redis_findings
from consumer.commands.check.check_rules import constant_findings, rule_findings, schema_findings
from consumer.commands.check.check_security import open_files_findings, security_findings
from consumer.commands.check.finding import Finding, Level, as_json, is_fatal, of_problem
from consumer.config import Settings
from consumer.config.checks.schema_paths import known_schemas
from consumer.config.document import read_document
from consumer.config.problems import Problems, spell
from consumer.config.schema_files import read_schema_file
from consumer.core.decode.schema import Schema, parse

__all__ = ["Finding", "Level", "as_json", "check", "is_fatal", "of_problem"]


def check(settings: Settings, *, offline: bool, rate: float | None, schema_file: Path | None = None) -> list[Finding]:
    """Everything there is to say of settings that could be loaded, with the lines of their file.

    Args:
        offline: ask neither brokers nor registry, Redis or TikTok.
        rate: events a second, more than 0, to work out memory and records in flight for.
        schema_file: an .avsc file to check paths against, instead of the schemas that are configured or registered.
    """
    lines = _lines(settings)
    return [with_line(finding, lines) for finding in _all(settings, offline, rate, schema_file)]


def _all(settings: Settings, offline: bool, rate: float | None, schema_file: Path | None) -> list[Finding]:
    of_clients = list(client_findings(settings))
    findings = [*of_clients, *rule_findings(settings), *security_findings(settings), *open_files_findings(settings)]
    findings += limit_findings(settings)
    if rate is not None:
        findings += rate_findings(settings, rate)
    given, of_file = _given(schema_file)
    findings += of_file
    schemas = given or known_schemas(settings)
    if offline:
        if not schemas:
            findings += constant_findings(settings)
            text = "its schemas were not asked for; without --offline, the paths of the rules are checked, too"
            findings.append(Finding(Level.NOTE, "avro.registry", text))
        return [*findings, *schema_findings(settings, schemas)]
    return findings + _online(settings, given, can_connect=not of_clients)


def _given(schema_file: Path | None) -> tuple[tuple[Schema, ...], list[Finding]]:
    if schema_file is None:
        return (), []
    try:
        return (parse(read_schema_file(schema_file).schema),), []
    except ValueError as fault:
        return (), [Finding(Level.ERROR, "--schema", str(fault))]


def _lines(settings: Settings) -> dict[str, int]:
    """Line of each place of the file, by its spelling; none where the settings did not come from a file."""
    if settings.path is None or not settings.path.is_file():
        return {}
    problems = Problems()
    read_document(settings.path.read_text("utf-8"), {}, problems)
    return {spell(place): line for place, line in problems.lines.items()}


def with_line(finding: Finding, lines: Mapping[str, int]) -> Finding:
    """The finding with the line of its place, or of the nearest one around it."""
    path = finding.path
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return finding if finding.line or path not in lines else finding._replace(line=lines[path])


def _online(settings: Settings, given: tuple[Schema, ...], *, can_connect: bool) -> list[Finding]:
    of_cluster, chosen = cluster_findings(settings) if can_connect else ([], ())
    topics = chosen or (() if settings.kafka.topic_pattern else settings.kafka.topics)
    of_registry, latest = registry_findings(settings, topics)
    schemas = given or known_schemas(settings) or latest
    return [
        *of_cluster,
        *of_registry,
        *redis_findings(settings),
        *tiktok_findings(settings),
        *schema_findings(settings, schemas),
    ]
