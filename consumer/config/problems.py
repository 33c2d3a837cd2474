"""Where a fault stands in the file, and how it is reported: `path.in.file: what is wrong; what to do (line 12)`.

No text here ever holds a value from the file: it may be a token, or may have come from the environment.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Final

Place = tuple[str | int, ...]
"""The way from the top of the file: `("rules", 2, "map", "user", "email")`."""

_SHOWN: Final = 20
"""So many names are listed where none is near."""
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def spell(place: Place) -> str:
    """`rules[2].map.user.email`; a key with dots or blanks is quoted: `kafka.properties["group.id"]`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and _PLAIN.issuperset(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text or "the file"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely was meant to be; None if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def hint(name: str, known: Collection[str]) -> str:
    """What to write instead of a name that is not known: the nearest, else all there are."""
    near = nearest(name, known)
    if near:
        return f"did you mean `{near}`?"
    if not known:
        return "there is none to choose from"
    names = sorted(known)
    return f"use one of {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"


class Problems:
    """Every fault found in one file, in the order of its lines."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        """Line of each place, from 1."""
        self._found: list[tuple[int, str]] = []
        self._settled: set[Place] = set()
        self._places: set[Place] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, text: str) -> None:
        """Note a fault. Nothing more is said of a place that `settle` has spoken of."""
        if place in self._settled:
            return
        self._places.add(place)
        line = _line_of(place, self.lines)
        told = f"{spell(place)}: {text}" + (f" (line {line})" if line else "")
        if (line, told) not in self._found:
            self._found.append((line, told))

    def settle(self, place: Place, text: str) -> None:
        """Note a fault that makes every later one at this place a mere consequence."""
        self.add(place, text)
        self._settled.add(place)

    def unknown(self, place: Place, known: Collection[str]) -> None:
        """Note a key, the last step of `place`, that is none of the known ones."""
        self.add(place, f"unknown key; {hint(str(place[-1]), known)}")

    def has_under(self, *sections: str) -> bool:
        """True if a fault stands in one of these sections of the file."""
        return any(place[:1] == (section,) for section in sections for place in self._places)

    def texts(self) -> list[str]:
        return [text for _, text in sorted(self._found, key=lambda found: found[0])]


def _line_of(place: Place, lines: Mapping[Place, int]) -> int:
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 0
