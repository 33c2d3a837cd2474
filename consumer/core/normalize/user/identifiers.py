"""Bring customer identifiers into the one form TikTok can match, and hash them: a part of `normalize`.

Everything here is docs/tiktok.md §2. Email, phone and external id may be lists: each item is hashed, doubles
go, and one that is left stands alone. A value that already is 64 hex digits passes through, unless it is the digest
of nothing. No digest is made of invisible characters, or of text that stands for nothing.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any, Final

import phonenumbers
from msgspec import Struct

from consumer.core.model import WithRegion
from consumer.core.normalize.fields import LISTS, FieldError, id_text, list_of, short_text
from consumer.core.normalize.user import emails, phones
from consumer.core.normalize.user.locations import country, without_punctuation
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import digests_of_nothing, is_placeholder, trimmed, visible

_HASHER: Final = sha256()
"""To be copied: OpenSSL looks an algorithm up for each new one, which takes a third of an identifier's hash."""
_HEX: Final = frozenset("0123456789abcdef")
_US_ZIP_PLUS_4: Final = re.compile(r"\d{5}[- ]?\d{4}", re.ASCII)


DigestOf = Callable[[str], str]
"""Canonical text → its digest."""


def _hash(canonical: str) -> str:
    hasher = _HASHER.copy()
    try:
        hasher.update(canonical.encode())
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        raise FieldError(Problem.WRONG_TYPE) from None
    return hasher.hexdigest()


def email(raw: object, digest_of: DigestOf = _hash) -> str | list[str] | None:
    """SHA-256 of the trimmed, lowercase address."""
    if not isinstance(raw, str):
        return _each(raw, partial(email, digest_of=digest_of))
    if len(raw) > 63 and "@" not in raw and (digest := _as_digest(visible(trimmed(raw)))):
        return digest
    address = emails.address(raw)
    return None if address is None else digest_of(address)


class PhoneOfCountry(Struct, frozen=True, gc=False):
    """A phone as mapped, the region that goes with it, and the country that the event gives its user: all raw."""

    value: Any
    region: Any
    country: Any


def with_country(user: Mapping[str, Any]) -> Mapping[str, Any]:
    """The user as mapped, with the country put to a phone that may need it: one that does not say its own."""
    phone = user["phone"]
    if isinstance(phone, str) and phone.startswith("+"):
        return user
    country = user.get("country")
    if country is None:
        return user
    if isinstance(phone, WithRegion):
        return {**user, "phone": PhoneOfCountry(phone.value, phone.region, country)}
    return {**user, "phone": PhoneOfCountry(phone, None, country)}


def phone(raw: object, digest_of: DigestOf = _hash) -> str | list[str] | None:
    """SHA-256 of the number in E.164 with the plus. A national number needs a region or country too."""
    if isinstance(raw, str):
        return _phone(raw, None, None, digest_of)
    if isinstance(raw, PhoneOfCountry):
        return _phones(raw.value, raw.region, raw.country, digest_of)
    return (
        _phones(raw.value, raw.region, None, digest_of)
        if isinstance(raw, WithRegion)
        else _phones(raw, None, None, digest_of)
    )


def external_id(raw: object, digest_of: DigestOf = _hash) -> str | list[str] | None:
    """SHA-256 of the trimmed id, its case kept. Whole numbers and UUIDs count as their text."""
    if isinstance(raw, LISTS):
        return _each(raw, partial(external_id, digest_of=digest_of))
    cleaned = id_text(raw)
    if cleaned is None:
        return None
    seen = visible(cleaned)
    if seen is not cleaned and is_placeholder(seen):
        raise FieldError(Problem.PLACEHOLDER)
    return (_as_digest(seen) if len(seen) == 64 else None) or digest_of(seen)


def name(raw: object, digest_of: DigestOf = _hash) -> str | None:
    """SHA-256 of a first or last name in lowercase without punctuation; blanks within stay."""
    cleaned = short_text(raw)
    if cleaned is None:
        return None
    seen = visible(cleaned.lower())
    hashed = _as_digest(seen) or digest_of(_unless_empty(without_punctuation(seen).strip()))
    if is_placeholder(cleaned):  # a surname can be Null
        raise FieldError(Problem.PLACEHOLDER, rest=hashed, is_dropped=False)
    return hashed


