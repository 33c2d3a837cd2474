"""Whatever a file holds: settings, or ConfigError with places, and never a token."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.config import Settings, parse
from consumer.config.reference.json_schema import json_schema
from consumer.config.units import duration_s, size_bytes, spell_duration
from consumer.core.errors import ConfigError

TOKEN = "t0p-s3cret"
BASE: Mapping[str, Any] = {
    "kafka": {"bootstrap_servers": "localhost:9092", "topics": ["t"], "group_id": "g"},
    "pixels": {"shop": {"pixel_code": "C", "access_token": "${TOKEN}"}},
    "rules": [{"name": "r", "pixel": "shop", "map": {"user": {"email": "a"}}}],
}
_DEFINED = json_schema()["$defs"]
KEYS = sorted(
    {*json_schema()["properties"], *(key for each in _DEFINED.values() for key in each.get("properties", ()))}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(
        ["5s", "1MiB", "shop", "a.b[0]", "$topic", "${TOKEN}", "${NONE}", "^(a", "true", "redis://h", "1"]
    )
)
NAMES = st.sampled_from([*KEYS, "path", "const", "field", "equals", "matches", "any", "not", "element"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


def outcome(document: object) -> Settings | tuple[str, ...]:
    """JSON is YAML 1.2."""
    try:
        return parse(json.dumps(document), {"TOKEN": TOKEN})
    except ConfigError as error:
        return error.problems


def _replaced(document: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, Mapping) else list(document)
    copy[path[0]] = _replaced(copy[path[0]], path[1:], value) if len(path) > 1 else value
    return copy


PLACES = [
    *((section, key) for section in ("kafka",) for key in ("topics", "properties", "start", "other")),
    *((key,) for key in KEYS),
    *(("pixels", "shop", key) for key in ("pixel_code", "access_token", "access_token_file", "hold", "other")),
    *(("rules", 0, key) for key in ("name", "pixel", "when", "map", "mode", "other")),
    ("rules", 0, "map", "user", "email"),
    ("rules", 0, "map", "properties"),
]


@given(st.sampled_from(PLACES), VALUES)
@settings(max_examples=150, deadline=None)
def test_a_value_in_a_wrong_place_raises_nothing_but_config_error_and_shows_no_token(
    place: tuple[str | int, ...], value: object
) -> None:
    found = outcome(_replaced(BASE, place, value))

    assert found
    if isinstance(found, tuple):  # else the value is one that may stand there, such as a path
        assert TOKEN not in str(found)
        assert all(": " in problem for problem in found)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_any_document_raises_nothing_but_config_error(document: object) -> None:
    assert outcome(document)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_raises_nothing_but_config_error(text: str) -> None:
    with pytest.raises(ConfigError):  # no text this short is a configuration
        parse(text, {})


_SIGNS = st.text(alphabet="*&!%@`#|>-?{}[],'\"\\<~=.$ \tax0", max_size=8)


@given(_SIGNS, _SIGNS)
@settings(max_examples=400, deadline=None)
def test_text_that_lacks_its_quotes_is_told_without_any_of_it(before: str, after: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"kafka: {{bootstrap_servers: h}}\npixels: {before}{TOKEN}{after}\n", {})

    assert TOKEN not in str(caught.value.problems)


@given(st.text(min_size=1, max_size=12).filter(lambda name: name not in KEYS))
@settings(max_examples=100, deadline=None)
def test_an_unknown_key_is_always_told(name: str) -> None:
    found = outcome({**BASE, "delivery": {name: 1}})

    assert isinstance(found, tuple)
    assert any("unknown key" in problem for problem in found)


@given(st.integers(0, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_a_duration_spelled_reads_the_same(number: int, unit: str) -> None:
    seconds = duration_s(f"{number}{unit}")

    assert duration_s(spell_duration(seconds)) == seconds or seconds > 10**9


@given(st.text(max_size=10) | st.from_regex(r"[0-9.]{1,4}(ms|s|KiB|MiB)", fullmatch=True))
def test_a_duration_or_size_is_a_number_or_value_error(text: str) -> None:
    for read in (duration_s, size_bytes):
        with contextlib.suppress(ValueError):
            assert read(text) >= 0
