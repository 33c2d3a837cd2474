"""What TikTok's answer means. The tables are docs/tiktok.md §3."""

import json

import pytest

from consumer.core.deliver.response import KNOWN_CODES, ResponseVerdict, Scope, Treatment, classify, code_label, refusal
from consumer.core.model import Answer
from tests.support.fakes import envelope, item
from tests.support.tiktok_codes import ACCEPTED, EVERY_CODE, THROTTLED

WALL_S = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


def read(answer: Answer) -> ResponseVerdict:
    return classify(answer, WALL_S)


def raw(body: bytes, status: int = 200, retry_after: str | None = None) -> Answer:
    return Answer(status, body, 0.1, retry_after)


@pytest.mark.parametrize(("code", "treatment"), EVERY_CODE)
@pytest.mark.parametrize("status", [200, 400, 401, 413, 429, 500])
def test_the_code_decides_whatever_the_status(code: int, treatment: Treatment, status: int) -> None:
    if treatment is Treatment.ACCEPTED and status >= 400:
        return  # below: an error accepts nothing
    verdict = read(envelope(code, status=status))

    assert (verdict.treatment, verdict.code, verdict.why) == (treatment, code, f"code {code}")


@pytest.mark.parametrize("code", ACCEPTED)
@pytest.mark.parametrize(
    ("status", "treatment"),
    [
        (400, Treatment.UNAVAILABLE),
        (401, Treatment.UNAVAILABLE),
        (413, Treatment.REFUSED),
        (429, Treatment.THROTTLED),
        (500, Treatment.UNAVAILABLE),
        (503, Treatment.UNAVAILABLE),
    ],
)
def test_an_http_error_accepts_nothing_whatever_its_code_says(code: int, status: int, treatment: Treatment) -> None:
    verdict = read(envelope(code, status=status))

    assert (verdict.treatment, verdict.code, verdict.is_partial) == (treatment, None, False)


@pytest.mark.parametrize("code", [100, 200, 204, 301, 400, 404, 429, 500, 503, 599])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_a_code_that_is_an_http_status_is_a_gateways(status: int, code: int) -> None:
    verdict = read(envelope(code, status=status))

    assert verdict.treatment is (Treatment.THROTTLED if status == 429 else Treatment.UNAVAILABLE)
    assert verdict.code is None


GATEWAYS = {
    "a bare code": (429, b'{"code": 429}'),
    "code and message": (429, b'{"code": 40002, "message": "quota exceeded"}'),
    "gRPC": (503, b'{"code": 14, "details": []}'),
    "gRPC with a message": (503, b'{"code": 14, "message": "no healthy upstream", "details": []}'),
    "gRPC within error": (503, b'{"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}, "request_id": "1"}'),
    "success in an error": (500, b'{"code": 0}'),
    "success in an error, with a message": (500, b'{"code": 0, "message": "OK"}'),
    "a code as text": (500, b'{"code": "40002", "message": "x", "request_id": "1"}'),
    "a code with a point": (500, b'{"code": 40002.0, "message": "x", "request_id": "1"}'),
    "a code with an exponent": (500, b'{"code": 4e4, "message": "x", "request_id": "1"}'),
    "a huge code": (500, b'{"code": 99999999999999999999999, "message": "x", "request_id": "1"}'),
    "a code above 31 bits": (500, b'{"code": 2147483648, "message": "x", "request_id": "1"}'),
    "a code that is an object": (500, b'{"code": {"code": 40002}, "message": "x", "request_id": "1"}'),
    "a code that is a list": (500, b'{"code": [40002], "message": "x", "request_id": "1"}'),
    "no message": (500, b'{"code": 40002, "request_id": "1"}'),
    "a message that is no text": (500, b'{"code": 40002, "message": {"text": "x"}, "request_id": "1"}'),
    "an empty request_id": (500, b'{"code": 40002, "message": "x", "request_id": ""}'),
    "a request_id that is no text": (500, b'{"code": 40002, "message": "x", "request_id": 17}'),
    "data that is null": (500, b'{"code": 40002, "message": "x", "data": null}'),
    "Kong": (503, b'{"message": "name resolution failed", "request_id": "a1"}'),
    "AWS": (504, b'{"message": "Endpoint request timed out"}'),
    "Azure": (429, b'{"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."}'),
    "Apigee": (500, b'{"fault": {"faultstring": "x", "detail": {"errorcode": "policies.ratelimit"}}}'),
    "APISIX": (503, b'{"error_msg": "no valid upstream node", "code": 503}'),
    "Tyk": (403, b'{"error": "Access to this API has been disallowed"}'),
    "RFC 9457": (503, b'{"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": 40002}'),
    "JSON:API": (500, b'{"errors": [{"code": 40002, "message": "x", "request_id": "1"}]}'),
    "a list": (500, b'[{"code": 40002, "message": "x", "request_id": "1"}]'),
    "capital names": (500, b'{"Code": 40002, "Message": "x", "RequestId": "1"}'),
}


