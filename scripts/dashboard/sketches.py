"""A plain sketch for each kind of panel. None shows data: axes, lanes, cells and lines are empty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboard.model import Panel, Step
from dashboard.text import cut, text_at, width_of

SMALL = 10.0
"""Pixels of letters within a sketch."""
_LEGEND_HEIGHT = 16.0
_SWATCH = 10.0
_BAND_HEIGHT = 6.0
_NUMBER_HEIGHT = 12.0
_LANES = 3
_CELLS_ACROSS, _CELLS_UP = 20, 4
_GRID_LINES = 3
_TABLE_LINE = 20.0


@dataclass(frozen=True)
class Area:
    """A rectangle of the picture, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def without_bottom(self, height: float) -> "Area":
        return Area(self.left, self.top, self.width, self.height - height)


def rectangle(area: Area, look: str, radius: float = 2) -> str:
    place = f'x="{_px(area.left)}" y="{_px(area.top)}" width="{_px(area.width)}" height="{_px(area.height)}"'
    return f'<rect class="{look}" {place} rx="{radius:g}"/>'


def sketch(panel: Panel, area: Area) -> str:
    """The sketch of a panel's kind; nothing for a kind that has none."""
    draw = _SKETCHES.get(panel.kind)
    return draw(panel, area) if draw else ""


def begins_at(step: Step, panel: Panel) -> str:
    """The value that a threshold begins at, as text."""
    return f"{step.value or 0:,g}" + (" s" if panel.unit == "seconds" else "")


def _stat(panel: Panel, area: Area) -> str:
    """The place of the number, above a band of the thresholds' colours."""
    room = area.without_bottom(_BAND_HEIGHT + SMALL + 4 if panel.steps else 0)
    height = min(_NUMBER_HEIGHT, room.height)
    number = Area(area.left, room.top + (room.height - height) / 2, area.width / 2, height)
    return rectangle(number, "sketch", radius=height / 2) + _band(panel, area)


def _band(panel: Panel, area: Area) -> str:
    """The colours one beside the other, each with the value that it begins at."""
    width = area.width / max(1, len(panel.steps))
    parts = []
    for index, step in enumerate(panel.steps):
        place = Area(area.left + index * width, area.bottom - _BAND_HEIGHT, width, _BAND_HEIGHT)
        parts.append(rectangle(place, step.color, radius=0))
        if index:
            label = cut(begins_at(step, panel), SMALL, width)
            parts.append(text_at(place.left, place.top - 3, label, size=SMALL, look="faint"))
    return "".join(parts)


def _graph(panel: Panel, area: Area) -> str:
    """Empty axes, in them the thresholds if Grafana draws them there, and below what the legend names."""
    plot = area.without_bottom(_LEGEND_HEIGHT)
    has_levels = panel.field_config.defaults.custom.thresholds_style.mode != "off"
    return (_levels(panel, plot) if has_levels else _grid(plot)) + _axes(plot) + _legend(panel, area)


def _axes(plot: Area) -> str:
    return f'<path class="axis" d="M{_px(plot.left)} {_px(plot.top)}V{_px(plot.bottom)}H{_px(plot.right)}"/>'


def _grid(plot: Area) -> str:
    heights = [plot.top + plot.height * index / (_GRID_LINES + 1) for index in range(1, _GRID_LINES + 1)]
    return f'<path class="grid" d="{"".join(_across(plot, y) for y in heights)}"/>'


def _levels(panel: Panel, plot: Area) -> str:
    """A dashed line for each threshold but the lowest, in order."""
    parts = []
    for index, step in enumerate(panel.steps[1:], 1):
        y = plot.bottom - plot.height * index / len(panel.steps)
        label = cut(f"{step.color} from {begins_at(step, panel)}", SMALL, plot.width)
        parts.append(f'<path class="{step.color}-line" stroke-dasharray="6 4" d="{_across(plot, y)}"/>')
        parts.append(text_at(plot.right - 2, y - 4, label, size=SMALL, look="faint", anchor="end"))
    return "".join(parts)


def _legend(panel: Panel, area: Area) -> str:
    """The names of the series below the graph, as many as there is room for."""
    left, parts = area.left, []
    for name in panel.series:
        room = area.right - left - _SWATCH - 4
        if room < 4 * SMALL:
            break
        label = cut(name, SMALL, room)
        parts.append(f'<path class="axis" d="M{_px(left)} {_px(area.bottom - 4)}h{_px(_SWATCH)}"/>')
        parts.append(text_at(left + _SWATCH + 4, area.bottom, label, size=SMALL, look="faint"))
        left += _SWATCH + 4 + width_of(label, SMALL) + SMALL
    return "".join(parts)


def _lanes(panel: Panel, area: Area) -> str:
    """Empty lanes, the first with the names of the series; below, each state in its colour."""
    room = area.without_bottom(_LEGEND_HEIGHT + 2)
    height = room.height / _LANES
    lanes = [Area(area.left, room.top + index * height, area.width, height - 4) for index in range(_LANES)]
    names = cut(", ".join(panel.series), SMALL, area.width - 12)
    label = text_at(area.left + 6, room.top + height / 2 + 2, names, size=SMALL, look="faint")
    return "".join(rectangle(lane, "empty") for lane in lanes) + label + _states(panel, area)


def _states(panel: Panel, area: Area) -> str:
    left, parts = area.left, []
    for step in panel.steps:
        label = cut(panel.mapped(step.value or 0) or begins_at(step, panel), SMALL, area.right - left - _SWATCH - 4)
        parts.append(rectangle(Area(left, area.bottom - _SWATCH + 1, _SWATCH, _SWATCH), step.color))
        parts.append(text_at(left + _SWATCH + 4, area.bottom, label, size=SMALL, look="faint"))
        left += _SWATCH + 4 + width_of(label, SMALL) + SMALL
    return "".join(parts)


def _cells(panel: Panel, area: Area) -> str:
    """A grid of empty cells."""
    across = [area.left + area.width * index / _CELLS_ACROSS for index in range(1, _CELLS_ACROSS + 1)]
    up = [area.top + area.height * index / _CELLS_UP for index in range(_CELLS_UP)]
    lines = [f"M{_px(x)} {_px(area.top)}V{_px(area.bottom)}" for x in across]
    lines += [_across(area, y) for y in up]
    return f'<path class="grid" d="{"".join(lines)}"/>' + _axes(area)


def _table(panel: Panel, area: Area) -> str:
    """A head and empty lines."""
    count = max(1, int(area.height // _TABLE_LINE))
    tops = [area.top + area.height * index / count for index in range(count + 1)]
    head = rectangle(Area(area.left, tops[0], area.width, tops[1] - tops[0]), "sketch")
    return head + f'<path class="grid" d="{"".join(_across(area, y) for y in tops[2:])}"/>'


def _across(area: Area, y: float) -> str:
    """A line from the left to the right edge, as commands of a path."""
    return f"M{_px(area.left)} {_px(y)}H{_px(area.right)}"


def _px(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


_SKETCHES: Mapping[str, Callable[[Panel, Area], str]] = {
    "stat": _stat,
    "timeseries": _graph,
    "state-timeline": _lanes,
    "heatmap": _cells,
    "table": _table,
}
