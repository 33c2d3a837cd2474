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


def variables() -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}


def filled_in(expression: str, interval: str) -> str:
    """As Grafana asks it with all jobs and instances chosen."""
    values = {"$__rate_interval": interval, "$__interval": interval, "$job": ".*", "$instance": ".*"}
    for name, value in values.items():
        expression = expression.replace(name, value)
    return expression
