"""Which outside systems answer, and since when."""

from typing import Final

from consumer.status.connections import Connections, OutsideSystem
from consumer.status.model import ConnectionStatus
from tests.support.service import NOW_S, ManualClock

ADDRESS: Final = "broker:9092"
KAFKA: Final = OutsideSystem.KAFKA


def made() -> tuple[Connections, ManualClock]:
    clock = ManualClock()
    return Connections({KAFKA: ADDRESS}, clock.wall), clock


def test_nothing_is_known_before_the_first_attempt() -> None:
    connections, _ = made()
    assert connections.all == (ConnectionStatus("kafka", ADDRESS),)
    assert connections.away_for_s(KAFKA) is None


def test_a_state_begins_with_the_first_attempt_that_went_that_way() -> None:
    connections, clock = made()
    connections.failed(KAFKA, "timed out")
    clock.s = 10
    connections.failed(KAFKA, "refused")
    clock.s = 15
    assert connections.all == (ConnectionStatus("kafka", ADDRESS, False, NOW_S, "refused", NOW_S + 10),)
    assert connections.away_for_s(KAFKA) == 15.0

    clock.s = 30
    connections.got_through(KAFKA)
    clock.s = 40
    connections.got_through(KAFKA)
    assert connections.all == (ConnectionStatus("kafka", ADDRESS, True, NOW_S + 30, "refused", NOW_S + 10),)
    assert connections.away_for_s(KAFKA) is None


def test_what_is_not_configured_is_not_shown() -> None:
    connections, _ = made()
    connections.failed(OutsideSystem.REDIS, "timed out")
    connections.got_through(OutsideSystem.TIKTOK)
    assert [each.to for each in connections.all] == ["kafka"]
