import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from consumer.metrics import DECLARED, Kind, Metrics, SnapshotCollector, total


def exposed(metrics: Metrics) -> str:
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(metrics.snapshot()))
    return generate_latest(registry).decode()


def test_shows_counters_gauges_and_histograms_as_prometheus_wants_them() -> None:
    metrics = Metrics()
    metrics.inc("records_read", ("orders",), 3)
    metrics.inc("records_read", ("orders",))
    metrics.set("records_in_flight", 2)
    metrics.observe("request_seconds", 0.2)
    metrics.observe("request_seconds", 99, times=2)

    text = exposed(metrics)

    assert 'tiktok_consumer_records_read_total{topic="orders"} 4.0' in text
    assert "tiktok_consumer_records_in_flight 2.0" in text
    assert 'tiktok_consumer_request_seconds_bucket{le="0.1"} 0.0' in text
    assert 'tiktok_consumer_request_seconds_bucket{le="0.2"} 1.0' in text
    assert 'tiktok_consumer_request_seconds_bucket{le="+Inf"} 3.0' in text
    assert "tiktok_consumer_request_seconds_sum 198.2" in text


def test_an_undeclared_name_or_wrong_labels_raise() -> None:
    metrics = Metrics()

    with pytest.raises(KeyError):
        metrics.inc("no_such_metric")
    with pytest.raises(ValueError, match="records_read is a counter"):
        metrics.inc("records_read", ("a", "b"))
    with pytest.raises(ValueError, match="lag is a gauge"):
        metrics.inc("lag", ("a", "0"))
    with pytest.raises(KeyError):
        metrics.observe("lag", 1)


def test_a_counter_never_goes_down() -> None:
    metrics = Metrics()
    metrics.level("records_released", 5)

    with pytest.raises(ValueError, match="cannot go down"):
        metrics.level("records_released", 4)
    with pytest.raises(ValueError, match="cannot go down"):
        metrics.inc("records_released", by=-1)


def test_counters_that_have_not_counted_yet_are_seen_at_0() -> None:
    metrics = Metrics()
    metrics.inc("commits", ("ok",), 3)

    metrics.begin("commits", [("ok",), ("failed",)])

    text = exposed(metrics)
    assert "tiktok_consumer_window_store_errors_total 0.0" in text
    assert 'tiktok_consumer_commits_total{result="failed"} 0.0' in text
    assert 'tiktok_consumer_commits_total{result="ok"} 3.0' in text


def test_many_observations_at_once_are_as_many_observations() -> None:
    one_by_one, at_once = Metrics(), Metrics()
    for delay_s in (0.1, 0.2, 7.0, 1e6):
        one_by_one.observe("event_delay_seconds", delay_s)
    at_once.observe_all("event_delay_seconds", [0.1, 0.2, 7.0, 1e6])
    at_once.observe_all("event_delay_seconds", [])

    assert at_once.snapshot() == one_by_one.snapshot()


def test_a_snapshot_does_not_change_any_more() -> None:
    metrics = Metrics()
    metrics.inc("records_released")
    before = metrics.snapshot()

    metrics.inc("records_released")
    metrics.observe("batch_events", 1)

    assert before["records_released", ()] == 1
    assert sum(before["batch_events", ()]) == 0  # type: ignore[arg-type]  # a histogram's


def test_gauges_of_partitions_that_are_gone_are_forgotten() -> None:
    metrics = Metrics()
    metrics.set("lag", 1, ("orders", "0"))
    metrics.set("lag", 1, ("orders", "1"))

    metrics.forget("lag", [("orders", "1")])

    assert 'partition="0"' not in exposed(metrics)


def test_workers_add_up_and_the_worst_state_shows() -> None:
    one, other = Metrics(), Metrics()
    for metrics, age_s, reach_s in ((one, 3.0, 300.0), (other, 9.0, 120.0)):
        metrics.inc("records_read", ("orders",), 2)
        metrics.set("records_in_flight", 5)
        metrics.set("oldest_in_flight_seconds", age_s)
        metrics.set("window_seconds", reach_s)
        metrics.observe("batch_events", 10)
    other.inc("records_read", ("clicks",), 1)

    joined = total([one.snapshot(), other.snapshot()])

    assert joined["records_read", ("orders",)] == 4
    assert joined["records_read", ("clicks",)] == 1
    assert joined["records_in_flight", ()] == 10
    assert joined["oldest_in_flight_seconds", ()] == 9.0
    assert joined["window_seconds", ()] == 120.0
    assert joined["batch_events", ()][-1] == 20  # type: ignore[index]  # a histogram's


def test_every_metric_is_declared_once_and_in_order_of_a_records_way() -> None:
    names = [declared.name for declared in DECLARED]

    assert len(names) == len(set(names))
    assert names.index("records_read") < names.index("rejected") < names.index("requests") < names.index("commits")
    assert all(declared.buckets for declared in DECLARED if declared.kind is Kind.HISTOGRAM)
