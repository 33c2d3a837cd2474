"""What every field function of `normalize` is made of: plain text, ids, closed choices, and how it says no.

A field function takes a raw value and returns its canonical form, or None where the value is empty and
so absent. What TikTok would not take raises `FieldError`.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from consumer.core.model import Problem

FieldFunction = Callable[[object], object | None]

LISTS: Final = (list, tuple)
"""Avro gives lists; a user's function may give either. A tuple, as `isinstance(raw, list | tuple)` makes a union
anew at each call, which costs more than the look."""
# To a dict, True is 1 and False 0.
_FLAGS: Final = {1: True, "1": True, "true": True, 0: False, "0": False, "false": False}


class FieldError(Exception):
    """A value, or parts of a list, that cannot be sent. Never holds the value's own text.

    `problems` are pairs of a place within the field ("" or "[2]") and what is wrong there; `rest` is what
    can be sent all the same, canonical, or None.
    """

    def __init__(self, *problems: Problem | tuple[str, Problem], rest: object = None, is_dropped: bool = True) -> None:
        self.problems = tuple(("", problem) if isinstance(problem, Problem) else problem for problem in problems)
        self.rest = rest
        self.is_dropped = is_dropped
        """False if the value is sent whole, and people should merely know."""
        super().__init__(", ".join(place + problem for place, problem in self.problems))


def text(raw: object) -> str | None:
    """Trimmed text; None for nothing but blanks. Anything that is not text is WRONG_TYPE."""
    if not isinstance(raw, str):
        raise FieldError(Problem.WRONG_TYPE)
    if not raw.isascii():
        encoded(raw)
    return raw.strip() or None


def encoded(cleaned: str) -> bytes:
    """UTF-8. Half a surrogate pair, which JSON can carry and UTF-8 cannot, is WRONG_TYPE."""
    try:
        return cleaned.encode()
    except UnicodeEncodeError:
        raise FieldError(Problem.WRONG_TYPE) from None


def id_text(raw: object) -> str | None:
    """An id as text: TikTok takes ids only as JSON strings (tiktok.md, section 1: a number is refused with 40002).

    Whole numbers of up to 64 bits and UUIDs become text. A float is WRONG_TYPE: "12345.0" is nobody's id.
    """
    if isinstance(raw, str):
        if not raw.isascii():
            encoded(raw)
        return raw.strip() or None
    if (type(raw) is int and -(2**63) <= raw < 2**64) or isinstance(raw, UUID):
        return str(raw)
    raise FieldError(Problem.WRONG_TYPE)


def id_texts(raw: object) -> list[str] | None:
    """A list of ids, in order; one id alone is a list of one. Bad ones are left out, each with its place."""
    items = raw if isinstance(raw, LISTS) else (raw,)
    results, problems = usable(items, id_text)
    if problems:
        raise FieldError(*problems, rest=results or None)
    return results or None


def usable(
    items: list[object] | tuple[object, ...], function: Callable[[object], object]
) -> tuple[list[str], list[tuple[str, Problem]]]:
    """The canonical forms of those items that have one, and the problems of those that do not.

    A null is no item. Lists do not nest: a list within is WRONG_TYPE.
    """
    results: list[str] = []
    problems: list[tuple[str, Problem]] = []
    for place, item in enumerate(items):
        try:
            result = function(_no_list(item)) if item is not None else None
        except FieldError as fault:
            problems += [(f"[{place}]", problem) for _, problem in fault.problems]
            continue
        if isinstance(result, str):
            results.append(result)
    return results, problems


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
