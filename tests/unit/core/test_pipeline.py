"""The way of one record: what becomes of it, rule by rule, and that nothing in it can raise."""

import json
from typing import Any, Final, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.decode.decoder import Decoder
from consumer.core.dedupe.merge import presence
from consumer.core.model import Decision, Headers, Position, Record, SchemaId, SchemaWanted
from consumer.core.pipeline import Pipeline, PipelineSettings
from consumer.core.reasons import DropReason, RejectReason
from consumer.core.rules.source import (
    AllOf,
    AnyOf,
    CallSource,
    Comparison,
    ConstSource,
    ContentsSource,
    FirstOf,
    Not,
    PathSource,
    Rule,
    TransformedSource,
)
from consumer.core.validate import EventLimits
from tests.support.service import NOW_S, SCHEMA, encoded

AT: Final = Position("web-events", 2, 42)
CODES: Final = {"shop": "CODE1", "app": "CODE2"}
SECRET: Final = "jane@example.com"
ALL: Final = Rule("all", "shop")


def record(value: bytes | None, rule: str | None = None, headers: Headers = ()) -> Record:
    return Record(AT, int(NOW_S * 1000), b"key", value, headers, AT, rule)


def pipeline(*rules: Rule, framing: Any = "plain", reject_bad_fields: bool = False) -> Pipeline:
    decoder = Decoder(framing, max_record_bytes=1 << 20, local_schemas=[SCHEMA] if framing == "plain" else [])
    return Pipeline(decoder, rules, PipelineSettings(CODES, "auto", reject_bad_fields, EventLimits(0.0, 1 << 20)))


def decide(value: bytes | None, *rules: Rule, rule: str | None = None) -> Decision:
    decision = pipeline(*rules).decide(record(value, rule), NOW_S)
    assert isinstance(decision, Decision)
    return decision


def is_event(name: str) -> Comparison:
    return Comparison(PathSource(("event",)), "equals", name)


def raises(_: object) -> NoReturn:
    raise ZeroDivisionError(f"could not make sense of {SECRET}")


class Unfit:
    """Stands for a table that has what was not foreseen."""

    def get(self, _: object) -> NoReturn:
        raise KeyError(SECRET)


def test_a_tombstone_is_dropped() -> None:
    assert decide(None, ALL) == Decision(dropped=DropReason.TOMBSTONE)


def test_a_record_that_no_rule_holds_for_is_dropped() -> None:
    views = Rule("views", "shop", is_event("ViewContent"))

    assert decide(encoded(), views) == Decision(dropped=DropReason.NO_RULE, missed=(("views", "when[0]"),))


def test_a_record_without_any_rule_is_dropped() -> None:
    assert decide(encoded()) == Decision(dropped=DropReason.NO_RULE)


def test_every_rule_that_holds_makes_its_event() -> None:
    rules = (Rule("one", "shop"), Rule("not", "shop", is_event("Other")), Rule("two", "app", is_shadow=True))

    decision = decide(encoded(event_id="a"), *rules)

    assert [(e.rule, e.pixel, e.pixel_code, e.is_shadow) for e in decision.events] == [
        ("one", "shop", "CODE1", False),
        ("two", "app", "CODE2", True),
    ]
    assert json.loads(decision.events[0].body)["event_id"] == "a"
    assert (decision.rejections, decision.dropped) == ((), None)


def test_a_rule_that_rejects_leaves_the_events_of_the_others() -> None:
    bad = Rule("bad", "app", parameters={"event_time": ConstSource("2026-01-31T12:00:00")})

    decision = decide(encoded(), Rule("one", "shop"), bad, Rule("two", "shop"))

    assert [event.rule for event in decision.events] == ["one", "two"]
    (rejection,) = decision.rejections
    assert rejection.reason is RejectReason.NORMALIZE_EVENT_TIME_NO_ZONE
    assert (rejection.rule, rejection.pixel) == ("bad", "app")


