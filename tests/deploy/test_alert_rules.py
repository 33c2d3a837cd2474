"""What is promised of the alert rules beside their expressions. What Prometheus says of those: `test_promtool`."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.exposed_metrics import exposed_names
from tests.support.rules import CHECKOUT, RUNBOOK, TESTS, alerts, anchors, load, metrics_of, rules

ALERTS: Final = alerts()
EVERY_ALERT: Final = pytest.mark.parametrize("name", ALERTS)
_FIRING: Final = re.compile(r'ALERTS\{alertname="(\w+)", alertstate="firing"\}')
_STANDARD: Final = {"up", "process_start_time_seconds"}


@EVERY_ALERT
def test_every_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on(name: str) -> None:
    rule = ALERTS[name]

    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert all(text.strip() for text in rule["annotations"].values())


@EVERY_ALERT
def test_every_runbook_is_a_section_of_the_operators_page(name: str) -> None:
    address, _, anchor = ALERTS[name]["annotations"]["runbook_url"].partition("#")

    assert address == RUNBOOK
    assert anchor in anchors(CHECKOUT / "docs/operating.md")


@EVERY_ALERT
def test_every_label_that_an_alert_tells_is_there_when_it_fires(name: str) -> None:
    told = set(re.findall(r"\$labels\.(\w+)", ALERTS[name]["annotations"]["description"]))
    [firing, *_] = [sample for samples in cases(name) for sample in samples]

    assert told <= set(re.findall(r'(\w+)="', firing["labels"]))


@EVERY_ALERT
def test_every_alert_has_a_firing_and_a_quiet_case(name: str) -> None:
    found = list(cases(name))

    assert any(found), "no case in which it fires"
    assert not all(found), "no case in which it is quiet"


@EVERY_ALERT
def test_no_alert_is_quiet_just_for_lack_of_numbers(name: str) -> None:
    recorded = {rule["record"]: metrics_of(rule["expr"]) for rule in rules() if "record" in rule}
    read = {raw for metric in metrics_of(ALERTS[name]["expr"]) for raw in recorded.get(metric, {metric})}

    for test, asked in questions(name):
        given = {series["series"].partition("{")[0] for series in test["input_series"]}
        assert asked["exp_samples"] or read <= given, test["name"]


def test_every_metric_that_a_rule_reads_is_one_of_the_service_or_standard() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}

    for rule in rules():
        assert metrics_of(rule["expr"]) <= recorded | _STANDARD | exposed_names(), rule


def questions(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """promtool's tests that ask whether this alert fires, each with the question."""
    for test in (test for file in TESTS for test in load(file)["tests"]):
        for asked in test["promql_expr_test"]:
            found = _FIRING.fullmatch(asked["expr"])
            if found and found[1] == name:
                yield test, asked


def cases(name: str) -> Iterator[list[dict[str, Any]]]:
    """What is expected each time that promtool is asked whether this alert fires."""
    return (asked["exp_samples"] for _, asked in questions(name))
