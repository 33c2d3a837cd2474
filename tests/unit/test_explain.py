"""`explain` from a file: what it decides, its JSON, and what it tells people."""

import io
import json
import re
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from consumer.commands.explain import ExplainOptions, explain_records
from consumer.commands.explain.explain_words import DROPS, REASONS, of_note, of_reason
from consumer.commands.explain.rule_story import worded
from consumer.config.loading import parse
from consumer.core.dedupe.submissions import DedupeResult
from consumer.core.reasons import PROBLEMS, DropReason, Problem, RejectReason
from consumer.terminal import printable

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "explain"
SCHEMAS = TESTS.parent / "schemas"
TOKEN = "made-up-token"
HEAD = f"""
kafka: {{bootstrap_servers: "localhost:9092", topics: [web-events], group_id: g}}
pixels: {{shop: {{pixel_code: PIXEL, access_token: {TOKEN}}}, blog: {{pixel_code: BLOG, access_token: {TOKEN}}}}}
limits: {{max_event_age: 0s}}
"""
ALL = HEAD + "rules: [{name: all, pixel: shop}]"


def explained(
    record: object, config: str = ALL, *, is_json: bool = True, folder: Path = GOLDEN, shows_values: bool = False
) -> tuple[int, str]:
    """Exit code and output of `explain --file -`."""
    out = io.StringIO()
    settings = parse(config, {}, folder / "consumer.yaml")
    content = record if isinstance(record, bytes) else json.dumps(record).encode()
    code = explain_records(
        settings, ExplainOptions(file="-", is_json=is_json, shows_values=shows_values), out, io.BytesIO(content)
    )
    return code, out.getvalue()


def as_json(record: object, config: str = ALL) -> list[dict[str, Any]]:
    code, text = explained(record, config)
    assert code == 0
    return [json.loads(line) for line in text.splitlines()]


