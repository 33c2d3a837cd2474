"""Several services over one Kafka and one shared window, all in memory: what the window promises across processes."""

import pytest
from structlog.testing import capture_logs

from tests.support.fakes import REFUSED, THROTTLED
from tests.support.service import encoded
from tests.support.service_pair import TOPIC, WINDOW_S, Pair


def test_copies_in_two_processes_become_one_event() -> None:
    pair = Pair()
    for partition in (0, 1):
        pair.produce(partition)
    pair.run()

    assert pair.one.sent_ids + pair.other.sent_ids == ["a"]
    assert pair.other.numbers()["events{shop,duplicate}"] == 1
    assert pair.other.numbers()["records_settled{duplicate}"] == 1
    assert pair.committed() == [1, 1]


def test_a_copy_of_a_copy_settles_as_well() -> None:
    pair = Pair()
    for partition in (0, 1):
        pair.produce(partition)
    pair.run(2.0)
    pair.produce(1)
    pair.produce(1, phone="+12133734253")
    pair.run()

    assert pair.committed() == [1, 3]
    assert [set(event["user"]) for event in pair.other.sent] == [{"phone"}]


def test_copies_in_two_partitions_of_one_process_become_one_event() -> None:
    pair = Pair()
    for partition in (0, 1):
        pair.produce(partition)
    both = pair.process(0)
    both.member.give([(TOPIC, 1)])
    pair.run(5.0, both)

    assert both.sent_ids == ["a"]
    assert pair.committed() == [1, 1]


def test_a_copy_waits_unsettled_until_the_first_is_accepted() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.0)
    pair.produce(1)
    pair.run(60.0)
    assert pair.other.sent_ids == []
    assert pair.committed() == [0, 0]

    pair.one.sender.is_silent = False
    pair.run()
    assert pair.other.sent_ids == []
    assert pair.committed() == [1, 1]


def test_a_copy_is_sent_when_the_first_was_refused() -> None:
    pair = Pair()
    pair.one.sender.judge = lambda request: REFUSED
    pair.produce(0)
    pair.run(0.2, pair.one)
    pair.produce(1)
    pair.run()

    assert (pair.one.sent_ids, pair.other.sent_ids) == (["a"], ["a"])
    assert len(pair.one.letters.written) == 1
    assert pair.other.numbers()["events{shop,accepted}"] == 1


def test_a_copy_with_new_fields_is_forwarded_after_the_first_was_accepted() -> None:
    pair = Pair()
    pair.produce(0)
    pair.produce(1, phone="+12133734253")
    pair.run()
    assert [set(event["user"]) for event in pair.one.sent + pair.other.sent] == [{"email"}, {"phone"}]
    assert pair.other.numbers()["events{shop,forwarded}"] == 1

    pair.produce(0, phone="+12133734253")
    pair.run()
    assert len(pair.one.sent) == 1


@pytest.mark.parametrize("is_waiting", [True, False], ids=["a copy waits", "a copy comes later"])
def test_a_living_process_keeps_its_claim_however_long_tiktok_is_unavailable(is_waiting: bool) -> None:
    pair = Pair(window_s=20)
    pair.one.sender.is_silent = True
    pair.produce(0)
    copied_ms = int(pair.clock.wall() * 1000)
    pair.run(1.0)
    if is_waiting:
        pair.produce(1)
    pair.run(60.0)
    if not is_waiting:
        pair.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}), 1, timestamp_ms=copied_ms)
    pair.run(2.0)
    assert pair.other.sent_ids == []

    pair.one.sender.is_silent = False
    pair.run()
    assert pair.other.sent_ids == []
    assert pair.committed() == [1, 1]


def test_copies_that_wait_merge_among_themselves() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0, external_id="1")
    pair.run(1.0)
    pair.produce(1)
    pair.produce(1, phone="+12133734253")
    pair.run(1.0)
    pair.one.sender.is_silent = False
    pair.run()

    [forwarded] = pair.other.sent
    assert set(forwarded["user"]) == {"email", "phone"}
    assert pair.committed() == [1, 2]


