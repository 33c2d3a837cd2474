"""YAML 1.2 and the environment."""

from collections.abc import Mapping

import pytest

from consumer.config.document import read_document
from consumer.config.problems import Problems
from consumer.core.errors import ConfigError

NOTHING: Mapping[str, str] = {}


def read(text: str, environ: Mapping[str, str] = NOTHING) -> dict[str, object]:
    problems = Problems()
    document = read_document(text, environ, problems)
    assert problems.texts() == []
    return document


def faults(text: str, environ: Mapping[str, str] = NOTHING) -> list[str]:
    problems = Problems()
    read_document(text, environ, problems)
    return problems.texts()


@pytest.mark.parametrize("text", ["no", "off", "NO", "yes", "12:30", "2026-01-31", "2026-01-31T10:00:00Z"])
def test_is_text_in_yaml_1_2(text: str) -> None:
    assert read(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("10", 10),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("[1, a]", [1, "a"]),
        ("{b: 1}", {"b": 1}),
    ],
)
def test_reads_plain_values(text: str, value: object) -> None:
    assert read(f"a: {text}") == {"a": value}


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert read("# nothing\n") == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "one"),
        ("<${A}:${B}>", "<one:two>"),
        ("${NONE:-three}", "three"),
        ("${EMPTY:-three}", "three"),
        ("${EMPTY}", ""),
        ("${NONE:-}", ""),
        ("$${A}", "${A}"),
        ("$A $headers.x", "$A $headers.x"),
        ("$${A-x} $$${A}", "${A-x} $${A}"),
        ("${NONE:-a$b{c}", "a$b{c"),
    ],
)
def test_replaces_variables_inside_text(text: str, value: str) -> None:
    assert read(f'a: "{text}"', {"A": "one", "B": "two", "EMPTY": ""}) == {"a": value}


def test_does_not_replace_within_what_was_replaced() -> None:
    assert read("a: ${A}", {"A": "${B}", "B": "two"}) == {"a": "${B}"}


def test_an_unset_variable_is_named_with_the_remedy() -> None:
    assert faults("a:\n  - ${NONE}") == [
        "a[0]: the environment variable NONE is not set; set it, or write ${NONE:-default} (line 2)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("${A:?x}", "${A-x}", "${TIKTOK-TOKEN}", "${tiktok.token}", "${1}", "${}", "${ A }"),
        *("${Ä}", "${A", "${A:-x", "x${"),
        *("${A:-${B}}", "${A:-$${B}}", "${A}${B?}", "${A:=x}", "${A:+x}", "${!A}", "${#A}"),
    ],
)
def test_a_misspelt_variable_is_told_with_how_to_write_one_and_never_taken_as_it_stands(text: str) -> None:
    assert faults(f'a:\n  - "{text}"', {"A": "one", "B": "two"}) == [
        "a[0]: holds `${` that begins no variable; write ${NAME} or ${NAME:-default}, NAME in letters, digits and _, "
        "and $${ where ${ itself is meant (line 2)"
    ]


