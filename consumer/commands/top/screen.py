"""What `top` shows of a status: what flows, how late, what is wrong, since when, what to do. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from consumer.commands.top.status_reader import Answer
from consumer.status.model import ConnectionStatus, PixelStatus, Status
from consumer.status.stages import ACCEPTED
from consumer.terminal import printable, several

REASONS_SHOWN: Final = 3
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400
_INDENT: Final = " " * 13
_CONTINUED: Final = " \\"


class Shown(NamedTuple):
    """How much of what there may be many of."""

    pixels: int | None = None
    """None: all."""
    reasons: int = REASONS_SHOWN


ALL: Final = Shown()


def screen(url: str, answer: Answer | None, shown: Shown = ALL) -> RenderableType:
    """One service, in 80 columns."""
    if answer is None:
        return Text(f"{printable(url)}: asking", "dim")
    if isinstance(answer, str):
        return Text(printable(answer), "red")
    return Group(*_parts(url, answer, shown))


def _parts(url: str, status: Status, shown: Shown) -> Iterator[RenderableType]:
    yield _headline(url, status)
    for reason in status.reasons:
        yield Text(f"  not ready: {printable(reason)}", "yellow")
    yield _Numbers(status)
    pixels = sorted(status.pixels.items(), key=lambda item: item[1].state == "open")  # what needs a person first
    yield _systems(status, pixels[: shown.pixels])
    yield from _others([pixel for _, pixel in pixels[len(pixels[: shown.pixels]) :]])
    if status.rejected_reasons and not shown.reasons:
        yield Text(f"… and dead letters for {several(len(status.rejected_reasons), 'reason')}", "red")
    elif status.rejected_reasons:
        yield Text("\ndead letters since the start", "bold")
        yield from _reasons(status, shown.reasons)


def _others(hidden: Sequence[PixelStatus]) -> Iterator[RenderableType]:
    open_ones = sum(pixel.state == "open" for pixel in hidden)
    counts = ((len(hidden) - open_ones, "not open"), (open_ones, "open"))
    words = ", ".join(f"{count:,} {state}" for count, state in counts if count)
    if words:
        yield Text(f"… and {words}", "dim" if open_ones == len(hidden) else "bold yellow")


def _reasons(status: Status, most: int) -> Iterator[RenderableType]:
    for each in status.rejected_reasons[:most]:
        yield Text.assemble(
            f"  {each.count:>9,}  ",
            (printable(each.reason), "red"),
            f"  last {ago(status.at - each.last_at)} ago: {printable(each.detail)}",
        )
        yield _Command(printable(each.explain))
    hidden = len(status.rejected_reasons[most:])
    if hidden:
        yield Text(f"  … and {'one more reason' if hidden == 1 else f'{hidden} more reasons'}", "dim")


class _Command:
    """A command to copy: where it is wider than the terminal, its lines end as a shell continues them."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [_INDENT]
        # A blank within quotes is no end of an option.
        for option in [self._text] if "'" in self._text else self._text.split(" --"):
            word = option if lines == [_INDENT] else f" --{option}"
            if len(lines[-1] + word) + len(_CONTINUED) <= options.max_width or lines == [_INDENT]:
                lines[-1] += word
            else:
                lines[-1] += _CONTINUED
                lines.append(f"{_INDENT} {word}")
        yield Text("\n".join(lines), "dim", overflow="fold")


def _headline(url: str, status: Status) -> Text:
    state, style = _state(status)
    mode = "" if status.mode == "run" else f"  {status.mode}"
    workers = "" if status.workers == 1 else f"  {status.workers} workers"
    words = f"  {printable(status.group)}{mode}{workers}  version {printable(status.version)}"
    return Text.assemble((state, style), words, f"  up {ago(status.at - status.started_at)}  ", (printable(url), "dim"))


