"""The screens of several services within the height of a terminal, which cannot be scrolled while `top` runs."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

from consumer.commands.top.screen import ALL, REASONS_SHOWN, Shown, screen
from consumer.commands.top.status_reader import Answer
from consumer.status.model import Status

_FEW = 3
_CUT = Text("… and more than the terminal has lines for", "dim")


class Fitted:
    """Services one below the other, each within its share of the height, and always the hint below them."""

    def __init__(self, services: Sequence[tuple[str, Answer | None]], hint: str) -> None:
        self._services = services
        self._hint = hint

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = (options.height or console.height) - 1
        lines: list[list[Segment]] = []
        for place, (url, answer) in enumerate(self._services):
            share = (height - len(lines)) // (len(self._services) - place)
            found = _within(console, options.update(height=None), url, answer, max(1, share - 1))
            lines += [*found, []] if share > 1 else found
        yield from chain.from_iterable((*line, Segment.line()) for line in lines[:height])
        yield Text(self._hint, "dim", end="")


def _within(
    console: Console, options: ConsoleOptions, url: str, answer: Answer | None, height: int
) -> list[list[Segment]]:
    """As much as fits, and a line that says so where that is not all that must be seen."""

    def lines(shown: Shown) -> list[list[Segment]]:
        return console.render_lines(screen(url, answer, shown), options, pad=False)

    choices = _choices(answer) if isinstance(answer, Status) else [ALL]
    place = bisect_left(choices, True, key=lambda shown: len(lines(shown)) <= height)
    found = lines(choices[min(place, len(choices) - 1)])
    return (
        found if len(found) <= height else [*found[: height - 1], *console.render_lines(_CUT, options, pad=False)[:1]]
    )


def _choices(status: Status) -> list[Shown]:
    """From all to the least: first fewer pixels that are open, then reasons of dead letters, then pixels that are not
    open, of which a few go before the last reason."""
    not_open = sum(pixel.state != "open" for pixel in status.pixels.values())
    few = min(not_open, _FEW)
    return [
        *(Shown(pixels, REASONS_SHOWN) for pixels in range(len(status.pixels), not_open, -1)),
        *(Shown(not_open, reasons) for reasons in range(REASONS_SHOWN, 1, -1)),
        *(Shown(pixels, 1) for pixels in range(not_open, few - 1, -1)),
        *(Shown(pixels, 0) for pixels in range(few, -1, -1)),
    ]
