"""The edge to TikTok and its fake keep one contract: each request gets exactly one answer, in time, come what may."""

import datetime
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from structlog.testing import capture_logs

from consumer.adapters.access_tokens import AccessTokens
from consumer.adapters.tiktok_client import TikTokClient
from consumer.core.deliver.request import Request
from consumer.core.errors import ConfigError
from consumer.core.model import Answer
from tests.support.fakes import FakeSender
from tests.support.far_end import ENVELOPE, FarEnd, unused_url
from tests.support.wait import wait_until

TIMEOUT_S = 2.0
"""Where a request is to run out of time."""
PATIENT_S = 60.0
"""Everywhere else: on a busy machine, a good answer takes its time as well."""
SLACK_S = 8.0

# What the far end does, and what comes of it: status, failure.
CASES: dict[str, tuple[int | None, str | None]] = {
    "accept": (200, None),
    "forbid": (401, None),
    "html": (502, None),
    "slow down": (429, None),
    "redirect": (302, None),
    "chatter": (200, None),
    "huge": (200, None),
    "say goodbye": (200, None),
    "half a body": (None, "protocol"),
    "half a header": (None, "protocol"),
    "nothing": (None, "protocol"),
    "garbage": (None, "protocol"),
    "headers without end": (None, "protocol"),
    "reset": (None, "reset"),
    "silence": (None, "timeout"),
    "drip headers": (None, "timeout"),
    "drip body": (None, "timeout"),
    "read slowly": (None, "timeout"),
}


class Sender(Protocol):
    def send(self, request: Request) -> None: ...
    def answers(self) -> list[tuple[int, Answer]]: ...
    def changed_tokens(self) -> list[str]: ...
    def close(self, timeout_s: float) -> None: ...


class End:
    """A sender, what tells its far end how to behave, and how long the sender waits for that."""

    def __init__(self, sender: Sender, behave: Callable[[str], None], timeout_s: float = PATIENT_S) -> None:
        self.sender = sender
        self.behave = behave
        self.timeout_s = timeout_s

    def exchange(self, number: int = 0, body: bytes = b"{}") -> Answer:
        self.sender.send(request(number, body))
        ((answered, answer),) = self.answers(1)
        assert answered == number
        return answer

    def answers(self, count: int, timeout_s: float = PATIENT_S + SLACK_S) -> list[tuple[int, Answer]]:
        taken: list[tuple[int, Answer]] = []

        def all_came() -> bool:
            taken.extend(self.sender.answers())
            return len(taken) >= count

        wait_until(all_came, timeout_s, what=f"{count} answers", every_s=0.005)
        return taken


def request(number: int = 0, body: bytes = b"{}", pixel: str = "shop") -> Request:
    return Request(number, pixel, (), body, False)


def real(url: str, connections: int = 4, timeout_s: float = PATIENT_S) -> TikTokClient:
    tokens = AccessTokens({"shop": SecretStr("token-1"), "blog": SecretStr("token-2")})
    return TikTokClient(url, tokens, timeout_s, connections)


def fake_end() -> End:
    fake = FakeSender()

    def behave(behaviour: str) -> None:
        status, failure = CASES[behaviour]
        body = ENVELOPE if status == 200 else b""
        retry_after = "7" if behaviour == "slow down" else None
        fake.judge = lambda request: Answer(status, body, 0.1, retry_after, failure)

    return End(fake, behave)


@pytest.fixture(params=["fake", "real"])
def end(request: pytest.FixtureRequest) -> Iterator[End]:
    if request.param == "fake":
        yield fake_end()
        return
    _, failure = CASES[request.node.callspec.params.get("behaviour", "accept")]
    timeout_s = TIMEOUT_S if failure == "timeout" else PATIENT_S
    with FarEnd() as far_end:
        sender = real(far_end.url, timeout_s=timeout_s)
        yield End(sender, far_end.behave, timeout_s)
        sender.close(1.0)


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as far_end:
        yield far_end


# The contract, of both.


@pytest.mark.parametrize("behaviour", CASES)
def test_every_request_gets_one_answer_in_time_and_the_next_one_too(end: End, behaviour: str) -> None:
    end.behave(behaviour)
    begun_s = time.monotonic()

    answer = end.exchange(7, body=b"x" * 8_000_000 if behaviour == "read slowly" else b"{}")

    assert time.monotonic() - begun_s < end.timeout_s + SLACK_S
    assert (answer.status, answer.failure) == CASES[behaviour]
    assert (answer.body == b"") or answer.status is not None
    assert 0 < answer.elapsed_s < end.timeout_s + SLACK_S

    end.behave("accept")
    assert end.exchange(8).status == 200
    assert end.sender.answers() == []


def test_an_answer_has_the_body_and_the_retry_after_header(end: End) -> None:
    end.behave("accept")
    assert (end.exchange().body, end.exchange().retry_after) == (ENVELOPE, None)

    end.behave("slow down")
    assert end.exchange().retry_after == "7"


