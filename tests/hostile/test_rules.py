"""A rule's expression over a long list takes little time, or its record is `map.cel`."""

from typing import Any, Final

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Position, Record
from consumer.core.rules.expressions import compile_expression
from tests.support.cpu import within

MOST_CPU_S: Final = 0.3
_AT: Final = Position("t", 0, 0)
LISTS: Final[dict[str, Any]] = {
    "long": [{"x": "a" * 40}] * 20_000,
    "many short ones": [["a"] * 900] * 100,
    "a map": {str(n): "a" for n in range(50_000)},
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("text", ["items.map(x, x)", "items.exists(x, x == 'b')", "size(items) > 3"])
def test_an_expression_takes_little_time_whatever_it_is_given(text: str, name: str) -> None:
    evaluate = compile_expression(text)
    decoded = Decoded(Record(_AT, 0, None, b"", (), _AT), {"items": LISTS[name]}, False)

    def refuse() -> None:
        with pytest.raises(RecordRejected, match="a list of more than 1,000 items"):
            evaluate(decoded)

    within(MOST_CPU_S, refuse)


def test_a_thousand_items_are_not_too_many() -> None:
    evaluate = compile_expression("items.map(x, x.n).size()")
    decoded = Decoded(Record(_AT, 0, None, b"", (), _AT), {"items": [{"n": n} for n in range(1000)]}, False)

    assert within(MOST_CPU_S, lambda: evaluate(decoded)) == 1000