def rewound(value: bytes, *, reject_bad_fields: bool = False) -> tuple[Decision, Decision]:
    """What is decided of a record that is to be sent, and of one that only fills the window."""
    decider = pipeline(ALL, reject_bad_fields=reject_bad_fields)
    now, again = (decider.decide(record(value), NOW_S, is_rewound=rewound) for rewound in (False, True))
    assert isinstance(now, Decision)
    assert isinstance(again, Decision)
    return now, again


def test_what_only_fills_the_window_has_the_key_and_the_fields_of_its_event_but_nobodys_data() -> None:
    customer = {"email": SECRET, "phone": ""}
    page = {"url": "https://shop.example.com/?ttclid=abc"}
    product = {"contents": [{"price": 1.0, "quantity": 2}]}
    now, again = rewound(encoded(event_id="a", user=customer, page=page, properties=product, limited_data_use=True))

    (sent,), (known,) = now.events, again.events
    assert (known.pixel_code, known.event, known.event_id, known.rule) == ("CODE1", "Purchase", "a", "all")
    assert known.fields == sent.fields
    assert presence(known) == presence(sent)
    assert json.loads(known.body).keys() == {"event", "event_time", "event_id", "limited_data_use"}


@pytest.mark.parametrize("fields", [{"event": " "}, {"event_time": None}])
def test_what_would_have_been_rejected_claims_nothing_when_it_is_read_again(fields: dict[str, Any]) -> None:
    now, again = rewound(encoded(event_id="a", **fields))

    assert now == again
    assert not again.events


def test_where_a_bad_field_rejects_its_event_nothing_is_spared_to_see_it() -> None:
    now, again = rewound(encoded(event_id="a", user={"email": "nobody"}), reject_bad_fields=True)

    assert now == again
    assert not again.events


def test_a_long_record_is_decided_whole_since_its_event_may_have_been_too_large() -> None:
    value = encoded(event_id="a", properties={"description": "x" * 5000})
    now, again = rewound(value)

    assert now == again
    assert again.events


def test_a_record_that_cannot_be_decoded_is_rejected_whole() -> None:
    decision = decide(b"\x07bad", Rule("one", "shop"), Rule("two", "app"))

    (rejection,) = decision.rejections
    assert rejection.reason.startswith("decode.")
    assert (rejection.rule, rejection.pixel, decision.events) == (None, None, ())


def test_a_record_of_one_of_our_own_topics_makes_an_event_of_its_rule_alone() -> None:
    decision = decide(encoded(), Rule("one", "shop"), Rule("two", "app"), rule="two")

    assert [event.rule for event in decision.events] == ["two"]


def test_a_record_whose_rule_holds_no_more_is_dropped() -> None:
    rules = (Rule("one", "shop"), Rule("two", "app", is_event("Other")))

    missed = (("two", "when[0]"),)
    assert decide(encoded(), *rules, rule="two") == Decision(dropped=DropReason.NO_RULE, missed=missed)


@pytest.mark.parametrize("value", [encoded(), b"\x07bad"])
def test_a_rule_that_is_not_configured_is_named_nowhere_since_a_header_may_say_anything(value: bytes) -> None:
    decision = decide(value, ALL, rule=SECRET)

    (rejection,) = decision.rejections
    assert rejection.rule is None
    assert SECRET not in rejection.detail


def test_a_record_whose_rule_is_not_configured_is_rejected() -> None:
    (rejection,) = decide(encoded(), ALL, rule="old").rejections

    assert rejection.reason is RejectReason.ROUTE_UNKNOWN_RULE


def test_an_own_record_that_cannot_be_decoded_keeps_its_rule() -> None:
    (rejection,) = decide(b"\x07bad", ALL, rule="all").rejections

    assert rejection.rule == "all"


@pytest.mark.parametrize(("code", "pixel"), [("CODE1", "shop"), ("CODE2", "app")])
def test_the_record_may_name_the_pixel_by_its_code(code: str, pixel: str) -> None:
    rule = Rule("all", PathSource(("event_id",)))

    assert [event.pixel for event in decide(encoded(event_id=code), rule).events] == [pixel]


