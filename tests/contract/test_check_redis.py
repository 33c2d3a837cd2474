"""What `check` finds of Redis: whether the shared window can use it, tried with the window's own script."""

from collections.abc import Iterator

import pytest

from consumer.commands.check.check_redis import redis_findings
from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings, parse
from tests.support.ports import LOOPBACK
from tests.support.redis import PASSWORD, RedisServer

FILE = """
kafka: {bootstrap_servers: broker:9092, topics: [t], group_id: g}
pixels: {shop: {pixel_code: C, access_token: x}}
rules: [{name: all, pixel: shop}]
"""
FINE = "answers, and does all that the shared window asks of it"


def settings_of(url: str) -> Settings:
    return parse(f"{FILE}dedupe: {{store: redis, redis_url: '{url}'}}\n", {})


def found(url: str) -> list[Finding]:
    findings = list(redis_findings(settings_of(url)))
    assert PASSWORD not in str(findings)
    assert {finding.path for finding in findings} <= {"dedupe.redis_url"}
    return findings


def warning(url: str) -> str:
    [finding] = found(url)
    assert finding.level is Level.WARNING
    return finding.text


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


def user(server: RedisServer, *rights: str) -> str:
    """The address for a user with these rights."""
    server.client.execute_command("ACL", "SETUSER", "u", "reset", "on", ">pw", *rights)  # type: ignore[no-untyped-call]  # published without hints
    return server.url.replace(f":{PASSWORD}@", "u:pw@")


NEEDED = ("~tiktok:*", "+eval", "+set", "+get", "+del", "+exists", "+ping")


def test_redis_that_does_not_answer_is_a_warning_without_its_password() -> None:
    assert f"redis://{LOOPBACK}:1/0 does not answer (ConnectionError)" in warning(f"redis://:{PASSWORD}@{LOOPBACK}:1/0")
    assert list(redis_findings(parse(FILE, {}))) == []


@pytest.mark.server
def test_redis_that_can_be_used_is_fine_and_keeps_nothing_of_it(server: RedisServer) -> None:
    for url in (server.url, user(server, *NEEDED)):
        assert [str(finding) for finding in found(url)] == [f"ok      dedupe.redis_url: {FINE}"]
    assert server.client.dbsize() == 0


@pytest.mark.server
def test_a_right_that_is_missing_is_named(server: RedisServer) -> None:
    for right in ("eval", "set", "get", "del", "exists"):
        text = warning(user(server, *NEEDED, f"-{right}"))
        assert "refuses (NOPERM)" in text
        assert f"its user lacks {right.upper()}: give it these" in text
    assert "lacks the keys tiktok:*" in warning(user(server, "~other:*", "+@all"))


@pytest.mark.server
def test_a_wrong_login_and_a_database_that_is_none_are_told(server: RedisServer) -> None:
    assert "refuses (WRONGPASS); see user and password" in warning(server.url.replace(PASSWORD, "other"))
    assert "refuses (NOAUTH); see user and password" in warning(server.url.replace(f":{PASSWORD}@", ""))
    assert "it has no such database" in warning(server.url.replace("/0", "/99"))


@pytest.mark.server
def test_a_full_redis_and_a_replica_are_told(server: RedisServer) -> None:
    server.client.config_set("maxmemory", 1)
    assert "refuses (OOM); its memory is full" in warning(server.url)
    server.client.config_set("maxmemory", 0)
    server.client.replicaof(LOOPBACK, 1)
    assert "refuses (READONLY); it is a replica" in warning(server.url)


@pytest.mark.server
def test_a_server_without_eval_is_told() -> None:
    with RedisServer(options=("--rename-command", "EVAL", "")) as server:
        assert "refuses (ERR unknown command); EVAL is renamed" in warning(server.url)


@pytest.mark.server
def test_a_cluster_is_told() -> None:
    with RedisServer(options=("--cluster-enabled", "yes")) as server:
        assert "refuses (CROSSSLOT); it is a Redis Cluster" in warning(server.url)
        server.client.config_set("cluster-require-full-coverage", "no")
        server.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8000)  # type: ignore[no-untyped-call]  # as above
        assert "it is a Redis Cluster, which cannot be used" in warning(server.url)


@pytest.mark.server
def test_a_policy_that_forgets_keys_at_the_limit_is_a_warning_where_it_may_be_known(server: RedisServer) -> None:
    server.client.config_set("maxmemory-policy", "volatile-ttl")
    assert [finding.text for finding in found(server.url)] == [FINE]  # no limit, nothing is forgotten

    server.client.config_set("maxmemory", 100_000_000)
    fine, policy = found(server.url)
    assert fine.text == FINE
    assert policy.level is Level.WARNING
    assert "maxmemory-policy is volatile-ttl" in policy.text
    assert "set noeviction" in policy.text
    assert [finding.text for finding in found(user(server, *NEEDED))] == [FINE]