def zip_code(raw: object, digest_of: DigestOf = _hash) -> str | None:
    """SHA-256 of a postal code in lowercase without blanks and dashes; of a US ZIP+4, the first five.

    A number is WRONG_TYPE: it has lost its leading zeros.
    """
    cleaned = short_text(raw)
    if cleaned is None:
        return None
    cleaned = visible(cleaned)
    if digest := _as_digest(cleaned):
        return digest
    if cleaned and is_placeholder(cleaned):
        raise FieldError(Problem.PLACEHOLDER)
    if _US_ZIP_PLUS_4.fullmatch(cleaned):
        cleaned = cleaned[:5]
    bare = _unless_empty("".join(cleaned.lower().replace("-", "").split()))
    if is_placeholder(bare):  # `null-`
        raise FieldError(Problem.PLACEHOLDER)
    return digest_of(bare)


_HASHED: Final[Mapping[str, Callable[[object, DigestOf], object]]] = {
    "email": email,
    "phone": phone,
    "external_id": external_id,
    "first_name": name,
    "last_name": name,
    "zip_code": zip_code,
}


def hashed_texts(user: Mapping[str, Any]) -> dict[str, str]:
    """Digest → the canonical text that it is made of, for each identifier of a mapped user.

    For a person who asks what was hashed, and for nothing else: these are the texts that must not go anywhere.
    """
    texts: dict[str, str] = {}

    def kept(canonical: str) -> str:
        digest = _hash(canonical)
        texts[digest] = canonical
        return digest

    user = with_country(user) if "phone" in user else user
    for field, function in _HASHED.items():
        with suppress(FieldError):
            if field in user:
                function(user[field], kept)
    return texts


def _phones(raw: object, region: object, home: object, digest_of: DigestOf) -> str | list[str] | None:
    if isinstance(raw, LISTS):
        return _each(raw, partial(_phone, region=region, home=home, digest_of=digest_of))
    return _phone(raw, region, home, digest_of)


def _phone(raw: object, region: object, home: object, digest_of: DigestOf) -> str | None:
    if isinstance(raw, str) and phones.is_plain(raw):
        return digest_of(phones.international(raw))
    number = raw if isinstance(raw, str) else id_text(raw)
    number = number and visible(trimmed(number[: phones.LONGEST * 2]))
    if not number:
        return None
    if digest := _as_digest(number):
        return digest
    if is_placeholder(number):
        raise FieldError(Problem.PLACEHOLDER)
    return digest_of(phones.e164(number, _region(region, home) if phones.is_national(number) else None))


def _region(region: object, home: object) -> str | None:
    """The region of a national number: that which is mapped with it, else the user's country.

    Raises:
        FieldError: REGION_UNCLEAR where it is no country's code, or the two have different calling codes.
    """
    try:
        at_home = country(home) if home is not None else None
    except FieldError:
        at_home = None  # noted as a bad country
    try:
        mapped = country(region) if region is not None else None
    except FieldError:
        raise FieldError(Problem.REGION_UNCLEAR) from None
    if mapped and at_home and mapped != at_home and _calling_code(mapped) != _calling_code(at_home):
        raise FieldError(Problem.REGION_UNCLEAR)
    found = mapped or at_home
    return found and found.upper()


def _calling_code(country_code: str) -> int:
    return phonenumbers.country_code_for_region(country_code.upper())


def _each(raw: object, function: Callable[[object], object]) -> str | list[str] | None:
    if not isinstance(raw, LISTS):
        raise FieldError(Problem.WRONG_TYPE)
    try:
        return _alone(list_of(raw, function, is_distinct=True))
    except FieldError as fault:
        rest = _alone(fault.rest) if isinstance(fault.rest, list) else None
        raise FieldError(*fault.problems, rest=rest, counts=fault.counts) from None


def _alone(digests: list[str] | None) -> str | list[str] | None:
    return digests[0] if digests and len(digests) == 1 else digests


def _as_digest(cleaned: str) -> str | None:
    """The text in lowercase, if it is a SHA-256 already.

    Raises:
        FieldError: PLACEHOLDER for the digest of text that stands for nothing.
    """
    if len(cleaned) != 64:
        return None
    lowercase = cleaned.lower()
    if not _HEX.issuperset(lowercase):
        return None
    if lowercase in digests_of_nothing():
        raise FieldError(Problem.PLACEHOLDER)
    return lowercase


def _unless_empty(canonical: str) -> str:
    if not canonical:
        raise FieldError(Problem.EMPTY_AFTER_CLEANING)
    return canonical
