"""The Grafana dashboard, as data."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.support.rules import CHECKOUT

FOLDER: Final = CHECKOUT / "deploy/grafana"
DASHBOARD: Final[dict[str, Any]] = json.loads((FOLDER / "dashboards/tiktok-consumer.json").read_text())


def rows() -> list[str]:
    """The titles of its sections, in order."""
    return [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]


def panels() -> list[dict[str, Any]]:
    """Its panels without the sections' titles."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, with the title of its panel or annotation."""
    for panel in panels():
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def links() -> Iterator[tuple[str, str]]:
    """Where it leads to: the title of a panel, or of the dashboard, with an address."""
    yield from ((DASHBOARD["title"], link["url"]) for link in DASHBOARD["links"])
    for panel in panels():
        yield from ((panel["title"], link["url"]) for link in panel.get("links", ()))
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                yield from ((panel["title"], link["url"]) for link in each["value"] if each["id"] == "links")


def variables() -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}


def filled_in(expression: str, interval: str) -> str:
    """As Grafana asks it with all of every variable chosen."""
    for name in ("$__rate_interval", "$__interval", "$__range"):
        expression = expression.replace(name, interval)
    for name, variable in variables().items():
        expression = expression.replace(f"${name}", variable.get("allValue", ""))
    return expression
