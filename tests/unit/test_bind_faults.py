"""An address that cannot be listened on: why, and a remedy that fits."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from consumer import cli
from consumer import run as running
from consumer.bind_faults import bind_problem
from consumer.config import parse
from consumer.core.errors import ConfigError
from consumer.sandbox import server
from consumer.service.publish.published import ServiceSnapshot

OWN: Final = "choose an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(98, "in use"), "(Address already in use); choose another port, or end what listens there"),
        (
            OSError(99, "Cannot assign (while attempting to bind on address ('h', 1))"),
            f"(Cannot assign requested address); {OWN}",
        ),
        (OSError(13, "denied"), "(Permission denied); choose a port from 1024 on"),
        (OSError(24, "files"), "(Too many open files); choose another address"),
        (socket.gaierror(-2, "Name or service not known"), f"(Name or service not known); {OWN}"),
        (UnicodeError("label empty or too long"), f"(that is no name of a host); {OWN}"),
    ],
)
def test_the_remedy_fits_the_fault(error: OSError | UnicodeError, said: str) -> None:
    assert bind_problem("h", 1, error) == f"h:1 cannot be listened on {said}"


def test_an_address_of_six_has_its_brackets() -> None:
    assert bind_problem("::1", 80, OSError(13, "")).startswith("[::1]:80 cannot")


def failing(error: Exception) -> Callable[..., Iterator[None]]:
    def fail(*_: object, **__: object) -> Iterator[None]:
        raise error

    return fail


def test_the_sandbox_says_it_and_ends_with_78(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "serve", failing(socket.gaierror(-2, "Name or service not known")))

    with pytest.raises(SystemExit) as end:
        cli.main(["sandbox", "--host", "nosuchhost.invalid"])

    assert end.value.code == 78
    said = f"nosuchhost.invalid:8088 cannot be listened on (Name or service not known); {OWN}"
    assert capsys.readouterr().err == f"{said}\n"


SETTINGS: Final = parse(
    "kafka: {bootstrap_servers: 'x:1', topics: [t], group_id: g}\n"
    "pixels: {shop: {pixel_code: C, access_token: t}}\nrules: [{name: a, pixel: shop}]\n"
    "http: {listen: '192.0.2.1:9464'}\n",
    {},
)


def listened() -> None:
    with running.listening(SETTINGS, lambda: ServiceSnapshot({}, 0.0)):
        raise OSError(28, "no space")  # of the service


def test_run_says_it_as_a_problem_of_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "serving", failing(OSError(99, "")))

    with pytest.raises(ConfigError) as caught:
        listened()

    assert caught.value.problems == (
        f"http.listen: 192.0.2.1:9464 cannot be listened on (Cannot assign requested address); {OWN}",
    )


def test_what_fails_in_the_service_is_none_of_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def serving(*_: object) -> Iterator[int]:
        yield 9464

    monkeypatch.setattr(running, "serving", serving)

    with pytest.raises(OSError, match="no space"):
        listened()
