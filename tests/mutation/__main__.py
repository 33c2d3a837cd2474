"""`python -m tests.mutation [--all]`: a fixed sample of mutants, or all of them; exit 1 if one survives unexplained.

mutmut works on a copy of the sources in `mutants/`. Which files it changes, and which tests it runs, stands in
pyproject.toml. A mutant that no test can tell from the original stands in survivors.toml with its reason.
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_LEDGER: Final = "consumer.core.settle.ledger.xǁLedgerǁ"
SAMPLE: Final = (
    *(f"{_LEDGER}{name}__*" for name in ("settle", "committable", "note_commit_sent", "note_committed")),
    "consumer.core.settle.breaker.xǁBreakerǁ_judge__*",
)
"""What decides when an offset may be committed, and when reading stops: less than a minute of CPU."""


def explained() -> dict[str, str]:
    """Surviving mutants by name: why no test can kill them."""
    return dict(tomllib.loads((HERE / "survivors.toml").read_text())["survivors"])


def survivors(results: str) -> list[str]:
    """Names from what `mutmut results` prints: `    NAME: survived`."""
    rows = [line.strip().rpartition(": ") for line in results.splitlines()]
    return [name for name, _, status in rows if status in {"survived", "suspicious", "no tests"}]


def main(arguments: list[str]) -> int:
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    wanted = () if "--all" in arguments else SAMPLE
    ran = subprocess.run([mutmut, "run", *wanted], check=False, capture_output=True, text=True)
    if ran.returncode:
        sys.stderr.write(ran.stdout[-3000:] + ran.stderr[-3000:])
        return 1
    results = subprocess.run([mutmut, "results", "--all", "true"], check=True, capture_output=True, text=True).stdout
    judged = [line for line in results.splitlines() if not line.endswith(": not checked")]
    living = [name for name in survivors("\n".join(judged)) if name not in explained()]
    for name in living:
        sys.stdout.write(subprocess.run([mutmut, "show", name], check=False, capture_output=True, text=True).stdout)
    killed = sum(line.endswith(": killed") for line in judged)
    sys.stdout.write(f"mutants: {killed} killed, {len(living)} survived, {len(explained())} survived for a reason\n")
    return 1 if living or not killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