@pytest.mark.parametrize("code", ["shop", "CODE3", "", None])
def test_a_pixel_code_that_is_not_configured_rejects(code: str | None) -> None:
    rule = Rule("by code", PathSource(("event_id",)))

    (rejection,) = decide(encoded(event_id=code), rule).rejections

    assert rejection.reason is RejectReason.ROUTE_UNKNOWN_PIXEL
    assert (rejection.rule, rejection.pixel) == ("by code", None)
    assert not code or code not in rejection.detail


def test_a_record_waits_for_a_schema_that_is_not_known_yet() -> None:
    made = pipeline(ALL, framing="confluent")
    framed = record(b"\0\0\0\0\7" + encoded())

    assert made.decide(framed, NOW_S) == SchemaWanted(SchemaId(7))
    assert made.trace(framed) is None


def test_a_function_that_raises_in_a_condition_rejects_its_rule_alone() -> None:
    when = Comparison(CallSource("my.rules:is_paying", raises), "is_true", True)

    decision = decide(encoded(), Rule("one", "shop", when), Rule("two", "app"))

    assert [event.rule for event in decision.events] == ["two"]
    (rejection,) = decision.rejections
    assert (rejection.reason, rejection.rule) == (RejectReason.MAP_CALL, "one")
    assert "my.rules:is_paying" in rejection.detail
    assert SECRET not in rejection.detail


def test_a_bad_field_is_left_out_or_rejects_as_configured() -> None:
    value = encoded(user={"phone": "not a number"})

    left_out = pipeline(ALL).decide(record(value), NOW_S)
    rejected = pipeline(ALL, reject_bad_fields=True).decide(record(value), NOW_S)

    assert isinstance(left_out, Decision)
    assert isinstance(rejected, Decision)
    assert [note.field for note in left_out.events[0].notes if note.is_dropped] == ["user.phone"]
    assert [rejection.reason for rejection in rejected.rejections] == [RejectReason.NORMALIZE_BAD_FIELD]


# ── bugs (promise 11) ───────────────────────────────────────────────────────────────────────────


class Hostile:
    """What a user's function may return: an object that fails whoever looks at it."""

    def __eq__(self, _: object) -> bool:
        raise LookupError(SECRET)

    def __hash__(self) -> int:
        raise LookupError(SECRET)

    def __bool__(self) -> bool:
        raise LookupError(SECRET)

    def __str__(self) -> str:
        raise LookupError(SECRET)


class HostileText(str):
    __slots__ = ()

    def __hash__(self) -> int:
        raise LookupError(SECRET)


HOSTILE: Final = CallSource("my.rules:hostile", lambda _: Hostile())
HOSTILE_TEXT: Final = CallSource("my.rules:hostile", lambda _: HostileText("CODE1"))


@pytest.mark.parametrize(
    ("rule", "reason", "module"),
    [
        (Rule("all", HOSTILE_TEXT), RejectReason.BUG_ROUTE, "conditions.py"),
        (
            Rule("all", "shop", parameters={"user.phone": TransformedSource(HOSTILE, region="US")}),
            RejectReason.BUG_MAP,
            "map.py",
        ),
        (Rule("all", "shop", contents=ContentsSource(HOSTILE, {})), RejectReason.BUG_NORMALIZE, "event.py"),
    ],
)
def test_a_bug_in_a_stage_costs_its_record_and_says_where_and_never_what(
    rule: Rule, reason: RejectReason, module: str
) -> None:
    decision = decide(encoded(), Rule("good", "shop"), rule)

    is_said_without_values(decision, reason, "LookupError", module)


def test_a_bug_in_decoding_is_told_apart() -> None:
    made = pipeline(ALL)
    made._decoder._decoders = Unfit()  # type: ignore[assignment]  # whatever is asked of it, it fails

    is_said_without_values(made.decide(record(encoded()), NOW_S), RejectReason.BUG_DECODE, "KeyError", "decoder.py")


def test_a_bug_in_validating_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.core.validate._encode", raises)

    decision = decide(encoded(), ALL)

    is_said_without_values(decision, RejectReason.BUG_VALIDATE, "ZeroDivisionError", "validate.py")


def test_a_bug_between_the_stages_has_a_reason_as_well() -> None:
    is_said_without_values(
        decide(encoded(), Rule("all", "not configured")), RejectReason.BUG_PIPELINE, "KeyError", "pipeline.py"
    )


