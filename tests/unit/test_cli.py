"""The command line: how each end becomes an exit code (docs/architecture.md §9), and what is said on which stream."""

import json
from pathlib import Path
from typing import Final, NoReturn

import pytest

from consumer import cli
from consumer import run as running
from consumer.cli import options
from consumer.config import Settings
from consumer.signals import Signals
from consumer.wiring import Replaced

SECRET: Final = "s3cret-token"
GOOD: Final = f"""
kafka: {{bootstrap_servers: "localhost:9092", topics: [web-events], group_id: tiktok-events}}
pixels:
  shop: {{pixel_code: CABC123, access_token: {SECRET}}}
rules:
  - {{name: all, pixel: shop}}
"""
WRONG_COMMAND_LINES: Final = [
    ["rum"],
    ["run", "--dry"],
    ["run", "--config"],
    ["run", "--from", "2h"],
    ["run", "--test-event-code", "TEST1"],
    ["run", "--group", "mine"],
    ["run", "--test-event-code", "TEST1", "--group", "tiktok-events"],
    ["run", "--workers", "0"],
    ["run", "--workers", "2", "--dry-run"],
    ["run", "--dry-run", "--from", "yesterday"],
    ["run", "--dry-run", "--from", "2026-01-31T12:00:00"],
    ["run", "--workers", "1" + "0" * 30],
    *(["check", "--rate", rate] for rate in ("0", "-1", "inf", "nan", "1e400", "1e15", "many")),
    *(["dlq", "replay", "--rate", rate] for rate in ("0", "inf", "nan")),
    ["dlq", "list", "--limit", "1" + "0" * 30],
    ["dlq", "show", "--limit", "1" + "0" * 30],
    ["explain", "--topic", "t", "--last", "1" + "0" * 30],
    ["explain", "--topic", "t", "--partition", "1" + "0" * 30, "--offset", "1"],
    ["explain", "--topic", "t", "--partition", "1", "--offset", "1" + "0" * 30],
    ["explain", "--topic", "t", "--partition", "1", "--offset", "1" * 5000],
    ["sandbox", "--keep", "1" + "0" * 30],
    ["outcomes"],
    ["outcomes", "--event-id", "1", "--order-id", "2"],
    ["outcomes", "--at", "web"],
    ["dlq", "list", "--reason", "map.cal"],
    ["dlq", "list", "--since", "yesterday"],
    ["dlq", "list", "--at", "web-events"],
    ["dlq", "show", "web-events:0:x"],
    ["sandbox", "--port", "99999"],
    ["sandbox", "--latency", "soon"],
    ["top", "--url", "foo"],
]


class Started(list[tuple[Settings, Replaced]]):
    """What `run` was called with; it ends with the exit code it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.exit_code = 0

    def __call__(self, settings: Settings, _: Signals, replaced: Replaced) -> int:
        self.append((settings, replaced))
        return self.exit_code


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that is fine, where it is looked for."""
    file = tmp_path / "consumer.yaml"
    file.write_text(GOOD)
    monkeypatch.setenv("TIKTOK_CONSUMER_CONFIG", str(file))
    return file


