"""What Prometheus's own tool says of the rules: they load, and each alert fires and is quiet when it should."""

import subprocess

import pytest

from tests.parts.prebuilt import PROMTOOL
from tests.support.rules import RULES, TESTS

pytestmark = pytest.mark.server  # no server, but Prometheus's tool, which `make parts` gets


def test_the_rules_can_be_loaded() -> None:
    promtool("check", "rules", str(RULES))


@pytest.mark.parametrize("file", TESTS, ids=[file.stem for file in TESTS])
def test_every_alert_fires_and_is_quiet_when_it_should(file: object) -> None:
    promtool("test", "rules", str(file))


def promtool(*arguments: str) -> None:
    done = subprocess.run([PROMTOOL.path(), *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
