"""docs/metrics.md, made from the declarations of the metrics: `python scripts/metrics_page.py [--check]`."""

import sys
from pathlib import Path

from consumer.config.reference.generated import write_or_check
from consumer.metrics import DECLARED, PREFIX, Declared, Kind

ROOT = Path(__file__).parents[1]
_HEAD = """# Metrics

Written by `python scripts/metrics_page.py`; change the declarations in `consumer/metrics.py`, not this page.

Every metric of `/metrics`, in the order that a record meets them. Labels hold names of the configuration and fixed
words only, never a value of a record. Of several workers, counters and histograms are added up; the last column says
what happens to gauges.
`process_*` (start, memory, CPU, descriptors) come from prometheus-client.

At every scrape the ledger is even: `records_read_total` = all of `records_settled_total` + `records_released_total` +
`records_in_flight`.

| name | type | labels | meaning | of several workers |
|---|---|---|---|---|
"""


def page() -> str:
    return _HEAD + "".join(map(_row, DECLARED))


def _row(declared: Declared) -> str:
    name = f"{PREFIX}{declared.name}" + ("_total" if declared.kind is Kind.COUNTER else "")
    labels = " ".join(f"`{label}`" for label in declared.labels)
    workers = declared.worst if declared.kind is Kind.GAUGE else "sum"
    return f"| `{name}` | {declared.kind} | {labels} | {declared.help} | {workers} |\n"


def main(arguments: list[str]) -> int:
    """Write the page, or see whether it is current: 1 if not."""
    return write_or_check({"docs/metrics.md": page()}, ROOT, "python scripts/metrics_page.py", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
