"""What the configuration adds to the placeholders."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from consumer.config import parse
from consumer.core.model import Decoded, MappedEvent, NormalizedEvent, Note, Position, Record, WithRegion
from consumer.core.normalize.event import normalize, outline
from consumer.core.reasons import Problem

AT = Position("web-events", 1, 42)
RECORD = Record(AT, 1_793_534_400_123, None, b"", (), AT)
WORDS = frozenset({"walk-in", "4711"})


def mapped(**parts: Any) -> MappedEvent:
    return MappedEvent(Decoded(RECORD, {}, is_shipped=True), "Purchase", datetime(2026, 11, 1, tzinfo=UTC), **parts)


def normalized(**parts: Any) -> NormalizedEvent:
    return normalize(mapped(**parts), id_from_position="never", reject_bad_fields=False, placeholders=WORDS)


def test_a_configured_word_is_no_identifier_in_any_case_or_type() -> None:
    event = normalized(
        event_id=4711,
        user={
            "external_id": " Walk-In ",
            "phone": WithRegion("4711", "DE"),
            "ttp": "'walk-in'",
            "first_name": "Walk-In",
            "last_name": "Walker",
        },
        properties={"order_id": "WALK-IN", "description": "walk-in"},
        contents=({"content_id": "walk-in", "price": 1}, {"content_id": "a"}, "no record"),
    )

    assert event.event.event_id is None
    assert event.event.user is not None
    assert (event.event.user.external_id, event.event.user.ttp, event.event.user.phone) == (None, None, None)
    assert event.event.user.first_name is None
    assert event.event.properties is not None
    assert (event.event.properties.order_id, event.event.properties.description) == (None, "walk-in")
    assert [each.content_id for each in event.event.properties.contents or ()] == [None, "a"]
    assert {note.field for note in event.notes if note.problem is Problem.PLACEHOLDER} == {
        *("event_id", "user.external_id", "user.phone", "user.ttp", "user.first_name", "properties.order_id"),
        "properties.contents[0].content_id",
    }
    assert outline(mapped(event_id="walk-in"), WORDS).event.event_id is None


def test_a_configured_word_is_known_however_its_accents_and_blanks_are_written() -> None:
    word = "n\u00e3o informado"
    for seen in (word, "Na\u0303o Informado", "NA\u0303O\u00a0INFORMADO"):
        decided = normalize(
            mapped(user={"external_id": seen, "first_name": seen}),
            id_from_position="never",
            reject_bad_fields=False,
            placeholders=frozenset({word}),
        )
        assert decided.event.user is None


def test_a_configured_word_in_the_page_s_address_is_no_click_id() -> None:
    pages = [{"url": f"https://shop.example.com/?ttclid={found}"} for found in ("walk-in", "E.C.P.x")]
    users = [normalized(user={"ttp": "a"}, page=page).event.user for page in pages]

    assert [user and user.ttclid for user in users] == [None, "E.C.P.x"]


def test_of_a_list_the_other_items_stay() -> None:
    event = normalized(user={"external_id": ["walk-in", "a", "WALK-IN"]})

    assert event.event.user is not None
    assert event.event.user.external_id == sha256(b"a").hexdigest()
    assert event.notes == (Note("user.external_id", Problem.PLACEHOLDER, count=2),)


def test_nothing_else_changes() -> None:
    event = normalized(event_id="order-1", user={"external_id": [True, "a"]})

    assert event.event.event_id == "order-1"
    assert event.notes == (Note("user.external_id[0]", Problem.WRONG_TYPE),)


@pytest.mark.parametrize(
    "raw",
    [
        *("walk\u200b-in", "\ufeffWALK-IN", Decimal("4711.00"), 4711.0, sha256(b"walk-in").hexdigest()),
        *(sha256(b"WALK-IN").hexdigest().upper(), f" {sha256(b'4711').hexdigest()}"),
    ],
)
def test_nor_what_hides_it_counts_it_or_is_its_digest(raw: object) -> None:
    event = normalized(user={"external_id": raw})

    assert event.event.user is None
    assert event.notes == (Note("user.external_id", Problem.PLACEHOLDER),)


def test_the_configuration_s_words_are_taken_as_people_see_them() -> None:
    settings = parse(
        'kafka: {bootstrap_servers: k, topics: [t], group_id: g}\navro: {registry: {url: "http://r"}}\n'
        "pixels: {shop: {pixel_code: C, access_token: s}}\nrules: [{name: r, pixel: shop}]\n"
        'placeholders: ["Na\u0303o Informado"]\n',
        {},
    )
    assert settings.placeholder_words == {"n\u00e3o informado"}
