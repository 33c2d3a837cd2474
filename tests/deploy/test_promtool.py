"""What Prometheus's own tool says of the rules: they load, and each alert fires and is quiet when it should."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.parts.prebuilt import PROMTOOL
from tests.support.dashboard import expressions, filled_in
from tests.support.rules import RULES, TESTS

pytestmark = pytest.mark.server  # no server, but Prometheus's tool, which `make parts` gets


def test_the_rules_can_be_loaded() -> None:
    promtool("check", "rules", str(RULES))


@pytest.mark.parametrize("file", TESTS, ids=[file.stem for file in TESTS])
def test_every_alert_fires_and_is_quiet_when_it_should(file: object) -> None:
    promtool("test", "rules", str(file))


def test_the_dashboard_shows_the_offsets_lost_in_the_time_shown_and_none_from_before(tmp_path: Path) -> None:
    [expression] = [filled_in(expression, "1h") for title, expression in expressions() if title == "Offsets lost"]
    lost = 'tiktok_consumer_offsets_lost_total{job="tiktok", instance="%s", topic="%s"}'
    series = [
        {"series": lost % ("a", "long-ago"), "values": "0x10 70x110"},
        {"series": lost % ("b", "just-now"), "values": "0x90 40x30"},
        {"series": lost % ("c", "before-the-first-look"), "values": "_x100 80x20"},
    ]
    found = {"long-ago": 0, "just-now": 40, "before-the-first-look": 80}
    samples = [{"labels": f'{{topic="{topic}"}}', "value": value} for topic, value in found.items()]
    asked = [{"expr": f"round({expression})", "eval_time": "2h", "exp_samples": samples}]
    test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    file = tmp_path / "dashboard.yaml"
    file.write_text(json.dumps({"tests": [test]}))  # JSON is YAML, too

    promtool("test", "rules", str(file))


def promtool(*arguments: str) -> None:
    done = subprocess.run([PROMTOOL.path(), *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
