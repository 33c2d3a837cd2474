"""The dashboard's layout as an SVG: what Grafana would place where, and no data.

Columns are 24, as in Grafana; a unit of height has 24 pixels and not its 38, so that the picture stays short.
"""

from html import escape
from textwrap import dedent

from dashboard.model import Dashboard, Panel, Place
from dashboard.sketches import Area, rectangle, sketch
from dashboard.text import cut, text_at, width_of, wrapped

WIDTH = 1200
_COLUMNS = 24
_UNIT_HEIGHT = 24.0
_MARGIN = 6.0
_INSET = 8.0
"""Where boxes and the text above and below them begin."""
_GAP = 4.0
_PADDING = 6.0
_HEAD_HEIGHT, _FOOT_HEIGHT = 78.0, 30.0
_HEADING, _ROW, _TITLE, _NOTE = 18.0, 13.0, 12.0, 11.0
_TITLE_LINES, _TITLE_LINE_HEIGHT = 2, 15.0
_TITLE_BASELINE, _NOTE_BASELINE = 17.0, 7.0

_COLOURS = {
    "paper": ("#f4f5f5", "#111217"),
    "box": ("#ffffff", "#1a1d22"),
    "edge": ("#c9ccd1", "#3a3f47"),
    "text": ("#24292e", "#e2e4e9"),
    "faint": ("#57606a", "#9aa3af"),
    "sketch": ("#d9dce0", "#353a42"),
    "axis": ("#8b939e", "#6d7682"),
    "green": ("#2f8132", "#73bf69"),
    "yellow": ("#b58400", "#fade2a"),
    "red": ("#c4162a", "#f2495c"),
}
"""For light and for dark. Thresholds have the hues of Grafana, darker on light paper."""
_KINDS = {"timeseries": "time series", "state-timeline": "state timeline", "heatmap": "heat map"}
"""Words for Grafana's ids of kinds; another id stands for itself."""
_NOTE_BELOW = (
    "Drawn from the JSON: graphs, numbers and tables are empty. Coloured lines, bands and squares are thresholds,"
    " in their order and not to scale. <name>: the value of a label."
)


def picture(dashboard: Dashboard) -> str:
    """The whole SVG, as high as its last panel asks for."""
    units = max((panel.place.y + panel.place.h for panel in dashboard.panels), default=0)
    height = _HEAD_HEIGHT + units * _UNIT_HEIGHT + _FOOT_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}"'
        f' viewBox="0 0 {WIDTH} {height:g}" font-family="sans-serif" role="img">',
        f"<title>Layout of the dashboard {escape(dashboard.title)}</title>",
        f"<style>\n{_style(0)}\n@media (prefers-color-scheme: dark) {{\n{_style(1)}\n}}\n</style>",
        rectangle(Area(0, 0, WIDTH, height), "paper", radius=0),
        *_head(dashboard),
        *(_row_title(panel) if panel.kind == "row" else _panel(panel) for panel in dashboard.panels),
        text_at(_INSET, height - 11, cut(_NOTE_BELOW, _NOTE, WIDTH - 2 * _INSET), size=_NOTE, look="faint"),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def drawn_as(panel: Panel) -> str:
    """The kind of a panel, in words: a graph also with what is not a plain line."""
    drawing = panel.field_config.defaults.custom
    more = [", bars"] if drawing.draw_style == "bars" else []
    more += [", stacked"] if drawing.stacking.mode != "none" else []
    return _KINDS.get(panel.kind, panel.kind) + "".join(more)


def _style(scheme: int) -> str:
    of = {name: colours[scheme] for name, colours in _COLOURS.items()}
    lines = f"""\
        .paper {{ fill: {of["paper"]} }} .text {{ fill: {of["text"]} }} .faint {{ fill: {of["faint"]} }}
        .box {{ fill: {of["box"]}; stroke: {of["edge"]} }} .empty {{ fill: none; stroke: {of["edge"]} }}
        .sketch {{ fill: {of["sketch"]} }} .grid {{ fill: none; stroke: {of["sketch"]} }}
        .axis {{ fill: none; stroke: {of["axis"]} }}"""
    steps = (
        f".{name} {{ fill: {of[name]} }} .{name}-line {{ fill: none; stroke: {of[name]} }}"
        for name in ("green", "yellow", "red")
    )
    return "\n".join([dedent(lines), *steps])


def _head(dashboard: Dashboard) -> list[str]:
    """The title, the time shown, and a field for each variable."""
    shown = f"from {dashboard.time.start} to now, every {dashboard.refresh}"
    lines = [
        text_at(_INSET, 28, dashboard.title, size=_HEADING),
        text_at(WIDTH - _INSET, 28, shown, size=_TITLE, look="faint", anchor="end"),
    ]
    left = _INSET
    for variable in dashboard.templating.list:
        width = width_of(variable.label, _TITLE) + 30
        arrow = f'<path class="axis" d="M{left + width - 18:.1f} 52l4 4l4 -4"/>'
        label = text_at(left + 8, 58, variable.label, size=_TITLE)
        lines.append(rectangle(Area(left, 42, width, 24), "box") + label + arrow)
        left += width + 8
    return lines


def _place(place: Place) -> Area:
    column = (WIDTH - 2 * _MARGIN) / _COLUMNS
    return Area(
        _MARGIN + place.x * column + _GAP / 2,
        _HEAD_HEIGHT + place.y * _UNIT_HEIGHT + _GAP / 2,
        place.w * column - _GAP,
        place.h * _UNIT_HEIGHT - _GAP,
    )


def _row_title(row: Panel) -> str:
    area = _place(row.place)
    arrow = f'<path class="axis" d="M{area.left + 4:.1f} {area.top + 8:.1f}l4 4l4 -4"/>'
    title = text_at(area.left + 18, area.top + 15, cut(row.title, _ROW, area.width - 18), size=_ROW)
    return f'<g id="panel-{row.id}">{arrow}{title}</g>'


def _panel(panel: Panel) -> str:
    """The box with its title above, its kind and unit below, and the sketch between."""
    area = _place(panel.place)
    left, width = area.left + _PADDING, area.width - 2 * _PADDING
    titles = wrapped(panel.title, _TITLE, width, _TITLE_LINES)
    baselines = [area.top + _TITLE_BASELINE + index * _TITLE_LINE_HEIGHT for index in range(len(titles))]
    note = cut(" · ".join(filter(None, [drawn_as(panel), panel.unit])), _NOTE, width)
    top, bottom = baselines[-1] + 8, area.bottom - _NOTE_BASELINE - _NOTE - 5
    parts = [
        rectangle(area, "box"),
        *(text_at(left, y, line, size=_TITLE) for y, line in zip(baselines, titles, strict=True)),
        sketch(panel, Area(left, top, width, bottom - top)),
        text_at(left, area.bottom - _NOTE_BASELINE, note, size=_NOTE, look="faint"),
    ]
    return f'<g id="panel-{panel.id}">{"".join(parts)}</g>'
