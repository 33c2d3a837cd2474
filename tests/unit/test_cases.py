"""`test`: the user's own cases."""

import io
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from consumer.commands.cases import run_cases
from consumer.commands.cases.case_result import differences
from consumer.config import Settings, load

CONFIG: Final = """
kafka: {bootstrap_servers: "localhost:1", topics: [t], group_id: g}
avro: {framing: plain, schema: order.avsc}
pixels: {shop: {pixel_code: P, access_token: made-up}}
rules:
  - name: purchases
    when: [{field: kind, equals: order}]
    pixel: shop
    map: {event: {const: Purchase}, event_time: {path: at, unit: s}, event_id: id}
"""
SCHEMA: Final = {
    "type": "record",
    "name": "Order",
    "fields": [{"name": "kind", "type": "string"}, {"name": "at", "type": "long"}, {"name": "id", "type": "string"}],
}
ORDER: Final = {"kind": "order", "at": 1_600_000_000, "id": "o-1"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "order.avsc").write_text(json.dumps(SCHEMA))
    (tmp_path / "consumer.yaml").write_text(CONFIG)
    (tmp_path / "cases").mkdir()
    return load(tmp_path / "consumer.yaml", {})


def cases_of(settings: Settings) -> Path:
    assert settings.path is not None
    return settings.path.parent / "cases"


def put(settings: Settings, name: str, value: Any) -> Path:
    path = cases_of(settings) / name
    path.write_text(json.dumps(value))
    return path


def tried(settings: Settings, *, is_update: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    return run_cases(settings, cases_of(settings), out, is_update=is_update), out.getvalue()


def test_a_case_that_comes_out_as_expected_passes_however_old_its_event_is(settings: Settings) -> None:
    put(settings, "order.record.json", ORDER)
    expected = [{"event": "Purchase", "event_time": 1_600_000_000, "event_id": "o-1"}]
    put(settings, "order.expected.json", expected)

    code, said = tried(settings)

    assert (code, said.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_a_difference_is_shown_field_by_field_and_ends_with_1(settings: Settings) -> None:
    put(settings, "order.record.json", ORDER)
    put(settings, "order.expected.json", [{"event": "Lead", "event_time": 1_600_000_000, "event_id": "o-1", "x": 1}])

    code, said = tried(settings)

    assert code == 1
    assert '  [0].event: expected "Lead", came "Purchase"\n  [0].x: expected 1, is missing\n' in said


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**ORDER, "kind": "visit"}, "no_rule"),
        ({**ORDER, "at": -5}, "normalize.event_time"),
        ({"$timestamp": 1_900_000_000_000, "value": ORDER}, "validate.event_too_old"),
    ],
)
def test_a_reason_can_be_expected(settings: Settings, record: dict[str, Any], reason: str) -> None:
    put(settings, "none.record.json", record)
    put(settings, "none.expected.json", {"reason": reason})

    assert tried(settings)[0] == 0


def test_update_writes_what_came_and_the_next_run_passes(settings: Settings) -> None:
    put(settings, "both.record.json", [ORDER, {**ORDER, "kind": "visit"}])

    first, written, again = tried(settings), tried(settings, is_update=True), tried(settings)

    assert first[0] == 1
    assert "no both.expected.json; write it with --update" in first[1]
    assert (written[0], "1 written" in written[1]) == (0, True)
    assert again == (0, f"ok       {cases_of(settings) / 'both.record.json'}\n1 passed, 0 failed\n")
    expected = json.loads((cases_of(settings) / "both.expected.json").read_text())
    assert [type(each) for each in expected["records"]] == [list, dict]


def test_without_a_case_it_says_what_to_do(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(settings)[0] == 64
    assert "put NAME.record.json there, then run with --update" in capsys.readouterr().err


@pytest.mark.parametrize("is_update", [False, True])
def test_a_case_that_cannot_be_read_fails_without_its_content_and_the_others_are_tried(
    settings: Settings, is_update: bool
) -> None:
    (cases_of(settings) / "a.record.json").write_text('{"secret')
    (cases_of(settings) / "b.record.json").mkdir()
    (cases_of(settings) / "c.record.json").write_text("")
    put(settings, "d.record.json", ORDER)
    (cases_of(settings) / "d.expected.json").write_text("secret")
    put(settings, "e.record.json", ORDER)
    put(settings, "e.expected.json", [{"event": "Purchase", "event_time": 1_600_000_000, "event_id": "o-1"}])

    code, said = tried(settings, is_update=is_update)

    assert code == 1
    for name, why in (("a", "not JSON"), ("b", "cannot be read"), ("c", "empty"), ("d", "d.expected.json is not JSON")):
        assert re.search(rf"FAILED .*{name}\.record\.json\n  {why}", said), said
    assert said.endswith("1 passed, 4 failed\n")
    assert "secret" not in said


def test_numbers_that_only_look_alike_differ() -> None:
    assert list(differences([{"value": 1}], [{"value": 1.0}])) == ["[0].value: expected 1, came 1.0"]
    assert list(differences([], {"reason": "no_rule"})) == [
        "the whole: expected [], is missing",
        'reason: not expected, came "no_rule"',
    ]


def test_where_the_schema_is_in_a_registry_an_avsc_beside_the_cases_says_what_they_are(tmp_path: Path) -> None:
    at = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    kind, event_id = {"name": "kind", "type": "string"}, {"name": "id", "type": "string"}
    schema = {"type": "record", "name": "Order", "fields": [kind, at, event_id]}
    registry = CONFIG.replace("framing: plain, schema: order.avsc", "registry: {url: 'http://localhost:1'}")
    (tmp_path / "consumer.yaml").write_text(registry.replace("{path: at, unit: s}", "at"))
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "order.record.json").write_text(json.dumps(ORDER | {"at": 1_600_000_000_000}))
    (cases / "order.expected.json").write_text('[{"event": "Purchase", "event_time": 1600000000, "event_id": "o-1"}]')

    without, _ = tried(load(tmp_path / "consumer.yaml", {}))
    (cases / "order.avsc").write_text(json.dumps(schema))
    with_it, said = tried(load(tmp_path / "consumer.yaml", {}))

    assert (without, with_it) == (1, 0), said


def test_without_a_registry_an_avsc_beside_the_cases_changes_nothing(settings: Settings) -> None:
    put(settings, "order.record.json", ORDER)
    put(settings, "order.expected.json", [{"event": "Purchase", "event_time": 1_600_000_000, "event_id": "o-1"}])
    put(settings, "other.avsc", {"type": "record", "name": "Other", "fields": []})

    assert tried(settings)[0] == 0


def test_an_avsc_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry = CONFIG.replace("framing: plain, schema: order.avsc", "registry: {url: 'http://localhost:1'}")
    (tmp_path / "consumer.yaml").write_text(registry)
    (tmp_path / "cases").mkdir()
    settings = load(tmp_path / "consumer.yaml", {})
    put(settings, "order.record.json", ORDER)
    put(settings, "order.avsc", {"type": "nothing"})

    code, _ = tried(settings)

    assert code == 64
    assert "order.avsc: cannot be used as a schema" in " ".join(capsys.readouterr().err.split())
