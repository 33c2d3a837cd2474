"""City, state, country and locale, which TikTok takes in clear: a part of `normalize` (docs/tiktok.md §2)."""

import re
from typing import Final
from unicodedata import category

from consumer.core.normalize.fields import FieldError, short_text, text
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import is_placeholder, visible

_COUNTRY_CODES: Final = (
    "ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz "
    "ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo "
    "fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je "
    "jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo "
    "mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw "
    "py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm "
    "tn to tr tt tv tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_COUNTRIES: Final = frozenset(_COUNTRY_CODES.split())
"""ISO 3166-1 alpha-2, all 249 (Debian's `iso-codes` 4.15)."""
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
"""The shape of a BCP 47 tag; whether its parts are registered is not asked."""
_USUAL_LOCALE: Final = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")
"""Nearly every one, and no placeholder, in any spelling of them: known at a quarter of a closer look's cost."""


def place(raw: object) -> str | None:
    """A city or state in lowercase, without blanks, punctuation and symbols: "St. Gallen" is `stgallen`."""
    cleaned = short_text(raw)
    if cleaned is None:
        return None
    squeezed = without_punctuation("".join(visible(cleaned.lower()).split()))
    if not squeezed:
        raise FieldError(Problem.EMPTY_AFTER_CLEANING)
    if is_placeholder(cleaned):  # there is a town called None
        raise FieldError(Problem.PLACEHOLDER, rest=squeezed, is_dropped=False)
    return squeezed


def without_punctuation(cleaned: str) -> str:
    """Without what Unicode calls punctuation or a symbol: both ' and ` stand in for an apostrophe."""
    if cleaned.isalpha():
        return cleaned
    return "".join(character for character in cleaned if category(character)[0] not in "PS")


def country(raw: object) -> str | None:
    """An ISO 3166-1 alpha-2 code in lowercase; names and longer codes are not guessed at."""
    cleaned = text(raw)
    if cleaned is None:
        return None
    code = cleaned.lower()
    if code not in _COUNTRIES:
        raise FieldError(Problem.NOT_A_COUNTRY)
    return code


def locale(raw: object) -> str | None:
    """A BCP 47 tag; `en_US`, as some systems write it, becomes `en-US`."""
    if isinstance(raw, str) and _USUAL_LOCALE.fullmatch(raw):
        return raw
    cleaned = text(raw)
    if cleaned is None:
        return None
    tag = cleaned.replace("_", "-")
    if len(tag) > 3 and is_placeholder(tag):  # `na` is Nauru's language, `nan` Min Nan Chinese
        raise FieldError(Problem.PLACEHOLDER)
    if not _LOCALE.fullmatch(tag):
        raise FieldError(Problem.NOT_A_LOCALE)
    return tag
