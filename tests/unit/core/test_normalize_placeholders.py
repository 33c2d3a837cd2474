"""What stands for nothing, and what nobody sees: as ids, in hashed fields, in text for people."""

import re
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from consumer.core.normalize import fields
from consumer.core.normalize.fields import FieldError, FieldFunction
from consumer.core.normalize.user import identifiers, locations
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import WORDS, is_placeholder

UNSEEN = [
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    0x2060,
    0xFEFF,
    0xAD,
    0,
    0x180E,
    0x7F,
    0x3164,
    0x2800,
    0xFE0F,
    0x061C,
]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def fault_of(function: FieldFunction, raw: object) -> FieldError:
    with pytest.raises(FieldError) as caught:
        function(raw)
    return caught.value


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\t"])
def test_between_the_words_of_a_placeholder_may_stand_any_blank(blank: str) -> None:
    assert fault_of(identifiers.external_id, f"(not{blank}set)").problems == (("", Problem.PLACEHOLDER),)
    assert fault_of(fields.token, f"not{blank}available").problems == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize(
    "text",
    [
        *("undefined", "null", "NaN", "[object Object]", "{{event_id}}", "%%EVENT_ID%%", "0", "anonymous", "(not set)"),
        *(
            "N/A",
            "-1",
            "00000000-0000-0000-0000-000000000000",
            "{{user_id}}",
            "None",
            "NULL",
            "Undefined",
            "n/a",
            "nan",
        ),
        *(
            "${user.id}",
            "#{id}",
            "<user_id>",
            "[user_id]",
            "[[id]]",
            "__CLICKID__",
            "__CAMPAIGN_ID__",
            "%user_id%",
            "@@id@@",
        ),
        *(
            "{user_id}",
            "<%= id %>",
            "{% id %}",
            "order-{{order_id}}",
            "purchase_${id}_1",
            "order-undefined",
            "user_null",
        ),
        *(
            "undefined-undefined",
            "[object Undefined]",
            "order-[object Object]",
            "false",
            "guest",
            "#N/A",
            "\\N",
            "0000000",
        ),
        *("N / A", "unset", "(unset)", "not specified", "NOT_SPECIFIED", "(other)", "(data not available)", "0.00"),
        *("#NUM!", "#SPILL!", "#CALC!", "Optional.empty", "Optional[null]", "{0}", "%1$s", "null,", "null;", "*null*"),
        *("None_None", "nullnull", "undefinedundefined", "%(event_id)s", "$(order_id)", "$(o.id)-x"),
        *("f" * 32, "{ffffffff-ffff-ffff-ffff-ffffffffffff}", "urn:uuid:00000000-0000-0000-0000-000000000000"),
        *("d41d8cd98f00b204e9800998ecf8427e", "-", "{{ Transaction ID - DLV }}", "%%USER.ID%%", "{}", "[]"),
    ],
)
def test_is_no_identifier(text: str) -> None:
    assert is_placeholder(text)
    for function in (fields.id_text, fields.token, identifiers.external_id):
        fault = fault_of(function, f" {text} ")
        assert fault.problems == (("", Problem.PLACEHOLDER),)
        assert fault.rest is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "und\u200befined",
            "nu\xadll",
            "{\u200b{id}}",
            "\u201cundefined\u201d",
            "'null'",
            '"NaN"',
            "`none`",
            "\u2014",
        ),
        *(
            "*|EVENT_ID|*",
            "{!Order.Id}",
            "#EVENT_ID#",
            "$event_id",
            "$EVENT_ID$",
            "%7B%7Bevent_id%7D%7D",
            "%7Buser_id%7D",
        ),
        *(
            "undefined-Purchase",
            "undefined:null",
            "null_purchase",
            "NULL|Purchase",
            "%5Bobject%20Object%5D",
            "&nbsp;",
            "%s",
        ),
        *("not-set", "NOT_SET", "notSet", "anonymousUser", "anonymous_user", "unknown-user", "NOUSER", "0" * 20, "TBD"),
    ],
)
def test_nor_is_what_hides_or_spells_it_in_another_way(text: str) -> None:
    assert fault_of(fields.id_text, text).problems == (("", Problem.PLACEHOLDER),)
    assert fault_of(identifiers.external_id, text).problems == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize("raw", ["nu\x00ll", "un\x1bdefined", "0\x7f0"])
def test_no_digest_is_made_of_a_placeholder_with_a_control_character_in_it(raw: str) -> None:
    assert fault_of(identifiers.external_id, raw).problems == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize("raw", [0, -1, 0.0, UUID(int=0)])
def test_nor_is_a_number_that_means_none(raw: object) -> None:
    assert fault_of(fields.id_text, raw).problems == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "order-1",
            "10",
            "a0",
            "nullable-5",
            "undefined-12345",
            "order-17-null",
            "Nullmeier",
            "E.C.P.x_y",
            "x__y__z",
            "100%",
        ),
        *("{EA7583CD-A667-48BC-B806-42ECB2B48606}", "[ea7583cd-a667-48bc-b806-42ecb2b48606]", "nullify", "unda"),
        *(
            "{ea7583cda66748bcb80642ecb2b48606}",
            "null-modem-cable",
            "NULL7_x",
            "$9",
            "#tag",
            "**",
            "user's",
            "undefined7",
        ),
        *("{1}", "a{1", "1f}", "user-d", "abc", "NUL", "0x1", "-2", "guest-17", "3e5_", "[17]", "<1>", "7fd", "12%"),
    ],
)
def test_an_id_that_merely_looks_odd_stays(text: str) -> None:
    assert fields.id_text(text) == text


