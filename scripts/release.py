"""What a release needs to know: `release.py v0.2.0` prints the version, `--changes` what CHANGELOG.md says of it.

The version stands in pyproject.toml and nowhere else. A tag of another version, or one without changes, is refused.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def version() -> str:
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def changes(of: str) -> str:
    """The section of a version, without its heading; empty if there is none, or it has no date."""
    text = (ROOT / "CHANGELOG.md").read_text()
    found = re.search(rf"^## {re.escape(of)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def main(tag: str, *options: str) -> None:
    if tag != f"v{version()}":
        sys.exit(f"The tag {tag} is not v{version()}, the version of pyproject.toml.")
    if not changes(version()):
        sys.exit(f"CHANGELOG.md has no dated section {version()}, or nothing in it.")
    sys.stdout.write((changes(version()) if "--changes" in options else version()) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
