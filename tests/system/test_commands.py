"""Commands from outside: `explain` on a topic's record, and the exit codes of docs/architecture.md §9."""

import hashlib
import json
from typing import Any

from tests.support.processes import run_command, write_config
from tests.support.scene import Scene
from tests.support.stream import make_bad, make_purchases
from tests.support.stream_config import SHOP


def _explain(scene: Scene, partition: int, offset: int) -> Any:
    file = write_config(scene.config(), scene.folder / "explain.yaml")
    place = ["--topic", scene.topic, "--partition", str(partition), "--offset", str(offset)]
    done = run_command("explain", "--config", str(file), *place, "--json", folder=scene.folder)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_explain_says_what_would_be_sent_of_a_topics_record(scene: Scene) -> None:
    [made] = make_purchases(1, scene.schema_ids(), first=7)
    [(partition, offset)] = scene.produce([made])

    told = _explain(scene, partition, offset)

    assert told["position"] == {"topic": scene.topic, "partition": partition, "offset": offset}
    assert (told["decision"], told["rejected"], told["dropped"]) == ("send", [], None)
    [event] = told["events"]
    assert (event["rule"], event["pixel"], event["pixel_code"]) == ("purchases", "shop", SHOP)
    assert event["dedupe_key"] == [SHOP, made.keys[0][2], "Purchase"]
    assert event["event"]["user"]["email"] == hashlib.sha256(b"customer7@example.com").hexdigest()
    assert event["event"]["properties"] == {"value": 5.0, "currency": "USD"}
    assert scene.sandbox.requests() == 0
    assert scene.kafka.committed(scene.group, scene.topic) == {}


def test_explain_gives_the_reason_of_a_rejection(scene: Scene) -> None:
    [made] = make_bad(["normalize.event_time_no_zone"], scene.schema_ids())
    [(partition, offset)] = scene.produce([made])

    told = _explain(scene, partition, offset)

    assert (told["decision"], told["events"]) == ("reject", [])
    assert [(fault["rule"], fault["reason"]) for fault in told["rejected"]] == [("purchases", made.reason)]


def test_a_run_with_an_unusable_configuration_ends_with_78_and_reads_nothing(scene: Scene) -> None:
    service = scene.start(kafka={"grupo_id": "x"})

    assert service.wait() == 78
    assert "kafka.grupo_id" in service.stderr.read_text()
    assert scene.kafka.committed(scene.group, scene.topic) == {}


def test_a_wrong_command_line_ends_with_64(scene: Scene) -> None:
    assert run_command("run", "--no-such-option", folder=scene.folder).returncode == 64
