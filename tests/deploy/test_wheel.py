"""The wheel: what is in it, and that it works where nothing else of the project is."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

import consumer
from tests.support.wheel import CHECKOUT, built_wheel, install


@pytest.fixture(scope="module")
def wheel() -> Path:
    return built_wheel()


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and what it needs."""
    return install(wheel, tmp_path_factory.mktemp("installed") / "venv")


def run(command: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "80"}
    return subprocess.run(
        [command, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_wheel_holds_the_package_whole(names: set[str]) -> None:
    ours = {
        str(file.relative_to(CHECKOUT))
        for file in (CHECKOUT / "consumer").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert {"consumer/py.typed", "consumer/sandbox/static/index.html"} <= ours
    assert ours | {"consumer/web_event.avsc"} == {name for name in names if name.startswith("consumer/")}


def test_the_wheel_holds_nothing_but_the_package_and_its_licence(names: set[str]) -> None:
    about = {name for name in names if ".dist-info/" in name}

    assert {name.split("/")[0] for name in names - about} == {"consumer"}
    assert {name.split("/", 1)[1] for name in about} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }


def test_the_shipped_schema_of_the_wheel_is_that_of_the_source(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("consumer/web_event.avsc")

    assert packed == (CHECKOUT / "schemas/web_event.avsc").read_bytes()


def test_the_demo_works_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "tiktok-consumer", "demo", folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is accounted for" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_locked_environment_can_share_its_window(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "python", "-c", "import redis, consumer; print(consumer.__file__)", folder=tmp_path)

    assert "site-packages" in done.stdout, done.stderr


def test_the_bill_of_materials_lists_every_locked_package(tmp_path: Path) -> None:
    lock = (CHECKOUT / "requirements.lock").read_text()
    locked = {line.split(" ")[0] for line in lock.splitlines() if "==" in line}

    subprocess.run(["make", "--silent", "sbom"], cwd=CHECKOUT, check=True, capture_output=True, timeout=300)
    bill = json.loads((CHECKOUT / "dist/sbom.json").read_text())

    assert {f"{each['name']}=={each['version']}" for each in bill["components"]} == locked
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    assert bill["metadata"]["component"]["name"] == "tiktok-events-consumer"


def test_ci_tests_what_is_installed_from_the_wheel() -> None:
    place = Path(consumer.__file__)

    assert "site-packages" in place.parts if os.environ.get("CI") else place.is_relative_to(CHECKOUT)
