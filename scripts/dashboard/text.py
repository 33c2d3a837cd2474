"""Text in an SVG that stays within a width, whatever font the reader has: estimates are rather too large."""

from html import escape
from typing import Literal

# In em, rounded up from DejaVu Sans, the widest font that browsers commonly take for sans-serif.
_NARROW, _WIDE = frozenset(" ijlt.,:;'|!()[]frI·"), frozenset("mwMW@%→…<>&#+=^~")
_NARROW_EM, _WIDE_EM, _UPPER_EM, _OTHER_EM = 0.42, 1.0, 0.8, 0.65

Anchor = Literal["start", "end"]


def width_of(text: str, size: float) -> float:
    """At most so many pixels wide, in regular weight."""
    return size * sum(map(_em, text))


def _em(letter: str) -> float:
    if letter in _NARROW:
        return _NARROW_EM
    if letter in _WIDE:
        return _WIDE_EM
    return _UPPER_EM if letter.isupper() else _OTHER_EM


def cut(text: str, size: float, width: float) -> str:
    """The text, or its beginning with an ellipsis."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, size: float, width: float, lines: int) -> list[str]:
    """The text between words in at most so many lines, each cut to the width."""
    found: list[str] = []
    for word in text.split():
        longer = f"{found[-1]} {word}" if found else word
        if found and (width_of(longer, size) <= width or len(found) == lines):
            found[-1] = longer
        else:
            found.append(word)
    return [cut(line, size, width) for line in found]


def text_at(x: float, y: float, text: str, *, size: float, look: str = "text", anchor: Anchor = "start") -> str:
    """A text element: `y` is its baseline, `look` a class of the picture's style."""
    end = ' text-anchor="end"' if anchor == "end" else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{end}>{escape(text, quote=False)}</text>'