def test_many_requests_each_get_their_own_answer(end: End) -> None:
    end.behave("accept")
    for number in range(100):
        end.sender.send(request(number))

    answers = end.answers(100)

    assert sorted(number for number, _ in answers) == list(range(100))


def test_no_token_has_changed_by_itself(end: End) -> None:
    assert list(end.sender.changed_tokens()) == []


def test_is_closed_without_ado(end: End) -> None:
    end.behave("accept")
    end.exchange()

    end.sender.close(1.0)


# The real one's own.


def test_sends_the_request_as_tiktok_wants_it(far_end: FarEnd) -> None:
    sender = End(real(far_end.url + "/"), far_end.behave)
    sender.exchange(body=b'{"data":[]}')

    head, _, body = far_end.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert lines[0] == "POST /open_api/v1.3/event/track/ HTTP/1.1"
    assert body == b'{"data":[]}'
    assert headers["access-token"] == "token-1"
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == "11"
    assert "authorization" not in headers


def test_each_pixel_has_its_own_token(far_end: FarEnd) -> None:
    sender = End(real(far_end.url), far_end.behave)
    sender.sender.send(request(pixel="blog"))
    sender.answers(1)

    assert b"token-2" in far_end.requests[0]
    assert b"token-1" not in far_end.requests[0]