def for_people(record: object, config: str, monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    code, text = explained(record, config, is_json=False)
    assert code == 0
    return text


def event(**fields: object) -> dict[str, Any]:
    return {"event": "Purchase", "event_time": "2026-11-01T12:00:00Z", "event_id": "1", **fields}


VECTORS = json.loads((TESTS / "vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['field']} {vector['input']}")
def test_gives_every_digest_that_tiktok_publishes(vector: dict[str, str]) -> None:
    (found,) = as_json(event(user={vector["field"]: vector["input"]}))

    assert found["events"][0]["event"]["user"] == {vector["field"]: vector["sha256"]}


IDENTIFIED = {
    "email": [" Jane@Example.com ", "joe@example.com"],
    "phone": "+1 (213) 373-0101",
    "external_id": " A b\u200b",
    "first_name": "Jane-Ann",
    "zip_code": "94107-1234",
    "last_name": sha256(b"doe").hexdigest().upper(),
    "country": "us",
}
HASHED_TEXTS = [
    ("user.email", "jane@example.com"),
    ("user.email", "joe@example.com"),
    ("user.phone", "+12133730101"),
    ("user.external_id", "A b"),
    ("user.first_name", "janeann"),
    ("user.last_name", None),
    ("user.zip_code", "94107"),
]


def test_shows_what_each_digest_was_made_of_if_asked_to() -> None:
    code, text = explained(event(user=IDENTIFIED), shows_values=True)
    found = json.loads(text)["events"][0]

    shown = sorted((each["field"], each["text"] or "", each["digest"]) for each in found["hashed"])
    assert code == 0
    assert [(field, text) for field, text, _ in shown] == sorted((field, text or "") for field, text in HASHED_TEXTS)
    for field, made_of, digest in shown:
        sent = found["event"]["user"][field.removeprefix("user.")]
        assert digest in sent
        assert digest == sha256((made_of or "doe").encode()).hexdigest()


@pytest.mark.parametrize("columns", [60, 80, 130])
def test_people_see_the_text_and_the_whole_digest_side_by_side(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, text = explained(event(user={"external_id": "A b\u202e"}), is_json=False, shows_values=True)

    assert f'"Ab"→{sha256(b"A b").hexdigest()}' in "".join(text.split())


def test_shows_none_of_these_texts_unless_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (found,) = as_json(event(user=IDENTIFIED))
    text = for_people(event(user={"first_name": "Jane-Ann"}), ALL, monkeypatch)

    assert "hashed" not in found["events"][0]
    assert "janeann" not in text
    assert sha256(b"janeann").hexdigest() in text  # as it is sent


def test_gives_the_full_event_for_a_record_with_all_the_adobe_inputs() -> None:
    record = (GOLDEN / "adobe.record.json").read_bytes()

    (found,) = as_json(record, (GOLDEN / "adobe.yaml").read_text())

    assert found == json.loads((GOLDEN / "adobe.explained.json").read_text())


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.record.json")), ids=lambda path: path.name)
def test_gives_the_event_beside_each_record_of_the_shipped_schema(path: Path) -> None:
    (found,) = as_json(path.read_bytes())
    wanted = json.loads(path.with_name(path.name.replace(".record.", ".tiktok.")).read_text())
    sent = found["events"][0]["event"]
    if "event_id" not in wanted and "event_id" in sent:  # made of the moment it is explained in
        assert sent.pop("event_id").startswith("web-events.0.0.")

    assert sent == wanted


def test_says_one_line_a_record_what_becomes_of_it() -> None:
    found = as_json([event(), event(event_time=None), {"$key": "k", "value": None}])

    assert [(one["decision"], one["dropped"], len(one["events"])) for one in found] == [
        ("send", None, 1),
        ("reject", None, 0),
        ("drop", "tombstone", 0),
    ]
    assert found[1]["rejected"] == [{"rule": "all", "reason": "normalize.event_time", "detail": "event_time: missing"}]


def test_a_record_that_no_rule_holds_for_is_dropped_as_that() -> None:
    config = HEAD + "rules: [{name: none, pixel: shop, when: [{field: event, equals: Lead}]}]"

    (found,) = as_json(event(), config)

    assert (found["decision"], found["dropped"]) == ("drop", "no_rule")


def test_an_event_of_one_rule_and_a_rejection_of_another_stand_side_by_side() -> None:
    config = HEAD + "rules: [{name: good, pixel: shop}, {name: bad, pixel: blog, map: {event_time: event_id}}]"

    (found,) = as_json(event(event_id="abc"), config)

    assert found["decision"] == "send"
    assert [one["rule"] for one in found["events"]] == ["good"]
    assert [(one["rule"], one["reason"]) for one in found["rejected"]] == [("bad", "normalize.event_time")]


def test_notes_are_what_was_left_out_filled_in_and_remarked() -> None:
    (found,) = as_json(event(event="purchase", user={"email": "x"}, page={"url": "https://example.com/?ttclid=c"}))

    assert [(note["field"], note["problem"]) for note in found["events"][0]["notes"]] == [
        ("user.email", "not_an_email"),
        ("event", "near_standard_event"),
        ("user.ttclid", "filled_in"),
    ]


@pytest.mark.parametrize(
    ("record", "rest"),
    [(event(event_id=None), ""), (event(), "dedupe: {window: 0s}"), (event(), "event_id_from_position: never")],
)
def test_a_dedupe_key_is_given_only_where_the_window_has_one(record: dict[str, Any], rest: str) -> None:
    (found,) = as_json(record, f"{ALL}\n{rest}")

    has_one = "never" in rest
    assert found["events"][0]["dedupe_key"] == (["PIXEL", "1", "Purchase"] if has_one else None)


def test_bytes_that_cannot_be_decoded_are_rejected_as_run_would() -> None:
    (found,) = as_json(b"\x02A")

    assert found["decision"] == "reject"
    assert found["rejected"][0]["rule"] is None
    assert found["rejected"][0]["reason"] == "decode.truncated"


def test_people_are_told_that_a_record_is_rejected_where_no_rule_made_an_event_of_it() -> None:
    _, of_bytes = explained(b"\x02A", is_json=False)
    _, of_time = explained(event(event_time="soon"), is_json=False)

    assert "reject the record: dead letter" in of_bytes
    assert "reject 1 event: dead letter" in of_time


def test_a_function_that_raises_rejects_and_the_rest_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    config = HEAD + (
        "rules: [{name: a, pixel: shop, when: [{field: {call: 'json:loads'}, exists: true}]},"
        " {name: b, pixel: blog, map: {event_id: {call: 'json:loads'}}}]"
    )

    (found,) = as_json(event(), config)
    text = for_people(event(), config, monkeypatch)

    assert [one["reason"] for one in found["rejected"]] == ["map.call", "map.call"]
    assert "rule a could not be decided" in text
    assert "json:loads raised TypeError" in text


def test_a_file_that_cannot_be_read_ends_with_64(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = parse(ALL, {})
    bad = tmp_path / "bad.json"
    bad.write_text('{"event": "secret-value"')

    codes = [
        explain_records(settings, ExplainOptions(file=str(path)), io.StringIO())
        for path in (bad, tmp_path / "none.json")
    ]

    assert codes == [64, 64]
    assert "secret-value" not in capsys.readouterr().err


# ── for people ──────────────────────────────────────────────────────────────────────────────────

MANY = (
    HEAD
    + """
rules:
  - {name: held, pixel: shop, map: {event_id: event_id, user: {email: {path: user.email, trim: true, lower: true},
      phone: [user.phone, user.ttp], locale: {path: user.locale, default: en, values: {x: y}}},
      properties: {currency: {const: EUR},
        contents: {each: properties.contents, price: price, content_id: content_id}}}}
  - {name: shadowed, mode: shadow, pixel: {path: pixel_code}}
  - name: unmet
    pixel: shop
    when:
      - {field: event, in: [Purchase, Lead]}
      - any:
          - {field: user.country, equals: us}
          - all: [{field: event, exists: true}, {field: page.url, matches: "^x"}]
  - {name: negated, pixel: shop, when: [not: {field: event, equals: Purchase}]}
"""
)
RECORD = event(
    user={"email": " Jane@Example.com", "phone": "12", "country": "de"},
    pixel_code="BLOG",
    properties={"contents": [{"price": -1}, {"price": "2.50", "content_id": "\x1b[31mred"}]},
)


@pytest.mark.parametrize("columns", [60, 80, 120, 160])
def test_people_see_each_rule_each_field_and_what_would_be_better(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = for_people(RECORD, MANY, monkeypatch, columns)

    assert max(map(len, text.splitlines())) <= columns
    flat = " ".join(text.split())
    for part in (
        "send 1 event; 1 event in shadow, counted and not sent",
        "rule held holds → pixel shop, pixel code PIXEL",
        "rule shadowed (shadow) holds → pixel blog",
        "user.email (trim, lower)",
        "user.phone, else user.ttp",
        "(hashed)",
        "user.phone: not a phone number that exists",
        "properties.contents[0].price: below 0",
        "page.url: no page URL",
        'rules[2].when[1].any[0]: the first of 2, none of which holds: user.country equals us; the record has "de"',
        "rules[2].when[1].any[1].all[1]: page.url matches ^x; the record has nothing there",
        "rules[3].when[0].not: holds, and should not: event equals Purchase",
        "match keys email; more would be phone, external_id, ttclid, ttp, ip_and_user_agent",
        "left out: not a phone number that exists",
        "PIXEL · 1 · Purchase",
        "2.5",
    ):
        assert part in flat, part


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("{path: page.referrer, lower: true, values: {a: b}}", '"xyz"'),
        ("[{path: user.ttp, values: {a: b}}, {path: [{path: page.referrer, values: {a: b}}], trim: true}]", '"Xyz"'),
        ("{path: user.ttp, values: {a: b}}", "nothing there"),
        ("page.url", "nothing there"),
    ],
)
def test_a_value_that_is_only_not_listed_is_shown_as_that(
    field: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = f"rules: [{{name: a, pixel: shop, when: [{{field: {field}, exists: true}}]}}]"
    text = " ".join(for_people(event(page={"referrer": "Xyz"}), HEAD + rules, monkeypatch, 200).split())

    is_listed = place == "nothing there"
    assert f"; the record has {place}{'' if is_listed else ', which `values` does not list'}" in text


@pytest.mark.parametrize("columns", [60, 80, 130])
def test_an_event_s_name_that_is_only_not_listed_is_shown_where_it_is_missing(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "rules: [{name: a, pixel: shop, map: {event: {path: event, values: {Order: Purchase}}}}]"
    text = " ".join(for_people(event(), HEAD + rules, monkeypatch, columns).split())

    assert "normalize.event: event: missing" in text
    assert "Purchase, which `values` does not list" in text


def test_where_an_expression_fails_is_told_with_what_to_do_about_a_null(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "rules: [{name: a, pixel: shop, map: {properties: {value: {cel: 'double(page)'}}}}]"
    text = " ".join(for_people(event(), HEAD + rules, monkeypatch, 200).split())

    assert "map.cel: properties.value: cel double(page): cannot be evaluated (null: page)" in text
    assert "a == null ? null : double(a)" in text


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_people_see_which_item_of_the_list_a_products_field_came_from(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = "{event: event, event_time: event_time, properties: {contents: {each: items, content_id: sku}}}"
    config = (
        f"{HEAD}avro: {{registry: {{url: 'http://127.0.0.1:1'}}}}\nrules: [{{name: a, pixel: shop, map: {mapped}}}]"
    )

    text = for_people(event(items=[{"sku": "A"}, {"sku": "B"}]), config, monkeypatch, columns)

    flat = " ".join(text.split())
    assert "contents[1].content_id" in flat
    assert "properties.contents[1]" not in flat  # they are long as it is
    assert "items[1].sku" in flat


def test_what_is_rejected_as_a_whole_leaves_no_field_out_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    text = for_people(event(event_time=None), ALL, monkeypatch)

    assert "normalize.event_time: event_time: missing" in text
    assert "left out" not in text


def test_nothing_in_a_record_can_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = for_people(RECORD, MANY, monkeypatch)

    assert "\x1b" not in text
    assert "\\u001b[31mred" in text
    assert printable("a\x9b\nb", is_multiline=True) == "a\\u009b\nb"


def test_no_access_token_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TOKEN not in for_people(RECORD, MANY, monkeypatch) + explained(RECORD, MANY)[1]


def test_every_problem_and_reason_has_words_and_a_remedy() -> None:
    assert set(PROBLEMS) == set(Problem)
    assert set(DROPS) == set(DropReason)
    for reason in RejectReason:
        assert of_reason(reason)
    assert set(REASONS) == set(RejectReason)
    assert "limits.max_record_bytes" in of_reason(RejectReason.DECODE_TOO_LARGE)
    assert "batch.max_bytes" in of_reason(RejectReason.VALIDATE_EVENT_TOO_LARGE)
    assert "null" in of_reason(RejectReason.MAP_CEL)
    assert of_note("event", Problem.OLD_EVENT_NAME, "SubmitForm")[1] == "it is now called Lead"
    assert of_note("event", Problem.NEAR_STANDARD_EVENT, "purchase")[1] == "write Purchase"
    assert of_note("user.ttclid", Problem.FILLED_IN, "Purchase")[1] == ""


def test_every_reason_has_a_row_of_the_page_on_troubleshooting() -> None:
    page = (TESTS.parent / "docs" / "troubleshooting.md").read_text()
    table = page.partition("| reason | means | remedy |\n|---|---|---|\n")[2].partition("\n\n")[0]
    patterns = [name for row in table.splitlines() for name in re.findall("`([^`]+)`", row.split("|")[1])]

    assert [reason for reason in RejectReason if not any(fnmatch(reason, each) for each in patterns)] == []
    assert [each for each in patterns if not any(fnmatch(reason, each) for reason in RejectReason)] == []
    assert [each for each in patterns if each.endswith(".*")] == ["decode.*", "bug.*"]
    assert str(RejectReason.DECODE_TOO_LARGE) in patterns


def test_a_condition_is_worded_in_one_line() -> None:
    when = "[{any: [{field: x, is_true: true}, {not: {field: y, at_least: 2}}]}]"
    rule = parse(HEAD + f"rules: [{{name: a, pixel: shop, when: {when}}}]", {}).rules[0]

    assert worded(rule.when) == "(x is_true true or not (y at_least 2))"


def test_each_outcome_of_the_window_has_words() -> None:
    from consumer.commands.explain.explain_text import _WINDOW

    assert set(_WINDOW) == set(DedupeResult)
