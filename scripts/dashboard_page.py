"""docs/dashboard.md and its picture, made from the dashboard's JSON: `python scripts/dashboard_page.py [--check]`."""

import re
import sys
from pathlib import Path

from dashboard.model import Dashboard, Panel, Variable, read_dashboard
from dashboard.picture import drawn_as, picture
from dashboard.sketches import begins_at

from consumer.config.reference.generated import write_or_check

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "deploy/grafana/dashboards/tiktok-consumer.json"
_PREFIX = "tiktok_consumer_"
_HEAD = """# The Grafana dashboard

Written by `python scripts/dashboard_page.py`; change `deploy/grafana/dashboards/tiktok-consumer.json`, not this page.

"{title}" has {panels} panels in {rows} rows. The first row is for a first look, the others follow the way of a
record. In the tests a real Prometheus runs every expression, and each finds data. In Grafana itself the dashboard was
not opened.

## Import it

It asks a Prometheus that scrapes `/metrics` of every process: [Set up the alerts](operating.md#set-up-the-alerts).

- `make up` starts a Grafana that has it, at <http://localhost:3000>: [all on one machine][one].
- On [Kubernetes](deploying.md#kubernetes), `dashboard.enabled` of the chart makes a ConfigMap for Grafana's sidecar.
- For a Grafana with provisioning, mount the folders of [deploy/grafana](../deploy/grafana) where the first lines of the
  files in `provisioning` say, and write the address of your Prometheus into `datasources/prometheus.yaml`.
- By hand: in Grafana choose *Dashboards*, *New*, *Import*, and upload [tiktok-consumer.json][json]. Then choose your
  Prometheus as *Data source*.

[one]: deploying.md#everything-on-one-machine
[json]: ../deploy/grafana/dashboards/tiktok-consumer.json

## Variables

They are above the panels, and limit what all of them show. All but the data source take several values, or all.

| variable | its values |
|---|---|
"""
_PICTURE = """
{annotations}: a line in every graph at each time when a process began.

## The picture

It shows what Grafana would place where. It is drawn from the JSON, lower than in Grafana, and holds no data.

![The rows of the dashboard with their panels, without data; the tables below hold the same][picture]

[picture]: pictures/dashboard.svg

In the tables, the name of a panel leads to what to do, where the dashboard has such a link. Metrics are written without
`{prefix}`; [metrics.md](metrics.md) has each.
"""
_ROW = """
## {title}

| panel | what it tells | drawn as | metrics |
|---|---|---|---|
"""


def page(dashboard: Dashboard) -> str:
    """docs/dashboard.md: how to import it, then a table for each row."""
    rows = dashboard.rows
    count = sum(len(panels) for _, panels in rows)
    annotations = ", ".join(each.name for each in dashboard.annotations.list)
    return "".join(
        [
            _HEAD.format(title=dashboard.title, panels=count, rows=len(rows)),
            *map(_variable, dashboard.templating.list),
            _PICTURE.format(annotations=annotations, prefix=_PREFIX),
            *(_ROW.format(title=row.title) + "".join(map(_panel, panels)) for row, panels in rows),
        ]
    )


def _variable(variable: Variable) -> str:
    asked = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", variable.question)
    values = f"`{asked[2]}` of `{asked[1].removeprefix(_PREFIX)}`" if asked else variable.question.capitalize()
    return f"| {variable.label} | {'. '.join(filter(None, [values, variable.description]))} |\n"


def _panel(panel: Panel) -> str:
    metrics = " ".join(f"`{name.removeprefix(_PREFIX)}`" for name in panel.metrics)
    cells = [_leading(panel), panel.description, _drawn(panel), metrics]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _leading(panel: Panel) -> str:
    """The title, with a link to the section of docs/ that the panel leads to."""
    pages = [found[1] for link in panel.links if (found := re.search(r"/docs/(\S+)$", link.url))]
    return f"[{panel.title}]({pages[0]})" if pages else panel.title


def _drawn(panel: Panel) -> str:
    """Kind and unit, then each threshold; the lowest only where a text stands for its value."""
    mapped = [f"{step.color}: {text}" for step in panel.steps if (text := panel.mapped(step.value or 0))]
    steps = mapped or [f"{step.color} from {begins_at(step, panel)}" for step in panel.steps[1:]]
    kind = ", ".join(filter(None, [drawn_as(panel), panel.unit]))
    return "; ".join(filter(None, [kind, ", ".join(steps)]))


def main(arguments: list[str]) -> int:
    """Write page and picture, or see whether they are current: 1 if one is not."""
    dashboard = read_dashboard(SOURCE)
    documents = {"docs/dashboard.md": page(dashboard), "docs/pictures/dashboard.svg": picture(dashboard)}
    return write_or_check(documents, ROOT, "python scripts/dashboard_page.py", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
