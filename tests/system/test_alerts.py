"""The shipped alert rules, run by a real Prometheus that scrapes a real `run`."""

from tests.support.prometheus import JOB, Prometheus
from tests.support.rules import hurried
from tests.support.scene import Scene
from tests.support.stream import StreamSettings, make_purchases, make_stream
from tests.support.stream_config import BLOG
from tests.support.wait import wait_until

UNEVEN = 'count_over_time(ALERTS{alertname="TikTokConsumerLedgerUneven"}[1h])'
SETTLED = 'tiktok_consumer_records_settled_total{outcome="sent"}'
IN_FLIGHT = "tiktok_consumer_records_in_flight"
HELD = "TikTokConsumerPixelHeld"
DIFFERENCE = "instance:tiktok_consumer_ledger:difference"


def test_the_ledger_alert_stays_quiet_through_a_kill_9(scene: Scene) -> None:
    # More than after the kill, so that the counter is seen to begin again however late the next scrape comes.
    scene.produce(make_purchases(2_000, scene.schema_ids()))
    service = scene.run(batch={"max_events": 50}, limits={"max_records_in_flight": 500})
    scene.wait_until_settled()
    scene.sandbox.misbehave({"do": {"end": "hang"}})
    scene.produce(make_purchases(600, scene.schema_ids(), first=2_000))
    with Prometheus(scene.folder, [service.port], [hurried(scene.folder / "rules.json")]) as prometheus:
        wait_until(
            lambda: prometheus.query(f"sum({SETTLED}) >= 2000 and sum({IN_FLIGHT}) > 0"),
            60,
            what="Prometheus has seen records settled and in flight",
        )
        service.kill()
        wait_until(lambda: prometheus.value("up") == 0, 90, what="Prometheus has seen it go")
        scene.sandbox.misbehave()
        service.start_again()
        scene.wait_until_settled()
        settled = service.metrics_now().value("records_settled_total", outcome="sent")
        wait_until(lambda: prometheus.value(SETTLED) == settled, 90, what="Prometheus has seen the end")
        enough = f"count_over_time({DIFFERENCE}[1h]) > 10"
        wait_until(lambda: prometheus.query(enough), 90, what="Prometheus has judged for a while")

        # It saw both processes as one instance, with records in flight when the first was killed.
        assert prometheus.value("changes(process_start_time_seconds[1h])") == 1
        assert prometheus.value(f"resets({SETTLED}[1h])") == 1
        assert prometheus.value(f"max_over_time({DIFFERENCE}[1h])") == 0
        assert prometheus.value(f"min_over_time({DIFFERENCE}[1h])") == 0
        assert prometheus.query(UNEVEN) == []


def test_the_alert_of_a_held_pixel_fires_for_that_pixel_and_no_other_alert_does(scene: Scene) -> None:
    scene.sandbox.misbehave({"do": {"code": 40105}, "match": {"pixel": BLOG}})
    service = scene.run(delivery={"park": {"after": "1s"}})
    with Prometheus(scene.folder, [service.port], [hurried(scene.folder / "rules.json")]) as prometheus:
        wait_until(lambda: prometheus.query(DIFFERENCE), 90, what="Prometheus has recorded")
        assert HELD not in prometheus.firing()

        scene.produce(make_stream(StreamSettings(count=500, bad=0), scene.schema_ids()))
        scene.wait_until_settled()
        wait_until(lambda: prometheus.firing().keys() == {HELD}, 90, what="the alert fires, and no other")

        held = prometheus.firing()[HELD]
        assert held["labels"].items() >= {"pixel": "blog", "job": JOB, "severity": "critical"}.items()
        assert held["annotations"]["description"].startswith(f"Pixel blog of {JOB} is held")
        assert prometheus.query(f'ALERTS{{alertname="{HELD}", pixel="shop"}}') == []
