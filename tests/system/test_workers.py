"""`run --workers`: several processes of the group behind one port."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.letters import letter
from tests.support.processes import Service
from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.scraping import Scraping
from tests.support.stream import StreamSettings, expected_keys, expected_letters, make_bad, make_purchases, make_stream
from tests.support.wait import wait_until

TWO: Final = ("--workers", "2")
KILLING_S: Final = float(os.environ.get("WORKERS_KILLED_FOR_S", "30"))
"""A worker is killed every ten seconds for so long."""
KILL_EVERY_S: Final = 10.0
CHUNK: Final = 250
START_TIMEOUT_S: Final = 120.0


@pytest.mark.timeout(600)
def test_loses_nothing_and_always_shows_even_numbers_while_its_workers_are_killed(scene: Scene) -> None:
    scene.expire_sessions_soon()
    stream = make_stream(StreamSettings(count=int(KILLING_S * 1000)), scene.schema_ids())
    slow: dict[str, Any] = {"batch": {"max_events": 50}, "delivery": {"max_requests_per_second": 10}}
    service = ready(scene, **slow)
    killed: list[int] = []
    fed = 0

    with Scraping(service) as scraping:
        began_s = time.monotonic()
        while (now_s := time.monotonic() - began_s) < KILLING_S:
            # Something is always in flight, at 500 events a second by both.
            if fed < scene.sandbox.events_accepted() + 2_000:
                scene.produce(stream[fed : fed + CHUNK])
                fed += CHUNK
            is_due = now_s > KILL_EVERY_S * (len(killed) + 1)
            workers = service.children()  # one alone while the other is started again
            if is_due and len(workers) == 2 and service.metrics().value("records_in_flight"):
                killed.append(workers[len(killed) % 2])
                os.kill(killed[-1], signal.SIGKILL)
        scene.produce(stream[fed : fed + CHUNK])
        scene.wait_until_settled(timeout_s=300)
        wait_until(lambda: service.metrics().value("records_in_flight") == 0, 90, what="both workers have said so")
    scrape = service.metrics()

    fed += CHUNK
    expected = expected_keys(stream[:fed])
    accepted = scene.sandbox.accepted()
    released = scrape.value("records_released_total")
    print(  # noqa: T201 - how often
        f"{len(killed)} kills, {scraping.scrapes} scrapes, {released:g} records released: "
        f"{accepted.total() - len(expected)} of {len(expected)} events were accepted again"
    )
    assert len(killed) >= KILLING_S // KILL_EVERY_S - 1
    assert scraping.faults == []
    assert scraping.scrapes > KILLING_S
    assert set(accepted) == expected
    assert set(map(letter, scene.dead_letters())) == set(expected_letters(stream[:fed]))
    assert released > 0
    assert service.stop() == 0


@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
def test_workers_share_the_events_and_the_limits_and_leave_together(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = make_purchases(1_000, scene.schema_ids())

    service = ready(scene, delivery={"max_in_flight": 5})
    scene.produce(stream)
    scene.wait_until_settled()

    assert scene.kafka.members(scene.group) == 2
    scene.assert_accepted_once(expected_keys(stream))
    sent = len(stream)
    wait_until(lambda: service.metrics().value("records_settled_total", outcome="sent") == sent, 90, what="they say so")
    assert service.metrics().value("requests_in_flight_limit") == 5
    wait_until(lambda: _workers(service, "read.assigned") == {1, 2}, 90, what="each has its part")
    assert service.stop() == 0
    assert scene.kafka.members(scene.group) == 0


def test_static_workers_have_instance_ids_of_their_own_and_keep_their_places(scene: Scene) -> None:
    scene.protocol = {**CLASSIC, "group.instance.id": "one"}
    service = ready(scene)
    workers = service.children()

    os.kill(workers[0], signal.SIGKILL)
    wait_until(
        lambda: set(service.children()) != set(workers) and service.is_ready(),
        START_TIMEOUT_S,
        what="both are there again",
    )

    assert scene.kafka.members(scene.group) == 2
    assert workers[1] in service.children()
    assert service.metrics().value("worker_deaths_total") == 1
    assert service.stop() == 0


def test_the_status_keeps_what_killed_workers_did(scene: Scene) -> None:
    service = ready(scene)
    scene.produce([*make_purchases(200, scene.schema_ids()), *make_bad(["decode.truncated"], scene.schema_ids())])
    scene.wait_until_settled()
    before = wait_until(lambda: settled_status(service, 201), 90, what="the status has all of them")
    workers = service.children()

    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: status_of(service)["reasons"], 90, what="it has seen that they ended")
    meanwhile = status_of(service)
    wait_until(
        lambda: not set(service.children()) & set(workers) and service.is_ready(),
        START_TIMEOUT_S,
        what="others are in their place",
    )

    for status in (meanwhile, status_of(service)):
        assert status["started_at"] == before["started_at"]
        assert status["ledger"]["settled"] == before["ledger"]["settled"]
        assert status["rejected"] == before["rejected"] != []
        assert status["rejected_reasons"] == before["rejected_reasons"] != []
    assert service.stop() == 0


def test_no_worker_outlives_a_supervisor_that_was_killed(scene: Scene) -> None:
    service = ready(scene)
    workers = service.children()
    assert len(workers) == 2

    service.kill()

    wait_until(lambda: not any(map(_exists, workers)), 90, what="the workers are gone")
    assert scene.kafka.members(scene.group) == 0, "they left the group in order"


def test_a_second_signal_ends_all_workers_at_once(scene: Scene) -> None:
    scene.produce(make_purchases(100, scene.schema_ids()))
    scene.sandbox.misbehave({"do": {"end": "hang"}})
    service = ready(scene, delivery={"timeout": "60s"}, shutdown_timeout="60s")
    wait_until(lambda: service.metrics().value("requests_in_flight"), 90, what="a request is under way")

    service.send(signal.SIGTERM)
    service.wait_until_logged("run.stopping")
    asked_again_s = time.monotonic()
    service.send(signal.SIGTERM)

    assert service.wait() == 69
    assert time.monotonic() - asked_again_s < 30


def test_passes_on_that_the_breaker_is_to_close_and_tells_which_worker_has_it_open(scene: Scene) -> None:
    service = ready(scene, dead_letter={"breaker": {"share": 0.5, "of_last": 10}})
    scene.produce(make_bad(["decode.truncated"] * 400, scene.schema_ids()))
    said = re.compile(r"worker \d: the breaker is open")
    wait_until(lambda: said.search(service.wait_until_unready().text), 90, what="it says which has it open")
    opened = wait_until(lambda: _workers(service, "breaker.open"), 90, what="the breaker has opened")

    service.send(signal.SIGHUP)

    wait_until(lambda: _workers(service, "breaker.closed") >= opened, 90, what="the breakers have closed")
    assert service.stop() == 0


def test_a_property_that_only_the_client_can_judge_ends_all_workers_with_78(scene: Scene) -> None:
    service = scene.start(*TWO, kafka={"properties": {"client.dns.lookup": "soon"}})

    assert service.wait(200) == 78
    assert "kafka.properties: " in service.stderr.read_text()


def test_gives_up_when_workers_die_young_and_says_so_last(scene: Scene) -> None:
    (scene.folder / "dies.py").write_text(
        "import os, sys\nif 'worker' in sys.argv:\n    os._exit(3)\ndef name(record): return 'Purchase'\n"
    )
    rule = {"name": "all", "pixel": "shop", "map": {"event": {"call": "dies:name"}, "event_time": "at"}}

    service = scene.start(*TWO, rules=[rule])

    assert service.wait(200) == 69
    last = service.log()[-1]
    assert last["event"] == "workers.stopped"
    assert "dies again and again" in last["why"]


def _workers(service: Service, event: str) -> set[int]:
    """The workers whose log has this event."""
    return {line["worker"] for line in service.log() if line["event"] == event}


def ready(scene: Scene, **sections: Any) -> Service:
    """Two workers, each with its place in the group. On a busy machine it takes long to start two at once."""
    service = scene.start(*TWO, **sections)
    service.wait_until_ready(START_TIMEOUT_S)
    return service


def status_of(service: Service) -> dict[str, Any]:
    response = service.get("/api/status")
    assert response is not None
    return dict(response.json())


def settled_status(service: Service, records: int) -> dict[str, Any]:
    """The status, if by it so many records are read and settled; else nothing."""
    status = status_of(service)
    ledger = status["ledger"]
    return status if ledger["read"] == sum(ledger["settled"].values()) == records else {}


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
