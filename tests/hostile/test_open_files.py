"""The limit of open files is raised as far as it goes, and a low one is said."""

import resource
from typing import Final

import pytest
from structlog.testing import capture_logs

from consumer import open_files
from consumer.commands.check import check_security
from consumer.commands.check.check_security import open_files_findings
from consumer.config.loading import parse
from tests.parts.part import CHECKOUT

SETTINGS: Final = parse(
    """
kafka: {bootstrap_servers: "b:1", topics: [one], group_id: g}
pixels: {shop: {pixel_code: C, access_token: t}}
rules: [{name: all, pixel: shop}]
delivery: {max_in_flight: 44}
""",
    {},
)


class Limits:
    """The limits of a process that does not exist."""

    def __init__(self, soft: int, hard: int) -> None:
        self.soft, self.hard = soft, hard

    def get(self, _: int) -> tuple[int, int]:
        return self.soft, self.hard

    def set(self, _: int, limits: tuple[int, int]) -> None:
        self.soft, self.hard = limits


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    fake = Limits(1024, 524_288)
    monkeypatch.setattr(resource, "getrlimit", fake.get)
    monkeypatch.setattr(resource, "setrlimit", fake.set)
    return fake


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1024, 4096, 4096),
        (1024, 524_288, 65_536),
        (1024, resource.RLIM_INFINITY, 65_536),
        (100_000, 524_288, 100_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
    ],
)
def test_the_soft_limit_is_raised_and_never_lowered(limits: Limits, soft: int, hard: int, raised: int) -> None:
    limits.soft, limits.hard = soft, hard

    with capture_logs() as lines:
        open_files.raise_limit(SETTINGS)

    assert (limits.soft, limits.hard) == (raised, hard)
    assert lines == []


def test_a_low_limit_is_said(limits: Limits) -> None:
    limits.soft, limits.hard = 256, 499

    with capture_logs() as lines:
        open_files.raise_limit(SETTINGS)

    assert [(line["event"], line["limit"], line["needed"]) for line in lines] == [("run.few_open_files", 499, 500)]


def test_a_low_limit_of_open_files_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_security, "possible", lambda: 256)
    (finding,) = open_files_findings(SETTINGS)
    assert finding.level == "warning"
    assert "256" in finding.text

    monkeypatch.setattr(check_security, "possible", lambda: 65_536)
    assert list(open_files_findings(SETTINGS)) == []


def test_the_unit_has_them() -> None:
    lines = (CHECKOUT / "deploy/systemd/tiktok-consumer.service").read_text().splitlines()

    [files] = [line for line in lines if line.startswith("LimitNOFILE=")]
    assert int(files.partition("=")[2]) >= 65_536
