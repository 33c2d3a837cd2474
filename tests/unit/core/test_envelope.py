from hashlib import sha256

from msgspec import structs

from consumer.core.model import Position, Record, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.settle.envelope import (
    dead_letter,
    groups_among,
    own_record,
    own_topics,
    own_topics_among,
    replay_record,
    restored,
    shortened,
    topic_for,
)

AT = Position("orders", 3, 42)
RECORD = Record(AT, 1_700_000_000_123, b"key", b"value", (("trace", b"\x01"), ("empty", None)), AT)
REJECTION = Rejection(RejectReason.DELIVER_REFUSED, "TikTok refused it", "purchases", "shop", 40002, "req-1")
FAILED_AT = "2026-11-22T12:00:00.000+00:00"


def test_a_dead_letter_keeps_the_rule_that_its_record_names_though_no_configured_rule_rejected_it() -> None:
    rejection = Rejection(RejectReason.ROUTE_UNKNOWN_RULE, "not configured")

    letter = dead_letter(structs.replace(RECORD, rule="renamed"), rejection, "orders.dlq", FAILED_AT)

    assert dict(letter.added)["tiktok.rule"] == b"renamed"


def test_a_dead_letter_is_the_record_byte_for_byte_and_says_why() -> None:
    letter = dead_letter(RECORD, REJECTION, "orders.dlq", FAILED_AT)

    assert (letter.topic, letter.key, letter.value) == ("orders.dlq", b"key", b"value")
    assert letter.headers[:2] == RECORD.headers
    assert dict(letter.added) == {
        "__connect.errors.topic": b"orders",
        "__connect.errors.partition": b"3",
        "__connect.errors.offset": b"42",
        "__connect.errors.stage": b"deliver",
        "__connect.errors.exception.message": b"deliver.refused: TikTok refused it",
        "tiktok.reason": b"deliver.refused",
        "tiktok.detail": b"TikTok refused it",
        "tiktok.rule": b"purchases",
        "tiktok.pixel": b"shop",
        "tiktok.code": b"40002",
        "tiktok.request_id": b"req-1",
        "tiktok.failed_at": FAILED_AT.encode(),
        "tiktok.timestamp": b"1700000000123",
        "tiktok.replays": b"0",
    }


def test_a_dead_letter_leaves_out_what_is_not_known() -> None:
    letter = dead_letter(RECORD, Rejection(RejectReason.DECODE_UTF8, "not UTF-8"), "orders.dlq", FAILED_AT)

    assert not {"tiktok.rule", "tiktok.pixel", "tiktok.code", "tiktok.request_id"} & dict(letter.added).keys()


def test_a_letter_too_large_keeps_its_place_and_proves_its_value() -> None:
    letter = shortened(dead_letter(RECORD, REJECTION, "orders.dlq", FAILED_AT))

    assert (letter.key, letter.value, letter.original) == (b"key", None, ())
    headers = dict(letter.headers)
    assert headers["tiktok.value_bytes"] == b"5"
    assert headers["tiktok.value_sha256"] == sha256(b"value").hexdigest().encode()
    assert headers["__connect.errors.offset"] == b"42"


def test_a_key_as_large_as_a_value_is_left_out_as_well() -> None:
    record = structs.replace(RECORD, key=b"k" * 5000, value=None)

    letter = shortened(dead_letter(record, REJECTION, "orders.dlq", FAILED_AT))

    assert letter.key is None
    assert dict(letter.headers)["tiktok.value_bytes"] == b"0"


def test_a_parked_record_comes_back_as_it_was() -> None:
    letter = own_record(RECORD, "g.parked.shop", "purchases", "shop", 2)
    at = Position("g.parked.shop", 0, 7, 5)

    back = restored(Record(at, 1_800_000_000_000, letter.key, letter.value, letter.headers, at))

    assert back == structs.replace(RECORD, position=at, rule="purchases", replays=2)


def test_a_record_without_our_headers_stays_as_it_is() -> None:
    at = Position("g.replay", 0, 7)
    record = Record(at, 5, None, b"v", (("__connect.errors.offset", b"x"), ("tiktok.replays", None)), at)

    assert restored(record) == structs.replace(record, headers=())


def test_a_dead_letter_of_a_replayed_record_names_its_origin_and_has_one_set_of_headers() -> None:
    sent = own_record(RECORD, "g.replay", "purchases", "shop", 1)
    at = Position("g.replay", 0, 7)
    replayed = restored(Record(at, 9, sent.key, sent.value, sent.headers, at))

    letter = dead_letter(replayed, REJECTION, topic_for("{topic}.dlq", replayed), FAILED_AT)

    assert letter.topic == "orders.dlq"
    assert letter.position == at
    assert len(letter.headers) == len(dict(letter.headers))
    assert dict(letter.headers)["tiktok.replays"] == b"1"


def test_a_replayed_letter_counts_names_its_dead_letter_and_keeps_what_it_was() -> None:
    dead = dead_letter(structs.replace(RECORD, replays=1), REJECTION, "orders.dlq", FAILED_AT)
    at, later = Position("orders.dlq", 1, 6), Position("g.replay", 0, 7)
    record = restored(Record(at, 9, dead.key, dead.value, dead.headers, at))

    sent = replay_record(record, "g.replay", "shop", "orders.dlq:1:6:9")

    assert dict(sent.added)["tiktok.replayed_from"] == b"orders.dlq:1:6:9"
    back = restored(Record(later, 10, sent.key, sent.value, sent.headers, later))
    assert back == structs.replace(RECORD, position=later, rule="purchases", replays=2)


def test_a_replayed_letter_without_a_rule_is_every_rules() -> None:
    sent = replay_record(RECORD, "g.replay", None, "orders.dlq:1:6:9")

    assert not {"tiktok.rule", "tiktok.pixel"} & dict(sent.added).keys()


def test_headers_of_the_origin_that_are_called_like_ours_stay_and_say_nothing() -> None:
    theirs = (("tiktok.rule", b"other"), ("__connect.errors.topic", b"elsewhere"), ("tiktok.replays", b"9"))
    record = structs.replace(RECORD, headers=theirs)
    dead = dead_letter(record, Rejection(RejectReason.DECODE_UTF8, "not UTF-8"), "orders.dlq", FAILED_AT)
    at = Position("orders.dlq", 0, 7)

    assert restored(Record(at, 9, dead.key, dead.value, dead.headers, at)) == structs.replace(record, position=at)


def test_names_its_own_topics_by_the_group() -> None:
    assert own_topics("g", ["shop", "app"]) == ("g.replay", "g.parked.shop", "g.parked.app")


def test_a_record_without_a_timestamp_stays_so_through_a_topic_of_ours() -> None:
    at = Position("g.replay", 1, 2)
    headers = (("__connect.errors.topic", b"orders"), ("tiktok.timestamp", b"-1"))

    assert restored(Record(at, 77, None, b"v", headers, at)).timestamp_ms == -1


def test_own_topics_are_known_whatever_the_pixels_are_now() -> None:
    seen = [
        "g.replay",
        "g.parked.shop",
        "g.parked.",
        "g.parked.gone",
        "gg.parked.x",
        "orders",
        "h.replay",
        "h.parked.a",
    ]

    assert own_topics_among(seen, "g") == {"g.replay", "g.parked.shop", "g.parked.gone"}
    assert groups_among(seen) == {"g", "h"}
    assert groups_among(["game.replay", "my.parked.cars"]) == frozenset()
