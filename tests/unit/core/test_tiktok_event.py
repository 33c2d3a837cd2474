"""The one table of TikTok's parameters, and that whatever else names them agrees with it."""

import pytest
from msgspec import structs

from consumer.core.dedupe.merge import LIMITED_TRUE, ORDER
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, MappedEvent, Position, Record
from consumer.core.normalize.event import normalize
from consumer.core.tiktok_event import (
    FIELD_BIT,
    MASK_BITS,
    OLDER_NAMES,
    PARAMETERS,
    SECTIONS,
    Form,
    TikTokEvent,
    parameters_of,
)
from consumer.sandbox.rules.parameter_texts import ABOUT
from consumer.sandbox.rules.parameter_texts import HASHED as HASHED_IN_SANDBOX

_AT = Position("web-events", 0, 1)
EVENT = MappedEvent(Decoded(Record(_AT, 0, None, b"", (), _AT), {}, False), "Purchase", "2026-10-01T00:00:00Z")
STORED_BITS = {
    "user.email": 0,
    "user.phone": 1,
    "user.external_id": 2,
    "user.ttclid": 3,
    "user.ttp": 4,
    "user.ip": 5,
    "user.user_agent": 6,
    "user.locale": 7,
    "user.first_name": 8,
    "user.last_name": 9,
    "user.city": 10,
    "user.state": 11,
    "user.country": 12,
    "user.zip_code": 13,
    "page.url": 14,
    "page.referrer": 15,
    "properties.contents": 16,
    "properties.content_ids": 17,
    "properties.content_type": 18,
    "properties.currency": 19,
    "properties.value": 20,
    "properties.num_items": 21,
    "properties.search_string": 22,
    "properties.description": 23,
    "properties.order_id": 24,
    "properties.shop_id": 25,
    "properties.customer_type": 26,
    "properties.status": 27,
    "limited_data_use": 28,
}
"""As Redis has kept them since the first version: a number is never given to another parameter."""


def test_the_bits_of_masks_in_redis_never_change() -> None:
    assert {name: 1 << bit for name, bit in STORED_BITS.items()} == {name: FIELD_BIT[name] for name in STORED_BITS}
    assert LIMITED_TRUE == 1 << 29


def test_no_two_fields_share_a_bit_and_all_fit_what_redis_keeps() -> None:
    bits = [*FIELD_BIT.values(), LIMITED_TRUE]

    assert len(set(bits)) == len(bits)
    assert sum(bits) < 1 << MASK_BITS


def test_what_makes_up_an_order_fills_as_one_group() -> None:
    names = ("value", "currency", "num_items", "contents", "content_ids", "content_type")

    assert sum(FIELD_BIT[f"properties.{name}"] for name in names) == ORDER


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_of_an_event_is_in_the_table(section: str) -> None:
    inner = {name.removeprefix(f"{section}.").partition(".")[0] for name in SECTIONS if section == "" and name}

    assert set(SECTIONS[section].__struct_fields__) - inner == set(parameters_of(section))


def test_every_parameter_says_what_it_is_and_every_copied_one_has_a_bit() -> None:
    for path, parameter in PARAMETERS.items():
        assert parameter.about.endswith("."), path
        assert "\n" not in parameter.about, path
        is_compared = path.startswith(("user.", "page.", "properties.")) and ".contents." not in path
        assert (parameter.bit is not None) == (is_compared or path == "limited_data_use"), path


@pytest.mark.parametrize("path", [path for path, each in PARAMETERS.items() if each.form is not Form.CONTENTS])
def test_each_parameter_is_brought_into_its_form(path: str) -> None:
    """None is forgotten by `normalize`: what is no value of any form is noted, or rejects the event."""
    section, _, name = path.rpartition(".")
    wrong: object = {name: object()} if section else object()
    changed = structs.replace(
        EVENT, **{section.split(".")[-1] or name: (wrong,) if section.endswith("contents") else wrong}
    )
    if path in ("event", "event_time"):
        with pytest.raises(RecordRejected, match=path):
            normalize(changed, id_from_position="never", reject_bad_fields=False)
        return

    notes = normalize(changed, id_from_position="never", reject_bad_fields=False).notes

    assert [note.field.replace("[0]", "") for note in notes] == [path]


def test_the_sandbox_knows_the_same_parameters_and_the_same_are_hashed() -> None:
    sandbox = {path.replace("[]", ""): about for path, about in ABOUT.items()}

    assert {*PARAMETERS, *OLDER_NAMES} == set(sandbox)
    hashed = {path for path, about in sandbox.items() if about.form == HASHED_IN_SANDBOX}
    assert {path for path, each in PARAMETERS.items() if each.is_hashed} == hashed


def test_an_event_is_written_in_tiktok_s_order() -> None:
    assert TikTokEvent.__struct_fields__ == (
        "event",
        "event_time",
        "event_id",
        "user",
        "page",
        "properties",
        "limited_data_use",
    )
