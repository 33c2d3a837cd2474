"""import-linter's contracts (pyproject.toml), each broken on purpose in a copy: `make check` would fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
BROKEN: Final = [
    ("core is pure: it imports nothing of ours outside itself", "core/batch.py", "consumer.metrics"),
    ("stages know what goes from one to the next, and not one another", "core/map.py", "consumer.core.batch"),
    ("the service knows the adapters only as its own ports", "service/park.py", "consumer.adapters.access_tokens"),
    ("adapters decide nothing", "adapters/access_tokens.py", "consumer.core.pipeline"),
    ("the configuration knows only core", "config/units.py", "consumer.metrics"),
    ("only what puts the program together knows the adapters", "metrics.py", "consumer.adapters.access_tokens"),
    ("only the command line knows the commands", "run.py", "consumer.commands.progress_bar"),
    ("the sandbox shares nothing with what it judges", "sandbox/answers.py", "consumer.core.backoff"),
    ("metrics, logs and pages know nothing of ours", "logs.py", "consumer.metrics"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its contracts, to be spoilt."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "consumer", root / "consumer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def verdicts(root: Path) -> tuple[int, set[str]]:
    """The exit code of `lint-imports`, and the contracts that it calls broken."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--cache-dir", root / "cache"], cwd=root, env={}, capture_output=True, text=True, check=False
    )
    return done.returncode, {name for name in NAMES if f"{name} BROKEN" in done.stdout}


def test_the_copy_breaks_no_contract(copy: Path) -> None:
    assert verdicts(copy) == (0, set())


def test_each_contract_is_broken_once_below() -> None:
    assert [name for name, _, _ in BROKEN] == NAMES


@pytest.mark.parametrize(("contract", "importer", "imported"), BROKEN)
def test_a_forbidden_import_breaks_its_contract(contract: str, importer: str, imported: str, copy: Path) -> None:
    path = copy / "consumer" / importer
    text = path.read_text()
    path.write_text(f"{text}\n\nimport {imported}\n")
    try:
        code, broken = verdicts(copy)
    finally:
        path.write_text(text)

    assert code == 1
    assert contract in broken
