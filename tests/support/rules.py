"""The alert and recording rules, as data; and the sections of the operator's page that they point to."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

CHECKOUT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = CHECKOUT / "deploy/prometheus"
RULES: Final = FOLDER / "rules.yaml"
HOME: Final = "https://github.com/tiktok-events-consumer/tiktok-events-consumer"
RUNBOOK: Final = f"{HOME}/blob/main/docs/operating.md"
TESTS: Final = sorted((FOLDER / "tests").glob("*.yaml"))


@cache
def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(file)
    return found


def rules() -> Iterator[dict[str, Any]]:
    """Every rule, alerts and recorded ones."""
    for group in load(RULES)["groups"]:
        yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    """Alert name → its rule."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def hurried(file: Path) -> Path:
    """Write the rules to `file`, evaluated every second and without long waits. The expressions are unchanged."""
    groups = [
        {
            **group,
            "interval": "1s",
            "rules": [{**rule, "for": "1s"} if "for" in rule else rule for rule in group["rules"]],
        }
        for group in load(RULES)["groups"]
    ]
    file.write_text(json.dumps({"groups": groups}))  # JSON is YAML, too
    return file


def metrics_of(expression: str) -> set[str]:
    """The names of the metrics that an expression reads, recorded ones with their colons."""
    without_texts = re.sub(r'"[^"]*"', '""', expression)
    # A name that a bracket follows is a function; words in brackets after `by` and `on` are labels.
    without_labels = re.sub(r"\b(by|on|without|group_left|ignoring)\s*\([^)]*\)", "", without_texts)
    without_selectors = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", without_labels)
    names = re.findall(r"(?<!\$)\b[a-z_][a-z0-9_:]*\b(?!\s*\()", without_selectors)  # `$__range` is Grafana's
    return {name for name in names if "_" in name or name == "up"}


def anchors(page: Path) -> set[str]:
    """The anchors of a Markdown page's headings, as GitHub and most others make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
