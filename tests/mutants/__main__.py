"""Run the mutants: exit 0 if a test killed each, else 1."""

import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.mutants.mutant import Mutant, MutantError
from tests.mutants.running import Bench, Ran, prepare
from tests.mutants.suite import LISTS, killers_of

AT_ONCE: Final = 2


def main(names: Sequence[str]) -> int:
    """Run the lists of these names, or all; say of each mutant what became of it."""
    unknown = set(names) - LISTS.keys()
    if unknown:
        _say(f"no such list: {', '.join(sorted(unknown))}; there are {', '.join(LISTS)}")
        return 64
    chosen = [mutant for name in names or LISTS for mutant in LISTS[name]]
    prepare()
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        first = Bench(Path(place, "0"))
        if not _are_green_unchanged(first, chosen):
            return 1
        benches = [first, *(Bench(Path(place, str(number)), first.place) for number in range(1, AT_ONCE))]
        failures = [failure for failure in _tried(benches, chosen) if failure]
    _say(f"{len(chosen) - len(failures)} of {len(chosen)} mutants killed")
    for failure in failures:
        _say(failure)
    return 1 if failures else 0


def _are_green_unchanged(bench: Bench, chosen: Iterable[Mutant]) -> bool:
    """Tests that fail anyway kill nothing."""
    tests = sorted({test for mutant in chosen for test in killers_of(mutant.file)})
    ran = bench.ran(os.waitpid(bench.begin(tests, makes_byte_code=True), 0)[1])
    if not ran.are_green:
        _say(f"the tests fail without any mutant\n{ran.output}")
    return ran.are_green


def _tried(benches: Sequence[Bench], chosen: Iterable[Mutant]) -> Iterator[str]:
    """Try them, so many at once as there are benches; gives of each what is wrong with it, or nothing."""
    waiting, idle = deque(chosen), list(benches)
    running: dict[int, tuple[Bench, Mutant, ExitStack]] = {}
    while waiting or running:
        while waiting and idle:
            bench, mutant, change = idle.pop(), waiting.popleft(), ExitStack()
            try:
                change.enter_context(bench.changed(mutant))
            except MutantError as error:
                idle.append(bench)
                yield str(error)
                continue
            running[bench.begin(killers_of(mutant.file))] = bench, mutant, change
        if running:
            pid, status = os.wait()
            bench, mutant, change = running.pop(pid)
            ran = bench.ran(status)
            change.close()
            idle.append(bench)
            yield _judged(mutant, ran)


def _judged(mutant: Mutant, ran: Ran) -> str:
    if ran.has_failed_test:
        _say(f"killed    {mutant.name}  by {ran.first_failure}")
        return ""
    fault = "SURVIVED" if ran.are_green else f"NO TEST RAN (exit {ran.exit_code})"
    _say(f"{fault}  {mutant.name}")
    seen = "" if ran.are_green else f"\n{ran.output[-2000:]}"
    return f"{fault}  {mutant.name}\n  {mutant.file}: {mutant.old!r} → {mutant.new!r}{seen}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # what the command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