def test_the_copies_of_a_process_that_died_are_sent_after_its_heartbeat() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.2)
    pair.produce(1)
    pair.run(25.0, pair.other)
    assert pair.other.sent_ids == []
    pair.run(15.0, pair.other)
    assert pair.other.sent_ids == ["a"]
    assert pair.committed() == [0, 1]


def test_a_record_read_again_by_a_new_owner_does_not_wait_for_the_dead_one() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.2)
    again = pair.process(0)
    pair.run(2.0, again)
    assert again.sent_ids == ["a"]
    assert pair.committed() == [1, 0]


def test_what_was_accepted_and_not_committed_is_not_sent_again() -> None:
    pair = Pair()
    pair.one.member.commits_fail = True
    pair.produce(0)
    pair.run(2.0)
    again = pair.process(0)
    pair.run(2.0, again)
    assert again.sent_ids == []
    assert pair.committed()[0] == 1


def test_a_planned_stop_gives_back_what_was_not_sent() -> None:
    pair = Pair()
    pair.one = pair.process(0, held=("shop",))
    pair.produce(0)
    pair.run(1.0, pair.one)
    pair.one.stop()
    pair.produce(1)
    pair.run(1.0, pair.other)
    assert pair.other.sent_ids == ["a"]


def test_a_planned_stop_tells_what_was_accepted_last() -> None:
    pair = Pair()
    pair.produce(0)
    pair.run(0.2, pair.one)
    pair.one.stop()
    assert pair.one.sent_ids == ["a"]
    pair.produce(1)
    pair.run(1.2, pair.other)
    assert pair.other.sent_ids == []
    assert pair.committed() == [1, 1]


def test_what_a_stop_leaves_without_an_answer_is_sent_by_others_after_the_heartbeat() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.0, pair.one)
    assert not pair.one.stop()
    end_s = pair.clock.s
    pair.produce(1)
    while not pair.other.sent_ids:
        pair.run(0.1, pair.other)
    assert pair.clock.s - end_s < 31.5


def test_a_revoked_partition_gives_its_unsent_claims_back() -> None:
    pair = Pair()
    pair.one.sender.script.extend([THROTTLED] * 3)
    pair.produce(0, "first")
    pair.run(0.5, pair.one)
    pair.produce(0, "unsent")
    pair.run(0.05, pair.one)
    pair.one.member.take([(TOPIC, 0)], is_lost=True)
    pair.run(0.2, pair.one)
    pair.produce(1, "unsent")
    pair.run(1.0, pair.other)
    assert pair.other.sent_ids == ["unsent"]


def test_what_is_read_again_keeps_its_claim_however_much_was_given_back() -> None:
    pair = Pair()
    pair.one.member.give([(TOPIC, 2)])
    pair.one.sender.judge = lambda request: THROTTLED
    for number in range(2500):
        pair.produce(0, f"many-{number}")
    pair.run(1.0)
    for number in range(20):
        pair.produce(2, f"few-{number}")
    pair.run(1.0)
    mine = [(TOPIC, 0), (TOPIC, 2)]
    pair.one.member.take(mine, is_lost=True)
    pair.one.member.give(mine[::-1])  # the few are read first, before all of the many's releases are told
    pair.run(3.0)

    for number in range(20):
        pair.produce(1, f"few-{number}")
    pair.run(3.0)
    assert pair.other.sent_ids == []


def test_a_parked_event_gives_its_claim_back_and_asks_again() -> None:
    pair = Pair()
    pair.one = pair.process(0, pixels=("shop", "blog"), park_after_s=1.0, held=("shop",))
    pair.produce(0)
    pair.run(10.0, pair.one)
    assert pair.one.numbers()["events{shop,parked}"] == 1
    pair.produce(1, phone="+12133734253")
    pair.run(1.0)
    assert [set(event["user"]) for event in pair.other.sent] == [{"phone"}]

    opened = pair.process(0, pixels=("shop", "blog"))
    opened.member.give([("g.parked.shop", 0)])
    pair.run(5.0, opened)
    assert [set(event["user"]) for event in opened.sent] == [{"email"}]