@pytest.mark.parametrize(("status", "body"), GATEWAYS.values(), ids=GATEWAYS)
def test_json_of_a_gateway_is_judged_by_its_http_status(status: int, body: bytes) -> None:
    verdict = read(raw(body, status))

    assert verdict.treatment is (Treatment.THROTTLED if status == 429 else Treatment.UNAVAILABLE)
    assert (verdict.code, verdict.field, verdict.request_id) == (None, None, None)


@pytest.mark.parametrize("body", [body for _, body in GATEWAYS.values()], ids=GATEWAYS)
def test_json_of_a_gateway_is_no_success_in_a_200_either(body: bytes) -> None:
    assert read(raw(body)).treatment is Treatment.UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "treatment"),
    [
        (200, Treatment.UNAVAILABLE),
        (204, Treatment.UNAVAILABLE),
        (302, Treatment.UNAVAILABLE),
        (400, Treatment.UNAVAILABLE),
        (401, Treatment.UNAVAILABLE),
        (403, Treatment.UNAVAILABLE),
        (404, Treatment.UNAVAILABLE),
        (413, Treatment.REFUSED),
        (429, Treatment.THROTTLED),
        (500, Treatment.UNAVAILABLE),
        (502, Treatment.UNAVAILABLE),
        (503, Treatment.UNAVAILABLE),
    ],
)
def test_the_status_decides_where_there_is_no_envelope(status: int, treatment: Treatment) -> None:
    verdict = read(raw(b"<html>who knows</html>", status))

    assert (verdict.treatment, verdict.code, verdict.request_id) == (treatment, None, None)
    assert str(status) in verdict.why


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"null",
        b"0",
        b"[0]",
        b"{}",
        b'{"code": null, "message": "OK", "request_id": "1"}',
        b'{"code": "0", "message": "OK", "request_id": "1"}',
        b'{"code": false, "message": "OK", "request_id": "1"}',
        b'{"code": 0.0, "message": "OK", "request_id": "1"}',
        b'{"code": 0, "message": null, "request_id": "1"}',
        b'{"code": 0, "message": "OK", "request_id": null}',
        b'{"code": 0, "message": "OK", "data": []}',
        b'{"code": null}',
        b'{"code": "0"}',
        b'{"code": false}',
        b'{"code": true}',
        b'{"code": 0.0}',
        b'{"code": 2147483648}',
        b'{"code": ' + b"9" * 5000 + b"}",
        b'{"code": 0',
        b'{"code": 0} trailing',
        b'{"Code": 0}',
        b'{"data": {"code": 0}}',
        b'\xff\xfe{"code": 0}',
        b'{"code": 0, "message": "\xff"}',
        b"[" * 60_000,
    ],
)
def test_a_200_that_is_not_the_envelope_is_no_success(body: bytes) -> None:
    assert read(raw(body)).treatment is Treatment.UNAVAILABLE


@pytest.mark.parametrize("rest", [b'"request_id": "1"', b'"data": {}', b'"request_id": "", "data": {}'])
def test_an_envelope_has_code_and_message_and_request_id_or_data(rest: bytes) -> None:
    verdict = read(raw(b'{"code": 0, "message": "OK", ' + rest + b"}"))

    assert (verdict.treatment, verdict.code, verdict.is_partial) == (Treatment.ACCEPTED, 0, False)


@pytest.mark.parametrize("code", [99, 600, 1000])
def test_a_code_that_is_none_of_these_is_tiktoks(code: int) -> None:
    assert (read(envelope(code)).treatment, read(envelope(code)).code) == (Treatment.REFUSED, code)


@pytest.mark.parametrize("code", [0, 40002, 40001])
def test_code_and_message_alone_are_a_gateways(code: int) -> None:
    for body in (f'{{"code": {code}}}', f'{{"code": {code}, "message": "x"}}'):
        verdict = read(raw(body.encode()))

        assert (verdict.treatment, verdict.code) == (Treatment.UNAVAILABLE, None)


@pytest.mark.parametrize("failure", ["timeout", "connect", "reset", "tls", "protocol"])
def test_no_answer_is_unavailable_and_says_how_it_failed(failure: str) -> None:
    verdict = read(Answer(None, b"", 10.0, failure=failure))

    assert verdict == ResponseVerdict(Treatment.UNAVAILABLE, failure)


def test_an_answer_without_status_and_failure_is_unavailable() -> None:
    assert read(Answer(None, b'{"code": 0}', 10.0)).treatment is Treatment.UNAVAILABLE


@pytest.mark.parametrize("code", THROTTLED)
def test_40132_slows_one_pixel_and_the_other_throttling_codes_all(code: int) -> None:
    assert read(envelope(code)).scope is (Scope.PIXEL if code == 40132 else Scope.ALL)


