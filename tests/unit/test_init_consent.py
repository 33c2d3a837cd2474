"""`init` and who has consented: nobody's event is sent by mistake, and what is not understood is said aloud."""

import io
import json
from pathlib import Path
from typing import Any, Final

import pytest

from consumer.commands.cases import run_cases
from consumer.commands.check import Level, check
from consumer.commands.init import InitOptions, write_first_config
from consumer.commands.init.draft import Draft, drafted
from consumer.commands.init.draft_text import Connection, written
from consumer.config import load
from consumer.core.decode.schema import parse
from tests.support.schemas import AT, ID, field, record

FLAG: Final = "boolean"
FLAGS: Final = {"type": "map", "values": "boolean"}
PIXEL: Final = {"TIKTOK_PIXEL_CODE": "PIXEL", "TIKTOK_ACCESS_TOKEN": "made-up-token"}


def order(*fields: dict[str, Any]) -> dict[str, Any]:
    return record("OrderPlaced", ID, AT, field("email", "string"), *fields)


def draft_of(*fields: dict[str, Any]) -> Draft:
    [draft] = drafted([parse(order(*fields))])
    return draft


def conditions_of(*fields: dict[str, Any]) -> list[object]:
    return [condition for condition, _ in draft_of(*fields).conditions]


def text_of(*fields: dict[str, Any]) -> str:
    text = written([draft_of(*fields)], Connection("t", "h:1", "g", schema="s.avsc"))
    return " ".join(line.strip().removeprefix("#").strip() for line in text.splitlines())


@pytest.mark.parametrize(
    "name",
    [
        *("marketing_opt_in", "marketingOptIn", "optIn", "opted_in", "gdpr_consent", "accepts_marketing", "adsConsent"),
        *("trackingAllowed", "ad_user_data", "ad_personalization", "ad_storage", "has_consented"),
    ],
)
def test_only_who_said_yes_is_sent(name: str) -> None:
    assert conditions_of(field(name, FLAG)) == [{"field": name, "is_true": True}]


@pytest.mark.parametrize(
    "name",
    ["opt_out", "optedOut", "isOptedOut", "marketing_opt_out", "doNotTrack", "dnt", "unsubscribed", "consentWithdrawn"],
)
def test_nobody_who_said_no_is_sent_nor_who_was_not_asked(name: str) -> None:
    assert conditions_of(field(name, FLAG)) == [{"field": name, "is_true": False}]
    assert f"not: {{field: {name}, is_true: true}}" in text_of(field(name, FLAG))
    assert "Where it is null or absent, nobody was asked, so nothing is sent" in text_of(field(name, FLAG))


def test_one_yes_and_every_no_count() -> None:
    fields = [field(name, FLAG) for name in ("marketing_consent", "opt_out", "do_not_track")]

    assert conditions_of(*fields) == [
        {"field": "marketing_consent", "is_true": True},
        {"field": "opt_out", "is_true": False},
        {"field": "do_not_track", "is_true": False},
    ]


@pytest.mark.parametrize(
    ("name", "kind", "example"),
    [
        ("consent", FLAGS, "- {field: consent.ads, is_true: true}"),
        ("consentStatus", "string", "- {field: consentStatus, equals: granted}"),
        ("gdpr", {"type": "enum", "name": "E", "symbols": ["YES", "NO"]}, "- {field: gdpr, equals: 'YES'}"),
        ("email_opt_in", FLAG, "- {field: email_opt_in, is_true: true}"),
        ("email_opt_out", FLAG, "- {field: email_opt_out, is_true: false}"),
        ("sms_unsubscribed", FLAG, "- {field: sms_unsubscribed, is_true: false}"),
        ("consents", {"type": "map", "values": "string"}, "- {field: consents.ads, equals: granted}"),
        ("unsubscribedAt", "string", ""),
        ("requires_consent", FLAG, ""),
        ("not_opted_out", FLAG, ""),
        ("tracked", FLAG, ""),
        ("werbeeinwilligung", FLAG, ""),
    ],
)
def test_what_may_be_consent_and_is_not_understood_is_said_aloud(name: str, kind: object, example: str) -> None:
    text = text_of(field(name, kind))

    assert conditions_of(field(name, kind)) == []
    assert f"WHO HAS CONSENTED? No condition was made of {name}: EVERYBODY'S events are sent until" in text
    assert example.replace("'", '"') in text


def test_beside_a_condition_others_are_asked_about() -> None:
    text = text_of(field("gdpr_consent", FLAG), field("consent_source", "string"))

    assert "A condition below asks for it. None was made of consent_source; if that counts, too" in text


@pytest.mark.parametrize(
    ("name", "kind"),
    [("tracking_number", "string"), ("trackingUrl", "string"), ("options", FLAG), ("ccpa_opt_out", FLAG)],
)
def test_what_only_sounds_like_consent_is_passed_over(name: str, kind: object) -> None:
    assert "CONSENTED" not in text_of(field(name, kind))
    assert conditions_of(field(name, kind)) == []


@pytest.mark.parametrize("is_file", [True, False])
def test_the_terminal_says_what_no_condition_was_made_of(
    tmp_path: Path, is_file: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "s.avsc"
    schema.write_text(json.dumps(order(field("consentStatus", "string"))))
    asked = InitOptions(schema=schema, output=tmp_path / "consumer.yaml" if is_file else None)

    assert write_first_config(asked, io.StringIO()) == 0
    assert capsys.readouterr().err == (
        "OrderPlaced: no condition was made of consentStatus, which may say who has consented, "
        "so everybody's events are sent\n"
    )


@pytest.mark.parametrize("name", ["marketing_opt_in", "opt_out"])
def test_the_first_case_is_of_who_has_consented(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = tmp_path / "s.avsc"
    schema.write_text(json.dumps(order(field(name, FLAG))))
    write_first_config(InitOptions(schema=schema, output=tmp_path / "consumer.yaml"), io.StringIO())
    settings = load(tmp_path / "consumer.yaml", PIXEL)

    assert run_cases(settings, tmp_path / "cases", io.StringIO(), is_update=False) == 0
    assert len(json.loads((tmp_path / "cases" / "orderplaced.expected.json").read_text())) == 1
    assert not [each for each in check(settings, offline=True, rate=None) if each.level is Level.ERROR]
    assert capsys.readouterr().err == ""