@pytest.fixture
def started(config: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    calls = Started()
    monkeypatch.setattr(running, "run", calls)
    return calls


def ended(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize("arguments", WRONG_COMMAND_LINES, ids=" ".join)
def test_a_wrong_command_line_ends_with_64_and_says_why_on_standard_error(
    arguments: list[str], started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments) == 64

    said = capsys.readouterr()
    assert said.err
    assert said.out == ""
    assert started == []


@pytest.mark.parametrize("second", ["-c", "--config"])
@pytest.mark.parametrize(
    "command", ["run", "check", "explain", "outcomes", "demo", "test", "dlq list", "dlq show", "dlq replay"]
)
def test_a_second_configuration_is_refused_and_not_taken_for_the_first(
    command: str, second: str, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*command.split(), "--config", "a.yaml", second, "b.yaml") == 64

    assert "'--config' / '-c': given more than once; keep one" in " ".join(capsys.readouterr().err.split())
    assert started == []


def test_every_option_that_takes_one_value_is_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("dlq", "list", "--since", "2h", "--since", "1h") == 64
    assert "'--since': given more than once" in capsys.readouterr().err


def test_what_may_be_repeated_and_a_flag_are_taken_more_than_once(capsys: pytest.CaptureFixture[str]) -> None:
    ended("top", "--url", "http://a:1", "--url", "foo")
    assert "more than once" not in capsys.readouterr().err
    ended("check", "--offline", "--offline", "--config", "none.yaml")
    assert "more than once" not in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run"], ["run", "--dry-run"], ["check", "--offline"]], ids=" ".join)
def test_every_problem_of_a_configuration_is_a_line_on_standard_error_and_the_end_is_78(
    command: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(GOOD.replace("group_id", "grp_id").replace("all, pixel: shop", "all, pixel: shp"))

    assert ended(*command) == 78

    said = capsys.readouterr()
    problems = said.err.splitlines()
    assert any(line.startswith("kafka.grp_id: ") and "group_id" in line for line in problems)
    assert any(line.startswith("rules[0].pixel: ") for line in problems)
    assert said.out == ""
    assert SECRET not in said.err


def test_a_file_that_is_not_there_is_an_unusable_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("run", "--config", "/no/such/consumer.yaml") == 78
    assert "/no/such/consumer.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["no.such.property", "security.protocol"])
def test_a_property_that_only_the_client_can_judge_is_a_problem_of_the_configuration_as_well(
    name: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = f'group_id: g, properties: {{{name}: "{SECRET}"}}'
    config.write_text(GOOD.replace("group_id: tiktok-events", more))

    assert ended("run") == 78

    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("kafka.properties: ")
    assert name in said
    assert SECRET not in said


def test_no_command_at_all_shows_the_help_and_ends_with_64(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended() == 64
    assert "sandbox" in capsys.readouterr().out


def test_a_bug_ends_with_70_and_shows_frames_without_text(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> NoReturn:
        raise LookupError(SECRET)

    monkeypatch.setattr(running, "run", fail)

    assert ended("run") == 70
    said = capsys.readouterr().err
    assert "run.bug" in said
    assert "LookupError" in said
    assert "test_cli.py" in said
    assert SECRET not in said


@pytest.mark.parametrize("code", [0, 69, 70])
def test_the_end_of_the_service_is_the_end_of_the_command(code: int, started: Started) -> None:
    started.exit_code = code

    assert ended("run") == code


def test_a_run_has_the_edges_it_is_made_for(started: Started) -> None:
    ended("run")

    ((settings, replaced),) = started
    assert settings.kafka.group_id == "tiktok-events"
    assert (replaced, settings.rules[0].is_shadow) == (Replaced(), False)


def test_a_test_run_sends_everything_to_test_events_with_a_group_of_its_own(started: Started) -> None:
    ended("run", "--test-event-code", "TEST1", "--group", "mine")

    ((settings, replaced),) = started
    assert settings.kafka.group_id == "mine"
    assert settings.pixels["shop"].test_event_code == "TEST1"
    assert replaced == Replaced()


@pytest.mark.parametrize("more", [[], ["--from", "earliest"], ["--from", "2026-01-31T12:00:00Z"], ["--from", "2h"]])
def test_a_dry_run_has_only_shadow_rules_and_no_edge_that_sends_or_writes(more: list[str], started: Started) -> None:
    ended("run", "--dry-run", *more)

    ((settings, replaced),) = started
    assert all(rule.is_shadow for rule in settings.rules)
    assert replaced.is_dry
    assert None not in (replaced.member, replaced.writer, replaced.sender)


@pytest.mark.parametrize(
    ("text", "unix_ms"),
    [
        ("999999999d", 0),
        ("0001-01-01T00:00:00+23:00", 0),
        ("earliest", 0),
        ("0s", 1_790_000_000_000),
        ("2h", 1_789_992_800_000),
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01T02:00:00+02:00", 0),
    ],
)
def test_a_dry_run_starts_at_the_beginning_so_long_ago_or_at_a_time(text: str, unix_ms: int) -> None:
    assert options.unix_ms("--from", text, 1_790_000_000.0) == unix_ms


def test_more_workers_than_requests_at_once_are_an_unusable_configuration(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("run", "--config", str(config), "--workers", "9") == 78

    assert "delivery.max_in_flight" in capsys.readouterr().err


def test_the_schema_of_the_file_goes_to_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("schema") == 0

    said = capsys.readouterr()
    assert "kafka" in json.loads(said.out)["properties"]
    assert said.err == ""


def test_a_configuration_that_is_fine_passes_the_check(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("check", "--offline") == 0
    assert SECRET not in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--help") == 0

    said = capsys.readouterr().out
    assert all(
        command in said for command in ("run", "check", "explain", "demo", "dlq", "outcomes", "sandbox", "schema")
    )
