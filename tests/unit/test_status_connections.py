"""Which outside systems answer, and since when."""

from typing import Final

from consumer.status.connections import Connections, OutsideSystem
from consumer.status.model import ConnectionStatus

ADDRESS: Final = "broker:9092"


def made() -> Connections:
    return Connections({OutsideSystem.KAFKA: ADDRESS})


def test_nothing_is_known_before_the_first_attempt() -> None:
    assert made().all == (ConnectionStatus("kafka", ADDRESS),)
    assert made().is_away_for_s(OutsideSystem.KAFKA, 5.0) is None


def test_a_state_begins_with_the_first_attempt_that_went_that_way() -> None:
    connections = made()
    connections.failed(OutsideSystem.KAFKA, "timed out", 10.0)
    connections.failed(OutsideSystem.KAFKA, "refused", 20.0)
    assert connections.all == (ConnectionStatus("kafka", ADDRESS, False, 10.0, "refused", 20.0),)
    assert connections.is_away_for_s(OutsideSystem.KAFKA, 25.0) == 15.0

    connections.got_through(OutsideSystem.KAFKA, 30.0)
    connections.got_through(OutsideSystem.KAFKA, 40.0)
    assert connections.all == (ConnectionStatus("kafka", ADDRESS, True, 30.0, "refused", 20.0),)
    assert connections.is_away_for_s(OutsideSystem.KAFKA, 50.0) is None


def test_what_is_not_configured_is_not_shown() -> None:
    connections = made()
    connections.failed(OutsideSystem.REDIS, "timed out", 10.0)
    connections.got_through(OutsideSystem.TIKTOK, 10.0)
    assert [each.to for each in connections.all] == ["kafka"]