@pytest.mark.parametrize("text", ["{b: ${A}}", "[${A}]", "{b: x${A:-c}, d: 1}", "{\n  b: ${A}\n}"])
def test_a_variable_in_braces_is_told_to_need_quotes(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        faults(f"\ufeffa: {text}", {"A": "one"})

    assert caught.value.problems[0].endswith("; put ${NAME} in quotes: within { } and [ ] it needs them")
    assert caught.value.problems[0].startswith(f"line {2 if chr(10) in text else 1}: ")


def test_a_tab_before_a_key_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        faults("a:\n\tb: 1")

    assert caught.value.problems[0].startswith("line 2: not YAML: found character '\\t' that cannot start any token; ")


UNQUOTED = (
    *("*SECRET", "*SEC'RET", '*SEC"RET', "!SECRET!x", "!S!ECRET", "@SECRET", "`SECRET", "%SECRET", '"\\SECRET"'),
    *('"\\xSECRET"', "|SECRET", ">SECRET", "!<SECRET x", "!SECRET%zz x", "!%ffSECRET x", "'SECRET"),
    *(
        "SEC: RET",
        "&SECRET",
        "{S,ECRET}",
        "{b: S,ECRET}",
        "{b: S,ECRET,ECRET}",
        "[S, {ECRET}]",
        "[SECRET",
        "{SECRET",
        "[b]SECRET",
    ),
    "'b' SECRET",
)


@pytest.mark.parametrize("text", UNQUOTED)
def test_no_part_of_text_that_lacks_its_quotes_is_told(text: str, recwarn: pytest.WarningsRecorder) -> None:
    problems = Problems()
    told: list[str] = []
    try:
        read_document(f"a: {text}\nb: {text}\n", {}, problems)
    except ConfigError as error:
        told = list(error.problems)

    told += problems.texts() + [str(warning.message) for warning in recwarn]
    assert not any("ECR" in each or "S'" in each or "RET" in each for each in told)


@pytest.mark.parametrize("text", ["*Geheim", "!GE!HEIM", "@Geheim", "a: b", '"\\Geheim"'])
def test_what_is_not_yaml_is_told_to_need_quotes(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        faults(f"a: {text}")

    assert "needs quotes" in caught.value.problems[0]


@pytest.mark.parametrize("text", ["{b: S, ECRET}", "{ECRET}", "{b: S,\n  ECRET}"])
def test_a_key_without_a_value_is_told_without_its_name(text: str) -> None:
    (told,) = faults(f"x: 1\na: {text}")

    assert told == (
        'a["?"]: a key without a value; write `name: value`, and put text with a comma in quotes '
        f"(line {3 if chr(10) in text else 2})"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n? [b]\n: 2", '["?"]: a key must be text; write `name: value` (line 2)'),
        ("a:\n  b: 1\n  ? {c: 1}\n  : 2", 'a["?"]: a key must be text; write `name: value` (line 3)'),
        ("a: 1\n<<: {b: 1}", '["<<"]: merge keys are not YAML 1.2; write the keys out (line 2)'),
        ('a: 1\n"\\ud800": 1', '["?"]: holds half a character; write it whole, as UTF-8 (line 2)'),
    ],
)
def test_a_fault_of_a_key_is_told_with_its_line(text: str, told: str) -> None:
    assert faults(text) == [told]


def test_every_duplicate_key_is_told_with_both_lines() -> None:
    assert faults("a: 1\nb: {c: 1, c: 2}\na: 2") == [
        "a: written twice, again in line 3; keep one (line 1)",
        "b.c: written twice, again in line 2; keep one (line 2)",
    ]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a: !!binary aGk=", "put text in quotes"),
        ("a: !thing x", "put text in quotes"),
        ("<<: {a: 1}", "write the keys out"),
        ("a: &x [*x]", "write it out"),
        ("? [a, b]\n: 1", "a key must be text"),
        ("%YAML 1.1\n---\na: yes", "put text in quotes"),
        ("a: 0b1", "put text in quotes"),
        ('a: "\\ud800"', "half a character"),
        ('"\\udc00": 1', "half a character"),
        ("a: " + "[" * 60 + "]" * 60, "nested more than 50 deep"),
    ],
)
def test_what_is_no_plain_value_is_a_fault(text: str, remedy: str) -> None:
    assert remedy in "\n".join(faults(text))


def test_an_alias_stands_for_the_same_value_again() -> None:
    assert read("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [", "line 1"),
        ("a: 1\nb: c: d", "line 2"),
        ("a: *none", "line 1"),
        ("a: \x00", "line 1"),
        ("a:\n  b: 1\x00", "line 2"),
        ('a: "\\U0001F600"\nb: "\\U00110000"', "line 2"),
        ("%YAML 1." + "9" * 5000 + "\n---\na: 1", "line 1"),
        ("--- {a: 1}\n--- {b: 1}", "line 2"),
        ("- a", "the file"),
        ("text", "the file"),
        ("a: " + "[" * 600, "the file"),
    ],
)
def test_what_is_not_yaml_ends_there_with_its_line(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        faults(text)

    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"{place}: ")