def test_after_the_window_copies_are_removed_for_as_long_as_asked() -> None:
    pair = Pair(remove_for_s=3600)
    pair.produce(0)
    pair.run(1.0)
    pair.clock.s += WINDOW_S + 60
    pair.produce(0, phone="+12133734253")
    pair.run(1.0)
    assert pair.one.numbers()["events{shop,removed}"] == 1
    assert pair.one.numbers()["records_settled{duplicate}"] == 1

    pair.clock.s += 3600 + WINDOW_S
    pair.produce(1)
    pair.run(1.0)
    assert pair.other.sent_ids == ["a"]


def test_an_old_copy_is_sent_and_does_not_hide_a_newer_event_from_its_copies() -> None:
    pair = Pair()
    old_ms = int(pair.clock.wall() * 1000)
    pair.clock.s += WINDOW_S + 100
    pair.produce(0)
    pair.run(2.0)
    pair.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}), 1, timestamp_ms=old_ms)
    pair.run(2.0)
    assert (pair.one.sent_ids, pair.other.sent_ids) == (["a"], ["a"])

    third = pair.process(2)
    pair.produce(2)
    pair.run(2.0, third)
    assert third.sent_ids == []


def test_events_without_an_id_of_their_own_ask_nobody() -> None:
    pair = Pair()
    pair.kafka.produce(encoded(user={"email": "a@example.com"}))
    pair.run(1.0)
    assert len(pair.one.sent) == 1
    assert all(not question.claims for question in pair.store.asked)


def test_without_the_store_each_partition_decides_alone_and_that_is_counted() -> None:
    pair = Pair()
    pair.store.is_away = True
    for partition in (0, 1):
        pair.produce(partition)
        pair.produce(partition)
    pair.run()

    assert (pair.one.sent_ids, pair.other.sent_ids) == (["a"], ["a"])
    assert pair.committed() == [2, 2]
    assert pair.one.numbers()["window_store_errors{}"] >= 3
    assert pair.one.numbers()["connected{redis}"] == 0

    pair.store.is_away = False
    pair.run(10.0)
    pair.produce(0, "b")
    pair.produce(1, "b")
    pair.run()
    assert sorted(pair.one.sent_ids + pair.other.sent_ids) == ["a", "a", "b"]
    assert pair.one.numbers()["connected{redis}"] == 1


def test_the_log_says_why_the_store_is_away_and_what_fits_that() -> None:
    pair = Pair()
    pair.store.is_away, pair.store.why_away = True, "NOPERM"
    pair.produce(0)
    with capture_logs() as logs:
        pair.run(1.0, pair.one)

    [line] = [line for line in logs if line["event"] == "window_store.away"]
    assert line["error"] == "NOPERM"
    assert "give the user of dedupe.redis_url the keys tiktok:*" in line["remedy"]


def test_what_is_on_its_way_is_claimed_again_once_the_store_is_back() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0, "claimed before")
    pair.run(1.0)
    pair.store.is_away = True
    pair.produce(0, "sent without the store")
    pair.run(6.0, pair.one)
    pair.store.is_away = False
    pair.run(6.0)
    for event_id in ("claimed before", "sent without the store"):
        pair.produce(1, event_id)
    pair.run(60.0)
    assert pair.other.sent_ids == []

    pair.one.sender.is_silent = False
    pair.run()
    assert pair.other.sent_ids == []
    assert pair.committed() == [2, 2]


