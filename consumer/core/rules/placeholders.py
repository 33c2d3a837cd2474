"""Text that stands for nothing, and invisible characters (docs/tiktok.md §2). A part of `rules`: stages may import it.

A program that has no value often writes one all the same: "undefined", "(not set)", a template that was never filled
in. As an identifier it makes strangers one person, or different orders copies of each other.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Final
from unicodedata import normalize

WORDS: Final = (
    # what languages, databases and spreadsheets write for no value
    *("undefined", "null", "(null)", "<null>", "[null]", "nil", "<nil>", "None", "NaN", "NaT", "void", "\\N"),
    *("Infinity", "-Infinity", "true", "false", "[object Object]", "object Object", "[]", "{}", '""', "''"),
    *("#N/A", "#NULL!", "#REF!", "#VALUE!", "#NAME?", "#ERROR!", "#DIV/0!", "#NUM!", "#SPILL!", "#CALC!", "%s", "%d"),
    *("%1$s", "{0}", "&nbsp;", "Optional.empty", "Optional[null]", "null null", "undefined undefined", "None None"),
    # what people and analytics write
    *("N/A", "n.a.", "n.a", "NA", "(not set)", "not set", "(none)", "(empty)", "empty", "(blank)", "tbd"),
    *("blank", "missing", "not available", "not applicable", "not provided", "(not provided)", "not found", "no value"),
    *("N / A", "unset", "(unset)", "not specified", "(not specified)", "(other)", "(data not available)"),
    *("-", "--", "---", "–", "—", "_", ".", "?", "??", "???", "unknown", "(unknown)", "<unknown>", "undef"),
    # nobody in particular
    *("anonymous", "anon", "guest", "not logged in", "logged out", "(anonymous)", "(guest)", "anonymous user"),
    *("guest user", "unknown user", "no user", "no id", "no email"),
    # numbers and ids that mean none, and the MD5 and SHA-1 of nothing
    *("0.0", "0.00", "-0", "-0.0", "-1", "-1.0", *("0" * digits for digits in range(1, 64))),
    *("00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"),
    *("urn:uuid:00000000-0000-0000-0000-000000000000", "{ffffffff-ffff-ffff-ffff-ffffffffffff}", "f" * 32),
    *("ffffffff-ffff-ffff-ffff-ffffffffffff", "d41d8cd98f00b204e9800998ecf8427e"),
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
)
"""The list that docs/tiktok.md §2 shows. `placeholders` in the configuration adds to it."""


def _spellings(word: str) -> Iterator[str]:
    """In the cases that occur, and with what may stand between words: `not_set`, `NOT-SET`, `notSet`."""
    for form in (word, *(word.replace(" ", between) for between in "_-"), word.replace(" ", "")):
        yield from (form, form.lower(), form.upper(), form.capitalize(), form.title())
    first, *others = word.split(" ")
    yield first.lower() + "".join(map(str.capitalize, others))


_SPELLINGS: Final = frozenset(spelling for word in WORDS for spelling in _spellings(word))
"""A look-up of the text as it is costs a fifth of one in lowercase."""
_QUOTES: Final = "\"'`´‘’‚‛“”„«»‹›"
_TEMPLATE_ENDS: Final = frozenset("}])>%_@#*|$dDlLNn")
"""What an unfilled template ends in, and the last letters of undefined, null and NaN."""
_NO_VALUE: Final = ("undefined", "null", "nan", "%7d", "%5d")
_UNUSUAL_ENDS: Final = _TEMPLATE_ENDS | frozenset(map(chr, (*range(0x20), 0x7F))) | frozenset(_QUOTES)
"""With the unseen characters of ASCII, and quotes."""
_USUAL_ENDS: Final = frozenset(map(chr, range(0x21, 0x7F))) - _UNUSUAL_ENDS
_NO_VALUE_STARTS: Final = ("undefined", "null", "$", "%")
_DOUBTFUL_STARTS: Final = frozenset("uUnN$%")
_USUAL_STARTS: Final = frozenset(map(chr, range(0x21, 0x7F))) - _DOUBTFUL_STARTS - frozenset(_QUOTES)
_UUID: Final = r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
_TEMPLATE: Final = re.compile(
    r"\{\{.*\}\}|[$#%@]\{.*\}|\$\([A-Za-z_][\w.]*\)|%\([A-Za-z_]\w*\)[sd]"
    r"|\{(?!UUID\})[A-Za-z_][\w .:-]*\}|\{![\w.]+\}|%%.+%%|\A%[A-Za-z_]+%\Z"
    r"|\A<(?!UUID>)[A-Za-z_][\w .:-]*>\Z|<%.*%>|\{%.*%\}|\[\[.+\]\]|\A\[(?!UUID\])[A-Za-z_][\w .:-]*\]\Z"
    r"|(?-i:__[A-Z]{2,}(?:_[A-Z0-9]+)*__)|@@.+@@|\*\|.+\|\*|\A#[A-Za-z_]+#\Z|\A\$[A-Za-z_]\w*\$?\Z|\[object \w+\]"
    r"|%7B%7B.*%7D%7D|%7B(?!UUID%7D)[A-Za-z_][\w.]*%7D|%5Bobject%20\w+%5D"
    r"|\A(?:[^\d]*[^\dA-Za-z])?(?:undefined|null|NaN)\Z|\A\W?(?:undefined[^\dA-Za-z]|null[_:|/.,;*])[^\d]*\Z"
    "".replace("UUID", _UUID),
    re.IGNORECASE | re.DOTALL,
)
"""`{{event_id}}`, `${user.id}`, `%%EVENT_ID%%`, `__CLICKID__` and their like, also within other text; and `order-null`,
which holds nothing else that could distinguish orders. A UUID in brackets is none."""
_LONGEST_TEMPLATE: Final = 200

_ZERO_WIDTH: Final = (
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810),
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164, *range(0xFE00, 0xFE10),
    0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFFD), 0xFFFE, 0xFFFF, *range(0x13430, 0x13441), *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0),
)  # fmt: skip
_UNASSIGNED: Final = (*range(0xE0080, 0xE0100), *range(0xE01F0, 0xE1000))
"""To be passed over, too, where a program does not know them (Unicode's Default_Ignorable_Code_Point)."""
_BLANK: Final = (*range(9, 14), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
          0x205F, 0x3000)  # fmt: skip
_AS_SEEN: Final = {**dict.fromkeys((*_ZERO_WIDTH, *_UNASSIGNED)), **dict.fromkeys(_BLANK, " ")}
"""What is not seen goes, and all blanks look the same."""
_UNSEEN_OR_BLANK: Final = "".join(map(chr, sorted({*_ZERO_WIDTH, *_BLANK})))
"""Controls, formats, fillers and variation selectors, and every blank."""
_ASCII_ENDS: Final = "".join(map(chr, (*range(0x21), 0x7F)))
"""Those of them that ASCII text can have."""


def usual(raw: object) -> str | None:
    """Trimmed text that beyond doubt stands for something: nearly all that comes. None for what takes a closer look.

    The field functions ask it first, some fifteen times an event, so all its checks stand in one place.
    """
    if not isinstance(raw, str) or not raw.isascii():
        return None
    text = raw.strip()
    if not text or text in _SPELLINGS or "{" in text:
        return None
    if text[0] not in _USUAL_STARTS and not _starts_as_a_word(text):
        return None
    if text[-1] in _UNUSUAL_ENDS and not _ends_as_a_word(text):
        return None
    return text


def trimmed(text: str) -> str:
    """Without blanks and unseen characters before and behind."""
    return text.strip(_ASCII_ENDS if text.isascii() else _UNSEEN_OR_BLANK)


def is_placeholder(text: str) -> bool:
    """Whether trimmed text, not empty, stands for nothing, with or without quotes and invisible characters."""
    if text in _SPELLINGS:
        return True
    if text[-1] in _USUAL_ENDS and text[0] in _USUAL_STARTS and "{" not in text and text.isascii():
        return False
    bare = visible(text).strip(_QUOTES)
    return bare in _SPELLINGS or not bare or (_is_doubtful(bare) and _is_template(bare))


def is_among(text: str, words: frozenset[str]) -> bool:
    """Whether trimmed text is one of these lowercase words; quotes, unseen characters and case do not count."""
    return visible(text.lower()).strip(_QUOTES) in words


def is_word(text: str) -> bool:
    """Whether text is of the list, as it is."""
    return text in _SPELLINGS


def _is_doubtful(text: str) -> bool:
    """Whether it could be a template: most text is recognised by its ends."""
    is_odd_end = text[-1] in _TEMPLATE_ENDS and not _ends_as_a_word(text)
    is_odd_start = text[0] in _DOUBTFUL_STARTS and not _starts_as_a_word(text)
    return is_odd_end or is_odd_start or "{" in text


def _starts_as_a_word(text: str) -> bool:
    """Whether its first letter is only by chance one that begins undefined or null: nothing unseen is within."""
    return text[:1] in _DOUBTFUL_STARTS and text.isprintable() and not text.lower().startswith(_NO_VALUE_STARTS)


def _ends_as_a_word(text: str) -> bool:
    """Whether its last letter is only by chance one that ends undefined, null, NaN or an escaped bracket."""
    return text[-1].isalpha() and text.isprintable() and not text[-9:].lower().endswith(_NO_VALUE)


def _is_template(text: str) -> bool:
    return len(text) <= _LONGEST_TEMPLATE and _TEMPLATE.search(text) is not None


def visible(text: str) -> str:
    """What a person sees of trimmed text, in one form (Unicode's NFC); it itself, if that is all of it.

    To be asked of lowercase text, if that is wanted: some letters with an accent are one character in lowercase alone.
    """
    if text.isascii() and text.isprintable():
        return text
    seen = normalize("NFC", text.translate(_AS_SEEN))
    return text if seen == text else trimmed(seen)


@lru_cache(maxsize=1)
def digests_of_nothing() -> frozenset[str]:
    """SHA-256 of the empty text, of invisible characters, and of every placeholder: made when the first digest is met.

    With one digit 64 times over, which is the digest of nothing that there is.
    """
    texts = (*_SPELLINGS, "", "+", "@", "\r\n", *map(chr, (*_ZERO_WIDTH, *_BLANK)))
    return frozenset(
        (*(sha256(text.encode()).hexdigest() for text in texts), *(digit * 64 for digit in "0123456789abcdef"))
    )
