"""What of the world's phone number plans is needed to find a number's E.164 form from its digits alone.

Compiled from `phonenumbers`' metadata, a calling code at a time, when a number first asks for it: loading every
country's takes longer than a start may. What a plan says of a number, `phonenumbers` says too (a property test holds
the two together); where it cannot say, it answers None and `phones` asks the library.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import phonenumbers
from msgspec import Struct
from phonenumbers import PhoneMetadata, PhoneNumberDesc

_CODES: Final = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class NumberPlan(Struct, frozen=True):
    """One region's numbers; of a calling code that several share, those of its main region."""

    code: str
    """The calling code, without the plus: `49`."""
    region: str
    is_main: bool
    """Whether the calling code's own rules are this region's."""
    is_alone: bool
    """Whether no other region has the calling code."""
    lengths: frozenset[int]
    """Digits that may follow the calling code."""
    trunk: str
    """What stands before a national number dialled within the country, if that is always the same: `0`."""
    prefix: re.Pattern[str] | None
    """What else may stand there; None if there is no more than `trunk`."""
    exit: re.Pattern[str] | None
    """How a call abroad begins: `00`, `011`."""
    general: re.Pattern[str] | None
    valid: re.Pattern[str] | None
    """Numbers of some kind that is in the plan; None where other regions would have to be asked first."""

    def national(self, digits: str) -> str | None:
        """A national number without its trunk digit, be it there or not; None where only the library can say."""
        if self.prefix is not None:
            found = self.prefix.match(digits)
            return digits if found is None or (not found.end() and found.lastindex is None) else None
        if not self.trunk or not digits.startswith(self.trunk):
            return digits
        rest = digits[len(self.trunk) :]
        is_lost = _matches(self.general, digits) and not _matches(self.general, rest)
        return rest if len(rest) in self.lengths and not is_lost else digits

    def is_valid(self, national: str) -> bool:
        """Whether the plan has such numbers. False may mean that another region of the calling code has."""
        return _matches(self.general, national) and _matches(self.valid, national)


def _matches(pattern: re.Pattern[str] | None, digits: str) -> bool:
    return pattern is not None and pattern.fullmatch(digits) is not None


@lru_cache(maxsize=2048)  # a thousand beginnings are numbers, and the rest is noise
def plan_at(beginning: str) -> NumberPlan | None:
    """The plan of an international number by its first three digits, without the plus; None if no code is there."""
    code = next((beginning[:size] for size in (1, 2, 3) if beginning[:size] in _CODES), None)
    return None if code is None else _plan_of_code(int(code))


@lru_cache(maxsize=512)
def plan_of(region: str) -> NumberPlan | None:
    """The plan of a country, ISO 3166 alpha-2 in capitals; None if it has none."""
    code = phonenumbers.country_code_for_region(region)
    if phonenumbers.region_code_for_country_code(code) == region:
        return _plan_of_code(code)
    return _compiled(code, region, PhoneMetadata.metadata_for_region(region))


@lru_cache(maxsize=512)
def _plan_of_code(code: int) -> NumberPlan | None:
    region = phonenumbers.region_code_for_country_code(code)
    return _compiled(code, region, PhoneMetadata.metadata_for_region_or_calling_code(code, region))


def _compiled(code: int, region: str, metadata: PhoneMetadata | None) -> NumberPlan | None:
    if metadata is None or metadata.general_desc is None:
        return None
    written = metadata.national_prefix_for_parsing or ""
    is_simple = written.isdigit() and not metadata.national_prefix_transform_rule
    return NumberPlan(
        str(code),
        region,
        phonenumbers.region_code_for_country_code(code) == region,
        len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]) == 1,
        frozenset(metadata.general_desc.possible_length),
        written if is_simple else "",
        re.compile(written) if written and not is_simple else None,
        re.compile(metadata.international_prefix) if metadata.international_prefix else None,
        _pattern([metadata.general_desc]),
        None if metadata.leading_digits else _pattern(_kinds(metadata)),
    )


def _kinds(metadata: PhoneMetadata) -> Sequence[PhoneNumberDesc | None]:
    return (
        *(metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.premium_rate, metadata.shared_cost),
        *(metadata.voip, metadata.personal_number, metadata.pager, metadata.uan, metadata.voicemail),
    )


def _pattern(descriptions: Sequence[PhoneNumberDesc | None]) -> re.Pattern[str] | None:
    written = [each.national_number_pattern for each in descriptions if each and each.national_number_pattern]
    return re.compile("|".join(f"(?:{each})" for each in written)) if written else None
