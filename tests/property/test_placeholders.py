"""The quick look at usual text never says other than the full one."""

from hypothesis import example, given
from hypothesis import strategies as st

from consumer.core.rules.placeholders import WORDS, is_placeholder, trimmed, usual

PIECES = st.sampled_from(
    (
        *WORDS,
        " ",
        "\t",
        "\x00",
        "\x1b",
        "\x7f",
        "\u200b",
        "é",
        "{{",
        "}}",
        "{id}",
        "%%",
        "__ID__",
        "order-",
        "7",
        "N",
        "d",
        "l",
        "n",
    )
)


@given(st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=4).map("".join)))
@example("\x01abc")
@example("abc\x01 ")
@example("order-null")
@example("national")
@example("not available[object Object]nil")
@example("NA\x1bN")
@example("N/\x1bA")
def test_usual_text_is_what_the_full_look_makes_of_it(text: str) -> None:
    found = usual(text)
    assert found is None or (found == trimmed(text) and not is_placeholder(found))


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="{}])>%_@#"), min_size=13))
def test_text_without_a_templates_signs_is_usual(text: str) -> None:
    assert usual(f" an-{text}-item ") == f"an-{text}-item"
