"""Which currencies there are, and which of them TikTok lists: a part of `normalize`."""

from typing import Final

from consumer.core.normalize.fields import FieldError, text
from consumer.core.reasons import Problem

_LISTED_CODES: Final = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR "
    "ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD "
    "THB TRY TWD UAH USD VES VND ZAR"
)
LISTED: Final = frozenset(_LISTED_CODES.split())
"""The 62 that TikTok lists (docs/tiktok.md §1)."""

_OTHER_CODES: Final = (
    "AFN ALL AMD ANG AOA AWG AZN BAM BBD BGN BMD BND BOV BSD BTN BWP BYN BZD CDF CHE CHW CLF COU CUC CUP CVE DJF "
    "DOP ERN ETB FJD FKP GEL GHS GIP GMD GNF GYD HRK HTG IQD IRR JMD JOD KGS KMF KPW KYD LAK LBP LKR LRD LSL LYD "
    "MDL MGA MKD MMK MNT MRU MUR MVR MWK MXV MZN NAD NPR PAB PGK RSD RWF SBD SCR SDG SHP SLE SLL SOS SRD SSP STN "
    "SVC SYP SZL TJS TMT TND TOP TTD TZS UGX USN UYI UYU UYW UZS VED VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD "
    "XCG XDR XOF XPD XPF XPT XSU XUA YER ZMW ZWG ZWL"
)
ISO_4217: Final = LISTED | frozenset(_OTHER_CODES.split())
"""ISO 4217, list one, as Debian's `iso-codes` 4.15 has it (May 2023), with XAD, XCG and ZWG, which came since.

Codes withdrawn since are kept, as old events name them. Without XTS (tests) and XXX (no currency).
"""


def currency(raw: object) -> str | None:
    """An ISO 4217 code in capitals. One that TikTok does not list is sent, with a note."""
    if isinstance(raw, str) and raw in LISTED:
        return raw
    cleaned = text(raw)
    if cleaned is None:
        return None
    code = cleaned.upper()
    if code in LISTED:
        return code
    if code in ISO_4217:
        raise FieldError(Problem.CURRENCY_NOT_LISTED, rest=code, is_dropped=False)
    raise FieldError(Problem.NOT_A_CURRENCY)
