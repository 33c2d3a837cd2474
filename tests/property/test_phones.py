"""One number, one digest: the plain path and `phonenumbers` agree on every number, however spelled."""

from random import Random
from typing import Final

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from consumer.core.normalize.fields import FieldError
from consumer.core.normalize.user.number_plans import plan_of
from consumer.core.normalize.user.phones import e164

REGIONS: Final = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES: Final = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
LOCAL_ONLY: Final = {"+13101234"}
"""Canada's 310-1234 is dialled without an area code: no number of a calling code's length."""
ACCOUNTED: Final = PhoneNumberFormat.E164


def ours(number: str, region: str | None = None) -> str | None:
    try:
        return e164(number, region)
    except FieldError:
        return None


def library(number: str, region: str | None, *, must_be_valid: bool = False) -> str | None:
    """What `phonenumbers` alone makes of it; one digit over and over is a number only if it is in its plan."""
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    national = phonenumbers.national_significant_number(parsed)
    is_enough = phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
    if must_be_valid or len(set(national)) == 1:
        is_enough = phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if is_enough else None


def examples(region: str) -> list[phonenumbers.PhoneNumber]:
    found = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    return [each for each in found if each is not None]


@pytest.mark.parametrize("region", REGIONS)
def test_every_regions_examples_are_one_number_in_each_spelling(region: str) -> None:
    for number in examples(region):
        expected = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if expected in LOCAL_ONLY:
            continue
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966):
            assert ours(phonenumbers.format_number(number, form)) == expected
        assert ours(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL), region) == expected
        assert ours(expected.removeprefix("+"), region) == expected


@given(st.sampled_from(CODES), st.text("0123456789", min_size=2, max_size=14), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_an_international_number_is_the_librarys_plain_or_spelled(code: int, digits: str, cut: int) -> None:
    expected = library(f"+{code}{digits}", None)

    assert ours(f"+{code}{digits}") == expected
    assert ours(f" +{code} ({digits[:cut]}) {digits[cut : cut + 2]}-{digits[cut + 2 :]} ") == expected
    assert ours(f"+{code}.{digits[:cut]}/{digits[cut:]}") == expected


@given(st.data(), st.sampled_from(REGIONS), st.sampled_from(["", "trunk", "code"]))
@settings(max_examples=200, deadline=None)
def test_a_national_number_is_the_librarys_if_it_is_in_the_plan(data: st.DataObject, region: str, before: str) -> None:
    plan = plan_of(region)
    assert plan is not None
    length = data.draw(st.sampled_from(sorted(plan.lengths)))
    digits = data.draw(st.text("0123456789", min_size=length, max_size=length))
    number = {"": "", "trunk": plan.trunk, "code": plan.code}[before] + digits

    as_national = library(number, region, must_be_valid=True)
    with_plus = library(f"+{number}", None, must_be_valid=True) if number.startswith(plan.code) else None
    is_unclear = bool(as_national and with_plus and as_national != with_plus)
    expected = (with_plus if plan.trunk or plan.prefix else None) if is_unclear else as_national or with_plus
    assert ours(number, region) == expected
    assert ours(f"({number[:2]}) {number[2:5]}-{number[5:]}", region) == expected


@pytest.mark.parametrize("region", REGIONS)
def test_random_numbers_of_every_region_are_one_number_plain_or_spelled(region: str) -> None:
    """Seeded by the region, so that each has its share, whatever hypothesis draws."""
    plan, dice = plan_of(region), Random(region)
    assert plan is not None
    for _ in range(12):
        digits = "".join(dice.choices("0123456789", k=dice.choice([*plan.lengths, dice.randint(3, 14)])))
        for before in ("", plan.trunk):
            number = f"+{plan.code}{before}{digits}"
            expected = library(number, None)
            spelled = f"+{plan.code} ({before}{digits[:2]}) {digits[2:5]}-{digits[5:]}"
            assert (ours(number), ours(spelled)) == (expected, expected), number
