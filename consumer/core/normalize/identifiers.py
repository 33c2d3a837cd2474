"""Bring customer identifiers into the one form TikTok can match, and hash them: a part of `normalize`.

Everything here is tiktok.md, section 2. Email, phone and external id may be lists: each item is hashed,
doubles go, and one that is left stands alone. A value that already is 64 hex digits passes through.
"""

import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from consumer.core.model import Problem, WithRegion
from consumer.core.normalize.fields import LISTS, FieldError, id_text, text, usable
from consumer.core.normalize.locations import without_punctuation

_HASHER: Final = sha256()
"""To be copied: OpenSSL looks an algorithm up for each new one, which takes a third of an identifier's hash."""
_HEX: Final = frozenset("0123456789abcdef")
_USUAL_EMAIL: Final = re.compile(r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]+")
"""Nearly every address, and found in two thirds of the time of the next."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_US_ZIP_PLUS_4: Final = re.compile(r"\d{5}[- ]?\d{4}", re.ASCII)
_AFTER_COUNTRY_CODE: Final = {
    f"+{f'{code}{rest:0{3 - len(str(code))}d}'[:3]}": 1 + len(str(code))
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    for rest in range(10 ** (3 - len(str(code))))
}
"""An international number's plus and first three digits → where its country code ends, counted with the plus."""


def email(raw: object) -> str | list[str] | None:
    """SHA-256 of the trimmed, lowercase address."""
    if not isinstance(raw, str):
        return _each(raw, email)
    address = raw.strip().lower()
    if _USUAL_EMAIL.fullmatch(address) or _EMAIL.fullmatch(address):
        return _hash(address)
    return _as_digest(address) or _refuse(Problem.NOT_AN_EMAIL) if address else None


def phone(raw: object) -> str | list[str] | None:
    """SHA-256 of the number in E.164 with the plus. A national number needs a `WithRegion` around it."""
    region = None
    if isinstance(raw, WithRegion):
        region = raw.region
        raw = raw.value
    if isinstance(raw, str) and _is_plain_e164(raw):
        return _hash(raw)
    return _each(raw, partial(_phone, region=region)) if isinstance(raw, LISTS) else _phone(raw, region)


def external_id(raw: object) -> str | list[str] | None:
    """SHA-256 of the trimmed id, its case kept. Whole numbers and UUIDs count as their text."""
    if isinstance(raw, LISTS):
        return _each(raw, external_id)
    cleaned = raw.strip() if isinstance(raw, str) else id_text(raw)
    if not cleaned:
        return None
    return _as_digest(cleaned) or _hash(cleaned) if len(cleaned) == 64 else _hash(cleaned)


def name(raw: object) -> str | None:
    """SHA-256 of a first or last name in lowercase without punctuation; blanks within stay."""
    cleaned = text(raw)
    if cleaned is None:
        return None
    return _as_digest(cleaned) or _hash_unless_empty(without_punctuation(cleaned.lower()).strip())


def zip_code(raw: object) -> str | None:
    """SHA-256 of a postal code in lowercase without blanks and dashes; of a US ZIP+4, the first five.

    A number is WRONG_TYPE: it has lost its leading zeros.
    """
    cleaned = text(raw)
    if cleaned is None:
        return None
    if _US_ZIP_PLUS_4.fullmatch(cleaned):
        cleaned = cleaned[:5]
    return _as_digest(cleaned) or _hash_unless_empty("".join(cleaned.lower().replace("-", "").split()))


def _phone(raw: object, region: str | None) -> str | None:
    number = id_text(raw)
    if number is None:
        return None
    return _as_digest(number) or _hash(number if _is_plain_e164(number) else _e164(number, region))


def _is_plain_e164(number: str) -> bool:
    """Whether `number` needs no second look: a plus, and digits only, at most 15 (ITU-T E.164), a country code
    that exists and no trunk zero after it (+49 0170 … is +49170…, but Italy's zero belongs there)."""
    after = _AFTER_COUNTRY_CODE.get(number[:4])
    if after is None or not 8 <= len(number) <= 16 or number[after] == "0":
        return False
    return number[4:].isdigit() and number.isascii()


def _e164(number: str, region: str | None) -> str:
    """Any spelling, by way of `phonenumbers`: possible by its length, which ages less than number plans."""
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as fault:
        is_national = region is None and fault.error_type == NumberParseException.INVALID_COUNTRY_CODE
        raise FieldError(Problem.NO_REGION if is_national and "+" not in number else Problem.NOT_E164) from None
    if phonenumbers.is_possible_number_with_reason(parsed) != ValidationResult.IS_POSSIBLE:
        raise FieldError(Problem.NOT_E164)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _each(raw: object, function: Callable[[object], object]) -> str | list[str] | None:
    if not isinstance(raw, LISTS):
        raise FieldError(Problem.WRONG_TYPE)
    results, problems = usable(raw, function)
    distinct = list(dict.fromkeys(results))
    value = (distinct if len(distinct) > 1 else distinct[0]) if distinct else None
    if problems:
        raise FieldError(*problems, rest=value)
    return value


def _hash(canonical: str) -> str:
    hasher = _HASHER.copy()
    try:
        hasher.update(canonical.encode())
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        raise FieldError(Problem.WRONG_TYPE) from None
    return hasher.hexdigest()


def _as_digest(cleaned: str) -> str | None:
    """The text in lowercase, if it is a SHA-256 already."""
    if len(cleaned) != 64:
        return None
    lowercase = cleaned.lower()
    return lowercase if _HEX.issuperset(lowercase) else None


def _hash_unless_empty(canonical: str) -> str:
    return _hash(canonical) if canonical else _refuse(Problem.EMPTY_AFTER_CLEANING)


def _refuse(problem: Problem) -> str:
    raise FieldError(problem)
