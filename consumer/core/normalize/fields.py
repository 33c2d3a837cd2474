"""What every field function of `normalize` is made of: plain text, ids, closed choices, and how it says no.

A field function takes a raw value and returns its canonical form, or None where the value is empty and
so absent. What TikTok would not take raises `FieldError`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from uuid import UUID

from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import is_placeholder, trimmed, usual

FieldFunction = Callable[[object], object | None]

LISTS: Final = (list, tuple)
"""Avro gives lists; a user's function may give either. A tuple, as `isinstance(raw, list | tuple)` makes a union
again at each call, which costs more than the look."""
# To a dict, True is 1 and False 0.
_FLAGS: Final = {1: True, "1": True, "true": True, 0: False, "0": False, "false": False}
FLAG_WORDS: Final = frozenset(word for word in _FLAGS if isinstance(word, str))


MOST_ITEMS: Final = 1_000
"""Of a list. No person has so many emails and no order so many products; a longer list costs no more than its look."""
LONGEST: Final = 1_000
"""Characters of a name or a place."""
_WHOLE_DOUBLES: Final = 2.0**53
"""Below, each whole number has a double of its own."""
_LARGEST_ID: Final = 10**40
"""More digits than decimal(38, 0) has, which is what Connect makes of a database's NUMBER."""


class FieldError(Exception):
    """A value, or parts of a list, that cannot be sent. Never holds the value's own text.

    `problems` are pairs of the first place within the field ("" or "[2]") and what is wrong there; `rest` is what
    can be sent all the same, canonical, or None.
    """

    def __init__(
        self,
        *problems: Problem | tuple[str, Problem],
        rest: object = None,
        is_dropped: bool = True,
        counts: Mapping[Problem, int] = MappingProxyType({}),
    ) -> None:
        self.problems = tuple(("", problem) if isinstance(problem, Problem) else problem for problem in problems)
        self.rest = rest
        self.is_dropped = is_dropped
        """False if the value is sent whole, and people should merely know."""
        self.counts = counts
        """Of a list: in how many places each problem is, where in more than one."""
        super().__init__(", ".join(place + problem for place, problem in self.problems))


def text(raw: object) -> str | None:
    """Text without blanks and unseen characters around it; None for nothing but blanks.

    Raises:
        FieldError: WRONG_TYPE for anything but text; EMPTY_AFTER_CLEANING for nothing but unseen characters.
    """
    if not isinstance(raw, str):
        raise FieldError(Problem.WRONG_TYPE)
    if not raw.isascii():
        encoded(raw)
    cleaned = trimmed(raw)
    if not cleaned and raw.strip():
        raise FieldError(Problem.EMPTY_AFTER_CLEANING)
    return cleaned or None


def short_text(raw: object) -> str | None:
    """Text that may be a name or a place; what is longer than any is TOO_LONG. Else as `text`."""
    cleaned = text(raw)
    if cleaned is not None and len(cleaned) > LONGEST:
        raise FieldError(Problem.TOO_LONG)
    return cleaned


def token(raw: object) -> str | None:
    """Text that identifies something: what stands for nothing is a PLACEHOLDER, and left out."""
    cleaned = text(raw)
    if cleaned is not None and is_placeholder(cleaned):
        raise FieldError(Problem.PLACEHOLDER)
    return cleaned


def free_text(raw: object) -> str | None:
    """Text for people: what may stand for nothing is sent, and noted as a PLACEHOLDER."""
    cleaned = text(raw)
    if cleaned is not None and is_placeholder(cleaned):
        raise FieldError(Problem.PLACEHOLDER, rest=cleaned, is_dropped=False)
    return cleaned


def encoded(cleaned: str) -> bytes:
    """UTF-8. Half a surrogate pair, which JSON can carry and UTF-8 cannot, is WRONG_TYPE."""
    try:
        return cleaned.encode()
    except UnicodeEncodeError:
        raise FieldError(Problem.WRONG_TYPE) from None


def id_text(raw: object) -> str | None:
    """An id as text: TikTok takes ids only as JSON strings (docs/tiktok.md §1: a number is refused with 40002).

    Whole numbers of any type become their digits, as a whole decimal is how Connect writes a database's NUMBER, and a
    whole double below 2^53 how many programs write a whole number that may be absent; UUIDs become text.
    """
    return usual(raw) or token(raw if isinstance(raw, str) else _written(raw))


def _written(raw: object) -> str:
    if isinstance(raw, UUID):
        return str(raw)
    if isinstance(raw, Decimal):
        is_whole = raw.is_finite() and raw.adjusted() <= 40 and raw == raw.to_integral_value()
    elif isinstance(raw, float):
        is_whole = raw.is_integer() and abs(raw) < _WHOLE_DOUBLES
    else:
        is_whole = type(raw) is int
    if not is_whole or not -_LARGEST_ID < raw < _LARGEST_ID:  # type: ignore[operator]  # a number, or it is not whole
        raise FieldError(Problem.WRONG_TYPE)
    return str(int(raw))  # type: ignore[call-overload]  # the same


def id_texts(raw: object) -> list[str] | None:
    """A list of ids, in order; one id alone is a list of one. Bad ones are left out."""
    return list_of(raw if isinstance(raw, LISTS) else (raw,), id_text)


def list_of(
    items: Sequence[object], function: Callable[[object], object], *, is_distinct: bool = False
) -> list[str] | None:
    """The canonical forms of those items that have one, in order; None if none has.

    A null is no item. Lists do not nest: a list within is WRONG_TYPE.

    Raises:
        FieldError: TOO_MANY for more than MOST_ITEMS; else the problems of those that have none, each with its first
            place, and the others as `rest`.
    """
    if len(items) > MOST_ITEMS:
        raise FieldError(Problem.TOO_MANY)
    results: list[str] = []
    places: dict[Problem, str] = {}
    counts: Counter[Problem] = Counter()
    for place, item in enumerate(items):
        try:
            result = function(_no_list(item)) if item is not None else None
        except FieldError as fault:
            for _, problem in fault.problems:
                places.setdefault(problem, f"[{place}]")
                counts[problem] += 1
            continue
        if isinstance(result, str):
            results.append(result)
    usable = (list(dict.fromkeys(results)) if is_distinct else results) or None
    if places:
        raise FieldError(*((place, problem) for problem, place in places.items()), rest=usable, counts=counts)
    return usable


def _no_list(item: object) -> object:
    if isinstance(item, LISTS):
        raise FieldError(Problem.WRONG_TYPE)
    return item


def one_of(*choices: str) -> FieldFunction:
    """A function that takes only these lowercase words, in any case."""
    allowed = frozenset(choices)

    def chosen(raw: object) -> str | None:
        if isinstance(raw, str) and raw in allowed:
            return raw
        cleaned = text(raw)
        if cleaned is None:
            return None
        word = cleaned.lower()
        if word not in allowed:
            raise FieldError(Problem.NOT_ALLOWED)
        return word

    return chosen


def flag(raw: object) -> bool | None:
    """True or false, also as 1, 0 or the words in any case; nothing else is guessed at."""
    word = raw.strip().lower() if isinstance(raw, str) else raw
    if word == "":
        return None
    if not isinstance(word, str | int) or word not in _FLAGS:
        raise FieldError(Problem.NOT_A_BOOLEAN)
    return _FLAGS[word]
