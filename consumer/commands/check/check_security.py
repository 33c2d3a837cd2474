"""What of the connections is open to eavesdroppers or impostors, and whether the process may have enough of them."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings
from consumer.open_files import REMEDY, needed, possible


def security_findings(settings: Settings) -> Iterator[Finding]:
    """Connects to nothing. Texts hold no part of an address, which may hold a password."""
    yield from _plain_http(settings)
    yield from _redis_findings(settings)
    yield from _kafka_findings(settings)


def _plain_http(settings: Settings) -> Iterator[Finding]:
    if is_plain_beyond_loopback(settings.delivery.base_url):
        text = "http:// beyond this machine: access tokens and events can be read on the way; write https://"
        yield Finding(Level.WARNING, "delivery.base_url", text)
    registry = settings.avro.registry
    addresses = str(registry.properties.get("url", "")) if registry is not None else ""
    if any(is_plain_beyond_loopback(address.strip()) for address in addresses.split(",")):
        text = "http:// beyond this machine: schemas can be changed on the way, and credentials read; write https://"
        yield Finding(Level.WARNING, "avro.registry.url", text)


def _redis_findings(settings: Settings) -> Iterator[Finding]:
    url = settings.dedupe.redis_url
    if url is None or settings.dedupe.store != "redis":
        return
    options = parse_qs(urlsplit(url.get_secret_value()).query)
    if "none" in (value.lower() for value in options.get("ssl_cert_reqs", ())):
        text = "ssl_cert_reqs=none: anyone between can pose as Redis; name its authority with ssl_ca_certs"
        yield Finding(Level.WARNING, "dedupe.redis_url", text)
    if {value.lower() for value in options.get("ssl_check_hostname", ())} & {"false", "0", "no", "f", "n"}:
        text = "ssl_check_hostname is off: any certificate of its authority can pose as Redis"
        yield Finding(Level.WARNING, "dedupe.redis_url", text)


def _kafka_findings(settings: Settings) -> Iterator[Finding]:
    if settings.kafka.properties.get("enable.ssl.certificate.verification", "").lower() in {"false", "f", "0"}:
        text = "certificates of the brokers are not verified: anyone between can pose as one"
        yield Finding(Level.WARNING, "kafka.properties.enable.ssl.certificate.verification", text)
    if settings.kafka.properties.get("ssl.endpoint.identification.algorithm", "").lower() == "none":
        text = "names in the brokers' certificates are not verified: any certificate of their authority will do"
        yield Finding(Level.WARNING, "kafka.properties.ssl.endpoint.identification.algorithm", text)


def open_files_findings(settings: Settings) -> Iterator[Finding]:
    """Of the machine and user that `check` runs as."""
    if possible() < needed(settings):
        text = f"this process may have {possible()} open, and `run` may need {needed(settings)}; {REMEDY}"
        yield Finding(Level.WARNING, "open files", text)


def is_plain_beyond_loopback(url: str) -> bool:
    """Whether an address is http:// and not of this machine."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme.lower() != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
