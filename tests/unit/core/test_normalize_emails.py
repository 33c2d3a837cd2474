"""Emails as forms, exports and address books write them."""

import pytest

from consumer.core.normalize.fields import FieldError
from consumer.core.normalize.user.emails import address
from consumer.core.reasons import Problem


def problem_of(raw: str) -> Problem:
    with pytest.raises(FieldError) as caught:
        address(raw)
    ((_, problem),) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "raw",
    [
        *("jane@example.com", " Jane@Example.COM ", "mailto:jane@example.com", "MAILTO:Jane@example.com?subject=Hi"),
        *(
            '"jane@example.com"',
            "'jane@example.com'",
            "“jane@example.com”",
            "`jane@example.com`",
            '\\"jane@example.com\\"',
        ),
        *("jane@example.com,", "jane@example.com;", "jane@example.com/", "jane@example.com|", "jane@example.com."),
        *(
            "[jane@example.com]",
            "<jane@example.com>",
            "(jane@example.com)",
            "{jane@example.com}",
            '["jane@example.com"]',
        ),
        *("Jane Doe <jane@example.com>", '"Doe, Jane" <jane@example.com>,', "<mailto:jane@example.com>"),
        *(
            "[jane@example.com](mailto:jane@example.com)",
            "jane@example.com\u200b",
            "\ufeffjane@example.com",
            "ja\u00adne@example.com",
        ),
        *("\x00jane@example.com\x00", "\u202ajane@example.com\u202c", "\u00a0jane@example.com\u3000"),
    ],
)
def test_is_unwrapped_where_there_is_one_reading(raw: str) -> None:
    assert address(raw) == "jane@example.com"


@pytest.mark.parametrize(
    "raw",
    [
        *("o'brien@example.co.uk", "müller@münchen.example", "jane+news@mail.example.com", "a@xn--mnchen-3ya.xn--p1ai"),
        *("j_d@example.com", "1@2.example", "jane-@example.com", "x@a-b.example", "用户@例子.中国", "test@test.com"),
    ],
)
def test_an_address_stays_as_it_is(raw: str) -> None:
    assert address(raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        *(".jane@example.com", "jane.@example.com", "ja..ne@example.com", "jane@-example.com", "jane@example-.com"),
        *(
            "jane@example.123",
            "jane@example",
            "jane@example..com",
            "jane@.example.com",
            "jane@ex_ample.com",
            "jane@1.2.3.4",
        ),
        *(
            "jane@example.c",
            "jane@[1.2.3.4]",
            "jane",
            "@example.com",
            "jane@",
            "a@b@example.com",
            "jane doe@example.com",
        ),
        *("jane@example.com,joe@example.com", "jane@example.com; joe@example.com", "jane@example.com joe@example.com"),
        *("<jane@example.com> <joe@example.com>", "[jane@example.com](mailto:joe@example.com)", "jane@exa mple.com"),
        *(
            "mailto:",
            "mailto:jane",
            "j" * 250 + "@example.com",
            "x" * 5000,
            "jane@example.com:",
        ),
    ],
)
def test_what_has_none_or_more_than_one_is_left_out(raw: str) -> None:
    assert problem_of(raw) == Problem.NOT_AN_EMAIL


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("mailto:%6Aane@example.com", "jane@example.com"),
        ("mailto:jane%2Bnews@example.com", "jane+news@example.com"),
        ("mailto:jane%40example.com", "jane@example.com"),
        ("<mailto:jane%2Bnews@example.com?subject=a%20b>", "jane+news@example.com"),
        ("mailto:j%C3%A9@example.com", "jé@example.com"),
    ],
)
def test_what_a_link_escapes_is_read(raw: str, expected: str) -> None:
    assert address(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "jane%2Bnews@example.com",
        "jane%40example.com",
        "mailto:j%FF@example.com",
        "mailto:jane%2@example.com",
        "mailto:jane%252B@example.com",
    ],
)
def test_escapes_anywhere_else_make_no_address(raw: str) -> None:
    assert problem_of(raw) == Problem.NOT_AN_EMAIL


@pytest.mark.parametrize("raw", ["", "  ", "\u200b"])
def test_nothing_is_absent(raw: str) -> None:
    assert address(raw) is None


@pytest.mark.parametrize(
    "raw",
    [f"{'j' * 65}@example.com", f"jane@{'a' * 64}.com", f"jane@{'a' * 64}.example.com", f"{'é' * 65}@example.com"],
)
def test_a_part_that_is_too_long_makes_no_address(raw: str) -> None:
    assert problem_of(raw) is Problem.NOT_AN_EMAIL


@pytest.mark.parametrize("raw", ["none@gmail.com", "jane@unknown.com", "test@test.com", f"{'j' * 64}@example.com"])
def test_one_odd_word_is_somebodys(raw: str) -> None:
    assert address(raw) == raw


@pytest.mark.parametrize(
    "raw", ["null", "N/A", "{{email}}", "(not set)", "%%EMAIL%%", "null@null.com", "<na@na.com>", "NoEmail@noemail.net"]
)
def test_a_placeholder_is_told_apart(raw: str) -> None:
    assert problem_of(raw) == Problem.PLACEHOLDER
