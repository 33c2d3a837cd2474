"""The demo's samples and accounts: what it proves, and that it would notice."""

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from rich.console import Console

from consumer.commands.demo import demo_configuration
from consumer.commands.demo.accounting import Accounts, account
from consumer.commands.demo.demo_run import DemoDeadLetter, DemoResult, Numbers
from consumer.commands.demo.demo_summary import show_accounts, show_addresses, show_next, show_samples
from consumer.commands.demo.samples import DemoSample, Maker, Samples
from consumer.config import load
from consumer.config.settings import Settings
from consumer.core.model import Decision, EventOutcome, Position, Record
from consumer.core.reasons import RejectReason
from consumer.core.settle.ledger import RecordOutcome
from consumer.sandbox.state.event_store import Accepted, Summary
from consumer.wiring import decoder_of, pipeline_of

NOW_S = 1_800_000_000.0


def made() -> Samples:
    return Maker(Settings.shipped_schema(), NOW_S).samples()


def all_of(samples: Samples) -> list[DemoSample]:
    return [*samples.first, *samples.later]


def settings(folder: Path) -> Settings:
    return load(demo_configuration.write(folder, "127.0.0.1:1", "http://127.0.0.1:2", 3), {})


def test_the_readme_says_how_many_records_the_demo_writes_and_how_many_events_become_of_them() -> None:
    written = all_of(made())
    events = sum(len(sample.reaches) for sample in written)

    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"{len(written)} made-up records, {events} events of them" in readme


def test_samples_are_the_same_each_time_and_about_five_hundred() -> None:
    assert made() == made()
    assert 500 <= len(all_of(made())) <= 700


def test_there_are_samples_of_every_outcome_but_parked() -> None:
    assert {sample.outcome for sample in all_of(made())} == set(RecordOutcome) - {RecordOutcome.PARKED}


def test_each_sample_is_decided_as_it_says(tmp_path: Path) -> None:
    assert_decided(all_of(made()), settings(tmp_path), NOW_S)


def test_each_later_visitor_is_decided_as_it_says_however_long_the_demo_is_kept(tmp_path: Path) -> None:
    maker, later_s = Maker(Settings.shipped_schema(), NOW_S), NOW_S + 60 * 86_400
    visits = [sample for number in range(100) for sample in maker.visit(number, later_s)]

    assert_decided(visits, settings(tmp_path), later_s)
    assert {sample.outcome for sample in visits} == {
        RecordOutcome.SENT,
        RecordOutcome.DUPLICATE,
        RecordOutcome.REJECTED,
    }


def test_each_visitor_is_another_one() -> None:
    maker = Maker(Settings.shipped_schema(), NOW_S)
    keys = [maker.visit(number, NOW_S)[0].key for number in range(100)]

    assert len(set(keys)) == 100


def assert_decided(samples: Sequence[DemoSample], ours: Settings, now_s: float) -> None:
    pipeline = pipeline_of(ours, decoder_of(ours))
    for offset, sample in enumerate(samples):
        at = Position(demo_configuration.TOPIC, 0, offset)
        record = Record(at, int(now_s * 1000), sample.key, sample.value, sample.headers, at)

        decision = pipeline.decide(record, now_s)

        assert isinstance(decision, Decision)
        is_late = sample.reason is RejectReason.DELIVER_REFUSED
        reasons = [] if sample.reason is None or is_late else [sample.reason]
        assert [rejection.reason for rejection in decision.rejections] == reasons, sample.kind
        assert (decision.dropped is not None) == (sample.outcome is RecordOutcome.DROPPED), sample.kind
        live = [(event.pixel_code, event.event) for event in decision.events if not event.is_shadow]
        if sample.outcome is RecordOutcome.SENT:
            assert sorted(live) == sorted(sample.reaches)
        assert sum(event.is_shadow for event in decision.events) == sample.shadows
        assert sum(note.is_dropped for event in decision.events for note in event.notes) == sample.bad_fields


# ── accounts ────────────────────────────────────────────────────────────────────────────────────


