"""What docs/tiktok.md §2, says of addresses and places, case by case."""

import pytest

from consumer.core.normalize import web
from consumer.core.normalize.fields import FieldError, FieldFunction
from consumer.core.normalize.user import addresses, locations
from consumer.core.reasons import Problem


def problem_of(function: FieldFunction, raw: object) -> Problem:
    with pytest.raises(FieldError) as caught:
        function(raw)
    ((place, problem),) = caught.value.problems
    assert place == ""
    assert caught.value.rest is None
    return problem


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("84.157.12.9", "84.157.12.9"),
        (" 84.157.12.9 ", "84.157.12.9"),
        ("172.15.0.1", "172.15.0.1"),
        ("192.167.0.1", "192.167.0.1"),
        ("84.157.12.9:4711", "84.157.12.9"),
        ("10.0.0.7, 84.157.12.9, 8.8.8.8", "84.157.12.9"),
        ("unknown,,8.8.8.8", "8.8.8.8"),
        ('"[2001:4860:4860::8888]:443"', "2001:4860:4860::8888"),
        ("2001:4860:4860:0000:0000:0000:0000:8888", "2001:4860:4860::8888"),
        ("2A00:1450::1", "2a00:1450::1"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("[::ffff:8.8.8.8]:80", "8.8.8.8"),
        ("2a02:8108:8ac0:1234:a1b2:c3d4:e5f6:7890", "2a02:8108:8ac0:1234:a1b2:c3d4:e5f6:7890"),
        ("2a02:8108:8ac0:0:a1b2:0:0:7890", "2a02:8108:8ac0:0:a1b2::7890"),
        ("2a02:8108:0000:1234:00b2:c3d4:0005:7890", "2a02:8108:0:1234:b2:c3d4:5:7890"),
        ("2001:200::1", "2001:200::1"),
        ("fe80::1, 2a02::5", "2a02::5"),
        ("10.0.0.1,192.168.1.1, 172.20.0.1,100.64.0.1 , 127.0.0.1,[2a02::7]:80", "2a02::7"),
        ("169.1.0.1", "169.1.0.1"),
        ("100.128.0.1", "100.128.0.1"),
        ("192.88.98.1", "192.88.98.1"),
        ("203.1.113.1", "203.1.113.1"),
        ("\u200b84.157.12.9\u200b", "84.157.12.9"),
    ],
)
def test_takes_the_first_public_address(raw: str, canonical: str) -> None:
    assert addresses.ip(raw) == canonical


@pytest.mark.parametrize(
    "raw",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1",
        "2002:808:808::1", "::ffff:10.0.0.1", "10.0.0.1, 192.168.0.1",
    ],
)  # fmt: skip
def test_leaves_out_addresses_that_are_not_public(raw: str) -> None:
    assert problem_of(addresses.ip, raw) == Problem.NOT_PUBLIC


@pytest.mark.parametrize(
    "raw",
    [
        "0." * 3000,
        "," * 1_000_000,
        "8.8.8.8," * 1000,
        "1::2::3",
        "2a02:1:2:3:4:5:6:7:8",
        "localhost",
        "84.157.12",
        "84.157.12.256",
        "084.157.12.9",
        "84.157.12.9.1",
        "fe80::1%eth0",
        "1,2",
        "[x",
        ",",
    ],
)
def test_leaves_out_what_is_no_address(raw: str) -> None:
    assert problem_of(addresses.ip, raw) == Problem.NOT_AN_IP


@pytest.mark.parametrize(
    ("function", "raw"),
    [(addresses.ip, 3232235777), (web.url, 5), (web.referrer, {}), (locations.country, 49), (locations.place, 5)],
)
def test_takes_text_only(function: FieldFunction, raw: object) -> None:
    assert problem_of(function, raw) == Problem.WRONG_TYPE


@pytest.mark.parametrize(
    "function", [addresses.ip, web.url, web.referrer, locations.place, locations.country, locations.locale]
)
@pytest.mark.parametrize("raw", ["", "  "])
def test_what_is_empty_is_absent(function: FieldFunction, raw: str) -> None:
    assert function(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "https://example.com/",
        "http://example.com",
        "HTTPS://EXAMPLE.COM/Ä?q=a b",
        "https://[2a02::1]:8443/",
        *(
            "http://jane@example.com/",
            "https://jane:1@example.com:8443/?a=b@c d",
            "https://example.com/a b",
            "https://a_b.c",
        ),
        "https://münchen.example",
        "http://localhost:8080",
    ],
)
def test_a_page_url_is_of_the_web_and_sent_as_it_is(raw: str) -> None:
    assert web.url(f" {raw} ") == raw