def test_a_429_slows_all() -> None:
    assert read(raw(b"slow down", 429)).scope is Scope.ALL


@pytest.mark.parametrize("answer", [envelope(0), envelope(40002), envelope(50000), envelope(40001), raw(b"", 503)])
def test_whatever_does_not_throttle_is_about_one_pixel(answer: Answer) -> None:
    assert read(answer).scope is Scope.PIXEL


def test_partial_success_is_accepted_and_flagged() -> None:
    assert read(envelope(20001)).is_partial
    assert not read(envelope(0)).is_partial


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("9" * 5000, 86_400.0),  # more digits than `int` takes
        ("Sun, 06 Nov " + "9" * 5000 + " 08:49:37 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:57 1994", 20.0),
        ("Sun, 06 Nov 1994 08:50:37 -0000", 60.0),
        ("Sun, 06 Nov 1994 07:00:00 GMT", 0.0),
        ("Sun, 06 Nov 2094 07:00:00 GMT", 86_400.0),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400.0),
        ("Sun, 06 Nov 1994 08:49" + "3" * 32 + ":37 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, wait_s: float | None) -> None:
    assert read(raw(b"", 429, header)).wait_s == wait_s
    assert read(raw(b"", 503, header)).wait_s == wait_s
    assert read(envelope(40100, retry_after=header)).wait_s == wait_s


@pytest.mark.parametrize(
    ("date", "until", "wait_s"),
    [
        ("Sun, 06 Nov 1994 10:50:07 GMT", "Sun, 06 Nov 1994 10:50:37 GMT", 30.0),  # this machine's clock is behind
        ("Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("soon", "Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("", "Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
    ],
)
def test_a_retry_after_that_is_a_date_is_read_by_the_clock_that_is_not_behind(
    date: str, until: str, wait_s: float
) -> None:
    assert read(Answer(429, b"", 0.1, until, date=date)).wait_s == wait_s


@pytest.mark.parametrize(
    ("request_id", "kept"),
    [
        ("202611221234-AB_c", "202611221234-AB_c"),
        ("x" * 64, "x" * 64),
        ("x" * 65, None),
        ("someone@example.com", None),
        ("a b", None),
        ("", None),
        (17, None),
        (None, None),
    ],
)
def test_a_request_id_is_kept_only_if_it_looks_like_one(request_id: object, kept: str | None) -> None:
    body = {"code": 0, "message": "OK", "request_id": request_id, "data": {}}
    assert read(raw(json.dumps(body).encode())).request_id == kept


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Batch.0.properties.contents.0.content_id: Not a valid string", "properties.contents.0.content_id"),
        ("Batch.999.user.email: someone@example.com is not hashed", "user.email"),
        ("Batch.0.user.phone.1: bad", "user.phone.1"),
        ("data.3.event_time: too old", "event_time"),
        ("Batch.0.page.url: x", "page.url"),
        ("Batch.0.properties: x", "properties"),
        ("Batch.0.properties.content_ids.12: x", "properties.content_ids.12"),
        ("Batch.0.limited_data_use: x", "limited_data_use"),
        ("Batch.0.user.someone@example.com: no such field", None),
        ("Batch.0.user.email.someone: x", None),
        ("Batch.0.properties.contents.4711471147.price: x", None),
        ("Batch.0.user.email", None),
        ("user.email: x", None),
        ("invalid email someone@example.com", None),
        ("", None),
    ],
)
def test_only_a_field_that_we_know_is_taken_from_the_message(message: str, field: str | None) -> None:
    assert read(envelope(40002, message)).field == field


def test_known_codes_are_their_own_label_and_all_others_are_other() -> None:
    assert code_label(0) == "0"
    assert code_label(40132) == "40132"
    assert code_label(51305) == "other"
    assert code_label(None) == "other"
    assert {0, 20001, 40002, 40100, 40119, 50002, 60001, 61000, 70001} <= KNOWN_CODES
    assert len(KNOWN_CODES) < 70  # a metric label


def test_a_rejection_says_code_field_and_request_but_nothing_of_the_message() -> None:
    verdict = read(envelope(40002, "Batch.0.user.email: someone@example.com is not hashed"))

    rejection = refusal(item(pixel="shop"), verdict)

    assert rejection.reason == "deliver.refused"
    assert rejection.detail == "TikTok refused it: code 40002, field user.email"
    assert (rejection.rule, rejection.pixel, rejection.code) == ("purchases", "shop", 40002)
    assert rejection.request_id == "20261122-1"


def test_a_rejection_without_a_known_field_names_none() -> None:
    rejection = refusal(item(), read(raw(b"too large", 413)))

    assert rejection.detail == "TikTok refused it: HTTP 413 without TikTok's envelope"
    assert rejection.code is None
