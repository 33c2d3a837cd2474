"""Laws of paths, sources and conditions, whatever a record holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from consumer.core.map import compile_map
from consumer.core.model import Decoded, Position, Record
from consumer.core.route.conditions import compile_condition
from consumer.core.route.operators import OPERATORS, check_operand
from consumer.core.rules import source
from consumer.core.rules.getters import compile_plain, compile_source
from consumer.core.rules.source import (
    ContentsSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Rule,
    Source,
    TransformedSource,
    format_path,
    parse_path,
)

NAMES = st.sampled_from(["a", "b", "c", "user", "page", "properties", "contents", "price", "query"])
ANY_TEXT = st.text(st.characters(), max_size=8)  # surrogates, too
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=True),
    st.just(Decimal("sNaN")),
    ANY_TEXT,
    st.sampled_from(["2026-03-01", "2026-03-01T12:00:00Z", "2026-99-99", "5", "-1.5", "1e5"]),
    st.binary(max_size=4),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.dates(),
    st.just(UUID(int=5)),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=6)
PATHS = st.lists(st.one_of(NAMES, st.integers(0, 3)), min_size=1, max_size=4).map(
    lambda steps: PathSource(tuple(steps))
)
PARTS = st.one_of(
    st.sampled_from(["key", "timestamp", "topic", "partition", "offset"]).map(KafkaPart),
    st.sampled_from(["a", "A", "b"]).map(lambda name: KafkaPart("header", name)),
)


def changed(inner: st.SearchStrategy[Source]) -> st.SearchStrategy[Source]:
    options = st.builds(
        TransformedSource,
        inner,
        default=SCALARS,
        lower=st.booleans(),
        trim=st.booleans(),
        values=st.none() | st.dictionaries(st.sampled_from(["true", "1", "x"]), SCALARS),
        unit=st.none() | st.just("ms"),
        region=st.none() | st.just("US"),
    )
    return options | st.lists(inner, max_size=3).map(lambda sources: FirstOf(tuple(sources)))


SOURCES: st.SearchStrategy[Source] = st.recursive(PATHS | PARTS, changed, max_leaves=4)
OPERANDS = st.one_of(SCALARS, st.lists(SCALARS, max_size=3))


@st.composite
def records(draw: st.DrawFn) -> Decoded:
    position = Position("t", 0, draw(st.integers(0)))
    headers = tuple(draw(st.lists(st.tuples(st.sampled_from(["a", "A", "b"]), st.none() | st.binary()), max_size=3)))
    key = draw(st.none() | st.binary())
    record = Record(position, draw(st.integers(-1)), key, b"", headers, position)
    return Decoded(record, draw(FIELDS), draw(st.booleans()))


@st.composite
def comparisons(draw: st.DrawFn, field: Source) -> source.Comparison:
    operator, operand = draw(st.sampled_from([*OPERATORS])), draw(OPERANDS)
    try:
        check_operand(operator, operand)
    except ValueError:
        operand = draw(st.sampled_from(USABLE[operator]))
    return source.Comparison(field, operator, operand)


_ORDERED: list[Any] = [5, -0.5, "b", "2026-03-01", "2026-03-01T12:00:00Z", Decimal("1.5")]
USABLE: dict[str, list[Any]] = {
    "equals": ["a", 5, True],
    "not_equals": ["a", 5, True],
    "in": [["a", 5], [True]],
    "not_in": [["a", 5], [True]],
    "contains": ["a", 5],
    "starts_with": ["a"],
    "ends_with": ["a"],
    "matches": ["a|b", "^$", "."],
    "less_than": _ORDERED,
    "at_most": _ORDERED,
    "greater_than": _ORDERED,
    "at_least": _ORDERED,
    "exists": [True, False],
    "is_true": [True, False],
}


@given(st.lists(st.text(max_size=6) | st.integers(0, 999_999_999), min_size=1, max_size=6))
def test_a_path_that_is_written_is_read_as_the_same(steps: list[str | int]) -> None:
    assert parse_path(format_path(PathSource(tuple(steps)))) == PathSource(tuple(steps))


@given(st.text(max_size=12) | st.text('a.[]"\\0$ ', max_size=12))
def test_any_text_is_a_path_or_says_why_not(text: str) -> None:
    try:
        path = parse_path(text)
    except ValueError as error:
        complaint = str(error)
    else:
        complaint = "column " if parse_path(format_path(path)) == path else "read as another path"

    assert complaint.startswith("column ")


@given(SOURCES, records())
def test_no_record_makes_a_source_raise(source: Source, record: Decoded) -> None:
    compile_source(source)(record)
    compile_plain(source)(record)


@given(st.data(), records())
def test_no_record_makes_a_condition_raise(data: st.DataObject, record: Decoded) -> None:
    condition = compile_condition(data.draw(comparisons(PathSource(("a",)))))

    assert condition(record) in (True, False)


@given(st.data(), st.sampled_from([{}, {"a": None}, {"a": []}]))
def test_absent_is_false_under_every_operator_save_exists_false(data: st.DataObject, fields: dict[str, Any]) -> None:
    position = Position("t", 0, 0)
    record = Decoded(Record(position, -1, None, b"", (), position), fields, False)
    comparison = data.draw(comparisons(PathSource(("a", "b"))))

    expected = comparison.operator == "exists" and comparison.operand is False
    assert compile_condition(comparison)(record) is expected


@given(st.data(), records())
def test_an_operator_and_its_opposite_never_both_hold(data: st.DataObject, record: Decoded) -> None:
    opposites = {"equals": "not_equals", "in": "not_in", "less_than": "at_least", "at_most": "greater_than"}
    operator = data.draw(st.sampled_from(sorted(opposites)))
    operand = data.draw(st.sampled_from(USABLE[operator]))

    one, other = (
        compile_condition(source.Comparison(PathSource(("a",)), name, operand))(record)
        for name in (operator, opposites[operator])
    )
    assert not (one and other)


@given(st.dictionaries(st.sampled_from(["event", "user.email", "properties.query"]), SOURCES), SOURCES, records())
def test_no_record_makes_a_map_raise_and_nothing_in_it_is_null(
    parameters: dict[str, Source], each: Source, record: Decoded
) -> None:
    for rule in (
        Rule("r", "p"),
        Rule("r", "p", parameters=parameters, contents=ContentsSource(each, {"price": PathSource(("a",))})),
        Rule("r", "p", parameters=parameters, contents=ContentsSource(None, {"price": each})),
    ):
        event = compile_map(rule)(record)

        assert None not in (*event.user.values(), *event.page.values(), *event.properties.values())
        assert {"query", "contents", "price"}.isdisjoint(event.properties)


@given(st.dates(), st.dates())
def test_dates_stand_in_their_order_in_every_form(one: date, other: date) -> None:
    position = Position("t", 0, 0)
    record = Record(position, -1, None, b"", (), position)
    is_earlier = compile_condition(source.Comparison(PathSource(("a",)), "less_than", other.isoformat()))

    for form in (one, one.isoformat(), datetime(one.year, one.month, one.day, tzinfo=UTC)):
        assert is_earlier(Decoded(record, {"a": form}, False)) is (one < other)
