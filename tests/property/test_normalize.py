"""Laws of normalising: whatever a record holds."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Event, MappedEvent, NormalizedEvent, Position, Record, WithRegion, WithUnit
from consumer.core.normalize.event import normalize, outline
from consumer.core.reasons import Problem
from consumer.core.tiktok_event import CONTENT_FIELDS, FIELD_BIT, PAGE_FIELDS, PROPERTY_FIELDS, USER_FIELDS
from consumer.core.validate import EventLimits, validate

AT = Position("web-events", 0, 42)
RECORD = Record(AT, 1_793_534_400_000, None, b"", (), AT)
HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")
DIGEST = re.compile(r"[0-9a-f]{64}")
GOOD_TIME = st.just(datetime(2026, 11, 1, tzinfo=UTC))

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats()
    | st.decimals()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.text("0123456789+-.:() @eabxT/Z", max_size=30)
    | st.sampled_from(["a@example.com", "+491701234567", "8.8.8.8", "https://example.com/?ttclid=x", "EUR", "true"])
    | st.binary(max_size=8)
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.uuids()
)
raw_values = scalars | st.lists(scalars | st.lists(scalars, max_size=1), max_size=3) | st.just({"a": "b"})
values = (
    raw_values
    | st.builds(WithRegion, raw_values, st.sampled_from(["US", "DE", "XX"]))
    | st.builds(WithUnit, raw_values, st.sampled_from(["s", "ms", "us"]))
)


def objects(names: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with up to four of these names; as `mapping` makes them, none is null."""
    present = values.filter(lambda value: value is not None)
    return st.dictionaries(st.sampled_from(sorted(names)), present, max_size=4)


no_records = values.filter(lambda value: not isinstance(value, dict))
"""`mapping` hands on items that are no records as they are; of records it takes the names it knows."""


def mapped_events(event_time: st.SearchStrategy[Any] = GOOD_TIME) -> st.SearchStrategy[MappedEvent]:
    return st.builds(
        MappedEvent,
        st.just(Decoded(RECORD, {}, is_shipped=True)),
        event=st.just("Purchase") | values,
        event_time=event_time,
        event_id=values,
        limited_data_use=values,
        user=objects(USER_FIELDS),
        page=objects(PAGE_FIELDS),
        properties=objects(name for name in PROPERTY_FIELDS if name != "contents"),
        contents=st.lists(objects(CONTENT_FIELDS) | no_records, max_size=3).map(tuple) | values,
    )


def normalized(mapped: MappedEvent) -> NormalizedEvent | None:
    try:
        return normalize(mapped, id_from_position="auto", reject_bad_fields=False)
    except RecordRejected:
        return None


def validated(event: NormalizedEvent) -> Event:
    return validate(
        event,
        rule="all",
        pixel="shop",
        pixel_code="CODE",
        is_shadow=False,
        now_s=1_793_534_400.0,
        limits=EventLimits(max_event_age_s=0.0, max_body_bytes=1_000_000),
    )


def decoded_body(event: NormalizedEvent) -> dict[str, Any]:
    def no_constant(name: str) -> object:
        raise AssertionError(name)

    body = json.loads(validated(event).body, parse_constant=no_constant)
    assert isinstance(body, dict)
    return body


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


@given(mapped_events(values | GOOD_TIME))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_no_value_raises_anything_but_a_rejection(mapped: MappedEvent) -> None:
    for reject_bad_fields in (False, True):
        with suppress(RecordRejected):
            validated(normalize(mapped, id_from_position="auto", reject_bad_fields=reject_bad_fields))


@given(mapped_events(values | GOOD_TIME))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_outline_says_the_same_of_an_event_and_no_field_less(mapped: MappedEvent) -> None:
    whole = normalized(mapped)
    try:
        outlined = outline(mapped)
    except RecordRejected:
        assert whole is None
        return

    assert whole is not None
    assert not whole.fields & ~outlined.fields
    event = whole.event
    assert outlined.event.limited_data_use is event.limited_data_use
    assert (outlined.event.event, outlined.event.event_time) == (event.event, event.event_time)
    assert outlined.event.event_id == (None if whole.is_id_from_position else event.event_id)


@given(mapped_events())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_hashed_fields_hold_64_lowercase_hex_digits_or_nothing(mapped: MappedEvent) -> None:
    event = normalized(mapped)
    if event is not None:
        user = decoded_body(event).get("user", {})
        digests = [digest for name in HASHED if name in user for digest in items(user[name])]
        assert all(DIGEST.fullmatch(digest) for digest in digests)


@given(mapped_events())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_the_bits_are_those_of_the_fields_that_are_sent(mapped: MappedEvent) -> None:
    event = normalized(mapped)
    if event is not None:
        body = decoded_body(event)
        sent = {f"{part}.{name}" for part in ("user", "page", "properties") for name in body.get(part, {})}
        sent |= {"limited_data_use"} & body.keys()
        assert {field for field, bit in FIELD_BIT.items() if event.fields & bit} == sent
        assert all(body.get(part) != {} for part in ("user", "page", "properties"))


@given(mapped_events())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_canonical_stays_as_it_is(mapped: MappedEvent) -> None:
    once = normalized(mapped)
    if once is not None:
        body = decoded_body(once)
        properties = body.get("properties", {})
        contents = properties.pop("contents", None)
        again = MappedEvent(
            mapped.decoded,
            body["event"],
            WithUnit(body["event_time"], "s"),
            body.get("event_id"),
            body.get("limited_data_use"),
            body.get("user", {}),
            body.get("page", {}),
            properties | ({} if "value" in properties or not contents else {"value": "-1"}),  # nothing to compute
            contents and tuple(contents),
        )
        twice = normalized(again)
        assert twice is not None
        assert without(odd_names(once), decoded_body(twice)) == without(odd_names(once), decoded_body(once))


def odd_names(event: NormalizedEvent) -> set[str]:
    """Somebody may be called Null; the digest of that, though, is of somebody's missing name far oftener."""
    return {note.field.removeprefix("user.") for note in event.notes if note.problem is Problem.PLACEHOLDER}


def without(names: set[str], body: dict[str, Any]) -> dict[str, Any]:
    user = {name: value for name, value in body.get("user", {}).items() if name not in names}
    return {**{key: value for key, value in body.items() if key != "user"}, **({"user": user} if user else {})}


SECRETS = st.text("ghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=20)
"""Too long to occur in a digest by chance, and in part not of its letters."""


@given(SECRETS, st.sampled_from(["{}@example.com", "{}@@", "{}"]), st.sampled_from(HASHED))
def test_no_identifier_in_clear_reaches_the_body_or_a_note(secret: str, form: str, name: str) -> None:
    raw = form.format(secret)
    event = normalized(
        MappedEvent(
            Decoded(RECORD, {}, is_shipped=True),
            event="Purchase",
            event_time=datetime(2026, 11, 1, tzinfo=UTC),
            user={name: [raw, raw.upper()] if name in HASHED[:3] else raw},
        )
    )

    assert event is not None
    assert secret not in validated(event).body.decode().lower()
    assert secret not in repr(event.notes)
