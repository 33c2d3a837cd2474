"""Numbers, currencies, flags, ids and choices, case by case."""

import math
from decimal import Decimal
from uuid import UUID

import pytest

from consumer.core.normalize import fields, numbers
from consumer.core.normalize.currencies import ISO_4217, LISTED, currency
from consumer.core.normalize.fields import FieldError, FieldFunction
from consumer.core.reasons import Problem
from consumer.core.tiktok_event import Content, Number


def problem_of(function: FieldFunction, raw: object) -> Problem:
    with pytest.raises(FieldError) as caught:
        function(raw)
    ((_, problem),) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0, 0),
        (0.0, 0.0),
        (19.99, 19.99),
        (10**15, 10**15),
        ("0", 0),
        (" 19.99 ", 19.99),
        ("+5", 5),
        (".5", 0.5),
        ("3.00", 3.0),
        *(
            ("3.891506499E8", 389150649.9),
            ("1E7", 10**7),
            ("1.0E7", 10**7),
            ("1.5e+3", 1500),
            ("1E-2", 0.01),
            (".5E1", 5),
        ),
        *(
            ("-0", 0),
            ("-0.0", 0.0),
            (-0.0, 0.0),
            (Decimal("-0.00"), 0.0),
            (Decimal("-0"), 0),
            ("0E5", 0),
            ("-0E-3", 0.0),
        ),
        ("12345678901234.123456789", Decimal("12345678901234.123456789")),  # more digits than a float has
        (Decimal("20.00"), 20.0),
        (Decimal("2E+2"), 200),
        (Decimal("0.1"), 0.1),
    ],
)
def test_takes_what_is_plainly_a_number(raw: object, expected: Number) -> None:
    result = numbers.amount(raw)

    assert result == expected
    assert type(result) is type(expected)
    assert not str(result).startswith("-")


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "1,299.00",
            "€5",
            "5.",
            "1e",
            "e3",
            "1e1.5",
            "1e1000",
            "1 e3",
            "1e16",
            "1_000",
            "0x10",
            "NaN",
            "٣",
            "9" * 30,
            "-1000000000000001",
        ),
        *(True, None, {}, [1], b"5", math.nan, math.inf, -math.inf, 10**15 + 1, 10**400, 1e300),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")),
    ],
)
@pytest.mark.parametrize("function", [numbers.amount, numbers.count, numbers.quantity])
def test_leaves_out_what_is_not(function: FieldFunction, raw: object) -> None:
    assert problem_of(function, raw) == Problem.NOT_A_NUMBER


@pytest.mark.parametrize("raw", [-1, -0.01, "-3", Decimal(-1)])
def test_nothing_costs_less_than_nothing(raw: object) -> None:
    assert problem_of(numbers.amount, raw) == Problem.NEGATIVE
    assert problem_of(numbers.count, raw) == Problem.NEGATIVE
    assert problem_of(numbers.quantity, raw) == Problem.NOT_POSITIVE


@pytest.mark.parametrize(("raw", "expected"), [(2, 2), (2.0, 2), ("2", 2), ("2.0", 2), (Decimal("2.0"), 2)])
@pytest.mark.parametrize("function", [numbers.count, numbers.quantity])
def test_counts_in_whole_numbers(function: FieldFunction, raw: object, expected: int) -> None:
    result = function(raw)

    assert result == expected
    assert type(result) is int


@pytest.mark.parametrize("raw", [2.5, "2.5", Decimal("0.1")])
@pytest.mark.parametrize("function", [numbers.count, numbers.quantity])
def test_does_not_round_a_count(function: FieldFunction, raw: object) -> None:
    assert problem_of(function, raw) == Problem.NOT_WHOLE


def test_none_at_all_is_a_count_and_no_quantity() -> None:
    assert numbers.count(0) == 0
    assert problem_of(numbers.quantity, 0) == Problem.NOT_POSITIVE
    assert problem_of(numbers.quantity, "0") == Problem.NOT_POSITIVE


@pytest.mark.parametrize("function", [numbers.amount, numbers.count, numbers.quantity, currency, fields.flag])
@pytest.mark.parametrize("raw", ["", "  "])
def test_what_is_empty_is_absent(function: FieldFunction, raw: str) -> None:
    assert function(raw) is None


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([(0.1, 3), (19.99, 1)], 20.29),
        ([(10.0, 2)], 20),
        ([(5, 2), (0, 1)], 10),
        ([(1.005, 1), (0.001, 5)], 1.01),
        ([(Decimal("0.123456789012345678901"), 2)], Decimal("0.246913578024691357802")),
        ([(Decimal("0.10"), 3)], 0.3),
        ([(10**13, 7)], 7 * 10**13),
        ([(0.005, 200)], 1),
        ([(10**15, 2)], None),
        ([(5.0, None), (1.0, 1)], None),
        ([(None, 1)], None),
        ([(0.001, 1), (1.0, None)], None),
    ],
)
def test_sums_price_times_quantity_in_decimal_arithmetic(
    items: list[tuple[Number | None, int | None]], expected: Number | None
) -> None:
    result = numbers.total([Content(price=price, quantity=quantity) for price, quantity in items])

    assert result == expected
    assert type(result) is type(expected)
    assert not str(result).startswith("-")


