"""A rehearsal asks only the rules that a record is for."""

import json
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from msgspec import structs

from consumer.commands.explain.explain_command import Explainer
from consumer.commands.explain.records.given_records import read_bytes
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.config import parse

CONFIG: Final = """
kafka: {bootstrap_servers: "localhost:1", topics: [web-events], group_id: g}
pixels: {shop: {pixel_code: P, access_token: made-up}}
rules:
  - {name: leads, pixel: shop, when: [{field: event, equals: Lead}, {field: event_id, exists: true}]}
  - {name: searches, pixel: shop, when: [{field: event_id, exists: true}, {field: event, equals: Search}]}
  - {name: all, pixel: shop}
"""


@pytest.mark.parametrize(
    ("rule", "failed"),
    [(None, {"leads": "when[0]", "searches": "when[1]"}), ("leads", {"leads": "when[0]"}), ("all", {})],
)
def test_names_the_first_condition_of_each_rule_that_does_not_hold(rule: str | None, failed: dict[str, str]) -> None:
    settings = parse(CONFIG, {}, Path("consumer.yaml"))
    value = {"event": "Purchase", "event_time": "2026-01-15T12:00:00Z", "event_id": "1"}
    with closing(TopicSchemas(settings)) as schemas:
        explainer = Explainer(settings, schemas)
        (given,) = read_bytes(json.dumps(value).encode(), "r.json", settings, explainer.run_decoder, 0)
        record = structs.replace(given.record, rule=rule)

        found = explainer.first_failed(explainer.decide(record))

        assert {name: condition.place for name, condition in found.items()} == failed