def test_a_list_of_ids_keeps_the_good_ones() -> None:
    fault = fault_of(identifiers.external_id, ["null", "a-1", "undefined", "", None])

    assert fault.problems == (("[0]", Problem.PLACEHOLDER),)
    assert fault.counts == {Problem.PLACEHOLDER: 2}
    assert fault.rest == digest("a-1")


def test_the_list_is_that_of_the_page() -> None:
    shown = set(re.findall(r"`([^`]+)`", (Path(__file__).parents[3] / "docs/tiktok.md").read_text()))

    assert {word for word in WORDS if word.strip("0") or word == "0.0"} <= shown


@pytest.mark.parametrize("word", [*WORDS, "", "Null", "NULL", "UNDEFINED", "none"])
@pytest.mark.parametrize(
    "function", [identifiers.email, identifiers.phone, identifiers.external_id, identifiers.name, identifiers.zip_code]
)
def test_the_digest_of_nothing_is_left_out_of_every_hashed_field(function: FieldFunction, word: str) -> None:
    for written in (digest(word), digest(word).upper(), f" {digest(word)}\n"):
        fault = fault_of(function, written)
        assert fault.problems == (("", Problem.PLACEHOLDER),)
        assert fault.rest is None


@pytest.mark.parametrize(
    "function", [identifiers.email, identifiers.phone, identifiers.external_id, identifiers.name, identifiers.zip_code]
)
def test_a_digest_is_told_in_spite_of_what_nobody_sees(function: FieldFunction) -> None:
    good, nothing = digest("jane@example.com"), digest("")

    assert function(f"{good[:7]}\u200b{good[7:]}\ufeff") == good
    for written in (f"{nothing[:7]}\u200b{nothing[7:]}", "0" * 64, "F" * 64, digest("\u200b")):
        assert fault_of(function, written).problems == (("", Problem.PLACEHOLDER),)


def test_also_in_lists_beside_a_good_one() -> None:
    fault = fault_of(identifiers.email, [digest(""), digest("jane@example.com")])

    assert (fault.problems, fault.rest) == ((("[0]", Problem.PLACEHOLDER),), digest("jane@example.com"))


def test_free_text_that_stands_for_something_is_sent_without_a_remark() -> None:
    assert fields.free_text("Shirt, undefined size") == "Shirt, undefined size"


@pytest.mark.parametrize(
    ("function", "raw", "kept"),
    [
        (identifiers.name, "Null", digest("null")),
        (identifiers.name, "NA", digest("na")),
        (locations.place, "None", "none"),
        (fields.free_text, "undefined", "undefined"),
        (fields.free_text, "{{product.name}}", "{{product.name}}"),
    ],
)
def test_in_names_and_free_text_it_is_sent_and_remarked(function: FieldFunction, raw: str, kept: str) -> None:
    fault = fault_of(function, raw)

    assert (fault.problems, fault.rest, fault.is_dropped) == ((("", Problem.PLACEHOLDER),), kept, False)


@pytest.mark.parametrize(
    ("function", "raw"), [(identifiers.zip_code, "null"), (identifiers.phone, "undefined"), (locations.locale, "null")]
)
def test_it_is_no_postal_code_phone_or_language(function: FieldFunction, raw: str) -> None:
    assert fault_of(function, raw).problems == (("", Problem.PLACEHOLDER),)


@pytest.mark.parametrize("raw", ["na", "nan", "nil"])
def test_a_language_may_be_called_like_nothing(raw: str) -> None:
    assert locations.locale(raw) == raw


@pytest.mark.parametrize("code", UNSEEN, ids=hex)
def test_what_nobody_sees_makes_no_other_digest(code: int) -> None:
    unseen = chr(code)
    for function, value in (
        (identifiers.email, "jane@example.com"),
        (identifiers.name, "jane"),
        (identifiers.zip_code, "95110"),
        (identifiers.external_id, "user_1"),
        (identifiers.phone, "+12133730101"),
    ):
        for written in (unseen + value, value + unseen, f" {unseen} {value}{unseen}", value[:3] + unseen + value[3:]):
            assert function(written) == digest(value), function
    assert fields.text(f"{unseen} Shoes {unseen}") == "Shoes"
    assert locations.country(f"{unseen}DE") == "de"


@pytest.mark.parametrize("function", [fields.text, fields.id_text, identifiers.external_id, identifiers.name])
def test_nothing_but_what_nobody_sees_is_left_out_and_noted(function: FieldFunction) -> None:
    assert fault_of(function, "\u200b \ufeff").problems == (("", Problem.EMPTY_AFTER_CLEANING),)


def test_what_joins_characters_within_a_text_for_people_stays() -> None:
    assert fields.text(" \U0001f468\u200d\U0001f469 ") == "\U0001f468\u200d\U0001f469"
