"""No digest is made of what a person cannot see: of no character of it, and not of nothing."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from unicodedata import category, normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumer.core.model import WithRegion
from consumer.core.normalize.fields import FieldError, FieldFunction
from consumer.core.normalize.user import identifiers
from consumer.core.rules.placeholders import WORDS

FIELDS: Final[Mapping[str, FieldFunction]] = {
    "email": identifiers.email,
    "phone": identifiers.phone,
    "external_id": identifiers.external_id,
    "first_name": identifiers.name,
    "last_name": identifiers.name,
    "zip_code": identifiers.zip_code,
}
GOOD: Final = {
    "email": "jane@example.com",
    "phone": "+12133730101",
    "external_id": "customer-17",
    "first_name": "jane",
    "last_name": "doe",
    "zip_code": "90012",
}
IGNORABLE: Final = [
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
    *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
    *(*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
]
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, version 16)."""
SEEN_FORMATS: Final = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Of the format characters, those that have a glyph (Prepended_Concatenation_Mark)."""
_EMPTY: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def is_unseen(character: str) -> bool:
    """By the Unicode database, and by none of our own lists. A blank within a text is seen."""
    code = ord(character)
    return not character.isspace() and (
        code in IGNORABLE
        or category(character) == "Cc"
        or (category(character) == "Cf" and code not in SEEN_FORMATS)
        or code in (0x2800, 0xFFFE, 0xFFFF)  # an empty Braille pattern; no characters
    )


UNSEEN: Final = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *IGNORABLE, 0x2800, 0xFFF9, 0xFFFB, 0x13430)]
BLANK: Final = ["\t", "\n", " ", "\x85", "\xa0", "\u1680", "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u3000"]
WITHIN: Final = [each for each in UNSEEN if not each.isspace()]
"""What may stand within a text and be nothing there; a line end parts words."""

pieces = st.sampled_from([*WORDS, *GOOD.values(), "a", "7", "@", ".", "é", sha256(b"").hexdigest(), "{{", "}}"])
texts = st.lists(pieces | st.sampled_from(UNSEEN) | st.sampled_from(BLANK) | st.characters(), max_size=8).map("".join)


def digest_of(field: str, raw: object) -> object:
    try:
        return FIELDS[field](raw)
    except FieldError as fault:
        return fault.rest


@pytest.mark.parametrize("field", FIELDS)
@given(text=texts)
@example(text="\u200b")
@example(text="und\u200befined")
@example(text="nu\x00ll")
@example(text="\U000e0500")
@example(text=" \U000e0500 ")
@example(text="\u200b \u200b")
@example(text="''")
@example(text="null-")
@settings(max_examples=150, deadline=None)
def test_what_is_hashed_is_seen_whole_and_stands_for_something(field: str, text: str) -> None:
    for raw in (text, [text], WithRegion(text, "US") if field == "phone" else [text, None]):
        digest = digest_of(field, raw)
        made_of = identifiers.hashed_texts({field: raw})
        assert digest is None or isinstance(digest, str)
        assert digest != _EMPTY
        if digest in made_of:
            hashed = made_of[digest]
            assert digest == sha256(hashed.encode()).hexdigest()
            assert hashed.strip() == hashed != ""
            assert not any(map(is_unseen, hashed))
            assert field in ("first_name", "last_name") or hashed not in WORDS


@pytest.mark.parametrize("field", FIELDS)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_nobody_sees_changes_no_digest(field: str, data: st.DataObject) -> None:
    good = GOOD[field]
    text = data.draw(st.sampled_from(["", *UNSEEN, *BLANK]))
    for character in good:
        text += character + data.draw(st.sampled_from(["", "", "", *WITHIN]))
    text += data.draw(st.sampled_from(["", *UNSEEN, *BLANK]))

    assert digest_of(field, text) == sha256(good.encode()).hexdigest()


@pytest.mark.parametrize("field", FIELDS)
@given(
    text=st.text(
        st.sampled_from("aEjHı\u0301\u030c\u0331\u0327\u00e9\u1e69한\u1112\u1161 \u00a0@.") | st.characters(),
        max_size=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_text_that_is_the_same_to_unicode_has_one_digest(field: str, text: str) -> None:
    forms = {normalize("NFC", text), normalize("NFD", text)}

    assert len({str(digest_of(field, form)) for form in forms}) == 1


@pytest.mark.parametrize("field", FIELDS)
def test_each_character_by_itself(field: str) -> None:
    good = GOOD[field]
    for unseen in UNSEEN:
        assert digest_of(field, unseen) is None, hex(ord(unseen))
        assert digest_of(field, f"{unseen}{good}{unseen}") == sha256(good.encode()).hexdigest(), hex(ord(unseen))


@pytest.mark.parametrize("field", FIELDS)
@given(raw=texts | st.lists(texts, max_size=3) | st.integers() | st.floats() | st.uuids() | st.none())
@settings(max_examples=60, deadline=None)
def test_texts_that_are_shown_are_those_of_the_digests_that_are_sent(field: str, raw: Any) -> None:
    sent = digest_of(field, raw)
    digests = set(sent) if isinstance(sent, list) else {sent} - {None}
    shown = identifiers.hashed_texts({field: raw})

    as_they_came = {each.strip().lower() for each in (raw if isinstance(raw, list) else [raw]) if isinstance(each, str)}
    assert all(digest in shown or digest in {*map(_bare, as_they_came)} for digest in digests)


def _bare(text: str) -> str:
    return "".join(each for each in text if not is_unseen(each)).strip()
