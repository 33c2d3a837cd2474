"""Sources, conditions and parameters: what is read, and what is said of what cannot be read."""

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path as FilePath

import pytest

from consumer.config import parse
from consumer.core.errors import ConfigError
from consumer.core.rules.source import (
    AllOf,
    AnyOf,
    CallSource,
    CelSource,
    Comparison,
    Condition,
    ConstSource,
    ContentsSource,
    FirstOf,
    KafkaPart,
    Not,
    PathSource,
    Rule,
    Source,
    TransformedSource,
)

HEAD = """
kafka: {bootstrap_servers: "localhost:9092", topics: [t], group_id: g}
pixels: {shop: {pixel_code: C, access_token: s3cret}}
avro: {registry: {url: "http://registry"}}
"""


def load(rest: str) -> Rule:
    return parse(HEAD + rest, {}).rules[0]


def rule(body: str) -> Rule:
    return load(f"rules:\n  - {{name: r, pixel: shop, {body}}}\n")


def source(text: str) -> Source:
    parameters = rule(f"map: {{event_id: {text}}}").parameters
    assert parameters is not None
    return parameters["event_id"]


def condition(text: str) -> Condition:
    when = rule(f"when: [{text}]").when
    assert isinstance(when, AllOf)
    return when.conditions[0]


def fault(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a.b[0].c'", PathSource(("a", "b", 0, "c"))),
        ("'a[\"x.y\"]'", PathSource(("a", "x.y"))),
        ("$offset", KafkaPart("offset")),
        ("$headers.x-forwarded-for", KafkaPart("header", "x-forwarded-for")),
        ("[a, b]", FirstOf((PathSource(("a",)), PathSource(("b",))))),
        ("[a, {const: 1}]", FirstOf((PathSource(("a",)), ConstSource(1)))),
        ("{const: null}", ConstSource(None)),
        ("{const: [1, 2]}", ConstSource([1, 2])),
        ("{path: a}", PathSource(("a",))),
        (
            "{path: [a, b], lower: true}",
            TransformedSource(FirstOf((PathSource(("a",)), PathSource(("b",)))), lower=True),
        ),
        ("{path: a, default: x, trim: true}", TransformedSource(PathSource(("a",)), default="x", trim=True)),
        ("{path: a, lower: 'true'}", TransformedSource(PathSource(("a",)), lower=True)),
        ("{path: a, values: {1: x, true: y}}", TransformedSource(PathSource(("a",)), values={"1": "x", "true": "y"})),
    ],
)
def test_reads_a_source(text: str, expected: Source) -> None:
    assert source(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("null", "", "{const: null}"),
        ("5", "", "a fixed value is {const: …}"),
        ("''", "", "put it in quotes"),
        ("a..b", "", "column 3"),
        ("$nothing", "", "$headers.NAME"),
        ("[]", "", "name at least one source"),
        ("[a, 5]", "[1]", "{const: …}"),
        ("{}", "", "no source"),
        ("{lower: true}", "", "no source"),
        ("{pth: a}", "", "did you mean `path`?"),
        ("{path: a, const: b}", "", "two sources in one"),
        ("{const: a, lower: true}", ".lower", "a constant takes no options"),
        ("{path: a, lowre: true}", ".lowre", "did you mean `lower`?"),
        ("{path: a, lower: maybe}", ".lower", "true or false"),
        ("{path: a, values: {}}", ".values", "empty; write at least one"),
        ("{path: a, values: [b]}", ".values", "must be a mapping"),
        ("{path: a, unit: sec}", ".unit", "use s, ms, us or ns in event_time"),
        ("{path: a, scale: 0}", ".scale", "more than 0"),
        ("{path: a, scale: .inf}", ".scale", "more than 0"),
        ("{path: a, scale: x}", ".scale", "must be a number"),
        ("{path: a, scale: [1]}", ".scale", "must be a number"),
        ("{path: a, unit: minor}", "", "value or price"),
        ("{cel: ''}", ".cel", "put the expression in quotes"),
        ("{cel: 'a +'}", ".cel", "not an expression of CEL: column 4"),
        ("{cel: 'lower(a)'}", ".cel", "CEL has no function `lower`"),
        ("{path: a, region: {path: 'b..c'}}", ".region.path", "column 3"),
        ("{path: a, region: usa}", ".region", "two capital letters"),
        ("{path: a, region: XX}", ".region", "ISO 3166"),
        ("{path: a, unit: ms}", "", "times only"),
        ("[{path: a, region: US}]", "", "phone numbers only"),
        ("{element: nothing}", ".element", "unknown element; there is none to choose from"),
    ],
)
def test_says_what_is_wrong_with_a_source(text: str, place: str, remedy: str) -> None:
    problem = fault(lambda: source(text))

    assert problem.startswith(f"rules[0].map.event_id{place}: ")
    assert remedy in problem


