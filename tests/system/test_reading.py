"""What Kafka can do to a reader: topics that are not there, that come back, that hold what is no record."""

import signal

import pytest
from confluent_kafka import Producer

from tests.support.odd_records import write_with_header
from tests.support.records import Raw
from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import expected_keys, make_purchases
from tests.support.wait import wait_until


def test_an_expression_that_matches_nothing_yet_or_any_more_waits_for_a_topic(scene: Scene) -> None:
    topic = f"{scene.topic}-later"
    service = scene.start(kafka={"topics": [f"^{topic}$"]})
    wait_until(lambda: "no topic of the cluster matches" in str(_reasons(scene)), 90, what="it says so")

    stream = make_purchases(20, scene.schema_ids())
    for _ in range(2):
        scene.kafka.create_topic(topic, 4)
        scene.kafka.produce(topic, (made.raw for made in stream))
        scene.wait_until_accepted(20)
        service.wait_until_ready()
        scene.kafka.delete_topic(topic)
        wait_until(lambda: "no topic" in str(_reasons(scene)), 90, what="it says that the topic is gone")
        scene.sandbox.reset()

    assert service.stop() == 0


def test_a_topic_made_again_is_read_from_its_beginning_once(scene: Scene) -> None:
    """With no wait for company, each start over would send everything again."""
    before = make_purchases(100, scene.schema_ids(), partitions=(0,))
    after = make_purchases(60, scene.schema_ids(), first=1000, partitions=(0,))
    scene.produce(before)
    service = scene.run(batch={"max_wait": "0s"}, kafka={"properties": {"topic.metadata.refresh.interval.ms": "30000"}})
    scene.wait_until_settled()

    scene.kafka.delete_topic(scene.topic)
    scene.kafka.create_topic(scene.topic, 4)
    scene.produce(after)
    scene.wait_until_accepted(160)
    scene.wait_until_settled()

    sent = scene.sandbox.accepted()
    assert set(sent) == expected_keys(before + after)
    assert max(sent.values()) <= 2  # what stood at the old position may have been read before the change was noticed
    assert service.metrics().unaccounted == 0


def test_offsets_that_hold_no_record_leave_no_lag_and_hide_no_record(scene: Scene) -> None:
    stream = make_purchases(4, scene.schema_ids(), partitions=(0,))
    scene.produce(stream)
    producer = Producer({"bootstrap.servers": scene.kafka.bootstrap, "transactional.id": scene.topic, "log_level": 2})
    producer.init_transactions()
    for _ in range(30):
        producer.begin_transaction()
        producer.produce(scene.topic, b"never to be seen", partition=0)
        producer.flush()
        producer.abort_transaction()

    service = scene.run()
    scene.wait_until_settled()
    wait_until(lambda: service.metrics().value("lag", topic=scene.topic, partition="0") == 0, 90, what="no lag is left")
    shown = scene.command("explain", "--last", "4", "--topic", scene.topic, "--json")
    mark = scene.command("explain", "--topic", scene.topic, "--partition", "0", "--offset", "20", "--json")

    scene.assert_accepted_once(expected_keys(stream))
    assert shown.returncode == 0, shown.stderr
    assert b"no record at offset 20" in mark.stderr


def test_a_record_whose_header_has_an_odd_name_is_delivered(scene: Scene) -> None:
    """Also once Python has specialised the code that asks for headers: it then looks for no error behind a result."""
    many = make_purchases(2000, scene.schema_ids(), partitions=(0,))
    [first, *odd] = make_purchases(4, scene.schema_ids(), first=5000, partitions=(0,))
    write_with_header(scene.kafka.bootstrap, scene.topic, first.raw, b"stra\xdfe")
    scene.produce(many)
    for made in odd:
        write_with_header(scene.kafka.bootstrap, scene.topic, made.raw, b"stra\xdfe")

    service = scene.run()
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys([first, *odd, *many]))
    assert service.stop() == 0


def test_numbers_in_headers_of_own_topics_end_nothing(scene: Scene) -> None:
    own = f"{scene.group}.replay"
    scene.kafka.create_topic(own)
    said = (b"\xc2\xb2", b"--5", b"-7", b"9" * 5000)
    names = ("tiktok.replays", "tiktok.timestamp", "__connect.errors.partition", "__connect.errors.offset")
    [made] = make_purchases(1, scene.schema_ids())
    origin = ("__connect.errors.topic", scene.topic.encode())
    scene.kafka.produce(
        own, [Raw(made.raw.value, headers=(origin, *((name, text) for name in names))) for text in said]
    )

    service = scene.run()
    wait_until(lambda: scene.kafka.is_at_end(f"{scene.group}.own", own), 90, what="they are settled")

    assert set(scene.sandbox.accepted()) == expected_keys([made])
    assert service.stop() == 0


def test_a_member_that_died_leaves_its_instance_id_to_a_new_one_after_a_while(scene: Scene) -> None:
    """The new group protocol refuses a second member of the same id until the first one's session is over."""
    stream = make_purchases(40, scene.schema_ids())
    scene.protocol = CONSUMER
    scene.expire_sessions_soon()
    properties = {"group.instance.id": "one"}
    first = scene.run(kafka={"properties": properties})
    first.send(signal.SIGKILL)
    first.wait()

    second = scene.run(kafka={"properties": properties})
    scene.produce(stream)

    scene.wait_until_settled()
    assert set(scene.sandbox.accepted()) == expected_keys(stream)
    assert second.stop() == 0


@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
def test_a_member_for_which_no_partition_is_left_is_ready_and_takes_over(
    scene: Scene, protocol: dict[str, str]
) -> None:
    """With the consumer protocol the client says nothing to a member that is given nothing."""
    scene.protocol = protocol
    stream = make_purchases(20, scene.schema_ids(), partitions=(0,))
    narrow = scene.kafka.new_topic("narrow", 1)
    first = scene.run(kafka={"topics": [narrow]})
    second = scene.start(kafka={"topics": [narrow]})

    second.wait_until_ready()

    assert first.stop() == 0
    scene.kafka.produce(narrow, (made.raw for made in stream))
    scene.wait_until_accepted(20)
    assert second.stop() == 0


def test_parked_records_of_a_pixel_that_is_gone_are_no_origin_and_are_told_with_their_number(scene: Scene) -> None:
    gone = f"{scene.group}.parked.gone"
    parked, stream = make_purchases(7, scene.schema_ids()), make_purchases(5, scene.schema_ids(), first=100)
    scene.kafka.create_topic(gone, 4)
    scene.kafka.produce(gone, (made.raw for made in parked))
    scene.kafka.commit(f"{scene.group}.own", gone, {0: 1}, "")
    scene.produce(stream)

    service = scene.run(kafka={"topics": [f"^({scene.topic}|{scene.group}.*)$"]})
    wait_until(lambda: service.metrics().value("parked_unread") == 6, 90, what="it counts what nobody reads")
    checked = scene.command("check").stdout.decode()
    scene.wait_until_settled()

    [said] = [line for line in service.log() if line["event"] == "read.parked_unread"]
    assert (said["topics"], said["records"]) == ([gone], 6)
    assert f"topic {gone}: 6 parked records of a pixel that is not configured" in checked
    assert set(scene.sandbox.accepted()) == expected_keys(stream)
    assert service.stop() == 0


def _reasons(scene: Scene) -> object:
    answer = scene.services[-1].get("/readyz")
    return None if answer is None else answer.json()["reasons"]