def test_a_process_that_stood_still_does_not_send_what_another_has_sent_meanwhile() -> None:
    pair = Pair()
    pair.one = pair.process(0, max_wait_s=2.0)
    pair.produce(0)
    pair.run(0.5, pair.one)
    pair.produce(1)
    pair.run(35.0, pair.other)
    assert pair.other.sent_ids == ["a"]

    pair.run(5.0)
    assert pair.one.sent_ids == []
    assert pair.one.numbers()["events{shop,duplicate}"] == 1
    assert pair.committed() == [1, 1]


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_process_that_stood_still_waits_for_what_another_is_sending(is_refused: bool) -> None:
    pair = Pair()
    pair.one = pair.process(0, max_wait_s=2.0)
    pair.other.sender.is_silent = True
    if is_refused:
        pair.other.sender.judge = lambda request: REFUSED
    pair.produce(0)
    pair.run(0.5, pair.one)
    pair.produce(1)
    pair.run(35.0, pair.other)
    pair.run(5.0)
    assert pair.one.sent_ids == []

    pair.other.sender.is_silent = False
    pair.run()
    assert pair.one.sent_ids == ["a"] * is_refused
    assert pair.committed() == [1, 1]


def test_what_waits_when_the_store_goes_is_sent() -> None:
    pair = Pair()
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.0)
    pair.produce(1)
    pair.run(1.0)
    pair.store.is_away = True
    pair.run(6.0)
    assert pair.other.sent_ids == ["a"]
    assert pair.committed() == [0, 1]


def test_the_shared_window_learns_what_was_sent_while_it_was_away() -> None:
    pair = Pair()
    pair.store.is_away = True
    pair.produce(0)
    pair.run(2.0)
    pair.store.is_away = False
    pair.run(10.0)
    pair.produce(1)
    pair.run(2.0)
    assert pair.other.sent_ids == []


def test_answers_that_get_lost_leave_nothing_claimed_for_ever() -> None:
    pair = Pair()
    pair.store.is_deaf = True
    pair.one.sender.is_silent = True
    pair.produce(0)
    pair.run(1.0, pair.one)
    pair.store.is_deaf = False
    pair.produce(1)
    pair.run(40.0, pair.other)
    assert pair.other.sent_ids == ["a"]


def test_an_event_that_waited_for_copies_asks_with_their_fields() -> None:
    pair = Pair()
    pair.one = pair.process(0, merge_wait_s=5.0)
    pair.produce(0)
    pair.produce(0, phone="+12133734253")
    pair.run(8.0, pair.one)
    assert [set(event["user"]) for event in pair.one.sent] == [{"email", "phone"}]
    pair.produce(1, phone="+12133734253")
    pair.run(2.0, pair.other)
    assert pair.other.sent_ids == []


def test_the_batch_learns_of_a_merge_into_what_it_holds_and_of_no_other() -> None:
    pair = Pair()
    pair.one = pair.process(0, max_wait_s=4.0)
    large = encoded(event_id="a", properties={"description": "x" * 600_000})
    pair.produce(0)
    pair.kafka.produce(large)  # merged before the store was asked: counted once, when it gets into the batch
    pair.run(1.0, pair.one)
    assert pair.one.sent == []

    pair.produce(0, "b")
    pair.run(1.0, pair.one)
    pair.kafka.produce(encoded(event_id="b", properties={"description": "x" * 600_000}))
    pair.run(1.0, pair.one)  # merged within the batch, which is full with it
    assert pair.one.sent_ids == ["a"]
    pair.run(3.0, pair.one)
    assert pair.one.sent_ids == ["a", "b"]
    assert pair.committed()[0] == 4


def test_a_stop_asks_about_everything_that_still_waits_for_copies() -> None:
    pair = Pair()
    pair.other = pair.process(1, merge_wait_s=60.0)
    for partition in (0, 1):
        for number in range(600):
            pair.produce(partition, f"id-{number}")
    pair.run(3.0)
    assert pair.committed() == [600, 0]

    pair.other.stop()
    assert pair.committed() == [600, 600]
    assert pair.other.sent == []
