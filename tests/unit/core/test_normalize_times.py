"""Every form that an event's time comes in, and those that are refused."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import WithUnit
from consumer.core.normalize.times import event_time_s
from consumer.core.reasons import RejectReason

AT_S = 1_695_723_330  # 2023-09-26T10:15:30Z


def rejection_of(raw: object) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        event_time_s(raw)
    return caught.value


@pytest.mark.parametrize(
    "raw",
    [
        "2023-09-26T10:15:30Z",
        " 2023-09-26T10:15:30z ",
        "2023-09-26t10:15:30Z",
        "2023-09-26 10:15:30Z",
        "2023-09-26T12:15:30+02:00",
        "2023-09-26T12:15:30+0200",
        "2023-09-26T12:15:30+02",
        "2023-09-26T05:15:30-05:00",
        "2023-09-26T10:15:30.9Z",
        "2023-09-26T10:15:30,999999999Z",
        "2023-09-26T10:15:30.123456789012Z",
        "20230926T101530Z",
        "20230926T121530.5+0200",
        "2023-09-26T10:15:30:123+0000",
        "2023-09-26T12:15:30:999+0200",
        "2023-09-26T10:15:30:123Z",
        *("2023-09-26 03:15:30.000 -0700", "2023-09-26 03:15:30 -0700", "2023-09-26 03:15:30.123456 -0700"),
        *("2023-09-26 03:15:30.1 -07:00", "2023-09-26T03:15:30.123456789 -07", "2023-09-26T10:15:30.12 Z"),
        *("2023-09-26 10:15:30 UTC", "2023-09-26 10:15:30.999 GMT", "2023-09-26 03:15:30 UTC-07:00"),
        *(
            "2023-09-26T12:15:30+02:00[Europe/Berlin]",
            "2023-09-26T12:15:30.5+02:00[Etc/GMT-2]",
            "2023-09-26T10:15:30Z[UTC]",
        ),
        *("2023-09-26T03:15:30\u221207:00", "20230926T031530.000 -0700", "2023-09-26T10:15:30:000 +0000"),
        *("\ufeff2023-09-26T10:15:30Z\u200b", "2023-09-26  10:15:30Z"),
        *("2023-09-26 10:15:30 +0000 UTC", "2023-09-26 12:15:30.5 +0200 CEST", "2023-09-26 03:15:30-07:00 PDT"),
    ],
)
def test_takes_iso_8601_in_its_usual_forms_and_adobes(raw: str) -> None:
    assert event_time_s(raw) == AT_S
    assert event_time_s(WithUnit(raw, "ms")) == AT_S


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("2023-09-26T24:00:00Z", 1_695_772_800),
        ("2023-09-26 24:00:00.000 +0000", 1_695_772_800),
        ("2023-09-26T24:00+02:00", 1_695_765_600),
        ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("2017-01-01T00:59:60.5+01:00", 1_483_228_800),
    ],
)
def test_takes_the_days_end_and_a_leap_second(raw: str, seconds: int) -> None:
    assert event_time_s(raw) == seconds


@pytest.mark.parametrize("raw", ["2023-09-26T10:15Z", "2023-09-26T12:15+02:00", "2023-09-26 03:15 -07:00"])
def test_takes_a_time_without_seconds(raw: str) -> None:
    assert event_time_s(raw) == AT_S - 30


@pytest.mark.parametrize(
    "raw",
    [
        datetime(2023, 9, 26, 10, 15, 30, tzinfo=UTC),
        datetime(2023, 9, 26, 10, 15, 30, 999_999, tzinfo=UTC),
        datetime(2023, 9, 26, 12, 15, 30, tzinfo=timezone(timedelta(hours=2))),
        WithUnit(datetime(2023, 9, 26, 10, 15, 30, tzinfo=UTC), "s"),
    ],
)
def test_takes_avro_timestamps_rounded_down(raw: object) -> None:
    assert event_time_s(raw) == AT_S


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        (AT_S, "s"),
        (AT_S + 0.9, "s"),
        (AT_S * 1000 + 999, "ms"),
        (float(AT_S * 1000 + 999), "ms"),
        (AT_S * 1_000_000, "us"),
        (Decimal(AT_S * 1000), "ms"),
        (str(AT_S), "s"),
        (f" {AT_S}999 ", "ms"),
        (f"{AT_S}.5", "s"),
        ("1.69572333E12", "ms"),
        ("1.69572333E9", "s"),
    ],
)
def test_takes_plain_numbers_in_the_unit_that_is_configured(number: object, unit: str) -> None:
    assert event_time_s(WithUnit(number, unit)) == AT_S


@pytest.mark.parametrize("raw", [AT_S, float(AT_S), Decimal(AT_S), str(AT_S), "16121231012"])
def test_does_not_guess_at_a_unit(raw: object) -> None:
    rejected = rejection_of(raw)

    assert rejected.reason == RejectReason.NORMALIZE_EVENT_TIME
    assert rejected.detail == "event_time: plain number without a unit: give unit: s, ms, us or ns"


@pytest.mark.parametrize(
    "raw",
    [
        "2023-09-26T10:15:30",
        "2023-09-26",
        "20230926T101530",
        "2023-09-26T10:15:30:123",
        "2023-09-26T10:15:30[Europe/Berlin]",  # the zone's rules are not part of the time
        "2023-09-26T24:00:00",
        datetime.fromisoformat("2023-09-26T10:15:30"),
        date(2023, 9, 26),
        WithUnit(date(2023, 9, 26), "ms"),
    ],
)
def test_does_not_guess_at_a_zone(raw: object) -> None:
    assert rejection_of(raw).reason == RejectReason.NORMALIZE_EVENT_TIME_NO_ZONE


@pytest.mark.parametrize("raw", [None, "", "  ", WithUnit(None, "s"), WithUnit("", "ms")])
def test_does_not_make_up_a_time(raw: object) -> None:
    rejected = rejection_of(raw)

    assert (rejected.reason, rejected.detail) == (RejectReason.NORMALIZE_EVENT_TIME, "event_time: missing")


@pytest.mark.parametrize(
    "raw",
    [
        *("yesterday", "2023-09-26T24:01:00Z", "2023-09-26T24:00:01Z", "2023-09-26T10:15:60Z", "2023-09-26T25:00:00Z"),
        *("2023-09-26 10:15:30 PDT", "Tue, 26 Sep 2023 10:15:30 GMT", "2023-09-26T10:15:30Z extra", "1E400"),
        "2023-09-26T10:15:30" + "." + "0" * 1_000_000 + "Z",
        "2023-13-01T00:00:00Z",
        "2023-09-26T10:15:30+99:00",
        "26.09.2023 10:15:30",
        "+12023-09-26T10:15:30Z",
        "1969-12-31T23:59:59Z",
        "9" * 500,
        True,
        {},
        [],
        b"2023-09-26T10:15:30Z",
        time(10, 15),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        WithUnit(True, "s"),
        WithUnit(-1, "s"),
        WithUnit(AT_S * 1000, "s"),  # the year 55705: the unit is wrong
        WithUnit(10**400, "s"),
        WithUnit("9" * 500, "s"),
        WithUnit(float("nan"), "s"),
        WithUnit(float("inf"), "s"),
        WithUnit(Decimal("NaN"), "s"),
        WithUnit(Decimal("sNaN"), "s"),
    ],
)
def test_refuses_what_cannot_be_a_time(raw: object) -> None:
    assert rejection_of(raw).reason == RejectReason.NORMALIZE_EVENT_TIME