def test_reads_scaled_amounts_expressions_and_regions_of_the_record() -> None:
    parameters = rule(
        "map: {event_time: {path: t, unit: ns}, user: {phone: {path: p, region: {path: c}}}, properties: "
        "{value: {path: v, unit: minor}, num_items: {path: n, scale: 0.01}, order_id: {cel: 'a + b', default: x}}}"
    ).parameters

    assert parameters == {
        "event_time": TransformedSource(PathSource(("t",)), unit="ns"),
        "user.phone": TransformedSource(PathSource(("p",)), region=PathSource(("c",))),
        "properties.value": TransformedSource(PathSource(("v",)), unit="minor"),
        "properties.num_items": TransformedSource(PathSource(("n",)), scale=Decimal("0.01")),
        "properties.order_id": TransformedSource(CelSource("a + b"), default="x"),
    }


def test_a_call_is_looked_up_beside_the_file_first(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also before an installed module of that name; and nothing stays in the search for modules."""
    (tmp_path / "beside_the_file.py").write_text("def total(record):\n    return 7\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "beside_the_file.py").write_text("def total(record):\n    return 8\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    before = [*sys.path]
    body = 'rules: [{name: r, pixel: shop, map: {event_id: {call: "beside_the_file:total"}}}]'

    parameters = parse(HEAD + body, {}, tmp_path / "consumer.yaml").rules[0].parameters or {}

    found = parameters["event_id"]
    assert isinstance(found, CallSource)
    assert found.function({}) == 7
    assert [path for path in sys.path if path == str(tmp_path)] == [path for path in before if path == str(tmp_path)]


def test_units_are_for_the_event_s_time_and_regions_for_phones() -> None:
    parameters = rule("map: {event_time: {path: t, unit: ms}, user: {phone: {path: p, region: US}}}").parameters

    assert parameters == {
        "event_time": TransformedSource(PathSource(("t",)), unit="ms"),
        "user.phone": TransformedSource(PathSource(("p",)), region="US"),
    }


@pytest.mark.parametrize(
    "body",
    [
        "when: [{field: {path: t, unit: ms}, equals: 1}]",
        "map: {properties: {price: {path: t, unit: ms}}}",
        "map: {properties: {contents: {each: i, price: {path: t, unit: ms}}}}",
    ],
)
def test_a_unit_elsewhere_is_refused(body: str) -> None:
    assert "times only" in fault(lambda: rule(body))


def test_elements_are_put_in_place_also_within_each_other() -> None:
    text = "elements: {total: {path: t, default: 0}, either: [a, {element: total}]}\n"
    text += "rules: [{name: r, pixel: shop, map: {event_id: {element: either, trim: true}}}]"

    total = TransformedSource(PathSource(("t",)), default=0)
    assert load(text).parameters == {"event_id": TransformedSource(FirstOf((PathSource(("a",)), total)), trim=True)}


def test_elements_that_go_in_a_circle_are_told_once() -> None:
    text = "elements: {a: {element: b}, b: [x, {element: a}]}\n"
    text += "rules: [{name: r, pixel: shop, map: {event_id: {element: a}}}]"

    assert "a → b → a" in fault(lambda: load(text))


def test_a_bad_element_is_told_where_it_stands_and_once() -> None:
    text = "elements: {a: 'x..y'}\nrules: [{name: r, pixel: shop, map: {event_id: {element: a}, event: {element: a}}}]"

    assert fault(lambda: load(text)).startswith("elements.a: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{field: a, equals: 1}", Comparison(PathSource(("a",)), "equals", 1)),
        ("{field: a, exists: false}", Comparison(PathSource(("a",)), "exists", False)),
        ("{not: {field: a, equals: no}}", Not(AllOf((Comparison(PathSource(("a",)), "equals", "no"),)))),
        ("{any: [{field: a, is_true: true}]}", AnyOf((Comparison(PathSource(("a",)), "is_true", True),))),
        ("{all: [{field: a, is_true: true}]}", AllOf((Comparison(PathSource(("a",)), "is_true", True),))),
        ("{field: [a, b], in: [x]}", Comparison(FirstOf((PathSource(("a",)), PathSource(("b",)))), "in", ["x"])),
    ],
)
def test_reads_a_condition(text: str, expected: Condition) -> None:
    assert condition(text) == expected


def test_when_may_be_one_condition_and_is_always_true_without() -> None:
    assert rule("when: {field: a, equals: 1}").when == AllOf((Comparison(PathSource(("a",)), "equals", 1),))
    assert rule("when: []").when == AllOf(())


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("text", "", "must be a mapping"),
        ("{equals: 1}", ".field", "missing; add it: what is compared"),
        ("{field: a}", "", "no operator; write one"),
        ("{field: a, equals: 1, in: [2]}", "", "several operators"),
        ("{field: a, equal: 1}", ".equal", "did you mean `equals`?"),
        ("{feld: a, equals: 1}", ".feld", "did you mean `field`?"),
        ("{any: []}", ".any", "write at least one"),
        ("{all: {field: a, equals: 1}}", ".all", "must be a list"),
        ("{any: [], not: []}", "", "`any` must stand alone"),
        ("{field: a, matches: '(?<=a)b'}", ".matches", "not an RE2 expression"),
        ("{field: a, in: x}", ".in", "expected a list"),
        ("{field: a, exists: 1}", ".exists", "expected true or false"),
        ("{field: 'a..b', equals: 1}", ".field", "column 3"),
        ("{not: {field: a, equals: []}}", ".not.equals", "not for `equals`"),
    ],
)
def test_says_what_is_wrong_with_a_condition(text: str, place: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        condition(text)

    found = [problem for problem in caught.value.problems if problem.startswith(f"rules[0].when[0]{place}: ")]
    assert remedy in "\n".join(found)


def test_contents_have_a_list_and_fields() -> None:
    contents = rule("map: {properties: {contents: {each: items, content_id: sku, price: p}}}").contents

    assert contents == ContentsSource(
        PathSource(("items",)), {"price": PathSource(("p",)), "content_id": PathSource(("sku",))}
    )


@pytest.mark.parametrize(
    ("body", "place", "remedy"),
    [
        ("map: {properties: {contents: {each: i, content_id: s}, price: p}}", "properties.price", "move it into"),
        ("map: {properties: {contents: {content_id: s}}}", "properties.contents.each", "missing; add it: the list of"),
        ("map: {properties: {contents: {each: i}}}", "properties.contents", "map at least one"),
        (
            "map: {properties: {contents: {each: i, content_type: s}}}",
            "properties.contents.content_type",
            "`properties`",
        ),
        ("map: {price: p}", "price", "write it under `properties.contents`"),
        ("map: {user: {event_id: p}}", "user.event_id", "write it under `map`"),
        ("map: {user: {shoe_size: p}}", "user.shoe_size", "no TikTok parameter"),
        ("map: {user: a}", "user", "must be a mapping"),
    ],
)
def test_says_what_is_wrong_with_a_map(body: str, place: str, remedy: str) -> None:
    problem = fault(lambda: rule(body))

    assert problem.startswith(f"rules[0].map.{place}: ")
    assert remedy in problem


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("rules: []", "rules", "write at least one"),
        ("rules: a", "rules", "must be a list"),
        ("rules: [a]", "rules[0]", "must be a mapping"),
        ("rules: [{pixel: shop}]", "rules[0].name", "missing"),
        ("rules: [{name: r}]", "rules[0].pixel", "missing"),
        ("rules: [{name: 5, pixel: shop}]", "rules[0].name", "must be text"),
        ("rules: [{name: r, pixel: shop, mode: dry}]", "rules[0].mode", "'live' or 'shadow'"),
        ("rules: [{name: r, pixel: shop, filter: []}]", "rules[0].filter", "unknown key"),
        ("rules: [{name: r, pixel: {path: 'a..b'}}]", "rules[0].pixel.path", "column 3"),
        ("rules: [{name: r, pixel: {path: c, unit: s}}]", "rules[0].pixel", "times only"),
        ("elements: [a]\nrules: [{name: r, pixel: shop}]", "elements", "must be a mapping"),
        ("", "rules", "missing; add it: every rule"),
    ],
)
def test_says_what_is_wrong_with_the_rules(text: str, place: str, remedy: str) -> None:
    problem = fault(lambda: load(text))

    assert problem.startswith(f"{place}: ")
    assert remedy in problem


def test_the_pixel_may_be_named_by_the_record() -> None:
    assert load("rules: [{name: r, pixel: {path: code}}]").pixel == PathSource(("code",))


@pytest.fixture
def functions(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of a user's in the current directory."""
    (tmp_path / "my_functions.py").write_text(
        "answer = 42\n"
        "def total(record):\n    return record['a'] + 1\n"
        "def nothing():\n    return 1\n"
        "async def later(record):\n    return 1\n"
    )
    (tmp_path / "my_broken.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_functions", raising=False)


@pytest.mark.usefixtures("functions")
def test_a_call_is_a_function_found_in_the_current_directory() -> None:
    found = source('{call: "my_functions:total", default: 0}')

    assert isinstance(found, TransformedSource)
    assert isinstance(found.source, CallSource)
    assert (found.source.target, found.source.function({"a": 1})) == ("my_functions:total", 2)


@pytest.mark.usefixtures("functions")
def test_a_builtin_that_tells_nothing_of_its_arguments_may_be_called() -> None:
    assert isinstance(source('{call: "builtins:dict"}'), CallSource)


@pytest.mark.usefixtures("functions")
@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("my_functions", '"package.module:function"'),
        ("my_functions:a.b", '"package.module:function"'),
        ("no_such_module:f", "cannot be imported (ModuleNotFoundError); put it into"),
        ("my_broken:f", "cannot be imported (ZeroDivisionError)"),
        ("my_functions:totl", "no such function"),
        ("my_functions:answer", "no such function"),
        ("my_functions:nothing", "must take one argument"),
        ("my_functions:later", "must be a plain function"),
    ],
)
def test_says_what_is_wrong_with_a_call(target: str, remedy: str) -> None:
    problem = fault(lambda: source(f'{{call: "{target}"}}'))

    assert problem.startswith("rules[0].map.event_id.call: ")
    assert remedy in problem
