"""What can be said of the dashboard without a Prometheus. That its expressions find data: `tests/system`."""

from itertools import combinations
from typing import Any, Final

from tests.deploy.test_alert_rules import exposed_names
from tests.support.dashboard import DASHBOARD, FOLDER, expressions, panels, rows, variables
from tests.support.rules import load, metrics_of

STAGES: Final = ["read", "decode", "route", "map", "normalize", "validate", "dedupe", "batch", "deliver", "settle"]
_OF_EVERY_PROCESS: Final = {
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
}
_WIDTH: Final = 24


def test_its_sections_are_the_stages_of_a_records_way_in_order() -> None:
    words = [word for title in rows()[1:-1] for word in title.split(" → ")]

    assert words == STAGES


def test_every_metric_that_it_shows_is_one_of_the_service_or_standard_and_all_of_the_service_are_shown() -> None:
    shown = {name for _, expression in expressions() for name in metrics_of(expression)}

    assert shown <= exposed_names() | _OF_EVERY_PROCESS
    assert {_family(name) for name in exposed_names()} == {_family(name) for name in shown - _OF_EVERY_PROCESS}


def test_every_expression_is_narrowed_down_by_job_and_instance() -> None:
    for title, expression in expressions():
        selectors = expression.count('job=~"$job", instance=~"$instance"')
        assert selectors == expression.count("{"), title


def test_no_two_panels_overlap_or_share_an_id() -> None:
    everything = DASHBOARD["panels"]

    assert len({panel["id"] for panel in everything}) == len(everything)
    assert all(place["x"] + place["w"] <= _WIDTH for place in (panel["gridPos"] for panel in everything))
    for one, other in combinations(everything, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    assert list(variables()) == ["datasource", "job", "instance"]
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_it_is_provisioned_with_a_prometheus_to_ask() -> None:
    [source] = load(FOLDER / "provisioning/datasources/prometheus.yaml")["datasources"]
    [provider] = load(FOLDER / "provisioning/dashboards/tiktok-consumer.yaml")["providers"]

    assert source["type"] == "prometheus"
    assert source["isDefault"]
    assert provider["options"]["path"].endswith("/dashboards")


def _family(name: str) -> str:
    for ending in ("_bucket", "_sum", "_count"):
        name = name.removesuffix(ending)
    return name


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    apart = (
        one["x"] + one["w"] <= other["x"],
        other["x"] + other["w"] <= one["x"],
        one["y"] + one["h"] <= other["y"],
        other["y"] + other["h"] <= one["y"],
    )
    return not any(apart)
