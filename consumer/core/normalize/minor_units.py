"""Amounts in cents and the like (`unit: minor`) → whole units of the event's currency: a part of `normalize`.

Exponents are ISO 4217's. Where the event has no currency that has one, its amounts stay as they are, and are bad
fields: 1999 may be 19.99 EUR or 1999 JPY.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import structs

from consumer.core.model import MappedEvent, WithUnit
from consumer.core.normalize.currencies import currency
from consumer.core.normalize.fields import FieldError
from consumer.core.normalize.numbers import amount

_WITHOUT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_OF_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_OF_FOUR: Final = "CLF UYW"
_OF_NONE: Final = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XUA"
"""Metals and units of account: no minor unit at all."""
_EXPONENTS: Final[Mapping[str, int | None]] = {
    code: exponent
    for codes, exponent in ((_WITHOUT, 0), (_OF_THREE, 3), (_OF_FOUR, 4), (_OF_NONE, None))
    for code in codes.split()
}
"""All but those of two decimals (ISO 4217, list one)."""


def in_whole_units(mapped: MappedEvent) -> MappedEvent:
    """The event with value and prices in whole units, where its currency says what a minor unit is."""
    exponent = _exponent(mapped.properties.get("currency"))
    if exponent is None:
        return mapped
    contents = mapped.contents
    if isinstance(contents, tuple):
        contents = tuple(_section(item, "price", exponent) if isinstance(item, dict) else item for item in contents)
    return structs.replace(mapped, properties=_section(mapped.properties, "value", exponent), contents=contents)


def _exponent(raw: object) -> int | None:
    try:
        code = None if raw is None else currency(raw)
    except FieldError as fault:
        code = fault.rest if isinstance(fault.rest, str) else None  # not listed by TikTok, but a currency
    return None if code is None else _EXPONENTS.get(code, 2)


def _section(raw: Mapping[str, Any], name: str, exponent: int) -> Mapping[str, Any]:
    value = raw.get(name)
    if not isinstance(value, WithUnit):
        return raw
    return {**raw, name: _whole(value.value, exponent)}


def _whole(raw: object, exponent: int) -> object:
    """What is no amount stays as it is: the field's own check says why."""
    try:
        number = amount(raw)
    except FieldError:
        return raw
    if number is None:
        return raw
    return Decimal(repr(number) if isinstance(number, float) else number).scaleb(-exponent)