def test_a_bug_met_by_a_record_of_our_own_keeps_its_rule() -> None:
    (rejection,) = decide(encoded(), Rule("two", HOSTILE_TEXT), rule="two").rejections

    assert (rejection.reason, rejection.rule) == (RejectReason.BUG_ROUTE, "two")


def is_said_without_values(decision: Decision | SchemaWanted, reason: RejectReason, error: str, module: str) -> None:
    assert isinstance(decision, Decision)
    (rejection,) = decision.rejections
    assert decision.events == ()
    assert rejection.reason is reason
    assert rejection.detail.startswith(f"{error} at ")
    assert f"{module}:" in rejection.detail
    assert SECRET not in rejection.detail
    assert "/" not in rejection.detail, "the path of an installation is nobody's business"


# ── the trace, for people ───────────────────────────────────────────────────────────────────────


def test_the_trace_says_how_far_each_rule_came() -> None:
    rules = (
        Rule("all the way", "shop"),
        Rule("does not hold", "shop", is_event("Other")),
        Rule("no pixel", ConstSource("CODE3")),
        Rule("no event", "app", parameters={"event_time": ConstSource("noon")}),
    )

    traced = pipeline(*rules).trace(record(encoded(event_id="a")))

    assert traced is not None
    decoded, traces = traced
    assert decoded.fields["event_id"] == "a"
    assert [(t.rule.name, t.holds, t.pixel, t.mapped is not None, t.normalized is not None) for t in traces] == [
        ("all the way", True, "shop", True, True),
        ("does not hold", False, None, False, False),
        ("no pixel", True, None, False, False),
        ("no event", True, "app", True, False),
    ]


def test_the_trace_of_a_record_of_our_own_is_of_its_rule() -> None:
    made = pipeline(Rule("one", "shop"), Rule("two", "app"))

    traced = made.trace(record(encoded(), "two"))

    assert traced is not None
    assert [trace.rule.name for trace in traced[1]] == ["two"]


def test_a_record_of_a_rule_that_is_not_configured_is_decoded_all_the_same() -> None:
    traced = pipeline(Rule("one", "shop")).trace(record(encoded(event_id="a"), "renamed"))

    assert traced is not None
    assert (traced[0].fields["event_id"], traced[1]) == ("a", [])


