"""Amounts as schemas write them: what `init` makes of them runs, and gives the right value."""

import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from fastavro import parse_schema, schemaless_writer

from consumer.commands.init import InitOptions, write_first_config
from consumer.config import load
from consumer.config.checks.schema_paths import schema_problems
from consumer.core.model import Decision, Position, Record
from consumer.wiring import decoder_of, pipeline_of
from tests.support.schemas import AT, CURRENCY, ID, LOOSE_MONEY, MONEY, decimal, field, optional, record

AT_MS: Final = 1_762_000_000_000
CONNECT: Final = "org.apache.kafka.connect.data"
Fields = Mapping[str, Any]


def sent(folder: Path, schema: Any, value: Fields) -> dict[str, Any]:
    """The event that becomes of a record by what `init` writes for its schema."""
    (folder / "order.avsc").write_text(json.dumps(schema))
    config = folder / "consumer.yaml"
    asked = InitOptions(topic="t", schema=folder / "order.avsc", output=config, is_for_sandbox=True)
    assert write_first_config(asked, io.StringIO()) == 0
    settings = load(config, {})
    assert schema_problems(settings) == []
    buffer, at = io.BytesIO(), Position("t", 0, 0)
    schemaless_writer(buffer, parse_schema(schema), {"order_id": "o", "created_at": AT_MS, **value})
    written = Record(at, AT_MS, None, buffer.getvalue(), (), at)
    decision = pipeline_of(settings, decoder_of(settings)).decide(written, AT_MS / 1000)
    assert isinstance(decision, Decision)
    assert decision.rejections == ()
    (event,) = decision.events
    found: dict[str, Any] = json.loads(event.body)
    return found


def value_of(folder: Path, schema: Any, value: Fields) -> Any:
    return sent(folder, schema, value).get("properties", {}).get("value")


@pytest.mark.parametrize(
    ("amount", "written", "currency", "expected"),
    [
        (field("amount_cents", "long"), 1999, "EUR", 19.99),
        (field("amount_cents", "long"), 1999, "JPY", 1999),
        (field("amount_cents", "long"), 1999, "KWD", 1.999),
        (field("total_minor", optional("long")), 1999, "HUF", 19.99),
        (field("total_minor", optional("long")), None, "HUF", None),
        (field("total_pence", "int"), 250, "GBP", 2.5),
        (field("total", "long", "in cents"), 1999, "EUR", 19.99),
        (field("total", "long", "Amount in the smallest currency unit"), 1999, "EUR", 19.99),
        (field("total", "double", "in cents"), 1999.0, "EUR", 19.99),
        (field("total_cents", decimal(10, 0)), Decimal(1999), "EUR", 19.99),
        (field("total_cents", "string"), "1999", "EUR", 19.99),
        (field("total_micros", "long"), 19_990_000, "EUR", 19.99),
        (field("total", decimal(10, 2)), Decimal("19.99"), "EUR", 19.99),
        (field("total", decimal(10, 2, **{"connect.name": f"{CONNECT}.Decimal"})), Decimal("5.50"), "EUR", 5.5),
        # What only sounds like it stays as it is: 0.19 would be as wrong as 1999.
        (field("total", "double", "in dollars and cents"), 19.99, "USD", 19.99),
        (field("total", "long", "whole dollars, not cents"), 19, "USD", 19),
        (field("total", "double"), 19.99, "USD", 19.99),
    ],
)  # fmt: skip
def test_parts_of_the_unit_are_divided(
    tmp_path: Path, amount: dict[str, Any], written: Any, currency: str, expected: Any
) -> None:
    schema = record("Order", ID, AT, amount, CURRENCY)

    assert value_of(tmp_path, schema, {amount["name"]: written, "currency": currency}) == expected


def test_without_a_currency_cents_are_hundredths(tmp_path: Path) -> None:
    assert value_of(tmp_path, record("Order", ID, AT, field("total_cents", "long")), {"total_cents": 1999}) == 19.99


