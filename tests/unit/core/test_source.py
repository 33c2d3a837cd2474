"""Paths as they are written, and what compiled sources find in a record."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Headers, Position, Record, WithRegion, WithUnit
from consumer.core.reasons import Problem, RejectReason
from consumer.core.rules.getters import compile_plain, compile_source
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
    Unreadable,
    format_path,
    parse_path,
)


def decoded(
    fields: dict[str, Any] | None = None,
    key: bytes | None = None,
    timestamp_ms: int = 1_700_000_000_000,
    headers: Headers = (),
    origin: Position | None = None,
) -> Decoded:
    position = Position("web-events", 3, 42)
    return Decoded(Record(position, timestamp_ms, key, b"", headers, origin or position), fields or {}, False)


def read(source: Source | str, record: Decoded) -> Any:
    return compile_source(parse_path(source) if isinstance(source, str) else source)(record)


PATHS = [
    ("a", ("a",)),
    ("a.b", ("a", "b")),
    ("a.b[0].c", ("a", "b", 0, "c")),
    ("a[0][12]", ("a", 0, 12)),
    ('a["x.y"]', ("a", "x.y")),
    ('a["x.y"].z', ("a", "x.y", "z")),
    ('["x y"].z', ("x y", "z")),
    ('a["say \\"hi\\" \\\\"]', ("a", 'say "hi" \\')),
    ('a[""]', ("a", "")),
    ("cookies._ttp", ("cookies", "_ttp")),
    ("x-forwarded-for", ("x-forwarded-for",)),
    ('["$key"]', ("$key",)),
]
PARTS = [
    ("$key", KafkaPart("key")),
    ("$timestamp", KafkaPart("timestamp")),
    ("$topic", KafkaPart("topic")),
    ("$partition", KafkaPart("partition")),
    ("$offset", KafkaPart("offset")),
    ("$schema", KafkaPart("schema")),
    ("$headers.x-forwarded-for", KafkaPart("header", "x-forwarded-for")),
    ("$headers.a.b[0]", KafkaPart("header", "a.b[0]")),
]


@pytest.mark.parametrize(("text", "steps"), PATHS)
def test_a_path_is_read_and_written(text: str, steps: tuple[str | int, ...]) -> None:
    assert parse_path(text) == PathSource(steps)
    assert format_path(PathSource(steps)) == text


@pytest.mark.parametrize(("text", "part"), PARTS)
def test_a_part_of_the_kafka_record_is_read_and_written(text: str, part: KafkaPart) -> None:
    assert parse_path(text) == part
    assert format_path(part) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "column 1: expected a name"),
        (".a", "column 1: expected a name"),
        ("a.", "column 3: expected a name"),
        ("a..b", "column 3: expected a name"),
        ("a b", 'column 2: expected ".", "[" or the end'),
        ("a[0]b", 'column 5: expected ".", "[" or the end'),
        ("a]", 'column 2: expected ".", "[" or the end'),
        ("a.[0]", 'column 3: expected ["key"] or an index from [0] on'),
        ("a.b[-1]", 'column 4: expected ["key"] or an index from [0] on'),
        ("[", 'column 1: expected ["key"] or an index from [0] on'),
        ("a[1234567890]", "column 2: expected"),
        ('a["x]', "column 2: expected"),
        ("$", "column 1: expected $key"),
        ("$keys", "column 1: expected $key, $timestamp, $topic, $partition, $offset, $schema or $headers.NAME"),
        ("$key.a", "column 1: expected $key"),
        ("$headers", "column 1: expected $key"),
        ("$headers.", "column 1: expected $key"),
        ("$header", "column 1: expected $key"),
    ],
)
def test_a_path_that_is_none_says_where_and_what_is_expected(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^column") as error:
        parse_path(text)

    assert str(error.value).startswith(complaint)


FIELDS: dict[str, Any] = {
    "type": "x",
    "none": None,
    "zero": 0,
    "order": {"total": Decimal("9.50"), "items": [{"sku": "a"}, {"sku": "b", "tags": ["t"]}], "x.y": 1},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("type", "x"),
        ("zero", 0),
        ("order.total", Decimal("9.50")),
        ("order.items[1].sku", "b"),
        ("order.items[1].tags[0]", "t"),
        ('order["x.y"]', 1),
        ("none", None),
        ("absent", None),
        ("absent.inner", None),
        ("none.inner", None),
        ("type.inner", None),
        ("type[0]", None),
        ("order[0]", None),
        ("[0]", None),
        ("order.items.sku", None),
        ("order.items[2]", None),
        ("order.items[0].tags[0]", None),
        ("order.items[0].sku.more", None),
    ],
)
def test_a_path_finds_a_value_or_none(text: str, value: object) -> None:
    assert read(text, decoded(FIELDS)) == value


def test_kafkas_own_parts_are_read() -> None:
    record = decoded(key="küche".encode())

    assert [read(f"${part}", record) for part in ("key", "topic", "partition", "offset")] == [
        "küche",
        "web-events",
        3,
        42,
    ]


def test_a_parked_or_replayed_record_names_its_origin() -> None:
    record = decoded(origin=Position("origin", 7, 1234))

    assert [read(f"${part}", record) for part in ("topic", "partition", "offset")] == ["origin", 7, 1234]


def test_kafkas_timestamp_has_a_unit_save_in_conditions() -> None:
    record = decoded(timestamp_ms=1_700_000_000_123)

    assert read("$timestamp", record) == WithUnit(1_700_000_000_123, "ms")
    assert compile_plain(KafkaPart("timestamp"))(record) == 1_700_000_000_123


def test_a_record_without_timestamp_has_none_and_one_of_1970_has_it() -> None:
    assert read("$timestamp", decoded(timestamp_ms=-1)) is None
    assert read("$timestamp", decoded(timestamp_ms=0)) == WithUnit(0, "ms")


def test_a_key_that_is_no_text_is_noted_as_that() -> None:
    assert read("$key", decoded(key=b"\xff\xfe")) == Unreadable(Problem.NOT_TEXT)
    assert read("$key", decoded(key=None)) is None


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ((("x-id", b"1"),), "1"),
        ((("x-id", b"1"), ("x-id", b"2"), ("other", b"3")), "2"),
        ((("X-ID", b"1"), ("x-id", b"2"), ("X-Id", b"3")), "2"),
        ((("X-ID", b"1"), ("X-Id", b"2")), "2"),
        ((("x-id", b"1"), ("x-id", None)), None),
        ((("x-id", b"\xff"),), Unreadable(Problem.NOT_TEXT)),
        ((("x-idea", b"1"),), None),
        ((), None),
    ],
)
def test_a_header_is_the_last_of_its_name_as_written_else_in_other_letters(headers: Headers, value: object) -> None:
    assert read("$headers.x-id", decoded(headers=headers)) == value


def test_a_constant_needs_no_record() -> None:
    assert read(ConstSource({"a": [1]}), decoded()) == {"a": [1]}


@pytest.mark.parametrize("empty", [None, "", [], {}, b"", ()])
def test_the_first_that_is_filled_is_taken(empty: object) -> None:
    source = FirstOf((PathSource(("a",)), PathSource(("b",)), PathSource(("c",))))

    assert read(source, decoded({"a": empty, "b": "here", "c": "too late"})) == "here"
    assert read(source, decoded({"a": empty, "b": empty, "c": empty})) is None


@pytest.mark.parametrize("value", [0, 0.0, False, Decimal(0)])
def test_zero_and_false_are_not_empty(value: object) -> None:
    assert read(FirstOf((PathSource(("a",)), PathSource(("b",)))), decoded({"a": value, "b": "else"})) is value


@pytest.mark.parametrize(
    ("options", "value", "expected"),
    [
        ({}, " A ", " A "),
        ({"trim": True}, " A ", "A"),
        ({"lower": True}, " A ", " a "),
        ({"lower": True, "trim": True}, 5, 5),
        ({"lower": True, "trim": True}, ["A "], ["A "]),
        ({"default": 0}, None, 0),
        ({"default": 0}, "", ""),
        ({"values": {"a": "Purchase"}}, "a", "Purchase"),
        ({"values": {"a": "Purchase"}}, "A", None),
        ({"values": {"a": "Purchase"}, "lower": True, "trim": True}, " A ", "Purchase"),
        ({"values": {"a": "Purchase"}, "default": "Other"}, "b", "Other"),
        ({"values": {"a": "Purchase"}, "default": "a"}, None, "a"),
        ({"values": {"true": "yes", "1": "one"}}, True, "yes"),
        ({"values": {"true": "yes", "false": "no"}}, False, "no"),
        ({"values": {"true": "yes", "1": "one"}}, 1, "one"),
        *(
            ({"values": {"1.0": "one"}}, 1.0, "one"),
            ({"values": {"1": "one"}}, 1.0, "one"),
            ({"values": {"1": "x"}}, 1.5, None),
        ),
        ({"values": {"19.99": "Purchase"}}, 19.99, "Purchase"),
        ({"values": {"19.99": "Purchase"}}, Decimal("19.990"), "Purchase"),
        *(
            ({"values": {"19.99": "x"}}, float("nan"), None),
            ({"values": {"19.99": "x"}}, Decimal("sNaN"), None),
            ({"values": {"1e400": "x", "inf": "x"}}, float("inf"), None),
        ),
        ({"values": {"a": "Purchase"}}, ["a"], None),
        ({"values": {"a": 0}, "default": 1}, "a", 0),
    ],
)
def test_options_change_a_value_in_their_order(options: dict[str, Any], value: object, expected: object) -> None:
    assert read(TransformedSource(PathSource(("a",)), **options), decoded({"a": value})) == expected


def test_the_keys_of_values_may_be_what_yaml_made_of_them() -> None:
    values: dict[Any, str] = {True: "yes", 1.5: "half"}

    assert read(TransformedSource(PathSource(("a",)), values=values), decoded({"a": True})) == "yes"


@pytest.mark.parametrize("value", [1, 0, "2026-01-01T00:00:00Z", [1, 2]])
def test_a_unit_or_region_goes_with_the_value(value: object) -> None:
    record = decoded({"a": value})

    assert read(TransformedSource(PathSource(("a",)), unit="s"), record) == WithUnit(value, "s")
    assert read(TransformedSource(PathSource(("a",)), region="US"), record) == WithRegion(value, "US")
    assert compile_plain(TransformedSource(PathSource(("a",)), unit="s"))(record) == value


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_has_no_region(value: object) -> None:
    assert read(TransformedSource(PathSource(("a",)), region="US"), decoded({"a": value})) in (None, "")


def test_a_number_that_says_its_own_country_needs_no_region() -> None:
    assert read(TransformedSource(PathSource(("a",)), region="US"), decoded({"a": "+49 30 901820"})) == "+49 30 901820"


@pytest.mark.parametrize("value", [None, "", []])
def test_nothing_has_no_unit(value: object) -> None:
    assert read(TransformedSource(PathSource(("a",)), unit="s"), decoded({"a": value})) == value


def test_a_default_has_the_unit_too() -> None:
    assert read(TransformedSource(PathSource(("a",)), default=5, unit="us"), decoded()) == WithUnit(5, "us")


def test_the_unit_nearest_to_the_value_counts() -> None:
    source = TransformedSource(FirstOf((PathSource(("a",)), KafkaPart("timestamp"))), unit="s")

    assert read(source, decoded({"a": 7})) == WithUnit(7, "s")
    assert read(source, decoded(timestamp_ms=7000)) == WithUnit(7000, "ms")
    assert compile_plain(source)(decoded(timestamp_ms=7000)) == 7000


def test_an_empty_value_with_a_unit_is_not_the_first_filled() -> None:
    source = FirstOf((TransformedSource(PathSource(("a",)), unit="s"), PathSource(("b",))))

    assert read(source, decoded({"a": "", "b": "filled"})) == "filled"


def test_a_function_reads_the_fields() -> None:
    assert read(CallSource("shop.rules:total", lambda fields: fields["a"] + 1), decoded({"a": 1})) == 2


def test_a_function_that_raises_rejects_the_record_and_tells_no_value() -> None:
    def fail(fields: dict[str, Any]) -> object:
        raise KeyError(fields["email"])

    with pytest.raises(RecordRejected) as error:
        read(CallSource("shop.rules:total", fail), decoded({"email": "ann@example.com"}))

    assert error.value.reason is RejectReason.MAP_CALL
    assert error.value.detail == "shop.rules:total raised KeyError"
    assert error.value.__context__ is None


def test_a_header_is_not_read_where_a_headers_name_is_no_text() -> None:
    record = decoded(headers=(("x-id", b"1"),))
    unreadable = structs.replace(record, record=structs.replace(record.record, are_headers_readable=False))

    with pytest.raises(RecordRejected) as caught:
        read("$headers.x-id", unreadable)
    assert caught.value.reason is RejectReason.DECODE_HEADERS


def test_an_expression_is_a_source() -> None:
    assert read(CelSource("a + 1"), decoded({"a": 2})) == 3


@pytest.mark.parametrize("number", [Decimal("9e999999"), Decimal("sNaN")])
def test_a_number_that_cannot_be_scaled_stays_as_it_is(number: Decimal) -> None:
    assert str(read(TransformedSource(parse_path("a"), scale=Decimal(100)), decoded({"a": number}))) == str(number)


def test_options_around_an_element_are_applied_to_what_it_says_the_unit_or_region_of() -> None:
    in_cents = TransformedSource(PathSource(("a",)), unit="minor")
    phone = TransformedSource(PathSource(("p",)), region="DE")
    record = decoded({"a": 1000, "p": " 0170 "})

    assert read(TransformedSource(in_cents, scale=Decimal("1.19")), record) == WithUnit(Decimal("1190.00"), "minor")
    assert read(TransformedSource(in_cents, values={"1000": 5}), record) == WithUnit(5, "minor")
    assert read(TransformedSource(in_cents, values={"1999": 5}), record) is None
    assert read(TransformedSource(phone, trim=True), record) == WithRegion("0170", "DE")
    assert read(TransformedSource(FirstOf((in_cents, PathSource(("b",)))), scale=Decimal(2)), record) == WithUnit(
        Decimal(2000), "minor"
    )


def test_what_is_scaled_counts_in_the_unit_beside_the_scale() -> None:
    source = TransformedSource(KafkaPart("timestamp"), scale=Decimal("0.001"), unit="s")

    assert read(source, decoded(timestamp_ms=1_700_000_000_000)) == WithUnit(Decimal("1700000000.000"), "s")
