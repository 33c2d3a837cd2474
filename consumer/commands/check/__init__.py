"""`check`: every finding about a configuration, on a line of its own. Prints nothing itself."""

from consumer.commands.check.check_cluster import client_findings, cluster_findings
from consumer.commands.check.check_outside import redis_findings, registry_findings, tiktok_findings
from consumer.commands.check.check_rate import rate_findings
from consumer.commands.check.check_rules import rule_findings, schema_findings
from consumer.commands.check.check_security import open_files_findings, security_findings
from consumer.commands.check.finding import Finding, Level, is_fatal, of_problem
from consumer.config import Settings
from consumer.config.checks.schema_paths import known_schemas

__all__ = ["Finding", "Level", "check", "is_fatal", "of_problem"]


def check(settings: Settings, *, offline: bool, rate: float | None) -> list[Finding]:
    """Everything there is to say of settings that could be loaded.

    Args:
        offline: ask neither brokers nor registry, Redis or TikTok.
        rate: events a second, more than 0, to work out memory and records in flight for.
    """
    of_clients = list(client_findings(settings))
    findings = [*of_clients, *rule_findings(settings), *security_findings(settings), *open_files_findings(settings)]
    if rate is not None:
        findings += rate_findings(settings, rate)
    schemas = known_schemas(settings)
    if offline:
        if not schemas:
            text = "its schemas were not asked for; without --offline, the paths of the rules are checked, too"
            findings.append(Finding(Level.NOTE, "avro.registry", text))
        return [*findings, *schema_findings(settings, schemas)]
    return findings + _online(settings, can_connect=not of_clients)


def _online(settings: Settings, *, can_connect: bool) -> list[Finding]:
    of_cluster, chosen = cluster_findings(settings) if can_connect else ([], ())
    topics = chosen or (() if settings.kafka.topic_pattern else settings.kafka.topics)
    of_registry, latest = registry_findings(settings, topics)
    schemas = known_schemas(settings) or latest
    return [
        *of_cluster,
        *of_registry,
        *redis_findings(settings),
        *tiktok_findings(settings),
        *schema_findings(settings, schemas),
    ]
