"""The demo as a whole, on librdkafka's mock cluster, and `explain` of records in a topic, beside it."""

import io
import json
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest

from consumer.commands.demo import demo_configuration
from consumer.commands.demo.demo_command import VISIT_EVERY_S, play
from consumer.commands.demo.demo_run import DemoStage
from consumer.commands.demo.own_records import show_own
from consumer.commands.demo.samples import DemoSample, Maker
from consumer.commands.explain import ExplainOptions, explain_records, with_rules_of
from consumer.commands.init import InitOptions, write_first_config
from consumer.config import Settings, load, parse
from consumer.core.errors import ConfigError
from consumer.core.settle.ledger import RecordOutcome

SAMPLES = Maker(Settings.shipped_schema(), time.time()).samples()


def test_the_demo_accounts_for_everything_and_ends_by_itself() -> None:
    out = io.StringIO()

    code = play(out, None)

    assert code == 0, out.getvalue()
    assert "Everything is accounted for" in out.getvalue()


def test_a_kept_demo_says_where_everything_is_and_stops_when_told() -> None:
    out, told = io.StringIO(), threading.Event()
    told.set()

    assert play(out, told) == 0
    assert "Test Events page" in out.getvalue()


def test_visitors_come_for_as_long_as_a_demo_is_kept() -> None:
    out, told = io.StringIO(), VisitorsThenEnd(3)

    assert play(out, told) == 0
    assert told.waits_s == [VISIT_EVERY_S] * 4


