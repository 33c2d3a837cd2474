"""Phone numbers in any spelling → E.164 with the plus: a part of `normalize` (docs/tiktok.md §2).

1. A spelling must not matter. What only formats is taken off, and what then is a plus and digits takes the one plain
   path; `phonenumbers` is asked for what is left (letters, extensions, irregular national prefixes).
2. An international number must be possible by its length, which ages less than number plans: `+10987654321` of
   TikTok's own test data is in no plan. One digit over and over must be in its plan.
3. A national number must be in its region's plan, or any few digits would make a number.
4. Digits that begin with the region's own calling code are an international number that lost its plus, if what
   follows is in the plan and a trunk digit, where the region has one, is not there. Where there is none and both
   readings are in the plan, it stays unclear.
5. A number that a program has read as a double loses its `.0`, which would be one more digit.
6. Letters stand for digits in numbers that cost nothing to call (`1-800-FLOWERS`), and nowhere else: `Jane` behind a
   number is somebody's name, and the O of `123O567` a digit that is not known.
"""

import re
from typing import Final
from unicodedata import decimal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from consumer.core.normalize.fields import FieldError
from consumer.core.normalize.user.number_plans import NumberPlan, plan_at, plan_of
from consumer.core.reasons import Problem

LONGEST: Final = 100
"""Characters of a number with all that people write around it; a longer text is no number, and costs no look."""
_PLAIN: Final = re.compile(r"\+[0-9]{7,18}")
_DOUBLE: Final = re.compile(r"(?P<digits>\+?\d+)\.(?:0+|\d+(?P<exponent>[eE][+-]?\d+))", re.ASCII)
_BETWEEN: Final = (
    "\t\n\r \u00a0\u1680\u202f\u205f\u3000()[]-./~\u2053\u223c\uff5e\u2212\u30fc"
    "\uff08\uff09\uff3b\uff3d\uff0d\uff0e\uff0f\u00ad\u2060\ufeff"
)
_FORMATTING: Final = dict.fromkeys(
    (*map(ord, _BETWEEN), *range(0x2000, 0x2016), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
"""What stands between digits and says nothing. Not x, which begins an extension."""
_USUAL_FORMATTING: Final = [None if chr(code) in " -()./" else chr(code) for code in range(0x80)]
"""Nearly all that stands there, as a list of what is left of ASCII: looked up at a third of the cost of a dict."""


def is_plain(number: str) -> bool:
    """Whether it is a plus and 7 to 18 ASCII digits. Nearly all that are stored are."""
    return _PLAIN.fullmatch(number) is not None


def international(number: str) -> str:
    """The same for what `is_plain`: a national prefix may have got between (`+49 0170 …`)."""
    plan = plan_at(number[1:4])
    national = None if plan is None else plan.national(number[1 + len(plan.code) :])
    if plan is None or national is None:
        return _possible(_parsed(number, None))
    if len(national) not in plan.lengths or (_is_filler(national) and not _is_valid(plan, national)):
        raise FieldError(Problem.NOT_E164)
    return f"+{plan.code}{national}"


def e164(number: str, region: str | None) -> str:
    """The number with plus and calling code, and without what formats it.

    Args:
        region: ISO 3166 alpha-2 in capitals, of a national number.

    Raises:
        FieldError: NO_REGION for a national number without region, else NOT_E164.
    """
    if len(number) > LONGEST:
        raise FieldError(Problem.NOT_E164)
    bare = without_formatting(_of_double(number))
    if is_plain(bare):
        return international(bare)
    if bare.isdigit() and bare.isascii():
        if region is None:
            raise FieldError(Problem.NO_REGION)
        return _plain_national(bare, region) or _national(bare, region)
    return _by_library(number, region)


def _of_double(number: str) -> str:
    """What a program has made of a number that it read as a double: `491701234567.0`, without its fraction.

    With an exponent (`4.91701E+11`), digits may be gone.
    """
    if "." in number and (found := _DOUBLE.fullmatch(number)):
        if found["exponent"]:
            raise FieldError(Problem.NOT_E164)
        return found["digits"]
    return number


def is_national(number: str) -> bool:
    """Whether it takes a region to make sense of it."""
    return "+" not in number and "\uff0b" not in number


def without_formatting(number: str) -> str:
    """Without blanks, brackets, dashes, dots and slashes; digits of any script as ASCII's."""
    if not number.isascii():
        ascii_digits = "".join(str(decimal(character, character)) for character in number)
        return ascii_digits.replace("\uff0b", "+").translate(_FORMATTING)
    number = number.translate(_USUAL_FORMATTING)
    return number if number[1:].isdigit() else number.translate(_FORMATTING)


def _plain_national(digits: str, region: str) -> str | None:
    """The usual national number; None if that takes the library.

    Raises:
        FieldError: NOT_E164 for what is in no plan, where no other region has the calling code.
    """
    plan = plan_of(region)
    if plan is None or not plan.is_main or (plan.exit and plan.exit.match(digits)):
        return None
    may_lack_plus = digits.startswith(plan.code)
    if may_lack_plus:  # rule 4 of the module, where a trunk digit would show it
        digits = digits.removeprefix(plan.code) if plan.trunk else ""
    national = plan.national(digits)
    if national is None:
        return None
    if len(national) in plan.lengths and plan.is_valid(national):
        return f"+{plan.code}{national}"
    if plan.is_alone and not may_lack_plus:
        raise FieldError(Problem.NOT_E164)
    return None


def _national(number: str, region: str) -> str:
    """Rules 3 and 4 of the module."""
    plan = plan_of(region)
    if plan is None:
        raise FieldError(Problem.NOT_E164)
    as_national = _in_plan(number, region)
    bare = without_formatting(number)
    lost_its_plus = _in_plan(f"+{bare}", None) if bare.startswith(plan.code) else None
    if as_national and lost_its_plus and as_national != lost_its_plus:
        if not plan.trunk and plan.prefix is None:
            raise FieldError(Problem.NOT_E164)
        return lost_its_plus
    found = as_national or lost_its_plus
    if found is None:
        raise FieldError(Problem.NOT_E164)
    return found


def _by_library(number: str, region: str | None) -> str:
    """What has letters, extensions, or digits of other scripts."""
    if not is_national(number):
        parsed = _parsed(number, None)
        _check_letters(number, parsed)
        return _possible(parsed)
    if region is None:
        raise FieldError(Problem.NO_REGION if any(map(str.isdigit, number)) else Problem.NOT_E164)
    behind = _BEFORE.sub("", without_formatting(number))
    if behind.isdigit() and behind.isascii():  # `tel: 030 …`: the library, too, begins at the first digit
        return _plain_national(behind, region) or _national(behind, region)
    _check_letters(number, _parsed(number, region))
    return _national(number, region)


def _check_letters(number: str, parsed: PhoneNumber) -> None:
    """The library makes digits of three letters and more, and passes over fewer: rule 6 of the module.

    Raises:
        FieldError: NOT_E164.
    """
    body = _BEFORE.sub("", without_formatting(number))
    if parsed.extension:
        body = _EXTENSION.sub("", body)
    has_letters = _AMONG_DIGITS.search(body) is not None or sum(map(str.isalpha, body)) > _PASSED_OVER
    if has_letters and phonenumbers.number_type(parsed) != PhoneNumberType.TOLL_FREE:
        raise FieldError(Problem.NOT_E164)


_PASSED_OVER: Final = 2
_BEFORE: Final = re.compile(r"\A[^\d+]+")
_EXTENSION: Final = re.compile(r"\D+\d+\D*\Z")
_AMONG_DIGITS: Final = re.compile(r"\d[^\d]*(?:[^\W\d_]|\*)[^\d]*\d")


def _parsed(number: str, region: str | None) -> PhoneNumber:
    try:
        return phonenumbers.parse(number, region)
    except NumberParseException:
        raise FieldError(Problem.NOT_E164) from None


def _in_plan(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else None


def _possible(parsed: PhoneNumber) -> str:
    is_possible = phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
    is_filler = _is_filler(phonenumbers.national_significant_number(parsed))
    if not is_possible or (is_filler and not phonenumbers.is_valid_number(parsed)):
        raise FieldError(Problem.NOT_E164)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _is_filler(national: str) -> bool:
    """Whether it is one digit over and over, as a form's required field gets it."""
    return national == national[:1] * len(national)


def _is_valid(plan: NumberPlan, national: str) -> bool:
    return plan.is_valid(national) or phonenumbers.is_valid_number(phonenumbers.parse(f"+{plan.code}{national}", None))
