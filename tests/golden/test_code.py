"""What `compiled_reader` writes for a schema: NAME.avsc becomes NAME.txt, which was read through by a person."""

import json
from pathlib import Path

from consumer.core.decode.compiled_reader import code_of, compiled
from consumer.core.decode.schema import parse
from consumer.core.rules.selection import EVERYTHING, ReadSelection

CODE = Path(__file__).parent / "code"
ORDER = parse(json.loads((CODE / "order.avsc").read_text()))
SOME = ReadSelection(names=(("id", EVERYTHING), ("kind", EVERYTHING)))


def test_a_schema_becomes_code_that_reads_some_fields_and_passes_over_the_others() -> None:
    assert code_of(ORDER.named, "Order", SOME) == (CODE / "order.txt").read_text()


def test_a_union_is_read_by_the_index_that_its_value_begins_with() -> None:
    read = compiled(ORDER.named, ["Line", "Order"], SOME)

    assert read(b"\x02" + b"\x02a" + b"\x00" + b"\x02" + b"\x00", 0) == ({"id": "a", "kind": "OLD"}, 6)
