"""Documents that are made of the code: written, or compared with what is there."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_or_check(documents: Mapping[str, str], root: Path, command: str, arguments: Sequence[str]) -> int:
    """Write them below `root`, or with `--check` name those that are not current: 1 if there is one.

    Args:
        documents: path below `root` → text.
        command: what writes them.
    """
    if "--check" not in arguments:
        for name, text in documents.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")
        return 0
    stale = [name for name, text in documents.items() if not _is_current(root / name, text)]
    for name in stale:
        sys.stderr.write(f"{name} is stale; run {command}\n")
    return 1 if stale else 0


def _is_current(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text("utf-8") == text