class VisitorsThenEnd(threading.Event):
    """Not set before it was waited for so many times, without waiting."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._left = waits
        self.waits_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits_s.append(timeout)
        self._left -= 1
        return self._left < 0


# ── somebody's own records ──────────────────────────────────────────────────────────────────────

INIT = Path(__file__).parents[1] / "golden" / "init"


def test_own_records_go_the_whole_way_to_the_sandbox(tmp_path: Path) -> None:
    out, told, config = io.StringIO(), threading.Event(), tmp_path / "consumer.yaml"
    told.set()
    assert write_first_config(InitOptions(schema=INIT / "cdp.avsc", is_for_sandbox=True, output=config), out) == 0
    config.write_text(config.read_text() + "limits: {max_event_age: 0s}\n")

    code = show_own(load(config, {}), INIT / "cdp.records.json", out, told)

    text = " ".join(out.getvalue().split())
    assert code == 0, text
    for part in (
        "each settled: 3",
        "3 sent",
        "1 Purchase in the sandbox",
        "1 Search in the sandbox",
        "http://127.0.0.1:",
    ):
        assert part in text, part


def test_own_records_that_are_rejected_say_why(tmp_path: Path) -> None:
    out, config = io.StringIO(), tmp_path / "consumer.yaml"
    assert write_first_config(InitOptions(schema=INIT / "cdp.avsc", is_for_sandbox=True, output=config), out) == 0

    code = show_own(load(config, {}), INIT / "cdp.records.json", out, None)

    assert code == 0
    assert "3 × validate.event_too_old" in out.getvalue()


def test_own_records_of_a_registry_cannot_be_played(tmp_path: Path) -> None:
    settings = parse(
        "kafka: {bootstrap_servers: 'x:1', topics: [t], group_id: g}\n"
        "pixels: {shop: {pixel_code: C, access_token: t}}\n"
        "avro: {registry: {url: 'http://127.0.0.1:1'}}\nrules: [{name: a, pixel: shop}]\n",
        {},
    )
    out = io.StringIO()

    assert show_own(settings, INIT / "cdp.records.json", out, None) == 64
    assert "avro.schema" in out.getvalue()


# ── explain, of a record in a topic ─────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> DemoStage:
    """A broker that holds all samples, and nobody who reads them."""
    folder = tmp_path_factory.mktemp("demo")
    found = DemoStage(folder)
    found.broker.create(demo_configuration.TOPICS)
    found.config = demo_configuration.write(folder, found.broker.address, "http://127.0.0.1:1", 1)
    now_ms = round(time.time() * 1000)
    found.broker.write(demo_configuration.TOPIC, SAMPLES.first, now_ms - 60_000)
    found.broker.write(demo_configuration.TOPIC, SAMPLES.later, now_ms)
    return found


def place_of(stage: DemoStage, sample: DemoSample) -> tuple[str, int, int]:
    """Where a sample stands."""
    for message in stage.broker.read_all(demo_configuration.TOPIC):
        if message.key() == sample.key and message.value() == sample.value:
            found = message.partition(), message.offset()
            if sample.outcome is RecordOutcome.SENT or not sample.kind.startswith("exact copy"):
                break
    return demo_configuration.TOPIC, found[0] or 0, found[1] or 0


def explained(stage: DemoStage, at: tuple[str, int, int], *, is_json: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    settings = load(stage.config, {})
    return explain_records(settings, ExplainOptions(at=at, is_json=is_json), out), " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("purchase that comes twice", "first of its key: sent"),
        ("exact copy, at once", "a duplicate of the event of offset"),
        ("… the half with the phone", "merged into the event of offset"),
        ("later copy with an email: forwarded", "forwarded: it has fields that the event of offset"),
        ("exact copy, later", "a duplicate of the event of offset"),
    ],
)
def test_explain_says_what_the_window_would_have_said(stage: DemoStage, kind: str, said: str) -> None:
    sample = next(one for one in [*SAMPLES.first, *SAMPLES.later] if one.kind == kind)

    code, text = explained(stage, place_of(stage, sample))

    assert (code, said in text) == (0, True), text


def test_explain_gives_the_position_of_a_record_in_a_topic(stage: DemoStage) -> None:
    at = place_of(stage, SAMPLES.first[0])

    code, text = explained(stage, at, is_json=True)

    assert code == 0
    assert json.loads(text)["position"] == {"topic": at[0], "partition": at[1], "offset": at[2]}


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (("web-events", 0, 1_000_000), "web-events[0] holds offsets 0 to"),
        (("web-events", 99, 0), "web-events has no partition 99"),
        (("tiktok-demo.replay", 0, 0), "tiktok-demo.replay[0] holds nothing"),
        (("nowhere", 0, 0), "nowhere has no partition 0"),
    ],
)
def test_explain_says_what_there_is_instead(
    stage: DemoStage, at: tuple[str, int, int], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = explained(stage, at)

    assert code == 64
    assert why in capsys.readouterr().err


def test_a_rehearsal_counts_what_new_rules_would_make_of_the_last_records(stage: DemoStage, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: new, pixel: shop, when: [{field: event, in: [Search, ViewContent]}]}]")
    settings = with_rules_of(rules, load(stage.config, {}), {})
    out, text = io.StringIO(), io.StringIO()

    codes = [
        explain_records(settings, ExplainOptions(last=(demo_configuration.TOPIC, 10_000), is_json=is_json), to)
        for is_json, to in ((True, out), (False, text))
    ]
    found = json.loads(out.getvalue())

    assert codes == [0, 0]
    assert found["records"] == len(SAMPLES.first) + len(SAMPLES.later)
    assert [(one["rule"], one["holds"], one["events"]) for one in found["rules"]] == [("new", 175, 175)]
    assert found["rules"][0]["match_keys"]["ip_and_user_agent"] == 175
    assert found["rules"][0]["failed_first"] == [
        {"condition": "when[0]", "text": "event in [Search, ViewContent]", "records": found["dropped"]["no_rule"]}
    ]
    assert found["undecoded"] == {"decode.truncated": 6}
    assert "rule new holds for 175" in text.getvalue()


def test_a_rehearsal_takes_no_more_records_than_it_is_told_and_shows_no_values_or_bar(
    stage: DemoStage, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()

    explain_records(load(stage.config, {}), ExplainOptions(last=(demo_configuration.TOPIC, 20), is_json=True), out)

    assert json.loads(out.getvalue())["records"] == 20
    assert "hashed" not in json.loads(out.getvalue())["rules"][0]
    assert capsys.readouterr().err == ""


def test_a_rehearsal_shows_the_texts_that_most_events_share_if_asked_to(stage: DemoStage) -> None:
    out, asked = io.StringIO(), ExplainOptions(last=(demo_configuration.TOPIC, 10_000), is_json=True, shows_values=True)

    explain_records(load(stage.config, {}), asked, out)

    shown = [each for rule in json.loads(out.getvalue())["rules"] for each in rule["hashed"]]
    assert {each["field"].partition("[")[0] for each in shown} >= {"user.email", "user.external_id"}
    for each in shown:
        assert each["text"] is None or sha256(each["text"].encode()).hexdigest() == each["digest"]


def test_rules_under_development_may_bring_their_own_pixels(stage: DemoStage, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "pixels: {own: {pixel_code: OWN, access_token: made-up}}\n"
        "rules: [{name: a, pixel: own}, {name: b, pixel: shop}]\n"
    )
    settings, out = with_rules_of(rules, load(stage.config, {}), {}), io.StringIO()
    record = b'{"event": "Lead", "event_time": "2099-01-01T00:00:00Z"}'
    settings = settings.model_copy(update={"limits": settings.limits.model_copy(update={"max_event_age_s": 0.0})})

    explain_records(settings, ExplainOptions(file="-", is_json=True), out, io.BytesIO(record.replace(b"2099", b"2025")))

    assert [each["pixel_code"] for each in json.loads(out.getvalue())["events"]] == [
        "OWN",
        settings.pixels["shop"].pixel_code,
    ]
    rules.write_text("pixels: {own: {pixel_kode: OWN}}\nrules: [{name: a, pixel: own}]")
    with pytest.raises(ConfigError, match="pixel_kode"):
        with_rules_of(rules, load(stage.config, {}), {})


def test_rules_under_development_are_checked_whole(stage: DemoStage, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: a, pixel: nobody}, {name: a, when: [{field: x, equal: 1}], pixel: shop}]")

    with pytest.raises(ConfigError) as caught:
        with_rules_of(rules, load(stage.config, {}), {})

    assert len(caught.value.problems) == 3
    for missing in (tmp_path / "none.yaml", stage.folder / "demo.log"):
        missing.write_text("") if missing.name == "demo.log" else None
        with pytest.raises(ConfigError):
            with_rules_of(missing, load(stage.config, {}), {})


def test_explain_ends_with_69_while_a_registry_is_away(
    stage: DemoStage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "consumer.yaml"
    config.write_text(stage.config.read_text() + "avro: {registry: {url: 'http://127.0.0.1:1'}}\n")
    value = tmp_path / "value.bin"
    value.write_bytes(b"\0\0\0\0\1x")

    code = explain_records(load(config, {}), ExplainOptions(file=str(value)), io.StringIO())

    assert code == 69
    assert "registry at http://127.0.0.1:1 does not answer" in capsys.readouterr().err
