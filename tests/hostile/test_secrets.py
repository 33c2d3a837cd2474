"""Nobody reads a token on its way or in a core dump unwarned: what `check` says of such connections, and the unit."""

import pytest

from consumer.commands.check.check_security import is_plain_beyond_loopback, security_findings
from consumer.config import Settings
from consumer.config.loading import parse
from tests.parts.part import CHECKOUT

SECRET = "hunter2"


def settings_of(more: str = "", properties: str = "{}") -> Settings:
    return parse(
        f"kafka: {{bootstrap_servers: 'b:1', topics: [t], group_id: g, properties: {properties}}}\n"
        "pixels: {shop: {pixel_code: C, access_token: t}}\nrules: [{name: all, pixel: shop}]\n" + more,
        {},
    )


def paths(settings: Settings) -> list[str]:
    found = list(security_findings(settings))
    assert {finding.level for finding in found} <= {"warning"}
    assert SECRET not in str(found)
    return [finding.path for finding in found]


def redis(url: str) -> Settings:
    return settings_of(f"dedupe: {{store: redis, redis_url: '{url}'}}")


@pytest.mark.parametrize(
    ("url", "is_plain"),
    [
        ("https://tiktok.example", False),
        ("http://tiktok.example", True),
        ("HTTP://10.0.0.1:80", True),
        ("http://[2001:db8::1]:8081", True),
        ("http://localhost:8081", False),
        ("http://sandbox.localhost", False),
        ("http://127.9.9.9", False),
        ("http://[::1]:8081", False),
        ("http://127.0.0.1.attacker.example", True),
        ("http://localhost.example", True),
        ("http://[broken", False),
    ],
)
def test_plain_http_beyond_this_machine_is_seen(url: str, is_plain: bool) -> None:
    assert is_plain_beyond_loopback(url) == is_plain


def test_plain_http_to_tiktok_and_to_the_registry_is_a_warning() -> None:
    assert paths(settings_of("delivery: {base_url: 'http://proxy.example'}")) == ["delivery.base_url"]
    assert paths(settings_of("avro: {registry: {url: 'http://registry:8081'}}")) == ["avro.registry.url"]
    several = "avro: {registry: {url: 'https://a,http://b'}}"
    assert paths(settings_of(several)) == ["avro.registry.url"]


def test_what_is_encrypted_or_stays_on_this_machine_is_fine() -> None:
    assert paths(settings_of()) == []
    assert paths(settings_of("avro: {registry: {url: 'http://localhost:8081'}}")) == []
    assert paths(settings_of("avro: {registry: {url: 'https://registry'}}")) == []
    assert paths(redis(f"rediss://:{SECRET}@redis.example?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required")) == []


@pytest.mark.parametrize("option", ["ssl_cert_reqs=none", "ssl_check_hostname=false", "ssl_check_hostname=No"])
def test_a_redis_that_anybody_can_pose_as_is_a_warning(option: str) -> None:
    assert paths(redis(f"rediss://:{SECRET}@redis.example/0?{option}")) == ["dedupe.redis_url"]


def test_a_redis_that_is_not_used_is_none() -> None:
    assert paths(settings_of("dedupe: {redis_url: 'rediss://r?ssl_cert_reqs=none'}")) == []


@pytest.mark.parametrize(
    "property", ["enable.ssl.certificate.verification: 'false'", "ssl.endpoint.identification.algorithm: none"]
)
def test_brokers_that_anybody_can_pose_as_are_a_warning(property: str) -> None:
    assert paths(settings_of(properties=f"{{security.protocol: SSL, {property}}}")) == [
        "kafka.properties." + property.split(":")[0]
    ]


def test_no_token_lands_in_a_core_dump() -> None:
    lines = (CHECKOUT / "deploy/systemd/tiktok-consumer.service").read_text().splitlines()

    assert "LimitCORE=0" in lines
