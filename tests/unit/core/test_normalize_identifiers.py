"""What docs/tiktok.md §2, says of identifiers, case by case."""

import json
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from consumer.core.model import WithRegion
from consumer.core.normalize.fields import FieldError, FieldFunction
from consumer.core.normalize.user import identifiers, locations
from consumer.core.reasons import Problem

VECTORS = json.loads((Path(__file__).parents[2] / "vectors.json").read_text())["vectors"]
FUNCTIONS: dict[str, FieldFunction] = {
    "email": identifiers.email,
    "phone": identifiers.phone,
    "external_id": identifiers.external_id,
    "first_name": identifiers.name,
    "zip_code": identifiers.zip_code,
}


COMPOSED, DECOMPOSED = "Jos\u00e9", "Jose\u0301"
"""Both are seen as José; macOS writes the second."""


def digest(canonical: str) -> str:
    return sha256(canonical.encode()).hexdigest()


def problems_of(function: FieldFunction, raw: object) -> tuple[tuple[str, Problem], ...]:
    with pytest.raises(FieldError) as caught:
        function(raw)
    return caught.value.problems


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['field']}:{vector['input'].strip()}")
def test_gives_the_digests_that_tiktok_publishes(vector: dict[str, str]) -> None:
    assert FUNCTIONS[vector["field"]](vector["input"]) == vector["sha256"]


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("\tJane.Doe+News@Example.COM\n", "jane.doe+news@example.com"),
        ("müller@münchen.example", "müller@münchen.example"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
    ],
)
def test_hashes_an_email_trimmed_and_in_lowercase(raw: str, canonical: str) -> None:
    assert identifiers.email(raw) == digest(canonical)


@pytest.mark.parametrize(
    "raw", ["jane", "@example.com", "jane@", "jane@example", "jane@example.", "a@b@example.com", "jane doe@example.com"]
)
def test_leaves_out_what_is_no_email(raw: str) -> None:
    assert problems_of(identifiers.email, raw) == (("", Problem.NOT_AN_EMAIL),)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("+491701234567", "+491701234567"),
        (" +491701234567 ", "+491701234567"),
        ("+49 (0)170 1234567", "+491701234567"),
        ("+4901701234567", "+491701234567"),
        ("+49-170/123.45.67", "+491701234567"),
        ("+390612345678", "+390612345678"),  # Italy's zero belongs to the number
        ("+442079460958", "+442079460958"),
        ("+35312345678", "+35312345678"),
        ("tel:+1-213-373-4253", "+12133734253"),
        ("+1 213 373 4253 ext. 5", "+12133734253"),
        (WithRegion("0170 1234567", "DE"), "+491701234567"),
        (WithRegion("(213) 373-4253", "US"), "+12133734253"),
        (WithRegion(2133734253, "US"), "+12133734253"),
        (WithRegion("1-800-FLOWERS", "US"), "+18003569377"),
        (WithRegion("+491701234567", "US"), "+491701234567"),
        (WithRegion(" +491701234567", "US"), "+491701234567"),
    ],
)
def test_hashes_a_phone_number_in_e164_with_the_plus(raw: object, canonical: str) -> None:
    assert identifiers.phone(raw) == digest(canonical)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("0170 1234567", Problem.NO_REGION),
        (2133734253, Problem.NO_REGION),
        ("call me", Problem.NOT_E164),
        ("+", Problem.NOT_E164),
        ("+49", Problem.NOT_E164),
        ("+999123456789", Problem.NOT_E164),  # no such country code
        ("+1213373425312345", Problem.NOT_E164),
        ("+4917012345671234567", Problem.NOT_E164),
        ("+49170１２３４５６７８９０１２３４", Problem.NOT_E164),
        (WithRegion("3734253", "US"), Problem.NOT_E164),  # local to an area that is not named
        (WithRegion("0170 1234567", "XX"), Problem.REGION_UNCLEAR),
        (WithRegion("0170 1234567", "AQ"), Problem.NOT_E164),  # Antarctica has no numbers
        (WithRegion("12", "US"), Problem.NOT_E164),
        (1.5, Problem.WRONG_TYPE),
        (WithRegion(True, "US"), Problem.WRONG_TYPE),
    ],
)
def test_leaves_out_what_is_no_phone_number(raw: object, problem: Problem) -> None:
    assert problems_of(identifiers.phone, raw) == (("", problem),)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (" User_123 ", "User_123"),
        (42, "42"),
        (UUID("ea7583cd-a667-48bc-b806-42ecb2b48606"), "ea7583cd-a667-48bc-b806-42ecb2b48606"),
        ("Zoë", "Zoë"),
    ],
)
def test_hashes_an_external_id_trimmed_only(raw: object, canonical: str) -> None:
    assert identifiers.external_id(raw) == digest(canonical)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("O'Brien", "obrien"),
        ("O`Brien", "obrien"),
        ("Jean-Luc", "jeanluc"),
        (" Mary  Ann ", "mary  ann"),
        ("MÜLLER", "müller"),
        ("J.", "j"),
    ],
)
def test_hashes_a_name_in_lowercase_without_punctuation(raw: str, canonical: str) -> None:
    assert identifiers.name(raw) == digest(canonical)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("95110-1234", "95110"),
        ("951101234", "95110"),
        ("95110 1234", "95110"),
        ("SW1A 1AA", "sw1a1aa"),
        ("01310-100", "01310100"),  # Brazil: not a ZIP+4
    ],
)
def test_hashes_a_postal_code_without_blanks_and_dashes_and_of_zip_plus_4_the_first_five(
    raw: str, canonical: str
) -> None:
    assert identifiers.zip_code(raw) == digest(canonical)


