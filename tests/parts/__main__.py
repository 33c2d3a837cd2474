"""Fetch every part that is not there yet, or those that are named, and say how long each took."""

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.parts import axe, bases, classes, crds, golang, prebuilt
from tests.parts.part import Part, alone

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
    built = [part for part in parts if part in golang.PROGRAMS]
    systems = [part for part in parts if part in bases.ALL]
    fetched = [part for part in parts if part not in (*built, *systems)]
    with alone(), ThreadPoolExecutor() as pool:
        list(pool.map(_make, [built, fetched, *([each] for each in systems)]))
        golang.forget_what_was_built_with()


def _make(parts: Sequence[Part]) -> None:
    """One after the other, and say what was not there."""
    for part in parts:
        begin_s = time.monotonic()
        if part.make():
            print(f"{part.name}: {time.monotonic() - begin_s:.0f} s", flush=True)  # noqa: T201 - a command line's output


if __name__ == "__main__":
    main(sys.argv[1:])
