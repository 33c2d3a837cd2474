"""`python -m tests.mutation [--all]`: a fixed sample of mutants, or all of them; exit 1 if one survives unexplained.

mutmut works on a copy of the sources in `mutants/`. Which files it changes, and which tests it runs, stands in
pyproject.toml. A mutant that no test can tell from the original stands in survivors.toml with its reason.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
SAMPLE_FILES: Final = ("consumer/core/settle/ledger.py", "consumer/core/settle/breaker.py")
"""What decides when an offset may be committed, and when reading stops."""
SAMPLE_TESTS: Final = ("tests/unit/core/test_ledger.py", "tests/unit/core/test_breaker.py")
SAMPLE: Final = ("consumer.core.settle.ledger.*", "consumer.core.settle.breaker.*")
"""Less than a minute of CPU, with the tests of these two files alone."""


@contextmanager
def sample_tree() -> Iterator[Path]:
    """A tree in which mutmut changes and tests the sample's files alone; with its own settings it needs all tests."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in ("consumer", "schemas", "tests", "README.md"):
            (tree / name).symlink_to(ROOT / name)
        (tree / "pyproject.toml").write_text(narrowed((ROOT / "pyproject.toml").read_text()))
        yield tree


def narrowed(settings: str) -> str:
    """The text of pyproject.toml for the sample."""
    settings, files = re.subn(r"^only_mutate = \[.*?\]$", f"only_mutate = {list(SAMPLE_FILES)}", settings, flags=_LISTS)
    name = "pytest_add_cli_args_test_selection"
    settings, tests = re.subn(rf"^{name} = \[.*?^\]$", f"{name} = {list(SAMPLE_TESTS)}", settings, flags=_LISTS)
    assert files == tests == 1
    return settings


_LISTS: Final = re.MULTILINE | re.DOTALL


def explained() -> dict[str, str]:
    """Surviving mutants by name: why no test can kill them."""
    return dict(tomllib.loads((HERE / "survivors.toml").read_text())["survivors"])


def survivors(results: str) -> list[str]:
    """Names from what `mutmut results` prints: `    NAME: survived`."""
    rows = [line.strip().rpartition(": ") for line in results.splitlines()]
    return [name for name, _, status in rows if status in {"survived", "suspicious", "no tests"}]


def main(arguments: list[str]) -> int:
    if "--all" in arguments:
        return judged(ROOT, ())
    with sample_tree() as tree:
        return judged(tree, SAMPLE)


def judged(tree: Path, wanted: Sequence[str]) -> int:
    """Run mutmut in a tree, and print what survived there without a reason."""
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    ran = subprocess.run([mutmut, "run", *wanted], cwd=tree, check=False, capture_output=True, text=True)
    if ran.returncode:
        sys.stderr.write(ran.stdout[-3000:] + ran.stderr[-3000:])
        return 1
    listed = subprocess.run(
        [mutmut, "results", "--all", "true"], cwd=tree, check=True, capture_output=True, text=True
    ).stdout
    results = [line for line in listed.splitlines() if not line.endswith(": not checked")]
    living = [name for name in survivors("\n".join(results)) if name not in explained()]
    for name in living:
        shown = subprocess.run([mutmut, "show", name], cwd=tree, check=False, capture_output=True, text=True)
        sys.stdout.write(shown.stdout)
    killed = {line.strip().removesuffix(": killed") for line in results if line.endswith(": killed")}
    stale = sorted(killed & set(explained()))
    sys.stdout.write(
        f"mutants: {len(killed)} killed, {len(living)} survived, {len(explained())} survived for a reason\n"
    )
    sys.stdout.writelines(f"{name} is killed now: take it out of survivors.toml\n" for name in stale)
    return 1 if living or stale or not killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
