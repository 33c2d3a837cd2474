"""Phone numbers as people, forms, spreadsheets and programs write them."""

import re

import pytest

from consumer.core.normalize.fields import FieldError
from consumer.core.normalize.user.number_plans import plan_at, plan_of
from consumer.core.normalize.user.phones import LONGEST, e164
from consumer.core.reasons import Problem


def problem_of(number: str, region: str | None) -> Problem:
    with pytest.raises(FieldError) as caught:
        e164(number, region)
    ((_, problem),) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "spelling",
    [
        *(
            "+12133730101",
            "+1 (213) 373-0101",
            "+1-213-373-0101",
            "+1.213.373.0101",
            "(+1)2133730101",
            "+1 213/373/0101",
        ),
        *(
            "+1 (213) 373‑0101",
            "+1–213–373–0101",
            "+1 213 373 0101",
            "\u202a+12133730101\u202c",
            "＋１ ２１３ ３７３ ０１０１",
        ),
        *(
            "+1\u200b213\u200b3730101",
            "tel:+12133730101",
            "+1 213 373 0101 ext. 7",
            "+1 213 3730101 x7",
            "+1\t2133730101",
        ),
        *("[+1] 213 373 0101", "+1 (213) 373 - 0101", "+1~213~3730101", "+1+٢١٣٣٧٣٠١٠١".replace("1+", "1")),
    ],
)
def test_a_spelling_does_not_matter(spelling: str) -> None:
    assert e164(spelling, None) == "+12133730101"


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        # digits that begin with the calling code, and have no trunk digit
        *(("4915123456789", "DE", "+4915123456789"), ("491701234567", "DE", "+491701234567")),
        *(("49 (0)345 279580", "DE", "+49345279580"), ("49-170-1234567", "DE", "+491701234567")),
        *(("436641234567", "AT", "+436641234567"), ("33612345678", "FR", "+33612345678")),
        *(("447911123456", "GB", "+447911123456"), ("5511987654321", "BR", "+5511987654321")),
        *(("819012345678", "JP", "+819012345678"), ("6281234567890", "ID", "+6281234567890")),
        *(("79261234567", "RU", "+79261234567"), ("393401234567", "IT", "+393401234567")),
        *(("4915123456789 ext 5", "DE", "+4915123456789"), ("４９１５１２３４５６７８９", "DE", "+4915123456789")),
        # national numbers that begin like it
        *(("9123456789", "IN", "+919123456789"), ("55 99123 4567", "BR", "+5555991234567")),
        *(("3931234567", "IT", "+393931234567"), ("0491 92 1234", "DE", "+49491921234")),
        # the spellings of one number
        *(("0170 1234567", "DE", "+491701234567"), ("01701234567", "DE", "+491701234567")),
        *(("0049 170 1234567", "DE", "+491701234567"), ("011 49 170 1234567", "US", "+491701234567")),
        *(("8 (926) 123-45-67", "RU", "+79261234567"), ("9261234567", "RU", "+79261234567")),
        *(("06 12 34 56 78", "IT", "+390612345678"), ("06 12 34 56 78", "FR", "+33612345678")),
        *(("011 15 2345-6789", "AR", "+5491123456789"), ("1-800-FLOWERS", "US", "+18003569377")),
        *(("416 555 0123", "CA", "+14165550123"), ("0800 1111", "GB", "+448001111")),
    ],
)
def test_reads_a_national_number_as_its_region_does(number: str, region: str, expected: str) -> None:
    assert e164(number, region) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        *(("+789261234567", "+79261234567"), ("+7 8 926 123 45 67", "+79261234567"), ("+370861234567", "+37061234567")),
        *(("+37580291234567", "+375291234567"), ("+4901701234567", "+491701234567"), ("+330612345678", "+33612345678")),
        *(("+4407911123456", "+447911123456"), ("+390612345678", "+390612345678"), ("+10987654321", "+10987654321")),
        *(("+78121234567", "+78121234567"), ("+33666666666", "+33666666666"), ("+8001234567890", None)),
    ],
)
def test_a_national_prefix_behind_the_calling_code_goes_where_it_is_one(number: str, expected: str | None) -> None:
    spelled = f"{number[:4]} {number[4:7]}-{number[7:]}"
    if expected is None:
        assert problem_of(number, None) == problem_of(spelled, None) == Problem.NOT_E164
    else:
        assert e164(number, None) == e164(spelled, None) == expected


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        *(("491701234567.0", "DE", "+491701234567"), ("01701234567.0", "DE", "+491701234567")),
        *(("2125550123.0", "US", "+12125550123"), ("+491701234567.00", None, "+491701234567")),
        *(("1701234567.", "DE", "+491701234567"), ("0170.1234567", "DE", "+491701234567")),
    ],
)
def test_the_fraction_of_what_was_read_as_a_double_is_no_digit(number: str, region: str | None, expected: str) -> None:
    assert e164(number, region) == expected