def test_what_the_record_around_it_says_counts_for_a_whole_number(tmp_path: Path) -> None:
    amount = record("Amount", field("value", "long"), CURRENCY, doc="An amount in cents")
    schema = record("Order", ID, AT, field("total", amount))

    assert value_of(tmp_path, schema, {"total": {"value": 1999, "currency": "USD"}}) == 19.99


@pytest.mark.parametrize("cents", range(0, 100, 7))
def test_units_and_nanos_are_exact(tmp_path: Path, cents: int) -> None:
    schema = record("Order", ID, AT, field("total", MONEY))

    for units in (0, 1, 19, 1_234_567):
        money = {"currency_code": "EUR", "units": units, "nanos": cents * 10_000_000}
        assert value_of(tmp_path, schema, {"total": money}) == float(f"{units}.{cents:02}")
        (tmp_path / "consumer.yaml").unlink()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"total": {"currency_code": "EUR", "units": 5, "nanos": 250_000_000}}, 5.25),
        ({"total": {"currency_code": "EUR", "units": 5, "nanos": None}}, 5),
        ({"total": {"currency_code": "EUR", "units": None, "nanos": None}}, None),
        ({"total": None}, None),
        (None, None),
    ],
)
def test_a_record_without_its_amount_is_an_event_all_the_same(tmp_path: Path, order: Any, expected: Any) -> None:
    inner = record("Details", field("total", optional(LOOSE_MONEY)))
    schema = record("OrderPlaced", ID, AT, field("order", optional(inner)))

    assert value_of(tmp_path, schema, {"order": order}) == expected


def test_prices_of_products_are_divided_and_summed(tmp_path: Path) -> None:
    item = record("Item", field("sku", "string"), field("unit_price_cents", "long"), field("quantity", "int"))
    schema = record("Order", ID, AT, CURRENCY, field("items", {"type": "array", "items": item}))
    bought = [{"sku": "a", "unit_price_cents": 1999, "quantity": 3}]

    properties = sent(tmp_path, schema, {"currency": "EUR", "items": bought})["properties"]

    assert (properties["value"], properties["contents"][0]["price"]) == (59.97, 19.99)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ({"type": "long", "connect.name": "io.debezium.time.Timestamp"}, AT_MS),
        ({"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}, AT_MS * 1_000),
        ({"type": "long", "connect.name": "io.debezium.time.NanoTimestamp"}, AT_MS * 1_000_000),
        ({"type": "string", "connect.name": "io.debezium.time.ZonedTimestamp"}, "2025-11-01T12:26:40Z"),
        ({"type": "long", "connect.name": "org.apache.kafka.connect.data.Timestamp"}, AT_MS),
        ({"type": "long", "connect.name": f"{CONNECT}.Timestamp", "logicalType": "timestamp-millis"}, AT_MS),
        (optional({"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}), AT_MS * 1_000),
    ],
)  # fmt: skip
def test_times_count_what_connect_and_debezium_say(tmp_path: Path, moment: Any, written: Any) -> None:
    schema = record("Order", ID, field("created_at", moment))

    assert sent(tmp_path, schema, {"created_at": written})["event_time"] == AT_MS // 1000


def test_a_new_row_of_debezium_is_an_event_with_its_own_time_and_amount(tmp_path: Path) -> None:
    row = record(
        "Value",
        field("order_id", "string"),
        field("total", decimal(10, 2)),
        field("currency", optional("string")),
        field("created_at", {"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}),
        field("order_date", {"type": "int", "connect.name": "io.debezium.time.Date"}),
    )
    envelope = record(
        "Envelope",
        *(field("before", optional(row)), field("after", optional("Value")), field("op", "string")),
        field("ts_ms", optional("long")),
        namespace="server.shop.orders",
    )
    after = {"order_id": "7", "total": Decimal("19.99"), "currency": "EUR", "created_at": AT_MS * 1000, "order_date": 1}

    event = sent(tmp_path, envelope, {"before": None, "after": after, "op": "c", "ts_ms": AT_MS + 5_000})

    assert (event["event"], event["event_time"], event["event_id"]) == ("Purchase", AT_MS // 1000, "7")
    assert event["properties"] == {"value": 19.99, "currency": "EUR", "order_id": "7"}
