"""Dead letters are counted, looked at, and sent again, each once, whatever happens in between."""

import hashlib
import json
import signal
import time
from collections import Counter
from typing import Any, Final

from tests.support.letters import letter, origin
from tests.support.processes import Process
from tests.support.records import Raw, Stored
from tests.support.scene import Scene
from tests.support.stream import Made, expected_keys, make_bad, make_purchases
from tests.support.stream_config import RULES
from tests.support.wait import wait_until

NEVER: Final = {"breaker": {"share": 1}}
"""Most records of these tests are rejected on purpose: the breaker stays out of it."""


def spoilt(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with a customer's id for a time: every event of it is rejected."""
    return {**rule, "map": {**rule["map"], "event_time": "customer.id"}}


WRONG: Final = [spoilt(RULES[0]), *RULES[1:]]


def rejected(scene: Scene, stream: list[Made], **sections: Any) -> None:
    """Have these records rejected by the wrong rule, and stop."""
    scene.produce(stream)
    service = scene.run(rules=WRONG, dead_letter=NEVER, **sections)
    scene.wait_until_settled()
    assert service.stop() == 0


def replayed(scene: Scene, *arguments: str, **sections: Any) -> dict[str, Any]:
    """What `dlq replay --json` says it did."""
    done = scene.command("dlq", "replay", "--json", *arguments, **sections)
    assert done.returncode == 0, done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def replay_topic(scene: Scene) -> list[Stored]:
    return scene.kafka.read_all(f"{scene.group}.replay")


def listed_states(scene: Scene) -> dict[str, int]:
    """How many letters `dlq list --json` says are open, accepted, back …"""
    lines = scene.command("dlq", "list", "--json").stdout.splitlines()
    return dict(Counter(json.loads(line)["state"] for line in lines))


def test_a_new_service_without_dead_letters_has_none_yet(scene: Scene) -> None:
    scene.produce(make_purchases(1, scene.schema_ids()))

    done = scene.command("dlq", "list", dead_letter={"topic": "{topic}.never"})

    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode() == f"No dead letters yet: there is no topic {scene.topic}.never.\n"
    nothing_to_read = scene.command("dlq", "list", kafka={"topics": ["not-there"]})
    assert (nothing_to_read.returncode, b"no dead-letter topic" in nothing_to_read.stderr) == (64, True)


def test_a_replay_while_run_has_the_configuration_that_failed_warns(scene: Scene) -> None:
    scene.produce(make_purchases(2, scene.schema_ids()))
    service = scene.run(rules=WRONG, dead_letter=NEVER)
    scene.wait_until_rejected(2)

    done = scene.command("dlq", "replay", "--dry-run", http={"listen": f"127.0.0.1:{service.port}"})

    assert done.returncode == 0
    assert done.stderr.decode().count("the service has not been restarted since it rejected these") == 1


def test_a_thousand_records_of_a_mended_rule_are_delivered_each_once(scene: Scene) -> None:
    good = make_purchases(1000, scene.schema_ids())
    broken = make_bad(["decode.truncated"] * 3, scene.schema_ids())
    rejected(scene, good + broken)
    assert len(scene.dead_letters()) == 1003

    counted = scene.command("dlq", "list").stdout.decode()
    assert "1,003 dead letters" in counted
    assert [line.split()[:2] for line in counted.splitlines()[2:4]] == [
        ["1,000", "normalize.event_time"],
        ["3", "decode.truncated"],
    ]
    assert replayed(scene, "--only-if-fixed", "--dry-run", rules=WRONG)["replayed"] == 0
    assert replayed(scene, "--only-if-fixed", "--dry-run")["replayed"] == 1000
    assert replay_topic(scene) == []

    report = replayed(scene, "--only-if-fixed")
    assert (report["replayed"], report["left"]) == (1000, {"not_fixed": 3})
    sent = [letter(stored)[:3] for stored in replay_topic(scene)]
    assert Counter(sent) == Counter((made.raw.key, made.raw.value, made.raw.headers) for made in good)

    scene.run(dead_letter=NEVER)
    scene.wait_until_accepted(1000)
    assert replayed(scene)["replayed"] == 3
    scene.wait_until_rejected(1006)
    scene.assert_accepted_once(expected_keys(good))
    again = {stored.offset: stored for stored in scene.dead_letters() if stored.header("tiktok.replays") == "1"}
    assert {stored.header("tiktok.reason") for stored in again.values()} == {"decode.truncated"}
    states = {"replayed and accepted": 1000, "replayed and back": 3, "open": 3}
    wait_until(lambda: listed_states(scene) == states, 90, what="the replayed records are committed")


def test_a_broken_value_is_shown_and_left_alone(scene: Scene) -> None:
    [broken] = make_bad(["decode.truncated"], scene.schema_ids())
    [good] = make_purchases(1, scene.schema_ids())
    places = scene.produce([broken, good])
    service = scene.run(rules=WRONG, dead_letter=NEVER)
    scene.wait_until_settled()
    service.stop()

    shown = scene.command("dlq", "show", "--reason", "decode").stdout.decode()
    assert "decode.truncated" in shown
    assert "cannot be decoded" in shown
    place = ":".join(map(str, (scene.topic, *places[1])))
    shown = scene.command("dlq", "show", place).stdout.decode()
    assert '"email": "customer0@example.com"' in shown
    assert "send 1 event" in shown
    told = json.loads(scene.command("dlq", "show", place, "--json").stdout)
    assert (told["origin"], told["reason"], told["now"]["decision"]) == (place, "normalize.event_time", "send")
    assert "example.com" not in scene.command("dlq", "list").stdout.decode()

    assert replayed(scene, "--only-if-fixed", "--reason", "decode.truncated")["left"] == {"not_fixed": 1}
    assert replay_topic(scene) == []


def test_a_replay_that_is_interrupted_or_killed_goes_on_with_each_letter_once(scene: Scene) -> None:
    good = make_purchases(600, scene.schema_ids())
    rejected(scene, good)

    for number in (signal.SIGINT, signal.SIGKILL, signal.SIGTERM):
        before = len(replay_topic(scene))
        process = Process(
            ["dlq", "replay", "--rate", "5", "--config", str(scene.config_file())], scene.folder, f"replay-{number}"
        )
        wait_until(lambda: len(replay_topic(scene)) >= before + 5, 90, what="some are replayed")  # noqa: B023  # at once
        process.send(number)
        assert process.wait() == {signal.SIGKILL: -9, signal.SIGINT: 130}.get(number, 69)
    report = replayed(scene)

    assert 0 < report["replayed"] < 600
    assert Counter(stored.key for stored in replay_topic(scene)) == Counter(made.raw.key for made in good)
    assert scene.kafka.is_at_end(f"{scene.group}.dlq-replay", scene.dead_letter_topic)
    scene.run()
    scene.wait_until_accepted(600)
    scene.assert_accepted_once(expected_keys(good))


def test_filters_take_their_part_and_leave_the_rest_for_later(scene: Scene) -> None:
    good = make_purchases(40, scene.schema_ids())
    broken = make_bad(["decode.left_over"] * 4, scene.schema_ids())
    rejected(scene, good + broken)

    assert replayed(scene, "--reason", "decode", "--limit", "3")["replayed"] == 3
    assert replayed(scene, "--rule", "leads")["replayed"] == 0
    assert replayed(scene, "--since", "2100-01-01T00:00:00Z")["replayed"] == 0
    assert replayed(scene, "--at", f"{scene.topic}:1", "--rule", "purchases")["replayed"] == 10
    assert replayed(scene)["replayed"] == 31
    assert replayed(scene)["replayed"] == 0
    assert Counter(stored.key for stored in replay_topic(scene)) == Counter(made.raw.key for made in good + broken)


def test_what_comes_back_is_replayed_only_so_often(scene: Scene) -> None:
    [broken] = make_bad(["decode.framing"], scene.schema_ids())
    scene.produce([broken])
    scene.run(dead_letter=NEVER)
    scene.wait_until_rejected(1)

    for times in (1, 2):
        assert replayed(scene, "--max-replays", "2")["replayed"] == 1
        scene.wait_until_rejected(1 + times)
    assert replayed(scene, "--max-replays", "2")["left"] == {"too_often": 1}
    assert [dead.header("tiktok.replays") for dead in scene.dead_letters()].count("2") == 1
    assert {origin(dead) for dead in scene.dead_letters()} == {(scene.topic, broken.raw.partition, 0)}


def test_only_the_rule_that_failed_runs_again(scene: Scene) -> None:
    every_order = {"when": RULES[0]["when"]}
    fixed = [*RULES[:2], {**RULES[2], **every_order}]
    wrong = [*RULES[:2], spoilt({**RULES[2], **every_order})]
    orders = make_purchases(5, scene.schema_ids())
    scene.produce(orders)
    service = scene.run(rules=wrong, dead_letter=NEVER)
    scene.wait_until_settled()
    assert service.stop() == 0
    assert len(scene.dead_letters()) == 5

    assert replayed(scene, "--only-if-fixed", rules=fixed)["replayed"] == 5
    scene.run(rules=fixed)
    scene.wait_until_accepted(10)
    assert set(scene.sandbox.accepted().values()) == {1}


def test_a_letter_without_its_value_is_fetched_from_where_it_came_from_if_it_is_there_still(scene: Scene) -> None:
    scene.kafka.configure_topic(scene.dead_letter_topic, "max.message.bytes", "2000")
    headers = (("trace", b"\x00\xff"),)
    large = [Raw(bytes([1]) * (5000 + n), key=b"large-%d" % n, headers=headers, partition=n) for n in range(2)]
    scene.kafka.produce(scene.topic, large)
    service = scene.run(dead_letter=NEVER)
    scene.wait_until_settled()
    service.stop()
    scene.kafka.delete_records(scene.topic, 1, 1)
    kept, gone = ((scene.topic, number, 0) for number in range(2))

    listed = [json.loads(line) for line in scene.command("dlq", "list", "--json").stdout.splitlines()]
    assert {each["has_value"] for each in listed} == {False}
    shown = scene.command("dlq", "show", ":".join(map(str, kept)), ":".join(map(str, gone))).stdout.decode()
    assert "cannot be decoded; 5,000 bytes: 01 01" in shown
    assert "gone from the origin" in shown

    report = replayed(scene)
    assert (report["replayed"], report["left"]) == (1, {"gone": 1})
    [sent] = replay_topic(scene)
    assert hashlib.sha256(sent.value or b"").digest() == hashlib.sha256(large[0].value or b"").digest()
    assert letter(sent)[:3] == (large[0].key, large[0].value, headers)
    assert origin(sent) == kept


def test_to_the_origin_is_said_loudly_and_resumes_where_it_stood(scene: Scene) -> None:
    good = make_purchases(8, scene.schema_ids())
    rejected(scene, good)

    done = scene.command("dlq", "replay", "--to-origin", "--limit", "5")
    assert done.returncode == 0
    assert b"warning: --to-origin" in done.stderr
    assert b"5 dead letters replayed to where they came from" in done.stdout
    assert replayed(scene, "--to-origin")["replayed"] == 3

    stored = scene.kafka.read_all(scene.topic)
    assert Counter(letter(each)[:3] for each in stored) == Counter(
        {(made.raw.key, made.raw.value, made.raw.headers): 2 for made in good}
    )
    assert not [name for each in stored for name, _ in each.headers if name.startswith(("tiktok.", "__connect"))]


def test_old_events_are_warned_about(scene: Scene) -> None:
    hours, now_ms = 3_600_000, int(time.time() * 1000)
    records = [
        Raw(b"\x01", key=b"%d" % age, partition=0, timestamp_ms=now_ms - age * hours) for age in (1, 49, 28 * 24 + 1)
    ]
    scene.kafka.produce(scene.topic, records)
    scene.run(dead_letter=NEVER)
    scene.wait_until_settled()

    done = scene.command("dlq", "replay", "--dry-run")
    assert b"3 dead letters would be replayed" in done.stdout
    assert b"1 older than 48 hours" in done.stdout
    assert b"1 older than 28 days" in done.stdout


def test_says_what_is_not_there(scene: Scene) -> None:
    nowhere = scene.command("dlq", "list", dead_letter={"topic": f"{scene.topic}.nowhere"})
    assert (nowhere.returncode, nowhere.stdout) == (0, b"")
    assert b"No dead letters yet" in nowhere.stderr
    assert scene.command("dlq", "show", f"{scene.topic}:0:0").returncode == 64
    assert scene.command("dlq", "list", "--reason", "map.cal").returncode == 64
    assert scene.command("dlq", "show", "here").returncode == 64
    assert scene.command("dlq", "list").stdout.startswith(b"0 dead letters")
