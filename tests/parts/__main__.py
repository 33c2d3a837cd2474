"""Fetch every part that is not there yet, or those that are named, and say how long each took."""

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.parts import axe, bases, classes, crds, golang, prebuilt
from tests.parts.part import CACHE, Part, alone

PARTS: Final[Mapping[str, Part]] = {
    "kafka": classes.CLASSES,
    "axe": axe.AXE,
    "python-base": bases.PYTHON,
    "systemd-base": bases.SYSTEMD,
    "other-bases": bases.OTHERS,
    "helm": prebuilt.HELM,
    "helm-docs": golang.HELM_DOCS,
    "promtool": prebuilt.PROMTOOL,
    "prometheus": prebuilt.PROMETHEUS,
    "compose": prebuilt.COMPOSE,
    "actionlint": golang.ACTIONLINT,
}
OF_THE_CLUSTER: Final[Mapping[str, Part]] = {"crds": crds.CRDS, "pause": golang.PAUSE, **golang.KUBERNETES}
"""Fetched when they are named: `cluster` stands for all of them."""


def main(names: Sequence[str]) -> None:
    known = {**PARTS, **OF_THE_CLUSTER}
    wanted = [each for name in names for each in (OF_THE_CLUSTER if name == "cluster" else [name])]
    parts = [known[name] for name in wanted or PARTS]
    # One after the other: what is built shares what it is built with.
    programs = [part for part in parts if part in (*golang.PROGRAMS, *prebuilt.PROGRAMS)]
    systems = [part for part in parts if part in bases.ALL]
    others = [part for part in parts if part not in (*programs, *systems)]
    with alone(CACHE / "lock"), ThreadPoolExecutor() as pool:
        are_made, *_ = pool.map(_make, [programs, others, *([each] for each in systems)])
        if are_made:
            golang.forget_what_was_built_with()


def _make(parts: Sequence[Part]) -> bool:
    """One after the other, and say what was not there; True if anything was not."""
    made = [_make_one(part) for part in parts]
    return any(made)


def _make_one(part: Part) -> bool:
    begin_s = time.monotonic()
    was_made = part.make()
    if was_made:
        print(f"{part.name}: {time.monotonic() - begin_s:.0f} s", flush=True)  # noqa: T201 - a command line's output
    return was_made


if __name__ == "__main__":
    main(sys.argv[1:])