FAILING: Final = CallSource("shop:fails", raises)
FAILS: Final = Comparison(FAILING, "exists", True)
NOTHING: Final = PathSource(("nothing",))
NATIONAL: Final = ConstSource("030 901820")
NEVER: Final = Comparison(PathSource(("event",)), "equals", "Nothing")


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (Rule("one", "shop", FAILS), "when[0]"),
        (Rule("one", "shop", AllOf((is_event("Purchase"), Not(AnyOf((NEVER, FAILS)))))), "when[1]"),
        (Rule("one", TransformedSource(FAILING, lower=True)), "pixel"),
        (Rule("one", "shop", parameters={"properties.value": FirstOf((NOTHING, FAILING))}), "properties.value"),
        (Rule("one", "shop", parameters={"user.phone": TransformedSource(NATIONAL, region=FAILING)}), "user.phone"),
        (Rule("one", "shop", contents=ContentsSource(FAILING, {})), "properties.contents.each"),
        (Rule("one", "shop", contents=ContentsSource(None, {"price": FAILING})), "properties.contents.price"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_a_function_fails_in_a_rule_is_told_once(rule: Rule, place: str) -> None:
    (rejection,) = decide(encoded(event="Purchase"), rule).rejections

    assert (rejection.reason, rejection.detail) == (
        RejectReason.MAP_CALL,
        f"{place}: shop:fails raised ZeroDivisionError",
    )


@pytest.mark.parametrize("value", [None, b"\x07bad"])
def test_there_is_no_trace_of_what_cannot_be_decoded(value: bytes | None) -> None:
    assert pipeline(ALL).trace(record(value)) is None


# ── laws ────────────────────────────────────────────────────────────────────────────────────────

RULES: Final = (
    Rule("all", "shop"),
    Rule("by code", PathSource(("event_id",))),
    Rule(
        "some",
        "app",
        AllOf(
            (
                Not(Comparison(PathSource(("user", "email")), "ends_with", "@example.com")),
                AnyOf((is_event("Purchase"), Comparison(PathSource(("properties", "value")), "at_least", 10))),
            )
        ),
        parameters={
            "event": TransformedSource(
                PathSource(("event",)), values={"Purchase": "CompletePayment"}, default="Contact"
            ),
            "user.phone": TransformedSource(PathSource(("user", "external_id")), region="US"),
        },
        contents=ContentsSource(
            PathSource(("properties", "contents")),
            {"price": PathSource(("price",)), "quantity": PathSource(("quantity",))},
        ),
    ),
)
VALID: Final = encoded(
    event_id="a",
    user={"email": SECRET, "phone": "+12133734253", "external_id": "7", "ip": "203.0.113.7", "country": "US"},
    page={"url": "https://shop.example.com/?ttclid=E.C.P.x"},
    properties={"currency": "USD", "contents": [{"price": 1.5, "quantity": 2, "content_id": "sku"}]},
)
PIPELINE: Final = pipeline(*RULES)


@given(st.binary(max_size=200))
def test_no_bytes_can_raise_or_meet_a_bug(value: bytes) -> None:
    is_a_decision(PIPELINE.decide(record(value), NOW_S))


@settings(max_examples=200)
@given(st.integers(0, len(VALID)), st.integers(0, 8), st.binary(max_size=8))
def test_no_damaged_record_can_raise_or_meet_a_bug(at: int, length: int, put: bytes) -> None:
    is_a_decision(PIPELINE.decide(record(VALID[:at] + put + VALID[at + length :]), NOW_S))


@given(
    st.dictionaries(st.sampled_from(["email", "phone", "external_id", "ip", "city", "zip_code"]), st.text()), st.text()
)
def test_no_text_in_a_record_can_raise_or_meet_a_bug(user: dict[str, str], name: str) -> None:
    is_a_decision(PIPELINE.decide(record(encoded(event=name, event_id=name, user=user)), NOW_S))


def is_a_decision(decision: Decision | SchemaWanted) -> None:
    assert isinstance(decision, Decision)
    assert (decision.dropped is None) == bool(decision.events or decision.rejections)
    assert [r.detail for r in decision.rejections if r.reason.startswith("bug.")] == []


def test_the_same_record_is_decided_the_same_each_time() -> None:
    first, second = (pipeline(*RULES).decide(record(VALID), NOW_S) for _ in range(2))

    assert first == second


def test_many_records_are_decided_as_each_of_them_alone() -> None:
    """Every end of a way side by side: an event, a dead letter, a rule that does not hold, a tombstone, a bug."""
    rules = (*RULES, Rule("fails for some", HOSTILE_TEXT, is_event("Search")))
    late = {"event": "Search", "event_time": None}
    made = pipeline(*rules)
    many = [record(VALID), record(b"\x07bad"), record(None), record(encoded(event="Search")), record(encoded(**late))]
    many += [record(VALID, "some"), record(VALID, "not configured"), record(VALID)]

    together = made.decide_all(many, NOW_S, [False] * 7 + [True])

    assert together == [made.decide(each, NOW_S) for each in many[:-1]] + [
        made.decide(many[-1], NOW_S, is_rewound=True)
    ]
    assert {type(each) for each in together} == {Decision}
    assert [each.rejections[0].reason for each in together[3:5] if isinstance(each, Decision)] == [
        RejectReason.BUG_ROUTE,
        RejectReason.BUG_ROUTE,
    ]


def test_a_record_that_waits_for_a_schema_keeps_its_place_among_many() -> None:
    made = pipeline(ALL, framing="confluent")
    framed = record(b"\x00\x00\x00\x00\x07" + VALID)

    assert made.decide_all([record(None), framed, record(None)], NOW_S, [False] * 3) == [
        Decision(dropped=DropReason.TOMBSTONE),
        SchemaWanted(SchemaId(7)),
        Decision(dropped=DropReason.TOMBSTONE),
    ]