def test_a_postal_code_that_is_a_number_has_lost_its_leading_zeros() -> None:
    assert problems_of(identifiers.zip_code, 2138) == (("", Problem.WRONG_TYPE),)


def test_a_postal_code_that_stands_for_nothing_once_its_dashes_are_gone_is_left_out() -> None:
    assert problems_of(identifiers.zip_code, "null-") == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize(
    ("function", "form", "canonical"),
    [
        (identifiers.name, "{}", digest("jos\u00e9")),
        (identifiers.email, "{}@example.com", digest("jos\u00e9@example.com")),
        (identifiers.email, "{}@{}.example", digest("jos\u00e9@jos\u00e9.example")),
        (identifiers.external_id, "{}", digest(COMPOSED)),
        (identifiers.zip_code, "{} 1", digest("jos\u00e91")),
        (locations.place, "San {}", "sanjos\u00e9"),
    ],
)
def test_text_that_looks_the_same_gives_the_same_however_its_accents_are_written(
    function: FieldFunction, form: str, canonical: str
) -> None:
    for text in (COMPOSED, DECOMPOSED):
        assert function(form.format(text, text)) == canonical
        assert function(f"\u200b{form.format(text, text)}") == canonical


def test_the_escapes_of_a_link_are_accents_like_any_other() -> None:
    assert identifiers.email("mailto:jose%CC%81@example.com") == digest("jos\u00e9@example.com")


@pytest.mark.parametrize("text", ["J\u030c", "\u01f0", "j\u030c"])
def test_a_letter_that_is_one_character_in_lowercase_alone_is_that_one(text: str) -> None:
    assert identifiers.name(text) == digest("\u01f0")
    assert identifiers.email(f"{text}@example.com") == digest("\u01f0@example.com")
    assert locations.place(text) == "\u01f0"


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2009", "\u3000", "\t"])
def test_every_blank_within_a_name_is_a_plain_one(blank: str) -> None:
    assert identifiers.name(f"Jean{blank}Luc") == digest("jean luc")
    assert identifiers.name(f"山田{blank}太郎") == digest("山田 太郎")
    assert identifiers.external_id(f"a{blank}b") == digest("a b")
    assert identifiers.zip_code(f"SW1A{blank}1AA") == digest("sw1a1aa")


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("change", [str, str.upper, " {} ".format])
def test_what_is_hashed_already_passes_through_in_lowercase(function: FieldFunction, change: type[str]) -> None:
    assert function(change(digest("jane"))) == digest("jane")


def test_64_characters_that_are_not_hex_are_no_digest() -> None:
    assert identifiers.external_id("g" * 64) == digest("g" * 64)
    assert problems_of(identifiers.email, "g" * 64) == (("", Problem.NOT_AN_EMAIL),)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("raw", ["", "  \t", "\u3000"])
def test_what_is_empty_is_left_out_and_never_hashed(function: FieldFunction, raw: str) -> None:
    assert function(raw) is None