@pytest.mark.parametrize(
    "raw",
    [
        "/thanks",
        "example.com",
        "file:///tmp/x",
        "https:/example.com",
        "https://",
        "http://",
        "https:///x",
        "https://?x=1",
        "https://#",
        "https://:443/",
        "https:// example.com",
        "https://@/x",
        "https://.",
        *(
            "https://jane@",
            "https://jane@/x",
            "https://jane:secret@:8443/",
            "https://shop example.com/",
            "https://%20/",
        ),
        "undefined",
        "//example.com",
    ],
)
def test_a_page_url_of_anything_else_is_left_out(raw: str) -> None:
    assert problem_of(web.url, raw) == Problem.NOT_A_URL


def test_an_app_can_be_the_referrer() -> None:
    assert web.referrer("android-app://com.example.news/") == "android-app://com.example.news/"


@pytest.mark.parametrize("raw", ["/cart", "direct", "https://", "://x", "https:///x", "http://?", "https://a@/"])
def test_a_referrer_that_is_no_absolute_url_is_left_out(raw: str) -> None:
    assert problem_of(web.referrer, raw) == Problem.NOT_A_URL


@pytest.mark.parametrize(
    ("url", "ttclid"),
    [
        ("https://example.com/?ttclid=E.C.P.a-b_c", "E.C.P.a-b_c"),
        ("https://example.com/?a=1&ttclid=x&b=2#top", "x"),
        ("https://example.com/?ttclid=a%2Bb", "a+b"),
        ("https://example.com/?ttclid=" + "x" * 3000, "x" * 3000),
        ("https://example.com/?ttclid=", None),
        ("https://example.com/?ttclid=%20", None),
        ("https://example.com/?myttclid=x", None),
        ("https://example.com/?q=ttclid=x", None),
        ("https://example.com/#?ttclid=x", None),
        ("https://example.com/?a=1#&ttclid=x", None),
        ("https://example.com/ttclid=x", None),
        ("https://example.com/?TTCLID=x", None),
        ("https://example.com/?ttclid=a&ttclid=b&ttclid=c", "c"),
        ("https://example.com/?ttclid=a&x=1&ttclid=b#ttclid=c", "b"),
        ("https://example.com/?ttclid=a&ttclid=", "a"),
        ("https://example.com/?ttclid=a?utm_source=tiktok", "a"),
        ("https://example.com/?a=1?ttclid=b?c=2&d=3", "b"),
        ("https://example.com/??ttclid=a", "a"),
        ("https://example.com/?ttclid=%E0%A4%A", None),
        ("https://example.com/?ttclid=%E0%A4", None),
        ("https://example.com/?ttclid=a%zz", None),
        ("https://example.com/?ttclid=a%", None),
        ("https://example.com/?ttclid=a%00b", None),
        ("https://example.com/?ttclid=a%0Ab", None),
        ("https://example.com/?ttclid=__CLICKID__", None),
        ("https://example.com/?ttclid=undefined", None),
        ("https://example.com/?ttclid=%7B%7Bttclid%7D%7D", None),
        ("https://example.com/?ttclid=a&ttclid=%FF", None),
        ("https://example.com/?ttclid=a%EF%BF%BDb", None),
    ],
)
def test_reads_the_click_id_whole_from_the_query_alone(url: str, ttclid: str | None) -> None:
    assert web.ttclid_of(url) == ttclid


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("San José", "sanjosé"),
        ("St. Gallen", "stgallen"),
        ("N.Y.", "ny"),
        ("Île-de-France", "îledefrance"),
        ("CA", "ca"),
    ],
)
def test_a_city_or_state_is_lowercase_without_blanks_and_punctuation(raw: str, canonical: str) -> None:
    assert locations.place(raw) == canonical


def test_a_city_of_nothing_but_punctuation_is_left_out() -> None:
    assert problem_of(locations.place, "--") == Problem.EMPTY_AFTER_CLEANING


def test_a_country_is_its_iso_code_in_lowercase() -> None:
    assert locations.country(" DE ") == "de"


@pytest.mark.parametrize("raw", ["Germany", "DEU", "UK", "zz"])
def test_a_country_by_any_other_name_is_left_out(raw: str) -> None:
    assert problem_of(locations.country, raw) == Problem.NOT_A_COUNTRY


@pytest.mark.parametrize(
    ("raw", "tag"), [("en-US", "en-US"), ("en_US", "en-US"), ("de", "de"), ("zh-Hant-TW", "zh-Hant-TW")]
)
def test_a_locale_is_a_language_tag(raw: str, tag: str) -> None:
    assert locations.locale(raw) == tag


@pytest.mark.parametrize("raw", ["en_US.UTF-8", "de-DE,de;q=0.9", "e", "-US", "en-"])
def test_a_locale_of_another_form_is_left_out(raw: str) -> None:
    assert problem_of(locations.locale, raw) == Problem.NOT_A_LOCALE