def test_knows_the_62_currencies_that_tiktok_lists_and_the_others_of_iso_4217() -> None:
    assert len(LISTED) == 62
    assert len(ISO_4217) == 182
    assert all(len(code) == 3 and code.isupper() for code in ISO_4217)


def test_takes_a_listed_currency_in_any_case() -> None:
    assert currency(" eur ") == "EUR"


def test_sends_a_currency_that_tiktok_does_not_list_with_a_note() -> None:
    with pytest.raises(FieldError) as caught:
        currency("xaf")

    assert (caught.value.rest, caught.value.is_dropped) == ("XAF", False)
    assert caught.value.problems == (("", Problem.CURRENCY_NOT_LISTED),)


@pytest.mark.parametrize("raw", ["EURO", "€", "XXX", "XTS", "ABC"])
def test_leaves_out_what_is_no_currency(raw: str) -> None:
    assert problem_of(currency, raw) == Problem.NOT_A_CURRENCY


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        *((True, True), (1, True), ("true", True), (" TRUE ", True), ("1", True)),
        *((False, False), (0, False), ("false", False), ("0", False)),
    ],
)
def test_takes_what_is_plainly_true_or_false(raw: object, expected: bool) -> None:
    assert fields.flag(raw) is expected


@pytest.mark.parametrize("raw", ["yes", 2, 1.0, [], {}, b"1"])
def test_does_not_guess_at_a_flag(raw: object) -> None:
    assert problem_of(fields.flag, raw) == Problem.NOT_A_BOOLEAN


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        *((" a-1 ", "a-1"), (42, "42"), (-2, "-2"), (2**64 - 1, "18446744073709551615"), ("ü", "ü"), ("", None)),
        *((UUID(int=1), "00000000-0000-0000-0000-000000000001"), (2**64, "18446744073709551616")),
        # decimal(38, 0), which is what Connect writes for a NUMBER key
        *((Decimal(1234567), "1234567"), (Decimal("1234567.00"), "1234567"), (Decimal("1.5E+3"), "1500")),
        *((Decimal(10**38 - 1), "9" * 38), (Decimal(-7), "-7"), (Decimal(2**63), "9223372036854775808")),
        # a whole number that may be absent is a double in many programs
        *((12345.0, "12345"), (-5.0, "-5"), (2.0**53 - 1, "9007199254740991"), (4e9, "4000000000")),
    ],
)
def test_an_id_is_text(raw: object, expected: str | None) -> None:
    assert fields.id_text(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        *(1.5, True, 10**40, -(10**40), {}, b"a", "\ud800", 2.0**53, math.nan, math.inf, Decimal("1.5")),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+1000000"), Decimal("1E-7")),
    ],
)
def test_what_is_no_id_is_left_out(raw: object) -> None:
    assert problem_of(fields.id_text, raw) == Problem.WRONG_TYPE


def test_a_number_of_too_many_digits_to_write_is_no_id() -> None:
    assert problem_of(fields.id_text, 10**5000) == Problem.WRONG_TYPE


def test_a_list_of_ids_keeps_its_order_and_leaves_out_bad_ones() -> None:
    assert fields.id_texts(["b", 5, "b", ""]) == ["b", "5", "b"]
    assert fields.id_texts("a") == ["a"]
    assert fields.id_texts([]) is None

    with pytest.raises(FieldError) as caught:
        fields.id_texts(["a", 1.5])
    assert (caught.value.problems, caught.value.rest) == ((("[1]", Problem.WRONG_TYPE),), ["a"])

    with pytest.raises(FieldError) as caught:
        fields.id_texts([1.5])
    assert caught.value.rest is None


def test_a_choice_is_one_of_the_words_in_any_case() -> None:
    chosen = fields.one_of("new", "returning")

    assert chosen(" New ") == "new"
    assert chosen("") is None
    assert problem_of(chosen, "old") == Problem.NOT_ALLOWED
    assert problem_of(chosen, 1) == Problem.WRONG_TYPE


def test_text_is_trimmed_and_nothing_else() -> None:
    assert fields.text(" Größe 42 ") == "Größe 42"
    assert fields.text(" \n") is None
    assert problem_of(fields.text, "\udfff") == Problem.WRONG_TYPE