@pytest.mark.parametrize("function", [identifiers.name, identifiers.zip_code])
def test_what_is_nothing_but_punctuation_is_left_out(function: FieldFunction) -> None:
    assert problems_of(function, "- -") == (("", Problem.EMPTY_AFTER_CLEANING),)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("raw", [{}, 1.5, True, b"jane"])
def test_what_is_neither_text_nor_an_id_is_left_out(function: FieldFunction, raw: object) -> None:
    assert problems_of(function, raw) == (("", Problem.WRONG_TYPE),)


@pytest.mark.parametrize("function", [identifiers.email, identifiers.external_id, identifiers.name])
def test_half_a_surrogate_pair_is_no_text(function: FieldFunction) -> None:
    assert problems_of(function, "jane\ud800@example.com") == (("", Problem.WRONG_TYPE),)


def test_a_list_is_hashed_item_by_item_without_doubles() -> None:
    raw = ["b@example.com", "A@example.com", "a@example.com ", "", None]

    assert identifiers.email(raw) == [digest("b@example.com"), digest("a@example.com")]


def test_one_item_that_is_left_of_a_list_stands_alone() -> None:
    assert identifiers.external_id(("a", " a")) == digest("a")


def test_bad_items_of_a_list_are_left_out_each_with_its_place() -> None:
    with pytest.raises(FieldError) as caught:
        identifiers.phone(WithRegion(["call me", "0170 1234567", ["+491701234568"]], "DE"))

    assert caught.value.problems == (("[0]", Problem.NOT_E164), ("[2]", Problem.WRONG_TYPE))
    assert caught.value.rest == digest("+491701234567")


def test_phones_in_a_list_without_region_are_international() -> None:
    assert identifiers.phone(["+491701234567", "+12133734253"]) == [digest("+491701234567"), digest("+12133734253")]


@pytest.mark.parametrize("raw", [[], [""], [None]])
def test_a_list_of_nothing_is_nothing(raw: list[object]) -> None:
    assert identifiers.email(raw) is None


def test_a_list_of_bad_items_leaves_nothing() -> None:
    with pytest.raises(FieldError) as caught:
        identifiers.email(["jane", 5])

    assert caught.value.rest is None
    assert str(caught.value) == "[0]not_an_email, [1]wrong_type"


def test_a_list_of_more_identifiers_than_anyone_has_is_left_out() -> None:
    assert problems_of(identifiers.email, ["jane@example.com"] * 1001) == (("", Problem.TOO_MANY),)
    assert identifiers.email(["jane@example.com"] * 1000) == digest("jane@example.com")


@pytest.mark.parametrize("function", [identifiers.name, identifiers.zip_code, locations.place])
def test_text_that_is_too_long_for_a_name_or_a_place_is_left_out(function: FieldFunction) -> None:
    assert problems_of(function, "a" * 1001) == (("", Problem.TOO_LONG),)
    assert function("a" * 1000) is not None


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("0170 1234567", "de"),
        (WithRegion("0170 1234567", "DE"), "DE"),
        (WithRegion("0170 1234567", None), "DE"),
        (WithRegion("0170 1234567", "DE"), "Germany"),  # a bad country, which is noted at its own field
    ],
)
def test_a_national_number_is_of_its_region_or_else_of_the_users_country(phone: object, country: str) -> None:
    user = identifiers.with_country({"phone": phone, "country": country})

    assert identifiers.phone(user["phone"]) == digest("+491701234567")


def test_region_and_country_may_differ_where_they_share_a_calling_code() -> None:
    number = identifiers.PhoneOfCountry("416 555 0123", "CA", "US")

    assert identifiers.phone(number) == digest("+14165550123")


def test_a_national_number_whose_region_and_country_disagree_is_left_out() -> None:
    number = identifiers.PhoneOfCountry("0170 1234567", "DE", "FR")

    assert problems_of(identifiers.phone, number) == (("", Problem.REGION_UNCLEAR),)


def test_who_asks_what_was_hashed_gets_each_text_with_its_digest() -> None:
    user = {"email": " Jane@Example.com", "phone": "213 373 0101", "country": "US", "zip_code": object()}

    texts = identifiers.hashed_texts(user)

    assert set(texts.values()) == {"jane@example.com", "+12133730101"}
    assert all(sha256(text.encode()).hexdigest() == digest for digest, text in texts.items())


def test_gives_no_text_where_nothing_is_hashed() -> None:
    assert identifiers.hashed_texts({"ip": "203.0.113.9"}) == {}