def _state(status: Status) -> tuple[str, str]:
    """In one or two words, and how they look."""
    if status.breaker_open:
        return "STOPPED: most records are rejected", "bold red"
    if not status.ready:
        return "NOT READY", "bold yellow"
    last = status.history[-1] if status.history else None
    if last is not None and (last.read_per_s or last.accepted_per_s):
        return "FLOWING", "bold green"
    is_behind = any(each.lag or each.state == "unknown" for each in status.partitions)
    return ("WAITING" if is_behind or status.ledger.in_flight else "UP TO DATE"), "bold green"


class _Numbers:
    """How much of what, side by side; one below the other where that is wider than the terminal: no figure is cut."""

    def __init__(self, status: Status) -> None:
        self._columns = _columns_of(status)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(zip(*self._columns, strict=True))
        wide = _table_of(rows)
        is_wide = Measurement.get(console, options.update(max_width=_ANY_WIDTH), wide).maximum <= options.max_width
        yield wide if is_wide else _table_of(self._columns)


_ANY_WIDTH: Final = 1000


def _table_of(rows: Sequence[Sequence[str]]) -> Table:
    """Names in the first row and column, figures elsewhere."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for place, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rows[1:]:
        table.add_row(*row)
    return table


def _columns_of(status: Status) -> list[tuple[str, ...]]:
    """Each with its name first, then the total, and what is a second's, as far as that is known."""
    last = status.history[-1] if status.history else None
    ledger = status.ledger
    accepted = sum(pixel.events.get(outcome, 0) for pixel in status.pixels.values() for outcome in ACCEPTED)
    lag = sum(each.lag or 0 for each in status.partitions)
    oldest = "–" if ledger.oldest_s is None else ago(ledger.oldest_s)
    letters = sum(each.count for each in status.rejected_reasons)
    columns: list[tuple[str, ...]] = [
        ("", "total"),
        ("read", f"{ledger.read:,}"),
        ("accepted", f"{accepted:,}"),
        ("dead letters", f"{letters:,}"),
        ("lag", f"{lag:,}"),
        ("in flight", f"{ledger.in_flight:,}"),
        ("oldest", oldest),
    ]
    if last is None:
        return columns
    rates = (f"{each:,.1f}" for each in (last.read_per_s, last.accepted_per_s, last.rejected_per_s))
    seconds = ("a second", *rates, "", "", "")
    return [(*column, second) for column, second in zip(columns, seconds, strict=True)]


def _systems(status: Status, pixels: Sequence[tuple[str, PixelStatus]]) -> RenderableType:
    """Connections and pixels: state, since when, why, what to do."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for each in status.connections:
        state, style = _connection_state(each)
        since = "" if each.since is None else f"since {ago(status.at - each.since)}  "
        error = f"  {printable(each.error)}" if each.connected is False else ""
        table.add_row(each.to, Text(state, style), f"{since}{printable(each.address)}{error}")
    for name, pixel in pixels:
        table.add_row(f"pixel {printable(name)}", Text(pixel.state, _pixel_style(pixel)), _pixel_words(status, pixel))
    return table


def _connection_state(each: ConnectionStatus) -> tuple[str, str]:
    if each.connected is None:
        return "not tried yet", "dim"
    return ("answers", "green") if each.connected else ("AWAY", "bold red")


def _pixel_style(pixel: PixelStatus) -> str:
    return "green" if pixel.state == "open" else "bold yellow"


def _pixel_words(status: Status, pixel: PixelStatus) -> str:
    waiting = f"{pixel.waiting_events:,} waiting" if pixel.waiting_events else ""
    why = "; ".join(printable(text) for text in (pixel.why, pixel.remedy) if text)
    return "  ".join(part for part in (f"since {ago(status.at - pixel.since)}", waiting, why) if part)


def ago(seconds: float) -> str:
    """A time span in one unit: `12 s`, `3 min`, `5 h`, `2 d`."""
    whole = max(0, int(seconds))
    for unit_s, unit in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if whole >= unit_s:
            return f"{whole // unit_s} {unit}"
    return f"{whole} s"
