"""Which events ask for leave to be sent, when, and what becomes of them: without a store, or with one in memory."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from consumer.core.dedupe.shared_protocol import (
    Claim,
    ClaimRequest,
    ClaimResult,
    Lifetimes,
    packed,
    prefix_of,
    read_answer,
    token_of,
)
from consumer.core.dedupe.shared_window import (
    COPY_WAIT,
    HEARTBEAT_EVERY_S,
    MOST_AT_ONCE,
    MOST_UNTOLD,
    STORE_PAUSE,
    SharedClaims,
)
from consumer.core.errors import Unreachable
from consumer.core.model import Item, Position
from consumer.core.tiktok_event import FIELD_BIT
from tests.support import fakes

WALL_MS = 1_700_000_000_000
WINDOW_S = 300.0
EMAIL = FIELD_BIT["user.email"]


def new_item(number: int = 0, partition: int = 0, fields: int = EMAIL) -> Item:
    item = fakes.item(number, partition=partition)
    item.event = structs.replace(item.event, fields=fields)
    return item


class Process:
    """A `SharedClaims` whose names are p0, p1 … and whose jitter is none."""

    def __init__(self, *, forward_new_fields: bool = True) -> None:
        self._names = 0
        self.shared = SharedClaims(
            forward_new_fields=forward_new_fields, window_s=WINDOW_S, name=self._name, random=lambda: 1.0
        )

    def _name(self) -> bytes:
        self._names += 1
        return b"p%d" % (self._names - 1)

    def ask(self, now_s: float) -> ClaimRequest:
        question = self.shared.question(now_s, WALL_MS)
        assert question is not None
        return question

    def answered(self, now_s: float, *verdicts: ClaimResult) -> list[tuple[Item, ClaimResult]]:
        return self.shared.take_answer(self.ask(now_s), verdicts, now_s)

    def fail(self, now_s: float) -> None:
        self.ask(now_s)
        self.shared.failed(now_s)

    def live(self, from_s: float, to_s: float) -> None:
        """Nothing happens; it shows that it lives, and is answered."""
        now_s = from_s
        while now_s <= to_s:
            question = self.shared.question(now_s, WALL_MS)
            if question is not None:
                self.shared.take_answer(question, [ClaimResult.FIRST] * len(question.claims), now_s)
            now_s += HEARTBEAT_EVERY_S

    def let_go(self, *items: Item, now_s: float = 0.0) -> None:
        for item in items:
            self.shared.add(item)
        self.answered(now_s, *[ClaimResult.FIRST] * len(items))


@pytest.fixture
def process() -> Process:
    return Process()


def digests(claims: Sequence[tuple[object, object]]) -> int:
    return len({claim for claim, _ in claims})


def test_what_is_new_asks_once_and_with_its_fields(process: Process) -> None:
    item = new_item()
    process.shared.add(item)
    assert process.shared.has_unasked
    assert process.shared.is_waiting(item)

    question = process.ask(0.0)
    [(claim, fields)] = question.claims
    assert fields == EMAIL
    assert claim.time_ms == WALL_MS
    assert claim.token == token_of("orders", 0, 0, "purchases")
    assert not process.shared.has_unasked
    assert process.shared.is_waiting(item)

    assert process.shared.take_answer(question, [ClaimResult.FIRST], 0.0) == [(item, ClaimResult.FIRST)]
    assert not process.shared.is_waiting(item)
    assert process.shared.question(0.1, WALL_MS) is None


def test_fields_do_not_matter_where_copies_are_not_forwarded() -> None:
    process = Process(forward_new_fields=False)
    process.shared.add(new_item())
    assert process.ask(0.0).claims[0][1] == 0


@pytest.mark.parametrize("timestamp_ms", [-1, WALL_MS + 1])
def test_a_record_without_a_time_or_of_the_future_counts_as_of_now(process: Process, timestamp_ms: int) -> None:
    item = new_item()
    item.records[0] = structs.replace(item.records[0], timestamp_ms=timestamp_ms)
    process.shared.add(item)
    assert process.ask(0.0).claims[0][0].time_ms == WALL_MS


def test_a_parked_record_is_known_by_its_origin(process: Process) -> None:
    item = new_item(7)
    item.records[0] = structs.replace(item.records[0], position=Position("g.parked.shop", 0, 1))
    process.shared.add(item)
    assert process.ask(0.0).claims[0][0].token == token_of("orders", 0, 7, "purchases")


@pytest.mark.parametrize("verdict", [ClaimResult.DUPLICATE, ClaimResult.REMOVED])
def test_what_tiktok_has_had_is_decided_and_forgotten(process: Process, verdict: ClaimResult) -> None:
    item = new_item()
    process.shared.add(item)
    assert process.answered(0.0, verdict) == [(item, verdict)]
    process.shared.accepted(item)
    process.shared.given_up(item)
    assert not process.shared.is_waiting(item)
    assert not process.shared.has_untold


def test_what_must_wait_asks_again_ever_more_seldom(process: Process) -> None:
    process.shared.add(new_item())
    assert process.answered(0.0, ClaimResult.WAIT) == []

    now_s, waits = 0.0, []
    for _ in range(7):
        before_s, now_s = now_s, now_s + 0.01
        while (question := process.shared.question(now_s, WALL_MS)) is None or not question.claims:
            now_s += 0.01
        process.shared.take_answer(question, [ClaimResult.WAIT], now_s)
        waits.append(now_s - before_s)
    assert waits[0] == pytest.approx(COPY_WAIT.first_s, abs=0.011)
    assert waits[1] == pytest.approx(2 * COPY_WAIT.first_s, abs=0.011)
    assert waits[-1] == pytest.approx(COPY_WAIT.max_s, abs=0.011)


def test_what_asks_again_asks_with_what_was_merged_into_it(process: Process) -> None:
    item = new_item()
    process.shared.add(item)
    process.answered(0.0, ClaimResult.WAIT)
    phone = FIELD_BIT["user.phone"]
    item.event = structs.replace(item.event, fields=EMAIL | phone)
    assert process.ask(1.0).claims[0][1] == EMAIL | phone


def test_a_question_holds_so_many_and_the_rest_comes_after(process: Process) -> None:
    items = [new_item(number) for number in range(MOST_AT_ONCE + 1)]
    for item in items:
        process.shared.add(item)
    process.answered(0.0, *[ClaimResult.WAIT] * MOST_AT_ONCE)
    assert process.shared.has_unasked
    process.answered(0.0, ClaimResult.WAIT)
    assert len(process.ask(1.0).claims) == MOST_AT_ONCE


def test_an_accepted_event_is_confirmed_with_all_that_was_sent(process: Process) -> None:
    item = new_item()
    process.let_go(item)
    item.event = structs.replace(item.event, fields=EMAIL | 1 << 5)
    process.shared.accepted(item)
    assert process.shared.has_untold

    question = process.ask(0.1)
    [(_, fields)] = question.confirms
    assert fields == EMAIL | 1 << 5
    process.shared.take_answer(question, [], 0.1)
    assert not process.shared.has_untold


def test_a_refused_event_gives_its_claim_back_under_the_name_that_made_it(process: Process) -> None:
    item = new_item()
    process.let_go(item)
    process.fail(HEARTBEAT_EVERY_S)  # and so it has another name
    process.shared.given_up(item)

    question = process.ask(10.0)
    [(_, owner)] = question.releases
    assert (owner, question.owner) == (b"p0", b"p1")
    process.shared.take_answer(question, [], 10.0)
    assert not process.shared.has_untold


def test_what_is_out_for_longer_than_the_window_asks_again_so_that_its_claim_does_not_expire(process: Process) -> None:
    item, later = new_item(1), new_item(2)
    process.let_go(item)
    process.let_go(later, now_s=1.0)
    process.live(5.0, WINDOW_S - 10)
    assert process.ask(WINDOW_S - 1).claims == []

    question = process.ask(WINDOW_S)
    [(claim, fields)] = question.claims
    assert (claim.token, fields) == (token_of("orders", 0, 1, "purchases"), EMAIL)
    assert process.shared.take_answer(question, [ClaimResult.FIRST], WINDOW_S) == []  # it was let go before
    assert process.shared.overtaken() == {}

    [(claim, _)] = process.ask(WINDOW_S + 1).claims
    assert claim.token == token_of("orders", 0, 2, "purchases")
    process.shared.accepted(item)
    process.shared.accepted(later)
    assert process.ask(3 * WINDOW_S).claims == []


def test_after_a_failure_what_is_out_asks_again_under_the_new_name(process: Process) -> None:
    item, undecided = new_item(1), new_item(2)
    process.let_go(item)
    process.shared.add(undecided)
    process.fail(0.1)
    assert process.shared.undecided(0.1, WALL_MS) == [undecided]
    assert process.shared.has_unasked

    question = process.ask(1.0)
    assert (question.owner, digests(question.claims)) == (b"p1", 2)
    process.shared.take_answer(question, [ClaimResult.FIRST] * 2, 1.0)
    assert not process.shared.has_unasked
    assert process.shared.overtaken() == {}
    process.shared.given_up(item)
    process.shared.given_up(undecided)
    assert [owner for _, owner in process.ask(2.0).releases] == [b"p1", b"p1"]


def test_what_was_sent_without_the_store_has_nothing_to_give_back_under_any_name(process: Process) -> None:
    item = new_item()
    process.shared.add(item)
    process.fail(0.0)
    process.shared.undecided(0.0, WALL_MS)
    process.shared.given_up(item)
    [(_, owner)] = process.ask(1.0).releases
    assert owner == b""


def test_all_that_is_out_asks_again_500_at_a_time(process: Process) -> None:
    for start in range(3):
        process.let_go(*[new_item(number, partition=start) for number in range(MOST_AT_ONCE)])
    process.fail(HEARTBEAT_EVERY_S)
    asked = 0
    while process.shared.has_unasked:
        question = process.ask(10.0)
        process.shared.take_answer(question, [ClaimResult.FIRST] * len(question.claims), 10.0)
        asked += 1
    assert asked == 3


def test_a_process_that_stood_still_for_as_long_as_its_heartbeat_lives_asks_again_under_a_new_name(
    process: Process,
) -> None:
    process.let_go(new_item())
    process.live(5.0, 10.0)
    assert process.ask(34.9).claims == []

    process.live(35.0, 35.0)
    question = process.ask(60.0)
    assert question.is_heartbeat
    assert question.owner == b"p1"
    assert len(question.claims) == 1


@pytest.mark.parametrize("verdict", [ClaimResult.WAIT, ClaimResult.DUPLICATE, ClaimResult.REMOVED])
def test_what_another_has_claimed_meanwhile_is_overtaken_once(process: Process, verdict: ClaimResult) -> None:
    item, other = new_item(1), new_item(2)
    process.let_go(item, other)
    process.fail(HEARTBEAT_EVERY_S)
    assert process.answered(10.0, verdict, ClaimResult.FORWARD) == []

    assert process.shared.overtaken() == {item: verdict}
    assert process.shared.overtaken() == {}
    assert not process.shared.has_unasked


def test_what_asks_again_comes_before_copies_that_wait_and_a_question_grows_no_larger(process: Process) -> None:
    process.let_go(*[new_item(number) for number in range(MOST_AT_ONCE)])
    process.shared.add(new_item(0, partition=1))
    process.answered(0.1, ClaimResult.WAIT)

    question = process.ask(WINDOW_S)
    assert len(question.claims) == MOST_AT_ONCE
    process.shared.take_answer(question, [ClaimResult.WAIT] * MOST_AT_ONCE, WINDOW_S)
    assert len(process.ask(WINDOW_S).claims) == 1


def test_a_heartbeat_comes_first_and_then_every_few_seconds(process: Process) -> None:
    assert process.ask(0.0).is_heartbeat
    assert process.shared.question(HEARTBEAT_EVERY_S - 0.1, WALL_MS) is None
    assert process.ask(HEARTBEAT_EVERY_S).is_heartbeat


def test_without_an_answer_everything_that_asked_is_sent(process: Process) -> None:
    held, asking, later = new_item(1), new_item(2), new_item(3)
    process.shared.add(held)
    process.answered(0.0, ClaimResult.WAIT)
    process.shared.add(asking)
    process.fail(0.01)
    assert process.shared.undecided(0.01, WALL_MS) == [held, asking]

    process.shared.add(later)
    assert process.shared.question(0.02, WALL_MS) is None
    assert process.shared.undecided(0.02, WALL_MS) == [later]
    assert not any(map(process.shared.is_waiting, (held, asking, later)))
    for item in (held, asking, later):
        process.shared.accepted(item)
    assert digests(process.ask(10.0).confirms) == 3


def test_nothing_is_sent_undecided_while_the_store_answers(process: Process) -> None:
    process.shared.add(new_item())
    process.answered(0.0, ClaimResult.WAIT)
    assert process.shared.undecided(0.0, WALL_MS) == []


def test_a_store_that_fails_is_asked_again_ever_more_seldom_until_it_answers(process: Process) -> None:
    now_s, pauses = 0.0, []
    process.ask(now_s)
    for _ in range(8):
        process.shared.failed(now_s)
        before_s = now_s
        while process.shared.question(now_s, WALL_MS) is None:
            now_s += 0.01
        pauses.append(now_s - before_s)
    assert pauses[0] == pytest.approx(STORE_PAUSE.first_s, abs=0.011)
    assert pauses[-1] == pytest.approx(STORE_PAUSE.max_s, abs=0.011)
    assert process.shared.is_away

    process.answered(now_s + 10)
    assert not process.shared.is_away


def test_after_a_failure_it_is_another_process_to_the_store(process: Process) -> None:
    process.fail(0.0)
    question = process.ask(10.0)
    assert question.owner == b"p1"
    assert question.is_heartbeat


def test_what_could_not_be_told_is_told_later_in_order_and_within_bounds(process: Process) -> None:
    items = [new_item(number) for number in range(MOST_AT_ONCE + 1)]
    for item in items:
        process.shared.add(item)
    process.fail(0.0)
    process.shared.undecided(0.0, WALL_MS)
    for item in items:
        process.shared.accepted(item)
    process.fail(10.0)

    first = process.ask(20.0)
    process.shared.take_answer(first, [], 20.0)
    second = process.ask(20.0)
    assert (len(first.confirms), len(second.confirms)) == (MOST_AT_ONCE, 1)
    assert MOST_UNTOLD >= MOST_AT_ONCE


def test_what_was_not_sent_when_its_partition_goes_gives_its_claim_back(process: Process) -> None:
    asking, new, unsent, other = new_item(1), new_item(2), new_item(3), new_item(4, partition=1)
    process.let_go(unsent, other)
    process.shared.add(asking)
    process.answered(0.1, ClaimResult.WAIT)
    process.shared.add(new)

    process.shared.gone(lambda item: item is not other, 1.0)

    question = process.ask(2.0)
    assert question.claims == []
    [(claim, _)] = question.releases
    assert claim.token == token_of("orders", 0, 3, "purchases")
    process.shared.take_answer(question, [], 2.0)
    process.shared.accepted(other)
    assert process.shared.has_untold


def test_what_was_sent_when_its_partition_goes_keeps_its_claim_as_if_we_had_died(process: Process) -> None:
    item = new_item()
    process.let_go(item)
    item.is_submitted = True
    process.shared.gone(lambda item: True, 1.0)

    assert process.ask(30.9).releases == []
    assert digests(process.ask(31.0).releases) == 1


def test_a_record_read_again_by_us_takes_the_claim_that_was_left(process: Process) -> None:
    item, again = new_item(), new_item()
    process.let_go(item)
    item.is_submitted = True
    process.shared.gone(lambda item: True, 1.0)
    process.let_go(again, now_s=2.0)

    assert process.ask(40.0).releases == []


def test_a_record_read_again_by_us_is_not_released_by_what_was_still_to_be_told(process: Process) -> None:
    """Of the same record, process and name: the store could not tell the old claim from the new one."""
    items = [new_item(number) for number in range(MOST_AT_ONCE + 1)]
    for part in (items[:MOST_AT_ONCE], items[MOST_AT_ONCE:]):
        process.let_go(*part)
    process.shared.gone(lambda item: True, 1.0)
    process.let_go(new_item(MOST_AT_ONCE), now_s=2.0)  # the first question has no room for its release

    assert not process.shared.has_untold


def test_what_is_released_beyond_bounds_is_forgotten_from_the_oldest_on(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumer.core.dedupe.shared_window.MOST_UNTOLD", 2)
    items = [new_item(number) for number in range(3)]
    process.let_go(*items)
    for item in items:
        process.shared.given_up(item)

    tokens = [claim.token for claim, _ in process.ask(1.0).releases]
    assert tokens == [token_of("orders", 0, number, "purchases") for number in (1, 2)]


def test_a_token_tells_records_and_rules_apart_and_a_prefix_groups() -> None:
    assert len({token_of("t", 1, 1, "r"), token_of("t", 11, 1, "r"), token_of("t", 1, 11, "r")}) == 3
    assert token_of("t", 1, 1, "r") != token_of("t", 1, 1, "s") != token_of("u", 1, 1, "s")
    assert prefix_of("a") != prefix_of("b")
    assert prefix_of("a") == prefix_of("a")


def test_a_packed_question_holds_each_part_in_pieces_of_its_size(process: Process) -> None:
    item = new_item()
    process.let_go(item)
    process.shared.accepted(item)
    process.shared.add(new_item(1))
    question = structs.replace(process.ask(0.1), releases=[(Claim(b"d" * 16, b"t" * 8, 0), b"12345678")])

    arguments = packed(question, b"prefix", Lifetimes(300_000, 1_000))
    assert arguments[:6] == [b"prefix", b"p0", 0, 300_000, 301_000, 601_000]
    assert [len(part) for part in arguments[6:] if isinstance(part, bytes)] == [36, 32, 36]


@pytest.mark.parametrize("answer", [None, 7, b"", b"ff", b"?", "f"])
def test_an_answer_that_makes_no_sense_is_none(answer: object) -> None:
    with pytest.raises(Unreachable):
        read_answer(answer, 1)


def test_an_answer_is_one_byte_a_claim() -> None:
    assert read_answer(b"fwdrh", 5) == [
        ClaimResult.FIRST,
        ClaimResult.FORWARD,
        ClaimResult.DUPLICATE,
        ClaimResult.REMOVED,
        ClaimResult.WAIT,
    ]


def test_an_item_that_was_let_go_while_it_waited_asks_once_when_it_asks_again(process: Process) -> None:
    """Of its first wait, a place in the queue is left."""
    item = new_item()
    process.shared.add(item)
    assert process.answered(0.0, ClaimResult.WAIT) == []
    process.shared.failed(0.001)
    assert process.shared.undecided(0.001, WALL_MS) == [item]
    process.shared.given_up(item)  # taken for parking, and not written
    process.shared.add(item)
    assert process.answered(10.0, ClaimResult.WAIT) == []

    question = process.ask(20.0)
    assert len(question.claims) == 1
    assert process.shared.take_answer(question, [ClaimResult.FIRST], 20.0) == [(item, ClaimResult.FIRST)]
