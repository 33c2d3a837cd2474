"""The Grafana dashboard's JSON, as far as docs/dashboard.md and its picture tell of it; the rest is passed over.

Source of the fields: Grafana's documentation, https://grafana.com/docs/grafana/latest/, "Dashboard JSON model".
"""

import re
from pathlib import Path

import msgspec

UNITS = {
    "short": "number",
    "s": "seconds",
    "cps": "per second",
    "reqps": "requests per second",
    "bytes": "bytes",
    "percentunit": "percent",
}
"""Words for Grafana's ids of units; another id stands for itself."""


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A part of the JSON; its names there are in camel case."""


class Place(_Part, frozen=True):
    """Where a panel is and how large: columns of 24, rows of Grafana's grid."""

    x: int
    y: int
    w: int
    h: int


class Step(_Part, frozen=True):
    """A colour of thresholds, and the value that it begins at; None: the lowest."""

    color: str
    value: float | None


class Thresholds(_Part, frozen=True):
    steps: tuple[Step, ...] = ()


class MappedText(_Part, frozen=True):
    text: str


class ValueMapping(_Part, frozen=True):
    """Texts that stand for values, by the value as text."""

    options: dict[str, MappedText]


class Stacking(_Part, frozen=True):
    mode: str = "none"


class ThresholdsStyle(_Part, frozen=True):
    mode: str = "off"


class Drawing(_Part, frozen=True):
    """How a graph is drawn."""

    draw_style: str = "line"
    stacking: Stacking = Stacking()
    thresholds_style: ThresholdsStyle = ThresholdsStyle()


class FieldDefaults(_Part, frozen=True):
    unit: str = ""
    thresholds: Thresholds = Thresholds()
    mappings: tuple[ValueMapping, ...] = ()
    custom: Drawing = Drawing()


class FieldConfig(_Part, frozen=True):
    defaults: FieldDefaults = FieldDefaults()


class Axis(_Part, frozen=True):
    unit: str = ""


class Options(_Part, frozen=True):
    y_axis: Axis = Axis()


class Target(_Part, frozen=True):
    """A question to Prometheus; `legend_format` names its series."""

    expr: str
    legend_format: str = ""


class Link(_Part, frozen=True):
    url: str


class Panel(_Part, frozen=True):
    """A panel, or the title of a row: kind "row"."""

    id: int
    kind: str = msgspec.field(name="type")
    title: str
    place: Place = msgspec.field(name="gridPos")
    description: str = ""
    field_config: FieldConfig = FieldConfig()
    options: Options = Options()
    targets: tuple[Target, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def unit(self) -> str:
        """In words; empty where texts stand for the values."""
        if self.field_config.defaults.mappings:
            return ""
        found = self.options.y_axis.unit or self.field_config.defaults.unit
        return UNITS.get(found, found)

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.field_config.defaults.thresholds.steps

    @property
    def series(self) -> tuple[str, ...]:
        """What names the series in the legend, with a label's name in angle brackets for its value."""
        return tuple(
            re.sub(r"\{\{(\w+)\}\}", r"<\1>", each.legend_format) for each in self.targets if each.legend_format
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each metric that the expressions read, once, by its name on docs/metrics.md.

        A name is what stands before a selector; `tests/deploy/test_dashboard_page.py` finds a metric without one.
        """
        names = re.findall(r"(\w+)\{", " ".join(each.expr for each in self.targets))
        return tuple(dict.fromkeys(re.sub(r"_(bucket|sum|count)$", "", name) for name in names))

    def mapped(self, value: float) -> str:
        """The text that stands for a value; empty if there is none."""
        texts = {
            key: each.text for mapping in self.field_config.defaults.mappings for key, each in mapping.options.items()
        }
        return texts.get(f"{value:g}", "")


class Variable(_Part, frozen=True):
    """What the reader chooses above the panels; the query is a kind of data source, or a question to Prometheus."""

    label: str
    query: str | dict[str, str]
    description: str = ""

    @property
    def question(self) -> str:
        return self.query if isinstance(self.query, str) else self.query["query"]


class Variables(_Part, frozen=True):
    list: tuple[Variable, ...]


class Annotation(_Part, frozen=True):
    """Lines in the graphs at what happened."""

    name: str


class Annotations(_Part, frozen=True):
    list: tuple[Annotation, ...]


class TimeRange(_Part, frozen=True):
    start: str = msgspec.field(name="from")


class Dashboard(_Part, frozen=True):
    title: str
    refresh: str
    time: TimeRange
    templating: Variables
    annotations: Annotations
    panels: tuple[Panel, ...]

    @property
    def rows(self) -> tuple[tuple[Panel, tuple[Panel, ...]], ...]:
        """Each row's title with the panels that come after it."""
        titles = [index for index, panel in enumerate(self.panels) if panel.kind == "row"]
        ends = [*titles[1:], len(self.panels)]
        return tuple((self.panels[at], self.panels[at + 1 : end]) for at, end in zip(titles, ends, strict=True))


def read_dashboard(file: Path) -> Dashboard:
    """Raises `msgspec.ValidationError`, which says where, if a part is missing or of another type."""
    return msgspec.json.decode(file.read_bytes(), type=Dashboard)
