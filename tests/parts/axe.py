"""axe-core, by npm, as `tests/pages/package-lock.json` pins it with its hash."""

import hashlib
import shutil
from pathlib import Path
from typing import Final

from tests.parts.part import CACHE, CHECKOUT, Part, program, run

_FOLDER: Final = CHECKOUT / "tests/pages"
_LOCK: Final = _FOLDER / "package-lock.json"


def _fetch(folder: Path) -> None:
    for file in (_LOCK, _FOLDER / "package.json"):
        shutil.copy(file, folder)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(CACHE / "npm")]
    run([program("npm"), "ci", *options], folder, 300)
    (folder / "node_modules/axe-core/axe.min.js").rename(folder / AXE.place.name)


AXE: Final = Part("axe-core", CACHE / "npm" / f"axe-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}.js", _fetch)
