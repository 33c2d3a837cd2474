"""The findings as a table and a plot: the generated part of docs/performance.md, and docs/performance.svg."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final
from xml.sax.saxutils import escape

from bench.against_floor import Pair
from bench.comparison import PARTITIONS, Findings, Spread
from bench.machine import machine
from bench.sample import SCHEMA_FILES, TITLES
from tests.parts.part import CHECKOUT

PAGE: Final = CHECKOUT / "docs/performance.md"
PLOT: Final = CHECKOUT / "docs/performance.svg"
BEGIN: Final = "<!-- `make bench` writes from here -->"
END: Final = "<!-- to here -->"


def write(found: Findings) -> None:
    """Replace the generated part of the page, and the plot."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(found)}\n{END}{after}")
    PLOT.write_text(plot(bars(found)))


def table(found: Findings) -> str:
    """Markdown."""
    return "\n".join([*_costs(found), "", *_figures(found), "", *_stages(found), ""])


def _costs(found: Findings) -> Iterator[str]:
    when = datetime.now(UTC).date().isoformat()
    yield f"Measured {when} on {machine()}. The median of {_repeats(found)} interleaved repetitions, and from the"
    yield "least to the most of them."
    yield ""
    yield f"![CPU an event]({PLOT.name})"
    yield ""
    yield from _head("CPU an event")
    for partitions in PARTITIONS:
        yield _row(
            f"`run`, {partitions} partitions",
            [_us([pair.run.cpu_us for pair in found.pairs[schema, partitions]]) for schema in SCHEMA_FILES],
        )
    yield _row("the floor", [_us([pair.floor_us for pair in _pairs(found, schema)]) for schema in SCHEMA_FILES])
    yield _row("a consumer as users write it", [_us(found.naive_us[schema]) for schema in SCHEMA_FILES])
    yield _row("Quix Streams", [_us(found.quix_us[schema]) for schema in SCHEMA_FILES])
    for partitions in PARTITIONS:
        yield _row(
            f"**`run` ÷ floor**, {partitions} partitions",
            [_times([pair.ratio for pair in found.pairs[schema, partitions]]) for schema in SCHEMA_FILES],
        )
    for name, others in (("a consumer as users write it", found.naive_us), ("Quix Streams", found.quix_us)):
        yield _row(f"**`run` ÷ {name}**", [_times(_ratios(found, schema, others[schema])) for schema in SCHEMA_FILES])


def _figures(found: Findings) -> Iterator[str]:
    yield "| figure | value |"
    yield "|---|---|"
    for workers, costs in found.workers.items():
        name = "process" if workers == 1 else "workers"
        yield _row(f"events a second, {workers} {name}", [_spread(Spread.of([cost.per_s for cost in costs]), ",.0f")])
    one, two = (found.workers[workers] for workers in (1, 2))
    yield _row("CPU an event, 2 workers ÷ 1", [_times([b.cpu_us / a.cpu_us for a, b in zip(one, two, strict=True)])])
    runs = [pair.run for pairs in found.pairs.values() for pair in pairs]
    largest = max(runs, key=lambda run: run.peak_mib)
    yield _row("peak memory of a process", [f"{largest.peak_mib:.0f} MiB, {largest.keys:,.0f} keys in the window"])
    if found.delay is not None:
        yield _row(
            "Kafka timestamp to acceptance at 1,000 events a second",
            [f"p50 {found.delay.p50_ms:.0f} ms, p99 {found.delay.p99_ms:.0f} ms"],
        )


def _stages(found: Findings) -> Iterator[str]:
    yield from _head("stage, CPU an event")
    for stage in next(iter(found.stages_us.values())):
        yield _row(stage, [f"{found.stages_us[schema][stage]:.1f} µs" for schema in SCHEMA_FILES])
    sums = {schema: sum(found.stages_us[schema].values()) for schema in SCHEMA_FILES}
    rest = {schema: median(p.run.cpu_us for p in _pairs(found, schema)) - sums[schema] for schema in SCHEMA_FILES}
    yield _row("read, deliver, and what is once a step: `run` less the sum", [f"{us:.1f} µs" for us in rest.values()])


def _head(name: str) -> Iterator[str]:
    yield _row(name, [TITLES[schema] for schema in SCHEMA_FILES])
    yield _row("---", ["---"] * len(SCHEMA_FILES)).replace(" ", "")


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _pairs(found: Findings, schema: str) -> list[Pair]:
    return [pair for partitions in PARTITIONS for pair in found.pairs[schema, partitions]]


def _ratios(found: Findings, schema: str, others_us: Sequence[float]) -> list[float]:
    return [pair.run.cpu_us / us for pair, us in zip(found.pairs[schema, PARTITIONS[0]], others_us, strict=True)]


def _repeats(found: Findings) -> int:
    return len(next(iter(found.pairs.values())))


def _us(values: Sequence[float]) -> str:
    return _spread(Spread.of(values), ".1f", " µs")


def _times(values: Sequence[float]) -> str:
    return _spread(Spread.of(values), ".2f")


def _spread(spread: Spread, form: str, unit: str = "") -> str:
    return f"{spread.middle:{form}}{unit} ({spread.least:{form}} to {spread.most:{form}})"


Bars = Mapping[str, tuple[Spread, str]]
"""What a bar is of: how long it is, and its colour."""


def bars(found: Findings) -> Bars:
    """CPU an event, of the schema that others would have."""
    pairs = found.pairs["flat", PARTITIONS[0]]
    return {
        "floor": (Spread.of([pair.floor_us for pair in pairs]), "#9aa5b1"),
        "run": (Spread.of([pair.run.cpu_us for pair in pairs]), "#0b6e99"),
        "as users write it": (Spread.of(found.naive_us["flat"]), "#c9a227"),
        "Quix Streams": (Spread.of(found.quix_us["flat"]), "#b5524a"),
    }


_LEFT, _WIDTH, _ROW, _TOP = 150, 470, 36, 44


def plot(shown: Bars) -> str:
    """An SVG of horizontal bars, each with a line from the least to the most."""
    scale = _WIDTH / max(spread.most for spread, _ in shown.values())
    height = _TOP + _ROW * len(shown) + 10
    rows = [_bar(place, name, spread, colour, scale) for place, (name, (spread, colour)) in enumerate(shown.items())]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{height}" viewBox="0 0 720 {height}"'
            ' font-family="system-ui, sans-serif" font-size="14" role="img">',
            "<title>CPU microseconds an event, flat schema of 25 fields</title>",
            f'<rect width="720" height="{height}" fill="#ffffff"/>',
            '<text x="16" y="26" fill="#1f2933" font-weight="600">CPU an event, flat schema, 4 partitions (µs)</text>',
            *rows,
            "</svg>\n",
        ]
    )


def _bar(place: int, name: str, spread: Spread, colour: str, scale: float) -> str:
    top = _TOP + place * _ROW
    middle, least, most = (_LEFT + value * scale for value in (spread.middle, spread.least, spread.most))
    line = top + 12
    return (
        f'<text x="{_LEFT - 10}" y="{top + 17}" text-anchor="end" fill="#1f2933">{escape(name)}</text>'
        f'<rect x="{_LEFT}" y="{top}" width="{middle - _LEFT:.1f}" height="24" rx="2" fill="{colour}"/>'
        f'<path d="M{least:.1f} {line}H{most:.1f}M{least:.1f} {line - 5}v10M{most:.1f} {line - 5}v10"'
        ' stroke="#1f2933" fill="none"/>'
        f'<text x="{max(middle, most) + 8:.1f}" y="{top + 17}" fill="#1f2933">{spread.middle:.1f}</text>'
    )
