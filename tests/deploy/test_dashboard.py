"""What can be said of the dashboard without a Prometheus. That its expressions find data: `tests/system`."""

import re
from itertools import combinations
from typing import Any, Final

import pytest

from consumer.metrics import DECLARED, PREFIX
from tests.support.dashboard import DASHBOARD, FOLDER, expressions, links, panels, rows, variables
from tests.support.exposed_metrics import exposed_names
from tests.support.rules import CHECKOUT, RUNBOOK, anchors, load, metrics_of

STAGES: Final = ["read", "decode", "route", "map", "normalize", "validate", "dedupe", "batch", "deliver", "settle"]
BESIDE: Final = ["At a glance", "Connections", "Rules", "Reasons", "The process"]
NARROWED: Final = 'namespace=~"$namespace", job=~"$group", instance=~"$instance"'
_OF_EVERY_PROCESS: Final = {
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
}
_WIDTH: Final = 24


def test_its_sections_are_the_stages_of_a_records_way_in_order() -> None:
    stages = [title for title in rows() if title not in BESIDE]

    assert [word for title in stages for word in title.split(" → ")] == STAGES
    assert [title for title in rows() if title in BESIDE] == BESIDE


def test_every_metric_that_it_shows_is_one_of_the_service_or_standard_and_all_of_the_service_are_shown() -> None:
    shown = {name for _, expression in expressions() for name in metrics_of(expression)}

    assert shown <= exposed_names() | _OF_EVERY_PROCESS
    assert {_family(name) for name in exposed_names()} <= {_family(name) for name in shown}


def test_every_expression_is_narrowed_down_to_what_was_chosen() -> None:
    for title, expression in expressions():
        assert expression.count("{" + NARROWED) == expression.count("{"), title


def test_what_is_told_of_each_pixel_is_narrowed_down_to_those_chosen() -> None:
    of_pixels = {f"{PREFIX}{each.name}" for each in DECLARED if "pixel" in each.labels}
    for title, expression in expressions():
        for name, selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
            assert ('pixel=~"$pixel"' in selector) == (name.removesuffix("_total") in of_pixels), title


def test_no_counter_is_shown_as_it_stands_for_that_is_what_a_process_counted_since_it_began() -> None:
    raw = re.compile(r"(?<!rate\()(?<!increase\()(?<!last_over_time\()\btiktok_consumer_\w+_total\{[^}]*\}(?! offset)")

    assert {title for title, expression in expressions() if raw.search(expression)} == {"Ledger"}


def test_every_panel_says_what_it_shows() -> None:
    assert [panel["title"] for panel in panels() if not panel["description"].strip()] == []


def test_delay_and_request_time_are_heat_maps_of_buckets() -> None:
    maps = {panel["title"]: panel["targets"] for panel in panels() if panel["type"] == "heatmap"}

    assert list(maps) == ["Time of a request", "From Kafka to TikTok"]
    for [target] in maps.values():
        assert (target["format"], target["legendFormat"]) == ("heatmap", "{{le}}")
        assert target["expr"].startswith("sum by (le) (increase(tiktok_consumer_")


@pytest.mark.parametrize("title", ["Lag", "Lag in seconds"])
def test_lag_has_thresholds_wherever_it_is_shown(title: str) -> None:
    found = [panel["fieldConfig"]["defaults"] for panel in panels() if panel["title"] == title]

    assert len(found) == 2
    for defaults in found:
        assert [step["color"] for step in defaults["thresholds"]["steps"]] == ["green", "yellow", "red"]


def test_what_an_operator_sees_first_leads_to_what_to_do() -> None:
    [start, end] = [DASHBOARD["panels"].index(row) for row in DASHBOARD["panels"] if row["type"] == "row"][:2]
    glance = {panel["title"] for panel in DASHBOARD["panels"][start + 1 : end]}
    led = {title for title, _ in links()}

    assert glance - led == {"Settled per second"}


def test_every_link_leads_to_a_section_of_the_operators_page_or_to_a_status_page() -> None:
    sections = anchors(CHECKOUT / "docs/operating.md")
    elsewhere = []
    for title, address in links():
        page, _, anchor = address.partition("#")
        if page == RUNBOOK:
            assert not anchor or anchor in sections, title
        else:
            elsewhere.append((title, address))

    assert elsewhere == [("Processes", "http://${__value.text}/")]


def test_no_two_panels_overlap_or_share_an_id() -> None:
    everything = DASHBOARD["panels"]

    assert len({panel["id"] for panel in everything}) == len(everything)
    assert all(place["x"] + place["w"] <= _WIDTH for place in (panel["gridPos"] for panel in everything))
    for one, other in combinations(everything, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    assert list(variables()) == ["datasource", "namespace", "group", "instance", "pixel"]
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
