"""axe-core, which finds what keeps people with a screen reader or poor sight out of a page."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

FOLDER: Final = Path(__file__).parents[1] / "pages"
_FILE: Final = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_LOCK: Final = FOLDER / "package-lock.json"
_BAD: Final = ("serious", "critical")


def axe_source() -> str:
    """The library as text, as the lock pins it; `npm ci` fetches it where it is not there or older than the lock."""
    if not _FILE.exists() or _FILE.parents[1].stat().st_mtime < _LOCK.stat().st_mtime:
        npm = shutil.which("npm")
        assert npm, "npm is missing: scripts/system-parts installs it, or says how"
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=240)
    return _FILE.read_text()


def faults(page: Page, source: str) -> list[str]:
    """Serious and critical faults of the page as it stands: rule, and the first element at fault."""
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in _BAD]
