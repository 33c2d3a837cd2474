"""Which misbehaviour strikes which request, who may send what, and how often."""

import random

import msgspec
import pytest
from msgspec import ValidationError

from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state.access import Rate, RateLimit, Refuse, Tokens
from consumer.sandbox.state.misbehaviour import Act, FaultMatch, Faults, Misbehaviour

BUSY = Act(code=50000)
LATE = Act(latency_ms=5)


def faults(*standing: Misbehaviour, draws: tuple[float, ...] = ()) -> Faults:
    made = Faults(iter(draws).__next__)
    made.replace(standing)
    return made


def test_strikes_the_next_n_requests_and_is_gone() -> None:
    made = faults(Misbehaviour(do=BUSY, for_next=2))

    assert [made.strike("P") for _ in range(3)] == [BUSY, BUSY, None]
    assert not made
    assert made.listed() == []


def test_strikes_until_cleared_without_a_number() -> None:
    made = faults(Misbehaviour(do=BUSY))
    assert all(made.strike(None) is BUSY for _ in range(50))

    made.replace([])

    assert made.strike(None) is None


def test_strikes_only_the_pixel_named_and_counts_only_its_requests() -> None:
    made = faults(Misbehaviour(do=BUSY, match=FaultMatch(pixel="A"), for_next=1))

    assert [made.strike(pixel) for pixel in ("B", None, "A", "A")] == [None, None, BUSY, None]


def test_strikes_a_share_by_the_chance_given() -> None:
    made = faults(Misbehaviour(do=BUSY, share=0.5), draws=(0.0, 0.5, 0.49, 0.99))

    assert [made.strike("P") for _ in range(4)] == [BUSY, None, BUSY, None]


def test_strikes_about_its_share_of_many_and_the_same_with_the_same_seed() -> None:
    def struck() -> list[bool]:
        made = Faults(random.Random(7).random)
        made.replace([Misbehaviour(do=BUSY, share=0.3)])
        return [made.strike("P") is not None for _ in range(1000)]

    assert 250 < sum(struck()) < 350
    assert struck() == struck()


def test_the_first_that_applies_strikes_alone() -> None:
    made = faults(Misbehaviour(do=BUSY, for_next=1), Misbehaviour(do=LATE))

    assert [made.strike("P") for _ in range(3)] == [BUSY, LATE, LATE]
    assert [standing.struck for standing in made.listed()] == [2]


def test_adds_behind_those_in_force() -> None:
    made = faults(Misbehaviour(do=BUSY, for_next=1))
    made.add([Misbehaviour(do=LATE)])

    assert [made.strike("P"), made.strike("P")] == [BUSY, LATE]


@pytest.mark.parametrize(
    "act", [Act(code=0), Act(status=200), Act(body="empty"), Act(text=""), Act(end="reset"), Act(retry_after=1)]
)
def test_anything_but_latency_takes_the_place_of_the_right_answer(act: Act) -> None:
    assert not act.is_only_late
    assert LATE.is_only_late


@pytest.mark.parametrize(
    "text",
    [
        b'{"do": {"cod": 1}}',
        b'{"do": {"status": 99}}',
        b'{"do": {"end": "explode"}}',
        b'{"do": {"latency_ms": -1}}',
        b'{"do": {}, "share": 1.1}',
        b'{"do": {}, "for_next": 0}',
        b'{"match": {}}',
    ],
)
def test_a_fault_that_makes_no_sense_is_told_so(text: bytes) -> None:
    with pytest.raises(ValidationError):
        msgspec.json.decode(text, type=Misbehaviour)


def code_of(tokens: Tokens, token: str, pixel: str = "P") -> int:
    fault = tokens.fault_of_token(token) or tokens.fault_of_pixel(token, pixel)
    return fault.code if fault else 0


def test_without_tokens_any_that_is_not_empty_goes() -> None:
    assert [code_of(Tokens(), token) for token in ("t", "", "Bearer t", "bearer t")] == [0, 40104, 40105, 40105]


def test_a_token_must_be_known_and_must_be_for_the_pixel() -> None:
    tokens = Tokens({"t": ["P"], "u": ["*"]})

    assert [code_of(tokens, *case) for case in (("t", "P"), ("t", "Q"), ("u", "Q"), ("v", "P"))] == [0, 40001, 0, 40105]


def test_any_token_may_be_let_in_for_known_pixels_only() -> None:
    assert [code_of(Tokens({"*": ["P"]}), "any", pixel) for pixel in ("P", "Q")] == [0, 40001]


def test_a_revoked_token_is_wrong_until_it_is_restored() -> None:
    tokens = Tokens({"t": ["P"], "u": ["P"]})

    tokens.replace(tokens.updated({"t": None}))
    assert [code_of(tokens, "t"), code_of(tokens, "u")] == [40105, 0]

    tokens.replace(tokens.updated({"t": ["P"]}))
    assert code_of(tokens, "t") == 0

    tokens.replace(None)
    assert code_of(tokens, "whatever") == 0


def test_revoking_where_none_was_configured_shuts_everyone_out() -> None:
    tokens = Tokens()
    tokens.replace(tokens.updated({"t": None}))

    assert code_of(tokens, "u") == 40105


def exceeded(limit: RateLimit, *times: float, pixel: str = "P") -> list[bool]:
    return [limit.exceeded(pixel, time) is not None for time in times]


def test_takes_so_many_a_second_and_again_in_the_next() -> None:
    limit = RateLimit()
    limit.rate = Rate(per_second=2)

    assert exceeded(limit, 10.0, 10.1, 10.2, 10.9, 11.0, 11.5, 11.9) == [False, False, True, True, False, False, True]


def test_a_rate_below_one_a_second_counts_in_longer_spells() -> None:
    limit = RateLimit()
    limit.rate = Rate(per_second=0.5)

    assert exceeded(limit, 10.0, 11.5, 12.0) == [False, True, False]


def test_a_rate_for_one_pixel_leaves_the_others_alone() -> None:
    limit = RateLimit()
    assert exceeded(limit, 1.0, 1.0) == [False, False]
    limit.rate = Rate(per_second=1, pixel="P")

    assert exceeded(limit, 5.0, 5.0, pixel="Q") == [False, False]
    assert exceeded(limit, 5.0, 5.0, pixel="P") == [False, True]


def test_refuses_a_batch_that_holds_a_guilty_event_and_names_its_place() -> None:
    innocent, guilty = ValidEvent("Purchase", "1", b""), ValidEvent("Lead", "2", b"")

    for refuse in (Refuse(event_ids=frozenset({"2"})), Refuse(events=frozenset({"Lead"}), pixel="P")):
        fault = refuse.fault_of("P", [innocent, guilty])
        assert fault is not None
        assert (fault.code, fault.path) == (40002, "Batch.1")
        assert refuse.fault_of("P", [innocent]) is None


def test_guilt_can_be_of_one_pixel_only() -> None:
    refuse = Refuse(events=frozenset({"Lead"}), pixel="Q")

    assert refuse.fault_of("P", [ValidEvent("Lead", None, b"")]) is None
