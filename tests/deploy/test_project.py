"""What a public project shows outside: workflows, versions, the page on the package index, licences."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from tests.parts.golang import ACTIONLINT
from tests.parts.part import CHECKOUT
from tests.support.wheel import UV, built_wheel

WORKFLOWS: Final = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
PROJECT: Final[dict[str, Any]] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
VERSION: Final = str(PROJECT["version"])


def read(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file)


@pytest.mark.server  # no server, but a program that `make parts` builds
def test_actionlint_finds_no_fault_in_the_workflows() -> None:
    done = subprocess.run(
        [ACTIONLINT.path(), "-no-color", *WORKFLOWS],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert len(WORKFLOWS) >= 2


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_every_action_is_named_by_its_commit(file: Path) -> None:
    used = re.findall(r"uses: (\S+)", file.read_text())
    ours = [name for name in used if name.startswith("./")]

    assert [name for name in used if not re.search(r"@[0-9a-f]{40}$", name)] == ours


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_only_read_unless_a_job_says_more(file: Path) -> None:
    assert read(file)["permissions"] == {"contents": "read"}


def test_the_tests_run_on_every_python_that_the_package_names() -> None:
    prefix = "Programming Language :: Python :: "
    named = [name.removeprefix(prefix) for name in PROJECT["classifiers"] if name.startswith(f"{prefix}3.")]

    matrix = read(CHECKOUT / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]

    assert matrix["python"] == named


def test_dependabot_looks_into_folders_that_are_there() -> None:
    updates = read(CHECKOUT / ".github/dependabot.yml")["updates"]
    folders = [folder for each in updates for folder in each.get("directories", [each.get("directory")])]

    assert [folder for folder in folders if not (CHECKOUT / folder.strip("/")).is_dir()] == []


def test_what_pre_commit_runs_is_in_the_environment() -> None:
    hooks = [hook for repo in read(CHECKOUT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    programs = {hook["entry"].split()[0] for hook in hooks} - {"make"}

    assert all(Path(sys.executable).with_name(Path(program).name).exists() for program in programs)
    assert {Path(program).name for program in programs} == {"ruff", "codespell"}


# ── versions ────────────────────────────────────────────────────────────────────────────────────


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """scripts/release.py in a project of that folder."""
    (folder / "scripts").mkdir(exist_ok=True)
    script = shutil.copy(CHECKOUT / "scripts/release.py", folder / "scripts")
    return subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    sections = [
        "# Changelog",
        "## Unreleased\n- later",
        "## 1.2.0 - 2026-01-02\n### Added\n- this",
        "## 1.1.0 - 2025-12-01\n- old",
    ]
    (tmp_path / "CHANGELOG.md").write_text("\n\n".join(sections) + "\n")
    return tmp_path


def test_the_tag_of_a_release_gives_its_version_and_its_changes(project: Path) -> None:
    assert release(project, "v1.2.0").stdout == "1.2.0\n"
    assert release(project, "v1.2.0", "--changes").stdout == "### Added\n- this\n"


def test_a_tag_of_another_version_is_refused(project: Path) -> None:
    done = release(project, "v1.3.0")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The tag v1.3.0 is not v1.2.0, the version of pyproject.toml.\n"


def test_a_release_without_dated_changes_is_refused(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.0\n- this\n")

    assert release(project, "v1.2.0").stderr == "CHANGELOG.md has no dated section 1.2.0, or nothing in it.\n"


def test_this_version_could_be_released(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(CHECKOUT / name, tmp_path)

    done = release(tmp_path, f"v{VERSION}", "--changes")

    assert done.returncode == 0, done.stderr


def test_the_chart_has_the_version_of_the_package() -> None:
    chart = read(CHECKOUT / "deploy/helm/tiktok-consumer/Chart.yaml")

    assert (str(chart["version"]), str(chart["appVersion"])) == (VERSION, VERSION)


def test_the_commands_of_the_page_on_deploying_name_this_version() -> None:
    named = set(re.findall(r"tiktok-events-consumer:(\d[\w.]*)", (CHECKOUT / "docs/deploying.md").read_text()))

    assert named == {VERSION}


# ── the package ─────────────────────────────────────────────────────────────────────────────────


def test_links_and_pictures_of_the_readme_work_on_the_package_index() -> None:
    with zipfile.ZipFile(built_wheel()) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        text = archive.read(name).decode()
    targets = re.findall(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"', text)
    links = [link or picture for link, picture in targets]

    relative = [link for link in links if not link.startswith(("https://", "http://localhost", "#"))]
    assert relative == []
    pictures = [link for link in links if link.endswith(".png")]
    raw = f"https://raw.githubusercontent.com/tiktok-events-consumer/tiktok-events-consumer/v{VERSION}/"
    assert pictures
    assert all((CHECKOUT / link.removeprefix(raw)).is_file() for link in pictures), pictures


def test_the_readme_links_to_what_is_there() -> None:
    links = re.findall(r"\]\(([^)\s#]+)", (CHECKOUT / "README.md").read_text())

    assert [link for link in links if "://" not in link and not (CHECKOUT / link).exists()] == []


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_anchors_of_the_readme_and_into_it_are_there() -> None:
    linking = [CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md")]
    found = [
        (page, *each) for page in linking for each in re.findall(r"\]\(([^)\s#]*\.md)?#([^)\s]+)\)", page.read_text())
    ]
    missing = [
        (page.name, target, anchor)
        for page, target, anchor in found
        if anchor not in anchors(page.parent / target if target else page)
    ]

    assert len(found) > 50
    assert missing == []


def test_the_sdist_makes_the_same_wheel(tmp_path: Path) -> None:
    def built(source: Path, kind: str) -> Path:
        command = [UV, "build", "--quiet", kind, "--no-build-isolation", "--python", sys.executable]
        subprocess.run([*command, "--out-dir", str(tmp_path), str(source)], check=True, timeout=3000)
        [found] = tmp_path.glob("*.whl" if kind == "--wheel" else "*.tar.gz")
        return found

    sdist = built(CHECKOUT, "--sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()

    assert contents(built(source, "--wheel")) == contents(built_wheel())


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ── licences ────────────────────────────────────────────────────────────────────────────────────


def licenses(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", "licenses", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=3000, check=False)


def test_every_package_that_runs_has_a_licence_that_asks_for_no_more_than_its_mention() -> None:
    done = licenses()

    assert done.returncode == 0, done.stdout + done.stderr
    listed = re.findall(r"^\| ([\w.-]+) +\|", (CHECKOUT / "dist/licenses.md").read_text(), re.MULTILINE)
    names = {name.lower().replace("_", "-") for name in listed}
    assert {"confluent-kafka", "httpx2", "phonenumberslite", "redis"} <= names


def test_a_licence_that_is_not_on_the_list_is_refused() -> None:
    assert licenses("LICENCES=ISC").returncode != 0
