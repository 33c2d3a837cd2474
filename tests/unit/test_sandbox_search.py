"""Which events a search finds."""

import asyncio
import hashlib

import pytest

from consumer.sandbox.event_search import search
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state.event_store import ReceivedRequest, Store

BODIES = (
    rb'{"event":"Purchase","properties":{"order_id":"A-77","value":19.5,"currency":"EUR"}}',
    rb'{"event":"Lead","properties":{"description":"Caf\u00e9 \/ Bar","odd":1e999}}',
    '{"event":"Lead","properties":{"description":"CAFÉ"}}'.encode(),
)


def store(*bodies: bytes) -> Store:
    made = Store(keep=10_000)
    made.accept(
        ReceivedRequest(1000.5, "request-9", "PIXEL", "TEST1"), [ValidEvent("x", None, body) for body in bodies]
    )
    return made


def found(query: str, *bodies: bytes, after: int = 0) -> list[int]:
    return asyncio.run(search(store(*(bodies or BODIES)), query, after)).found


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("a-77", [1]),
        ("19.5", [1]),
        ("19.5 EUR", [1]),
        ("eur  purchase", [1]),
        ("eur lead", []),
        ("café", [2, 3]),
        ("caf\u00c9 / bar", [2]),
        ("cafe\u0301", [2, 3]),
        ("pixel", [1, 2, 3]),
        ("test1", [1, 2, 3]),
        ("request-9", [1, 2, 3]),
        ("", [1, 2, 3]),
        ("nobody", []),
    ],
)
def test_finds_events_with_every_word_whatever_its_case(query: str, numbers: list[int]) -> None:
    assert found(query) == numbers


@pytest.mark.parametrize("asked", ["alice@example.com", "Alice@Example.com", "+491701234567"])
def test_finds_who_was_hashed(asked: str) -> None:
    digest = hashlib.sha256(asked.lower().encode()).hexdigest()

    assert found(asked, b'{"user":{"email":"%s"}}' % digest.encode(), b"{}") == [1]


def test_finds_who_was_hashed_however_the_accents_of_the_address_are_written() -> None:
    digest = hashlib.sha256("jos\u00e9@example.com".encode()).hexdigest()

    assert found("jose\u0301@example.com", b'{"user":{"email":"%s"}}' % digest.encode(), b"{}") == [1]


def test_goes_on_behind_what_was_looked_at_over_many_events() -> None:
    kept = store(*(b'{"n":"<%d>"}' % number for number in range(1, 1301)))

    first = asyncio.run(search(kept, "<1300>", 0))
    again = asyncio.run(search(kept, "<1300>", first.through))

    assert (first.found, first.through) == ([1300], 1300)
    assert (again.found, again.through) == ([], 1300)
