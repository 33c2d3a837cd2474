"""The pure parts of `run --workers`: shares, totals across deaths, restarts, frames, and what all publish together."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from consumer.config import Settings, load
from consumer.metrics import Metrics, Snapshot
from consumer.progress import RunProgress, StartLine
from consumer.service.publish.published import STUCK_AFTER_S, ServiceSnapshot
from consumer.signals import Signals
from consumer.status.model import (
    ConnectionStatus,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    Rejected,
    RejectedReason,
    RequestsStatus,
    RuleStatus,
    Sample,
    Stage,
    Status,
    WindowStatus,
)
from consumer.workers.aggregate import JoinedSnapshot, WorkerTotals
from consumer.workers.process import Frames, framed
from consumer.workers.shares import problems, share
from consumer.workers.supervisor import MOST_YOUNG_DEATHS, PAUSE, YOUNG_S, Restarts, Supervisor, verdict

READ: Final = ("records_read", ("web-events",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "consumer.yaml"
    file.write_text(
        "kafka: {bootstrap_servers: 'localhost:1', topics: [t], group_id: g, properties: {group.instance.id: one}}\n"
        "pixels:\n"
        "  shop: {pixel_code: C1, access_token: t, max_requests_per_second: 3}\n"
        "  blog: {pixel_code: C2, access_token: t}\n"
        "rules: [{name: all, pixel: shop}]\n"
        "delivery: {max_in_flight: 8, max_requests_per_second: 100}\n"
    )
    return load(file, {})


def test_the_shares_of_the_limits_add_up_to_the_whole(settings: Settings) -> None:
    shares = [share(settings, number, 3) for number in (1, 2, 3)]

    assert [each.delivery.max_in_flight for each in shares] == [3, 3, 2]
    assert sum(each.delivery.max_requests_per_second for each in shares) == pytest.approx(100)
    assert sum(each.pixels["shop"].max_requests_per_second or 0 for each in shares) == pytest.approx(3)
    assert {each.pixels["blog"].max_requests_per_second for each in shares} == {None}


def test_each_worker_has_an_instance_id_of_its_own_and_the_rest_unchanged(settings: Settings) -> None:
    second = share(settings, 2, 3)

    assert second.kafka.properties["group.instance.id"] == "one-2"
    assert settings.kafka.properties["group.instance.id"] == "one"
    assert second.kafka.group_id == "g"
    assert second.limits == settings.limits
    assert second.rules == settings.rules


def test_a_member_that_is_not_static_stays_so(settings: Settings) -> None:
    kafka = settings.kafka.model_copy(update={"properties": {}})

    assert share(settings.model_copy(update={"kafka": kafka}), 1, 2).kafka.properties == {}


def test_more_workers_than_requests_at_once_are_a_problem_of_the_settings(settings: Settings) -> None:
    assert problems(settings, 8) == []
    assert problems(settings, 9)[0].startswith("delivery.max_in_flight: 8 requests at once cannot be shared among 9")


def snapshot(read: int, in_flight: int = 0, settled: int = 0) -> Snapshot:
    metrics = Metrics()
    metrics.inc(*READ, read)
    metrics.inc("records_settled", ("sent",), settled)
    metrics.inc("records_released", (), read - settled - in_flight)
    metrics.set("records_in_flight", in_flight)
    metrics.set("lag", 7, ("web-events", "0"))
    metrics.observe("request_seconds", 0.2, settled)
    return metrics.snapshot()


def number(snapshot: Snapshot, name: str, *labels: str) -> float:
    value = snapshot.get((name, labels), 0.0)
    assert not isinstance(value, tuple)
    return value


def unaccounted(numbers: Snapshot) -> float:
    accounted = number(numbers, "records_settled", "sent") + number(numbers, "records_released")
    return number(numbers, *READ[:1], *READ[1]) - accounted - number(numbers, "records_in_flight")


def even(status: Status) -> bool:
    ledger = status.ledger
    return ledger.read == sum(ledger.settled.values()) + ledger.released + ledger.in_flight


def joined(*workers: ServiceSnapshot, after: WorkerTotals | None = None) -> JoinedSnapshot:
    return (after or WorkerTotals()).joined(dict(enumerate(workers, 1)))


def test_what_a_dead_worker_had_in_flight_is_released_and_its_gauges_are_gone() -> None:
    totals = WorkerTotals()
    totals.add_dead(_Worker(read=10, in_flight=4, settled=6).published())

    numbers = joined(after=totals).snapshot

    assert number(numbers, "records_released") == 4
    assert number(numbers, "records_in_flight") == 0
    assert ("lag", ("web-events", "0")) not in numbers
    assert numbers["request_seconds", ()] == snapshot(read=6, settled=6)["request_seconds", ()]


@dataclass
class _Worker:
    read: int = 0
    in_flight: int = 0
    settled: int = 0

    def published(self) -> ServiceSnapshot:
        released = self.read - self.settled - self.in_flight
        ledger = LedgerStatus(self.read, {"sent": self.settled}, released, self.in_flight)
        return ServiceSnapshot(
            snapshot(self.read, self.in_flight, self.settled), 1.0, status=Status(at=1.0, ledger=ledger)
        )


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["read", "settle", "die"])), max_size=60))
def test_no_counter_goes_backwards_and_the_ledger_stays_even_whoever_dies(
    happenings: list[tuple[int, str]],
) -> None:
    totals, workers = WorkerTotals(), [_Worker() for _ in range(3)]
    last: Mapping[Any, Any] = {}
    for which, what in happenings:
        worker = workers[which]
        if what == "read":
            worker.read, worker.in_flight = worker.read + 2, worker.in_flight + 2
        elif what == "settle" and worker.in_flight:
            worker.settled, worker.in_flight = worker.settled + 1, worker.in_flight - 1
        elif what == "die":
            totals.add_dead(worker.published())
            workers[which] = _Worker()
        published = joined(*(each.published() for each in workers), after=totals)
        numbers, status = published.snapshot, published.status
        assert unaccounted(numbers) == 0
        assert even(status)
        counts = {
            key: numbers[key] for key in numbers if key[0] in ("records_read", "records_settled", "records_released")
        }
        assert all(counts[key] >= value for key, value in last.items())
        assert status.ledger.read == number(numbers, *READ[:1], *READ[1])
        assert status.ledger.settled["sent"] == number(numbers, "records_settled", "sent")
        last = counts


DEAD: Final = Status(
    at=100.0,
    started_at=50.0,
    stages=(Stage("read", 10, 3, 0), Stage("decode", 9, 1, 1, {"tombstones": 1})),
    ledger=LedgerStatus(10, {"sent": 5, "rejected": 1}, 1, 3, 900, 50, 1000, 2.0),
    partitions=(PartitionStatus("web-events", 0, "reading", 10, 6, 4, 1.5),),
    pixels={"shop": PixelStatus("held", 60.0, "code 40105", "a new token", 120.0, 3, {"accepted": 5}, 40105)},
    rules={"all": RuleStatus({"accepted": 5})},
    requests=RequestsStatus(1, 4, 4, {"accepted": 2}),
    connections=(ConnectionStatus("tiktok", "example", False, 90.0, "timed out", 99.0),),
    window=WindowStatus(7, 12.0, is_warm=False),
    rejected=(Rejected(95.0, "web-events", 0, 3, None, None, "decode.utf8", "bytes", None, None, "explain"),),
    rejected_reasons=(RejectedReason("decode.utf8", 1, 95.0, 95.0, "bytes", "explain"),),
    history=(Sample(80, 0.4, 0.2, 0.0, 4, 2), Sample(90, 0.6, 0.3, 0.1, 4, 3)),
)


def one_dead() -> WorkerTotals:
    totals = WorkerTotals()
    totals.add_dead(ServiceSnapshot({}, 1.0, status=DEAD))
    return totals


def test_the_status_keeps_what_a_dead_worker_counted_and_why_it_rejected() -> None:
    anew = Status(at=110.0, started_at=105.0, pixels={"shop": PixelStatus("open", 105.0, "", "", None, 0)})
    status = joined(ServiceSnapshot({}, 1.0, unready=(), status=anew), after=one_dead()).status

    assert (status.at, status.started_at, status.workers, status.ready) == (110.0, 50.0, 1, True)
    assert (status.ledger.read, status.ledger.settled, status.ledger.released) == (10, {"sent": 5, "rejected": 1}, 4)
    assert even(status)
    assert [(each.passed, each.rejected, each.notes) for each in status.stages] == [
        (10, 0, {}), (9, 1, {"tombstones": 1}),
    ]  # fmt: skip
    assert status.pixels["shop"] == PixelStatus("open", 105.0, "", "", None, 0, {"accepted": 5})
    assert (status.rules, status.requests.by_result) == (DEAD.rules, {"accepted": 2})
    assert (status.rejected, status.rejected_reasons) == (DEAD.rejected, DEAD.rejected_reasons)
    assert status.history == DEAD.history


def test_the_status_keeps_nothing_of_a_dead_worker_that_is_of_the_moment() -> None:
    status = joined(after=one_dead()).status

    assert (status.partitions, status.connections, status.window) == ((), (), WindowStatus())
    assert status.requests == RequestsStatus(by_result={"accepted": 2})
    assert [each.waiting for each in status.stages] == [0, 0]
    assert (status.pixels["shop"].waiting_events, status.pixels["shop"].next_try) == (0, None)
    assert status.ledger == LedgerStatus(10, {"sent": 5, "rejected": 1}, 4)


def test_one_that_died_before_it_showed_anything_leaves_nothing() -> None:
    totals = WorkerTotals()
    totals.add_dead(ServiceSnapshot({}, 1.0))

    assert joined(after=totals).status.reasons == ()
    assert joined(after=totals).status.started_at == 0.0


def test_deaths_count_from_0_on() -> None:
    totals = WorkerTotals()
    living = ServiceSnapshot(Metrics().snapshot(), 1.0)
    before = joined(living, after=totals).snapshot

    totals.count_death()
    totals.count_death()

    assert before["worker_deaths", ()] == 0
    assert number(joined(living, after=totals).snapshot, "worker_deaths") == 2


def test_a_worker_that_dies_of_age_is_started_again_soon_however_often() -> None:
    restarts = Restarts()

    assert {restarts.after(YOUNG_S) for _ in range(20)} == {0.5}


def test_waits_longer_each_time_one_dies_young_and_gives_up_in_the_end() -> None:
    restarts = Restarts()
    waits = [restarts.after(0.0) for _ in range(MOST_YOUNG_DEATHS)]

    assert waits == [0.5, 1.0, 2.0, 4.0, None]
    assert all(wait is None or wait <= PAUSE.max_s for wait in waits)


def test_one_that_has_worked_for_a_while_may_die_young_anew() -> None:
    restarts = Restarts()
    for _ in range(MOST_YOUNG_DEATHS - 1):
        restarts.after(0.0)
    restarts.after(YOUNG_S)

    assert restarts.after(0.0) == 0.5


def published(stepped_at_s: float, *unready: str) -> ServiceSnapshot:
    return ServiceSnapshot(
        snapshot(3, 1, 2),
        stepped_at_s,
        unready=unready,
        status=Status(at=stepped_at_s, ledger=LedgerStatus(in_flight=1)),
    )


@given(st.lists(st.integers(1, 400), max_size=40))
def test_the_newest_whole_frame_is_found_however_the_pipe_cuts_them(cuts: list[int]) -> None:
    sent = [published(float(number)) for number in range(3)]
    data = b"".join(map(framed, sent))
    frames, found = Frames(), []
    for cut in [*cuts, len(data)]:
        piece, data = data[:cut], data[cut:]
        newest = frames.newest(piece)
        found += [newest] if newest else []

    assert found[-1] == sent[-1]
    assert [each.stepped_at_s for each in found] == sorted(each.stepped_at_s for each in found)


def test_half_a_frame_is_none() -> None:
    assert Frames().newest(framed(published(1.0))[:-1]) is None


def test_all_are_ready_only_if_each_is_and_each_tells_its_reasons() -> None:
    workers = {1: published(1.0), 2: published(1.0, "dead letters cannot be written")}

    assert WorkerTotals().joined(workers).unready == ("worker 2: dead letters cannot be written",)
    assert joined(workers[1]).unready == ()


def test_the_status_of_all_counts_those_that_have_shown_one_and_says_how_many_there_should_be() -> None:
    workers = {1: published(1.0), 2: published(2.0), 3: ServiceSnapshot({}, 0.0, unready=("it is about to start",))}

    status = WorkerTotals().joined(workers).status

    assert (status.workers, status.ledger.in_flight) == (3, 2)
    assert (status.ready, status.reasons) == (False, ("worker 3: it is about to start",))


def test_one_that_is_stuck_makes_all_unhealthy_and_is_named() -> None:
    workers = {1: published(100.0), 2: published(0.0)}

    assert WorkerTotals().joined(workers).stuck(100.0) == [f"worker 2: the loop has not turned for {100:.0f} s"]
    assert WorkerTotals().joined(workers).stuck(STUCK_AFTER_S) == []


def test_the_exit_code_tells_the_gravest_end() -> None:
    assert verdict([0, 0]) == 0
    assert verdict([0, 69]) == 69
    assert verdict([0, -9]) == 69
    assert verdict([70, 69, 0]) == 70
    assert verdict([78, 0]) == 78


def test_after_ctrl_c_it_is_130_where_all_stopped_in_order() -> None:
    assert verdict([0, 0], is_interrupted=True) == 130
    assert verdict([0, 69], is_interrupted=True) == 69


def test_the_last_line_of_the_log_has_the_exit_code_of_the_process() -> None:
    signals = Signals()
    signals.note(signal.SIGINT)
    supervisor = Supervisor({}, 1.0)
    progress = RunProgress(StartLine("t", "g", "b", "s", "p"), lambda: 0.0)

    with capture_logs() as lines:
        code = supervisor.run(signals, progress)

    assert code == 130
    assert lines[-1] == {
        "event": "workers.stopped",
        "log_level": "info",
        "code": 130,
        "why": "all workers have stopped, after Ctrl-C",
    }
