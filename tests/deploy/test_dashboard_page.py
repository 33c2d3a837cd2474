"""docs/dashboard.md and its picture, which `scripts/dashboard_page.py` makes of the dashboard's JSON."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

import pytest

from tests.support.dashboard import DASHBOARD, panels, rows
from tests.support.rules import CHECKOUT, anchors, metrics_of

SOURCE: Final = "deploy/grafana/dashboards/tiktok-consumer.json"
PAGE: Final = CHECKOUT / "docs/dashboard.md"
PICTURE: Final = CHECKOUT / "docs/pictures/dashboard.svg"
LARGEST_BYTES: Final = 100 * 1024
SVG: Final = "{http://www.w3.org/2000/svg}"
_LETTERS: Final = {
    0.278: "'ijl",
    0.318: "I ,.·",
    0.361: "J/:;\\|f-",
    0.411: "()[]t!r",
    0.55: '"*_`sz?c',
    0.613: "LFkvxyPTYoa",
    0.637: "eEhnuSbdgpq0123456789${}",
    0.698: "KAVXZBRC",
    0.787: "UNHDG&OQ",
    0.838: "w#+<=>^~→",
}
"""By width in em, rounded up, of DejaVu Sans in Chromium: the widest of the common fonts without serifs."""
WIDTHS: Final = {letter: width for width, letters in _LETTERS.items() for letter in letters}
"""What is not in it has 1 em at most."""


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box") -> bool:
        beyond = (self.left - other.left, self.top - other.top, other.right - self.right, other.bottom - self.bottom)
        return max(beyond) <= 0

    def overlaps(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0 and down > 0


def parsed(file: Path) -> ElementTree.Element:
    return ElementTree.fromstring(file.read_text("utf-8"))  # noqa: S314  # written by the script under test


IMAGE: Final = parsed(PICTURE)
WHOLE: Final = Box(*map(float, IMAGE.get("viewBox", "").split()))
GROUPS: Final = {each.get("id"): each for each in IMAGE.iter(f"{SVG}g")}


def group(panel: dict[str, Any]) -> ElementTree.Element:
    """What is drawn for a panel, or for the title of a row."""
    return GROUPS[f"panel-{panel['id']}"]


def boxes(element: ElementTree.Element) -> list[Box]:
    """Its rectangles; the first one of a panel is its frame."""
    found = []
    for each in element.iter(f"{SVG}rect"):
        left, top, width, height = (float(each.get(name, "")) for name in ("x", "y", "width", "height"))
        found.append(Box(left, top, left + width, top + height))
    return found


def texts(element: ElementTree.Element) -> Iterator[tuple[str, Box]]:
    """Each text with a rectangle that it needs no more than."""
    for each in element.iter(f"{SVG}text"):
        text = each.text or ""
        x, y, size = (float(each.get(name, "")) for name in ("x", "y", "font-size"))
        width = size * sum(WIDTHS.get(letter, 1) for letter in text)
        left = x - width if each.get("text-anchor") == "end" else x
        yield text, Box(left, y - size, left + width, y + size / 4)


def sections() -> dict[str, str]:
    """The page's parts by their headings."""
    parts = re.split(r"^## (.+)\n", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def told() -> list[tuple[str, str, str, str]]:
    """Row, panel, description and metrics of each line of the tables for rows, as text."""
    found = []
    for row in rows():
        lines = [line for line in sections()[row].splitlines() if line.startswith("|")][2:]
        for line in lines:
            title, description, _, metrics = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
            found.append((row, re.sub(r"^\[(.+)\]\(.+\)$", r"\1", title), description.replace(r"\|", "|"), metrics))
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the script and the dashboard, without what the script writes."""
    shutil.copytree(CHECKOUT / "scripts/dashboard", tmp_path / "scripts/dashboard")
    shutil.copy(CHECKOUT / "scripts/dashboard_page.py", tmp_path / "scripts")
    (tmp_path / SOURCE).parent.mkdir(parents=True)
    shutil.copy(CHECKOUT / SOURCE, tmp_path / SOURCE)
    (tmp_path / "docs/pictures").mkdir(parents=True)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts/dashboard_page.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# ── the page ────────────────────────────────────────────────────────────────────────────────────


def test_the_page_has_each_row_and_each_panel_in_order() -> None:
    expected, row = [], ""
    for panel in DASHBOARD["panels"]:
        row = panel["title"] if panel["type"] == "row" else row
        expected += [] if panel["type"] == "row" else [(row, panel["title"], panel["description"])]

    assert [title for title in sections() if title in rows()] == rows()
    assert [line[:3] for line in told()] == expected


def test_the_page_names_the_metrics_of_each_panel_as_the_page_on_metrics_does() -> None:
    explained = (CHECKOUT / "docs/metrics.md").read_text("utf-8")
    for panel, (_, title, _, metrics) in zip(panels(), told(), strict=True):
        read = {name for target in panel["targets"] for name in metrics_of(target["expr"])}
        whole = {re.sub("_(bucket|sum|count)$", "", name) for name in read}

        assert set(re.findall(r"`(\w+)`", metrics)) == {name.removeprefix("tiktok_consumer_") for name in whole}, title
        assert [name for name in whole if f"`{name}`" not in explained and not name.startswith("process_")] == []


def test_every_link_of_the_page_leads_somewhere() -> None:
    found = re.findall(r"\]\(([^)\s]+)\)|^\[\w+\]: (\S+)", PAGE.read_text("utf-8"), re.MULTILINE)
    for address in map("".join, found):
        path, _, anchor = address.partition("#")
        assert (PAGE.parent / path).exists(), address
        assert not anchor or anchor in anchors(PAGE.parent / path), address


# ── the picture ─────────────────────────────────────────────────────────────────────────────────


def test_the_picture_has_the_whole_title_of_each_row_and_panel() -> None:
    for panel in DASHBOARD["panels"]:
        assert " ".join(text for text, _ in texts(group(panel))).startswith(panel["title"])


def test_each_panel_is_where_grafana_places_it_in_24_columns() -> None:
    frames = [(panel["gridPos"], boxes(group(panel))[0]) for panel in panels()]
    for at, size, begin, end in (("x", "w", "left", "right"), ("y", "h", "top", "bottom")):
        first, last = (choose(frames, key=lambda each: each[0][at]) for choose in (min, max))
        unit = (getattr(last[1], begin) - getattr(first[1], begin)) / (last[0][at] - first[0][at])
        for place, frame in frames:
            start = getattr(first[1], begin) + unit * (place[at] - first[0][at])
            assert abs(getattr(frame, begin) - start) < 0.2
            assert 0 < start + unit * place[size] - getattr(frame, end) < 8, "a small gap to the next"
        if at == "x":
            assert WHOLE.right * 0.97 < 24 * unit < WHOLE.right


def test_no_box_overlaps_another_or_leaves_the_picture() -> None:
    frames = [boxes(group(panel))[0] for panel in panels()]

    assert [frame for frame in frames if not WHOLE.holds(frame)] == []
    assert [pair for pair in combinations(frames, 2) if pair[0].overlaps(pair[1])] == []


def test_text_and_sketch_of_a_panel_stay_within_its_box() -> None:
    for panel in panels():
        frame, *inner = boxes(group(panel))
        assert [box for box in inner if not frame.holds(box)] == []
        assert [text for text, box in texts(group(panel)) if not frame.holds(box)] == []


def test_no_text_leaves_the_picture_or_lies_on_another() -> None:
    found = list(texts(IMAGE))

    assert [text for text, box in found if not WHOLE.holds(box)] == []
    assert [(one[0], other[0]) for one, other in combinations(found, 2) if one[1].overlaps(other[1])] == []


def test_thresholds_are_in_the_picture_in_their_colours() -> None:
    for panel in panels():
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": []})["steps"]
        looks = {each.get("class", "").removesuffix("-line") for each in group(panel).iter()}
        drawn = steps[1:] if panel["type"] == "timeseries" else steps  # a line for the lowest would be the axis
        assert {step["color"] for step in drawn} <= looks


def test_every_look_has_its_colour_in_light_and_in_the_dark() -> None:
    [style] = [each.text or "" for each in IMAGE.iter(f"{SVG}style")]
    looks = {each.get("class") for each in IMAGE.iter()} - {None}

    for scheme in style.split("@media (prefers-color-scheme: dark)"):
        assert looks <= set(re.findall(r"\.([\w-]+) \{[^}]*#[0-9a-f]{6}", scheme))


def test_the_picture_is_small_and_loads_nothing() -> None:
    text = PICTURE.read_text("utf-8")

    assert len(text.encode()) <= LARGEST_BYTES
    assert re.findall(r"https?://[^\"]+|url\(|@import|href", text) == ["http://www.w3.org/2000/svg"]


# ── what is kept is what the script writes ──────────────────────────────────────────────────────


def test_page_and_picture_are_as_the_script_writes_them(project: Path) -> None:
    assert run(project).returncode == 0

    for file in (PAGE, PICTURE):
        assert (project / file.relative_to(CHECKOUT)).read_bytes() == file.read_bytes()
    assert run(project, "--check").returncode == 0


def test_a_change_of_the_dashboard_makes_both_stale(project: Path) -> None:
    run(project)
    source = project / SOURCE
    source.write_text(source.read_text().replace('"Settled per second"', '"Settled"'))

    done = run(project, "--check")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "docs/dashboard.md is stale; run python scripts/dashboard_page.py",
        "docs/pictures/dashboard.svg is stale; run python scripts/dashboard_page.py",
    ]


def test_a_missing_picture_is_stale(project: Path) -> None:
    run(project)
    (project / "docs/pictures/dashboard.svg").unlink()

    done = run(project, "--check")

    assert (done.returncode, done.stderr.split(";")[0]) == (1, "docs/pictures/dashboard.svg is stale")


def test_a_title_without_room_is_cut_within_its_box(project: Path) -> None:
    longer = [{**panel, "title": "Words & more " * 40} for panel in DASHBOARD["panels"]]
    (project / SOURCE).write_text(json.dumps({**DASHBOARD, "panels": longer}))
    run(project)

    for each in parsed(project / "docs/pictures/dashboard.svg").iter(f"{SVG}g"):
        frame = boxes(each)[0] if boxes(each) else WHOLE
        assert [text for text, box in texts(each) if not frame.holds(box)] == []
        assert [text for text, _ in texts(each) if text.endswith("…")]
