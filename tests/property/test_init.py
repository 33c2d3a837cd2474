"""Whatever a schema holds, what `init` writes of it can be read, and every path in it fits the schema."""

import io
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.commands.cases import run_cases
from consumer.commands.init import InitOptions, write_first_config
from consumer.commands.init.aliases import CONSENT, EVENT_FIELDS, REFUSAL, TIME_FIELDS, WANTED
from consumer.commands.init.draft import drafted
from consumer.commands.init.draft_text import Connection, written
from consumer.commands.init.product_aliases import ITEM_LISTS, ITEM_WANTED
from consumer.config import load, parse
from consumer.config.checks.schema_paths import problems_with
from consumer.core.decode.schema import parse as parse_schema

_TIERS: Final = [*(wanted.tiers for table in (WANTED, ITEM_WANTED) for wanted in table.values()), ITEM_LISTS]
KNOWN: Final = sorted(
    {name.lstrip("^~") for tiers in (*_TIERS, EVENT_FIELDS.tiers, TIME_FIELDS.tiers, CONSENT.tiers, REFUSAL.tiers)
     for tier in tiers for name in tier.split()}
)  # fmt: skip
OTHER: Final = ["null", "no", "true", "y", "_", "x1", "customer", "order", "cookies", "properties", "data", "status",
                "consent_status", "tracked"]  # fmt: skip
PLAIN: Final[list[Any]] = [
    "string", "int", "long", "float", "double", "boolean", "bytes",
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "local-timestamp-millis"},
    {"type": "int", "logicalType": "date"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    {"type": "map", "values": "string"},
    {"type": "array", "items": "string"},
    ["null", "string", "long"],
]  # fmt: skip
SYMBOLS: Final = ["ORDER_PLACED", "order_cancelled", "Purchase", "NEW", "returning", "CANCELLED", "true", "x"]


@st.composite
def records(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(KNOWN + OTHER), min_size=1, max_size=6, unique=True))
    return {
        "type": "record",
        "name": "R",
        "fields": [{"name": name, "type": draw(_types(depth))} for name in names],
    }


@st.composite
def _types(draw: st.DrawFn, depth: int) -> Any:
    kind = draw(st.sampled_from(["plain", "plain", "enum", "record", "list", "optional"]))
    if kind == "enum":
        symbols = draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
        return {"type": "enum", "name": "E", "symbols": symbols}
    if depth and kind in ("record", "list", "optional"):
        inner = draw(records(depth - 1))
        return {"record": inner, "list": {"type": "array", "items": inner}, "optional": ["null", inner]}[kind]
    return draw(st.sampled_from(PLAIN))


def named_apart(node: Any, count: Iterator[int]) -> Any:
    """The same schema, no two of whose types have the same name."""
    if isinstance(node, list):
        return [named_apart(each, count) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {key: named_apart(node[key], count) for key in ("items", "type", "fields") if key in node}
    name = f"{node['name']}{next(count)}" if node.get("type") in ("record", "enum") else node.get("name")
    return {**node, **inner, **({"name": name} if name else {})}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_what_is_written_can_be_read_and_fits_the_schema(document: dict[str, Any]) -> None:
    schema = parse_schema(named_apart(document, count()))

    text = written(drafted([schema]), Connection("t", "localhost:9092", "g", sandbox="http://localhost:8088"))

    assert problems_with(parse(text, {}), [schema]) == [], text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_the_first_case_passes(document: dict[str, Any]) -> None:
    out, environ = io.StringIO(), {"TIKTOK_PIXEL_CODE": "P", "TIKTOK_ACCESS_TOKEN": "made-up"}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "any.avsc").write_text(json.dumps(named_apart(document, count())))
        asked = InitOptions(topic="t", schema=folder / "any.avsc", output=folder / "consumer.yaml")

        assert write_first_config(asked, out) == 0
        assert run_cases(load(folder / "consumer.yaml", environ), folder / "cases", out, is_update=False) == 0
    assert "1 passed, 0 failed" in out.getvalue()