def seen_of(samples: Samples, **changes: Any) -> DemoResult:
    """What a service without fault would show."""
    everything = all_of(samples)
    accepted = [
        Accepted(seq, NOW_S, "r", pixel, event, None, None, True, Raw(b"{}"))
        for seq, (pixel, event) in enumerate(reached for sample in everything for reached in sample.reaches)
    ]
    halves = [sample for sample in everything if sample.outcome is RecordOutcome.MERGED]
    for place in range(len(halves)):
        was = accepted[place]
        body = Raw(b'{"user": {"email": "e", "phone": "p"}}')
        accepted[place] = Accepted(was.seq, NOW_S, "r", was.pixel, was.event, f"halves-{place}", None, True, body)
    letters = [
        DemoDeadLetter(sample.key, sample.value, (*sample.headers, ("tiktok.reason", str(sample.reason).encode())))
        for sample in everything
        if sample.reason is not None
    ]
    ends = {("web-events", 0): len(everything)}
    fields = {
        "numbers": numbers(everything),
        "summary": Summary(2, {"0": 1, "40002": 1}, len(accepted), {}, {}, 0, 0, 0),
        "accepted": accepted,
        "letters": letters,
        "ends": ends,
        "committed": ends,
        "elapsed_s": 1.5,
    }
    return DemoResult(**{**fields, **changes})


def numbers(samples: list[DemoSample]) -> Numbers:
    outcomes = Counter(sample.outcome for sample in samples)
    forwarded = sum(sample.kind.endswith("forwarded") for sample in samples)
    shadows = sum(sample.shadows for sample in samples)
    return {
        ("records_read_total", (("topic", "web-events"),)): len(samples),
        ("records_in_flight", ()): 0,
        ("dropped_fields_total", ()): sum(sample.bad_fields for sample in samples),
        ("events_total", (("outcome", str(EventOutcome.FORWARDED)), ("pixel", "shop"))): forwarded,
        ("events_total", (("outcome", str(EventOutcome.SHADOW)), ("pixel", "blog"))): shadows,
        **{("records_settled_total", (("outcome", o.label),)): float(n) for o, n in outcomes.items()},
    }


def accounts_of(samples: Samples, **changes: Any) -> Accounts:
    return account(all_of(samples), seen_of(samples, **changes))


def test_accounts_of_a_faultless_run_are_even() -> None:
    accounts = accounts_of(made())

    assert accounts.is_even
    assert accounts.ledger[-1].seen == len(all_of(made()))


def faults() -> dict[str, dict[str, Any]]:
    samples = made()
    good = seen_of(samples)
    letter = good.letters[0]
    settled = ("records_settled_total", (("outcome", "sent"),))
    return {
        "an event lost": {"accepted": good.accepted[1:]},
        "an event twice": {"accepted": [*good.accepted, good.accepted[-1]]},
        "a letter lost": {"letters": good.letters[1:]},
        "a letter changed": {"letters": [DemoDeadLetter(letter.key, b"x", letter.headers), *good.letters[1:]]},
        "a header lost": {"letters": [DemoDeadLetter(letter.key, letter.value, letter.headers[1:]), *good.letters[1:]]},
        "a record not settled": {"numbers": {**good.numbers, settled: good.numbers[settled] - 1}},
        "a record in flight": {"numbers": {**good.numbers, ("records_in_flight", ()): 1}},
        "an offset not committed": {"committed": {("web-events", 0): 1}},
        "nothing to be seen": {"numbers": {}},
    }


@pytest.mark.parametrize("fault", faults().values(), ids=faults().keys())
def test_accounts_notice(fault: dict[str, Any]) -> None:
    assert not accounts_of(made(), **fault).is_even


@pytest.mark.parametrize("is_right", [True, False])
def test_the_summary_fits_80_columns_and_says_which_line_is_wrong(is_right: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, highlight=False)
    changes: dict[str, Any] = {} if is_right else faults()["a letter lost"]
    samples = made()

    show_samples(console, all_of(samples))
    show_accounts(console, accounts_of(samples, **changes), seen_of(samples, **changes))
    show_next(console)
    text = out.getvalue()

    assert max(map(len, text.splitlines())) <= 80
    assert ("NOT everything is accounted for" in text) is not is_right
    assert ("✗" in text) is not is_right


@pytest.mark.parametrize("width", [60, 40, 30])
def test_no_figure_is_cut_however_narrow_the_terminal(width: int) -> None:
    out, samples = io.StringIO(), made()
    console = Console(file=out, width=width, highlight=False)

    show_samples(console, all_of(samples))
    show_accounts(console, accounts_of(samples), seen_of(samples))

    text = out.getvalue()
    assert [word for word in text.split() if "…" in word and word != "…"] == []
    for line in accounts_of(samples).ledger:
        assert f"{line.seen:.0f} ✓" in text


def test_addresses_are_whole_so_that_they_can_be_copied() -> None:
    out = io.StringIO()
    config = Path("/a/rather/long/folder/that/would/not/fit/in/one/line/of/a/terminal/consumer.yaml")

    show_addresses(Console(file=out, width=80), "http://127.0.0.1:1", "http://127.0.0.1:2", "127.0.0.1:3", config)

    assert f"-c {config} --topic web-events" in out.getvalue()