@pytest.mark.parametrize("number", ["4.91701234567E11", "+4.91701234567e+11", "4.91512E+12", "1.2125550123E10"])
def test_an_exponent_may_have_cost_digits(number: str) -> None:
    assert problem_of(number, "DE") == problem_of(number, "US") == Problem.NOT_E164


@pytest.mark.parametrize(
    ("number", "region"),
    [
        *(("+12345678", None), ("+1234567890123", None), ("+4912", None), ("+33 6 12", None), ("+999123456789", None)),
        *(("91234-5678", "BR"), ("0000000000", "US"), ("5555555555", "US"), ("1234567890", "US"), ("1111111", "DE")),
        *(("+10000000000", None), ("+15555555555", None), ("+1 (555) 555-5555", None), ("+49 000 0000000", None)),
        *(("12", "US"), ("3734253", "US"), ("0170 1234567", "US"), ("4.91512E+12", "DE"), ("call me", "DE")),
        *(("+", None), ("+49", None), ("+49 170 1234567 / +49 171 1234567", None)),
        *(("+1" + "2" * 300, None), (" " * (LONGEST + 1) + "+12133730101", None), ("0170 1234567", "XX")),
    ],
)
def test_what_is_in_no_plan_is_left_out(number: str, region: str | None) -> None:
    assert problem_of(number, region) == Problem.NOT_E164


@pytest.mark.parametrize(
    ("number", "region"),
    [
        *(("+49170 1234567p5", None), ("+49 170 1234567 w5", None), ("+491701234567*5", None)),
        *(("+49 170 123O567", None), ("+49 170 12345б7", None), ("0170 1234567a5", "DE"), ("0170 123456a7", "DE")),
        *(("0170 1234 Jane", "DE"), ("+49 170 1234 Jane", None), ("+49 170 1234567 home", None)),
        *(("+49 170 1234567 (Jane)", None), ("+49 170 1234567 mobil", None), ("213 373 01 am", "US")),
        *(("213-373-JANE", "US"), ("1-800-555-0199 Jane", "US"), ("+49 170 1234567 or 8", None)),
    ],
)
def test_letters_between_and_behind_the_digits_are_no_digits(number: str, region: str | None) -> None:
    assert problem_of(number, region) == Problem.NOT_E164


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        *(("+1 800 GO FEDEX", None, "+18004633339"), ("1-800-FLOWERS ext. 5", "US", "+18003569377")),
        *(("Tel. +49 170 1234567", None, "+491701234567"), ("Mobil: 0170 1234567", "DE", "+491701234567")),
        *(("+491701234567L", None, "+491701234567"), ("0170 1234567 m", "DE", "+491701234567")),
        *(("+491701234567;ext=5", None, "+491701234567"), ("+491701234567,5", None, "+491701234567")),
        *(("0170 1234567 ext 5", "DE", "+491701234567"), ("+49 170 1234567 x٥", None, "+491701234567")),
    ],
)
def test_letters_may_stand_before_after_and_in_numbers_that_cost_nothing(
    number: str, region: str | None, expected: str
) -> None:
    assert e164(number, region) == expected


@pytest.mark.parametrize(
    "number", ["0170 1234567", "2133730101", "(213) 373-0101", "0049 170 1234567", "1-800-FLOWERS"]
)
def test_a_national_number_needs_a_region(number: str) -> None:
    assert problem_of(number, None) == Problem.NO_REGION


@pytest.mark.parametrize("number", ["390575594", "3989478470", "39 0510174"])
def test_two_readings_in_the_plan_are_none_where_no_trunk_digit_tells_them_apart(number: str) -> None:
    assert problem_of(number, "IT") == Problem.NOT_E164


def test_plans_are_those_of_the_calling_code() -> None:
    assert plan_at("491") is plan_of("DE")
    assert plan_at("999") is None
    assert plan_at("000") is None
    russia = plan_of("RU")
    assert russia is not None
    assert (russia.code, russia.trunk, russia.prefix) == ("7", "8", None)
    argentina = plan_of("AR")
    assert argentina is not None
    assert isinstance(argentina.prefix, re.Pattern)


@pytest.mark.parametrize("region", ["AQ", "XX", "ZZ", "001"])
def test_what_has_no_numbers_has_no_plan(region: str) -> None:
    assert plan_of(region) is None


@pytest.mark.parametrize("before", ["tel: ", "Phone ", "t.", "\u260e "])
def test_what_stands_before_a_national_number_is_passed_over(before: str) -> None:
    assert e164(f"{before}030 90181234", "DE") == "+493090181234"
    for too_short in ("1234", "12"):
        with pytest.raises(FieldError, match="not_e164"):
            e164(before + too_short, "DE")
        with pytest.raises(FieldError, match="not_e164"):
            e164(before + too_short, "US")