def test_a_token_file_that_changes_is_used_from_then_on(far_end: FarEnd, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    sender = TikTokClient(far_end.url, AccessTokens({"shop": file}, look_every_s=0.0), PATIENT_S, 1)
    end = End(sender, far_end.behave)
    end.exchange()

    file.write_text("second-token")

    assert sender.changed_tokens() == ["shop"]
    end.exchange()
    assert [token in raw for raw, token in zip(far_end.requests, (b"first", b"second-token"), strict=True)] == [
        True
    ] * 2


def test_a_token_file_that_cannot_be_used_is_told(far_end: FarEnd, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    sender = TikTokClient(far_end.url, AccessTokens({"shop": file}, look_every_s=0.0), TIMEOUT_S, 1)
    end = End(sender, far_end.behave)

    file.write_text('"second-token"')

    assert [sender.changed_tokens(), sender.changed_tokens()] == [[], []]
    assert sender.unusable_tokens() == {"shop": f"{file} does not hold an access token alone"}
    end.exchange()
    assert b"first" in far_end.requests[0]


def test_a_connection_is_kept_for_the_next_request(far_end: FarEnd) -> None:
    end = End(real(far_end.url), far_end.behave)
    for _ in range(5):
        end.exchange()

    assert far_end.connections == 1


def test_reads_no_more_of_an_answer_than_an_envelope_could_need(far_end: FarEnd) -> None:
    far_end.behave("huge")

    assert len(End(real(far_end.url), far_end.behave).exchange().body) == 64 * 1024


def test_slow_requests_do_not_hold_up_others_or_the_caller(far_end: FarEnd) -> None:
    timeout_s = 5.0  # in which the fourth must be answered
    end = End(real(far_end.url, connections=4, timeout_s=timeout_s), far_end.behave)
    far_end.behave("silence")
    begun_s = time.monotonic()
    for number in range(3):
        end.sender.send(request(number))
    assert time.monotonic() - begun_s < 2 * timeout_s  # three that waited would take three of them
    wait_until(lambda: len(far_end.requests) == 3, 30.0, what="three requests", every_s=0.005)
    far_end.behave("accept")

    end.sender.send(request(3))

    assert [number for number, _ in end.answers(1)] == [3]
    assert {answer.failure for _, answer in end.answers(3)} == {"timeout"}


def test_nobody_at_home_is_a_failure_to_connect() -> None:
    answer = End(real(unused_url()), lambda behaviour: None).exchange()

    assert (answer.status, answer.failure) == (None, "connect")


def test_a_name_that_nobody_has_is_a_failure_to_connect() -> None:
    answer = End(real("http://tiktok.invalid"), lambda behaviour: None).exchange()

    assert answer.failure == "connect"


def named(far_end: FarEnd) -> str:
    return far_end.url.replace("127.0.0.1", "tiktok.invalid")


def stream_at(address: str, port: int) -> tuple[Any, ...]:
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


def test_a_name_with_an_address_that_fails_is_reached_at_the_next(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(far_end.url.rsplit(":", 1)[1])
    found = [stream_at("127.0.0.2", port), stream_at("127.0.0.1", port)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)

    assert End(real(named(far_end)), far_end.behave).exchange().body == ENVELOPE


class SlowNames:
    """Name servers that do not answer until they are told to."""

    def __init__(self, address: str, port: int) -> None:
        self.asked = 0
        self.answer = threading.Event()
        self._found = [stream_at(address, port)]

    def __call__(self, *_: object) -> list[tuple[Any, ...]]:
        self.asked += 1
        self.answer.wait(60.0)
        return self._found


@pytest.fixture
def names(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowNames]:
    slow = SlowNames("127.0.0.1", int(far_end.url.rsplit(":", 1)[1]))
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    yield slow
    slow.answer.set()


def test_a_name_that_is_looked_up_for_long_is_part_of_the_timeout(far_end: FarEnd, names: SlowNames) -> None:
    end = End(real(named(far_end), timeout_s=TIMEOUT_S), far_end.behave)
    for number in range(20):
        end.sender.send(request(number))

    answers = end.answers(20)

    assert {answer.failure for _, answer in answers} == {"timeout"}
    assert max(answer.elapsed_s for _, answer in answers) < TIMEOUT_S + SLACK_S
    assert names.asked == 1  # all wait for the same look-up
    names.answer.set()
    assert end.exchange().body == ENVELOPE


def test_closing_does_not_wait_for_a_name(far_end: FarEnd, names: SlowNames) -> None:
    sender = TikTokClient(named(far_end), AccessTokens({"shop": SecretStr("token-1")}), 30.0, 2)
    sender.send(request())
    wait_until(lambda: names.asked == 1, 30.0, what="the look-up", every_s=0.005)
    begun_s = time.monotonic()

    sender.close(0.2)

    assert time.monotonic() - begun_s < 20
    assert not [t for t in threading.enumerate() if t.name == "name-lookup" and not t.daemon]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(certificate: Path) -> None:
    with FarEnd(certificate) as far_end:
        answer = End(real(far_end.url), far_end.behave).exchange()

        assert (answer.status, answer.failure) == (None, "tls")
        assert far_end.requests == []


def test_a_certificate_of_ssl_cert_file_is_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with FarEnd(certificate) as far_end:
        assert End(real(far_end.url), far_end.behave).exchange().body == ENVELOPE
        end = End(real(far_end.url, timeout_s=TIMEOUT_S), far_end.behave)
        for behaviour in ("drip headers", "drip body", "silence"):
            far_end.behave(behaviour)
            assert end.exchange().failure == "timeout"


def test_a_server_that_speaks_no_tls_is_a_tls_failure(far_end: FarEnd) -> None:
    far_end.behave("speak first")
    url = far_end.url.replace("http:", "https:")

    assert End(real(url), far_end.behave).exchange().failure == "tls"


def test_goes_through_the_proxy_that_the_environment_names(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", far_end.url.replace("//", "//user:secret@"))
    monkeypatch.setenv("no_proxy", "")

    assert End(real("http://tiktok.invalid"), far_end.behave).exchange().body == ENVELOPE
    assert far_end.requests[0].startswith(b"POST http://tiktok.invalid/open_api/v1.3/event/track/ HTTP/1.1")
    assert b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" in far_end.requests[0]


def test_a_proxy_without_a_scheme_is_an_http_proxy(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", far_end.url.removeprefix("http://"))
    monkeypatch.setenv("no_proxy", "")

    assert End(real("http://tiktok.invalid"), far_end.behave).exchange().body == ENVELOPE


def test_a_proxy_that_refuses_the_tunnel_is_a_failure_to_connect(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", far_end.url)
    monkeypatch.setenv("no_proxy", "")
    far_end.behave("html")

    assert End(real("https://tiktok.invalid"), far_end.behave).exchange().failure == "connect"


def test_goes_past_the_proxy_where_no_proxy_says_so(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", unused_url())
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert End(real(far_end.url), far_end.behave).exchange().body == ENVELOPE


def test_a_proxy_of_another_kind_is_a_fault_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://user:secret@127.0.0.1:1080")
    monkeypatch.setenv("no_proxy", "")

    with pytest.raises(ConfigError) as caught:
        real("http://tiktok.invalid")

    assert "secret" not in str(caught.value)


def test_a_bug_is_an_answer_too_and_logged_without_values(far_end: FarEnd) -> None:
    end = End(real(far_end.url), far_end.behave)
    with capture_logs() as logs:
        end.sender.send(request(5, pixel="no such pixel"))
        ((number, answer),) = end.answers(1)

    assert (number, answer.status, answer.failure) == (5, None, "protocol")
    (line,) = logs
    assert (line["event"], line["request"], line["error"]) == ("request.bug", 5, "KeyError")
    assert any("reveal" in frame for frame in line["frames"])
    assert "no such pixel" not in str(line)


def test_closing_waits_no_longer_than_told(far_end: FarEnd) -> None:
    far_end.behave("silence")
    sender = TikTokClient(far_end.url, AccessTokens({"shop": SecretStr("token-1")}), 30.0, 2)
    sender.send(request())
    wait_until(lambda: len(far_end.requests) == 1, 30.0, what="the request", every_s=0.005)
    begun_s = time.monotonic()

    sender.close(0.2)

    assert 0.1 < time.monotonic() - begun_s < 20
