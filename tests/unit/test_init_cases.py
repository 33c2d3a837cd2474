"""The first cases that `init` writes beside the configuration: they pass, and hold an event."""

import io
import json
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import structs

from consumer.commands.cases import run_cases
from consumer.commands.init import InitOptions, write_first_config
from consumer.config import load
from consumer.config.reference.json_schema import json_schema
from tests.support.schemas import AT, CURRENCY, ID, MONEY, field, optional, record

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "init"
SHIPPED: Final = Path(__file__).parents[2] / "schemas" / "web_event.avsc"
PIXEL: Final = {"TIKTOK_PIXEL_CODE": "PIXEL", "TIKTOK_ACCESS_TOKEN": "made-up-token"}
REGISTRY: Final = "http://127.0.0.1:1"
"""Where nothing answers: cases are for a CI that has no registry."""
ANYWHERE: Final = pytest.mark.parametrize("registry", [None, REGISTRY], ids=["plain", "registry"])


def first_config(folder: Path, schema: Path, registry: str | None = None, **more: Any) -> str:
    out = io.StringIO()
    asked = InitOptions(topic="t", schema=schema, output=folder / "consumer.yaml", registry=registry, **more)
    assert write_first_config(asked, out) == 0
    return out.getvalue()


def tried(folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    return run_cases(load(folder / "consumer.yaml", PIXEL), folder / "cases", out, is_update=False), out.getvalue()


def expected(folder: Path, name: str) -> Any:
    return json.loads((folder / "cases" / f"{name}.expected.json").read_text())


@ANYWHERE
@pytest.mark.parametrize("schema", [*sorted(GOLDEN.glob("*.avsc")), SHIPPED], ids=lambda path: path.stem)
def test_a_first_case_passes_and_is_an_event_with_its_amount_and_its_person(
    tmp_path: Path, schema: Path, registry: str | None
) -> None:
    first_config(tmp_path, schema, registry)

    code, said = tried(tmp_path)
    (found,) = (tmp_path / "cases").glob("*.expected.json")
    (event,) = json.loads(found.read_text())

    assert (code, said.splitlines()[-1]) == (0, "1 passed, 0 failed")
    assert event["event_time"] == 1_768_478_400
    assert event["properties"]["value"] == 39.98
    assert {"email", "external_id"} & event["user"].keys()
    assert event["event_id"] == "order-1001"


def test_nanoseconds_are_a_time_without_unit_and_the_case_s_are_of_its_day(tmp_path: Path) -> None:
    nanos = {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-nanos"}}
    schema = tmp_path / "s.avsc"
    schema.write_text(json.dumps(record("R", field("event_name", "string"), ID, nanos, field("email", "string"))))
    first_config(tmp_path, schema)

    assert tried(tmp_path)[0] == 0
    assert [each["event_time"] for each in expected(tmp_path, "r")] == [1_768_478_400]


def test_a_field_that_is_called_a_hash_holds_one(tmp_path: Path) -> None:
    schema = tmp_path / "s.avsc"
    fields = [field(name, "string") for name in ("event_name", "user_email_sha256", "phone_hash")]
    schema.write_text(json.dumps(record("R", *fields, ID, AT)))
    first_config(tmp_path, schema)

    value = json.loads((tmp_path / "cases" / "r.record.json").read_text())["value"]
    [event] = expected(tmp_path, "r")

    assert tried(tmp_path)[0] == 0
    assert event["user"] == {"email": value["user_email_sha256"], "phone": value["phone_hash"]}


def test_what_to_type_next_can_be_typed_wherever_the_file_is(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()

    said = first_config(folder, GOLDEN / "flat.avsc")

    next_words = shlex.split(said.partition("Look at them, then:")[2])
    assert next_words.count(str(folder / "consumer.yaml")) == 2


def test_the_first_line_names_the_schema_for_editors_which_is_beside_it(tmp_path: Path) -> None:
    first_config(tmp_path, GOLDEN / "flat.avsc")

    line = (tmp_path / "consumer.yaml").read_text().splitlines()[0]

    assert line == "# yaml-language-server: $schema=consumer.schema.json"
    assert json.loads((tmp_path / "consumer.schema.json").read_text()) == json_schema()


@pytest.mark.parametrize("registry", [None, REGISTRY])
def test_what_the_registry_holds_is_kept_beside_the_cases(tmp_path: Path, registry: str | None) -> None:
    first_config(tmp_path, GOLDEN / "flat.avsc", registry)

    kept = [path.name for path in (tmp_path / "cases").glob("*.avsc")]

    assert len(kept) == (registry is not None)


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "consumer.schema.json"
    mine.write_text(schema := (GOLDEN / "flat.avsc").read_text())
    asked = InitOptions(topic="t", schema=mine, output=tmp_path / "consumer.yaml", is_forced=True)

    assert write_first_config(asked, io.StringIO()) == 64
    assert write_first_config(structs.replace(asked, schema=GOLDEN / "flat.avsc", is_forced=False), io.StringIO()) == 64
    assert mine.read_text() == schema
    assert "name another --output" in " ".join(capsys.readouterr().err.split())


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    asked = InitOptions(topic="t", schema=GOLDEN / "flat.avsc", output=tmp_path, is_forced=True)

    assert write_first_config(asked, io.StringIO()) == 64


@ANYWHERE
def test_each_type_of_a_topic_has_a_case_of_its_own(tmp_path: Path, registry: str | None) -> None:
    placed = record("OrderPlaced", ID, AT, CURRENCY, field("total", optional(MONEY)), namespace="shop")
    joined = record("SignupCompleted", AT, field("user_email", "string"), namespace="shop")
    other = record("OrderPlaced", ID, AT, namespace="old")
    (tmp_path / "all.avsc").write_text(json.dumps([placed, joined, other]))

    first_config(tmp_path, tmp_path / "all.avsc", registry)

    assert tried(tmp_path)[0] == 0
    assert [each["event"] for each in expected(tmp_path, "signupcompleted")] == ["CompleteRegistration"]
    assert [each["properties"]["value"] for each in expected(tmp_path, "orderplaced")] == [39.98]
    assert [each["event_id"] for each in expected(tmp_path, "orderplaced_2")] == ["order-1001"]


@ANYWHERE
def test_what_the_rule_asks_for_is_there(tmp_path: Path, registry: str | None) -> None:
    status = {"type": "enum", "name": "Status", "symbols": ["CANCELLED", "DONE"]}
    order = record(
        "Order", ID, AT, field("consent", "boolean"), field("is_test", "boolean"), field("order_status", status)
    )
    (tmp_path / "order.avsc").write_text(json.dumps(order))

    first_config(tmp_path, tmp_path / "order.avsc", registry)

    assert tried(tmp_path)[0] == 0
    assert expected(tmp_path, "order")[0]["event"] == "Purchase"


def test_a_new_row_of_debezium(tmp_path: Path) -> None:
    row = record("Value", field("id", "long"), field("total", "double"), CURRENCY)
    rows = (field("before", optional(row)), field("after", optional("Value")))
    envelope = record("Envelope", *rows, field("op", "string"), field("ts_ms", optional("long")), namespace="s.orders")
    (tmp_path / "rows.avsc").write_text(json.dumps(envelope))

    first_config(tmp_path, tmp_path / "rows.avsc")

    assert tried(tmp_path)[0] == 0
    assert expected(tmp_path, "envelope")[0]["properties"]["value"] == 39.98


def test_a_case_that_is_there_stays_unless_told_otherwise(tmp_path: Path) -> None:
    schema = GOLDEN / "order.avsc"
    first_config(tmp_path, schema)
    mine = tmp_path / "cases" / "orderplaced.record.json"
    mine.write_text("{}")
    (tmp_path / "consumer.yaml").unlink()

    first_config(tmp_path, schema)
    assert mine.read_text() == "{}"

    first_config(tmp_path, schema, is_forced=True)
    assert "order-1001" in mine.read_text()


def test_without_a_file_of_its_own_there_is_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert write_first_config(InitOptions(topic="t", schema=GOLDEN / "order.avsc"), io.StringIO()) == 0
    assert list(tmp_path.iterdir()) == []


def test_where_no_record_can_be_made_up_the_configuration_is_written_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "endless.avsc").write_text(json.dumps(record("Endless", ID, field("next", "Endless"))))

    first_config(tmp_path, tmp_path / "endless.avsc")

    assert "no case was written" in capsys.readouterr().err
    assert (tmp_path / "consumer.yaml").exists()
