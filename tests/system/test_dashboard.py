"""The Grafana dashboard's expressions, asked of a real Prometheus that scraped a real `run` with everything in it."""

import re
from copy import deepcopy
from typing import Any, Final

from tests.support.dashboard import expressions, filled_in, variables
from tests.support.ports import LOOPBACK
from tests.support.prometheus import JOB, Prometheus
from tests.support.scene import Scene
from tests.support.stream import StreamSettings, make_stream
from tests.support.stream_config import BLOG, RULES
from tests.support.wait import wait_until

SEEN_AGAIN: Final = """
changes(process_start_time_seconds[5m]) > 0
and on (instance) rate(tiktok_consumer_window_warmup_seconds_count[5m]) > 0
and on (instance) rate(tiktok_consumer_records_rewound_total[5m])
"""


def test_every_expression_finds_data_under_load(scene: Scene) -> None:
    """Bad records, copies, bad fields, records that no rule wants, a pixel held and parked, and a restart."""
    scene.sandbox.misbehave({"do": {"code": 40105}, "match": {"pixel": BLOG}})
    service = scene.run(rules=_rules_with_a_bad_field(), delivery={"park": {"after": "1s"}})
    with Prometheus(scene.folder, [service.port]) as prometheus:
        wait_until(lambda: prometheus.query("tiktok_consumer_build_info"), 90, what="Prometheus has scraped")
        scene.produce(make_stream(StreamSettings(count=3_000, duplicates=0.1, bad=0.05), scene.schema_ids()))
        scene.wait_until_settled()
        assert service.stop() == 0
        service.start_again()
        service.wait_until_ready()
        wait_until(lambda: prometheus.query(SEEN_AGAIN), 90, what="Prometheus has seen twice that it started again")
        asked = [(title, filled_in(expression, "5m")) for title, expression in expressions()]

        assert [(title, expression) for title, expression in asked if not prometheus.query(expression)] == []
        assert len(asked) > 50
        found = {
            name: prometheus.label_values(*_question(name)) for name in ("namespace", "group", "instance", "pixel")
        }
        assert found == {
            "namespace": [],
            "group": [JOB],
            "instance": [f"{LOOPBACK}:{service.port}"],
            "pixel": ["blog", "shop"],
        }


def _question(name: str) -> tuple[str, str]:
    """Label and selector of the question by which Grafana fills a variable: `label_values(selector, label)`."""
    [(selector, label)] = re.findall(r"label_values\((.+), (\w+)\)", variables()[name]["query"]["query"])
    return label, filled_in(selector, "5m")


def _rules_with_a_bad_field() -> list[dict[str, Any]]:
    """The stream's rules, with a customer's number for an IP address: it is left out, and counted."""
    rules = deepcopy(RULES)
    rules[0]["map"]["user"]["ip"] = "customer.id"
    return rules
