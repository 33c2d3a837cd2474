"""Which conditions hold, which operands are refused, and which pixel a record names."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Position, Record
from consumer.core.reasons import RejectReason
from consumer.core.route.conditions import compile_condition, compile_when, missed_places, resolve_pixel
from consumer.core.route.operators import OPERATORS, check_operand
from consumer.core.rules import source
from consumer.core.rules.source import (
    AllOf,
    AnyOf,
    Condition,
    ConstSource,
    KafkaPart,
    Not,
    PathSource,
    TransformedSource,
)

VALUE = PathSource(("v",))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOME_UUID = "123e4567-e89b-12d3-a456-426614174000"
ABSENT: Any = object()


def decoded(value: object = ABSENT) -> Decoded:
    position = Position("web-events", 0, 1)
    record = Record(position, 1_700_000_000_000, None, b"", (), position)
    return Decoded(record, {} if value is ABSENT else {"v": value}, False)


def holds(operator: str, operand: object, value: object = ABSENT) -> bool:
    return compile_condition(source.Comparison(VALUE, operator, operand))(decoded(value))


HOLD: list[tuple[str, Any, Any]] = [
    ("equals", "DE", "DE"),
    ("equals", "", ""),
    ("equals", 5, 5),
    ("equals", 5, 5.0),
    ("equals", 0.1, 0.1),
    ("equals", 0.1, Decimal("0.1")),
    ("equals", 5, Decimal("5.00")),
    ("equals", True, True),
    ("equals", False, False),
    ("equals", SOME_UUID, UUID(SOME_UUID)),
    ("equals", "2026-03-01", date(2026, 3, 1)),
    ("not_equals", "DE", "FR"),
    ("not_equals", 5, 6),
    ("not_equals", True, False),
    ("in", ["DE", "FR"], "FR"),
    ("in", ["DE", 5, True], 5),
    ("in", ["DE", 5, True], True),
    ("not_in", ["DE", "FR"], "US"),
    ("not_in", ["DE", 5], 6),
    ("contains", "ello", "hello"),
    ("contains", "a", ["b", "a"]),
    ("contains", 5, ["b", 5.0]),
    ("contains", True, [True]),
    ("contains", "a", {"a": None}),
    ("starts_with", "he", "hello"),
    ("ends_with", "@example.com", "ann@example.com"),
    ("matches", "l+o$", "hello"),
    ("matches", "ell", "hello"),
    ("matches", "^[äö].$", "öß"),
    ("less_than", 5, 4),
    ("less_than", 5, 4.99),
    ("less_than", 0.1, Decimal("0.09")),
    ("less_than", 5, "4.5"),
    ("less_than", 5, "-7"),
    ("less_than", 5, "1E-3"),
    ("less_than", 1, ".5"),
    ("greater_than", 0, "3.89150649E8"),
    ("greater_than", 5, " 10\u00a0"),
    ("less_than", "b", "a"),
    ("at_most", 5, 5),
    ("at_most", 0.1, 0.1),
    ("at_most", 0.1, Decimal("0.1")),
    ("at_most", 0.1, "0.1"),
    ("greater_than", 5, 5.5),
    ("greater_than", 9, "10"),
    ("greater_than", "2026-02-28", NOON),
    ("greater_than", "2026-02-28", date(2026, 3, 1)),
    ("greater_than", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00-01:00"),
    ("at_least", "2026-03-01T12:00:00Z", NOON),
    ("at_least", "2026-03-01t13:00:00+01:00", NOON.astimezone(timezone(timedelta(hours=5)))),
    ("at_least", "2026-03-01", "2026-03-01"),
    ("at_least", "b", "b"),
    ("at_least", 0.1, Decimal("0.1")),
    ("at_least", "2026-03-01T12:00:00z", "2026-03-01t12:00:00z"),
    ("exists", True, ""),
    ("exists", True, False),
    ("is_true", True, True),
    ("is_true", False, False),
]
HOLD_NOT: list[tuple[str, Any, Any]] = [
    ("equals", "DE", "de"),
    ("equals", 5, "5"),
    ("equals", "5", 5),
    ("equals", 1, True),
    ("equals", True, 1),
    ("equals", "true", True),
    ("equals", "DE", ["DE"]),
    ("equals", 5, Decimal("NaN")),
    ("equals", 5, Decimal("sNaN")),
    ("not_equals", "DE", "DE"),
    ("not_equals", 5, "6"),
    ("not_equals", "DE", 5),
    ("not_equals", 0, False),
    ("not_equals", "DE", ["FR"]),
    ("in", ["DE", "FR"], "US"),
    ("in", [1], True),
    ("in", ["DE"], {"DE": 1}),
    ("not_in", ["DE", "FR"], "FR"),
    ("not_in", ["DE", "FR"], 5),
    ("not_in", ["DE", "FR"], ["US"]),
    ("contains", "x", "hello"),
    ("contains", 5, "5"),
    ("contains", "a", ["ab", ["a"], None]),
    ("contains", "a", {"b": "a"}),
    ("contains", 5, 5),
    ("starts_with", "He", "hello"),
    ("starts_with", "h", ["h"]),
    ("ends_with", "@example.com", "ann@example.org"),
    ("ends_with", "5", 5),
    ("matches", "^ell", "hello"),
    ("matches", "5", 5),
    ("matches", "a", "\ud800"),
    ("less_than", 5, 5),
    ("less_than", 5, True),
    ("less_than", 5, "4 pieces"),
    ("less_than", 5, ""),
    ("less_than", 5, "nan"),
    ("less_than", 5, Decimal("NaN")),
    ("less_than", 5, Decimal("sNaN")),
    ("less_than", 5, float("nan")),
    ("less_than", 5, [4]),
    ("less_than", 5, datetime(1970, 1, 1, tzinfo=UTC)),
    ("less_than", "b", "c"),
    ("less_than", "b", 1),
    ("less_than", "2026-03-01T12:00:00Z", NOON),
    ("less_than", "2026-03-01T12:00:00Z", 5),
    ("less_than", "2026-03-01T12:00:00Z", "2020"),
    ("less_than", "2026-03-01T12:00:00Z", "2020-99-99"),
    ("less_than", "2026-03-01T12:00:00Z", "2020-01-01T00:00:00"),
    ("less_than", "2026-03-01T12:00:00Z", datetime(2020, 1, 1)),  # noqa: DTZ001 — a local time
    ("less_than", "b", datetime(2020, 1, 1, tzinfo=UTC)),
    ("at_most", 5, 5.1),
    ("greater_than", 5, 5),
    ("at_least", 5, 4),
    ("exists", False, ""),
    ("is_true", True, False),
    ("is_true", True, "true"),
    ("is_true", True, 1),
    ("is_true", False, True),
    ("is_true", False, 0),
]


@pytest.mark.parametrize(("operator", "operand", "value"), HOLD)
def test_holds(operator: str, operand: object, value: object) -> None:
    assert holds(operator, operand, value) is True


@pytest.mark.parametrize(("operator", "operand", "value"), HOLD_NOT)
def test_does_not_hold(operator: str, operand: object, value: object) -> None:
    assert holds(operator, operand, value) is False


def test_every_operator_has_a_case_of_each_kind() -> None:
    assert {case[0] for case in HOLD} == {case[0] for case in HOLD_NOT} == set(OPERATORS)


@pytest.mark.parametrize("value", [ABSENT, None])
@pytest.mark.parametrize(("operator", "operand", "_"), [*HOLD, *HOLD_NOT])
def test_nothing_holds_of_what_is_absent_or_null_save_that_it_does_not_exist(
    operator: str, operand: object, _: object, value: object
) -> None:
    assert holds(operator, operand, value) is ((operator, operand) == ("exists", False))


TRUE, FALSE = (source.Comparison(ConstSource(1), "equals", other) for other in (1, 2))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AllOf(()), True),
        (AllOf((TRUE,)), True),
        (AllOf((FALSE,)), False),
        (AllOf((TRUE, TRUE)), True),
        (AllOf((TRUE, FALSE)), False),
        (AnyOf(()), False),
        (AnyOf((FALSE,)), False),
        (AnyOf((FALSE, TRUE)), True),
        (AnyOf((FALSE, FALSE)), False),
        (Not(TRUE), False),
        (Not(FALSE), True),
        (Not(AllOf((TRUE, FALSE))), True),
        (AllOf((TRUE, AnyOf((FALSE, Not(FALSE))))), True),
    ],
)
def test_conditions_are_joined(condition: Condition, expected: bool) -> None:
    assert compile_condition(condition)(decoded()) is expected


def test_not_is_plain_negation_even_of_what_is_absent() -> None:
    assert compile_condition(Not(source.Comparison(VALUE, "equals", "DE")))(decoded()) is True


def test_units_say_nothing_in_a_condition() -> None:
    in_s = TransformedSource(VALUE, unit="s", region="US")

    assert compile_condition(source.Comparison(in_s, "equals", 5))(decoded(5)) is True
    assert (
        compile_condition(source.Comparison(KafkaPart("timestamp"), "at_least", 1_700_000_000_000))(decoded()) is True
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_operands_that_no_operator_can_use_are_refused(operator: str) -> None:
    for operand in (None, {}, [], object(), float("nan"), float("inf"), Decimal("NaN"), [["a"]], [None]):
        with pytest.raises(ValueError, match=f"^{operator}: expected "):
            check_operand(operator, operand)


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("equals", ["DE"]),
        ("in", "DE"),
        ("not_in", ["DE", float("nan")]),
        ("contains", ""),
        ("starts_with", ""),
        ("ends_with", 5),
        ("matches", ""),
        ("matches", "("),
        ("matches", r"(?=a)b"),
        ("less_than", True),
        ("less_than", ""),
        ("at_most", "2026-03-01T12:00:00"),
        ("greater_than", "2026-02-30"),
        ("exists", "true"),
        ("is_true", 1),
        ("like", "a"),
    ],
)
def test_an_operand_or_operator_that_cannot_work_is_refused_by_check_and_compiler(operator: str, operand: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|RE2"):
        check_operand(operator, operand)
    with pytest.raises(ValueError, match=r"expected|RE2"):
        compile_condition(source.Comparison(VALUE, operator, operand))


def test_a_bad_expression_is_not_quoted() -> None:
    with pytest.raises(ValueError, match=r"^matches: not an RE2 expression: ") as error:
        check_operand("matches", "s3cret(")

    assert "s3cret" not in str(error.value)


def test_an_unknown_operator_is_told_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"one of equals, not_equals, in, .*, is_true$"):
        check_operand("equal", 5)


@pytest.mark.parametrize(("operator", "operand", "_"), [*HOLD, *HOLD_NOT])
def test_operands_that_work_are_taken(operator: str, operand: object, _: object) -> None:
    check_operand(operator, operand)


def test_a_pixel_is_found_by_its_code() -> None:
    assert resolve_pixel("C1", {"C0": "blog", "C1": "shop"}) == "shop"


@pytest.mark.parametrize("value", [None, "C9", "", 5, ["C1"], {"C1": 1}])
def test_a_pixel_that_is_not_configured_rejects_the_record_and_names_no_value(value: object) -> None:
    with pytest.raises(RecordRejected) as error:
        resolve_pixel(value, {"C1": "shop"})

    assert error.value.reason is RejectReason.ROUTE_UNKNOWN_PIXEL
    assert "C9" not in error.value.detail


# ── which condition failed first ────────────────────────────────────────────────────────────────

FIRST, SECOND = (source.Comparison(PathSource((name,)), "is_true", True) for name in ("a", "b"))


@pytest.mark.parametrize(
    ("when", "fields", "place"),
    [
        (AllOf(()), {}, None),
        (AllOf((FIRST, SECOND)), {"a": True, "b": True}, None),
        (AllOf((FIRST, SECOND)), {"b": True}, "when[0]"),
        (AllOf((FIRST, SECOND)), {"a": True}, "when[1]"),
        (AllOf((FIRST, AnyOf((FIRST, SECOND)))), {"a": True}, None),
        (AllOf((AnyOf((FIRST, SECOND)),)), {"b": True}, None),
        (AllOf((AnyOf((FIRST, SECOND)),)), {}, "when[0].any[0]"),
        (AllOf((FIRST, AllOf((FIRST, SECOND)))), {"a": True}, "when[1].all[1]"),
        (AllOf((AnyOf((AllOf((FIRST, SECOND)), FIRST)),)), {"b": True}, "when[0].any[0].all[0]"),
        (AllOf((Not(FIRST),)), {"a": True}, "when[0].not"),
        (AllOf((Not(FIRST),)), {}, None),
        (AllOf((AnyOf(()),)), {}, "when[0]"),
    ],
)
def test_of_a_rule_that_does_not_hold_the_first_condition_that_fails_is_named(
    when: AllOf, fields: dict[str, Any], place: str | None
) -> None:
    position = Position("web-events", 0, 1)
    record = Decoded(Record(position, 0, None, b"", (), position), fields, False)

    assert compile_when(when)(record) == place
    assert place is None or place in set(missed_places(when))
    assert (compile_when(when)(record) is None) is compile_condition(when)(record)
