"""What an event costs: `python -m bench` measures everything and writes docs/performance.md again.

With a name, only that, printed: floor [REPEATS], delay, stages, windows, guard [--record].
"""

import sys

from bench import against_floor, comparison, delay, guard, report, shared_window, stages, warm_up, window
from bench.ground import ground
from consumer import logs


def everything() -> None:
    with ground() as prepared:
        found = comparison.compared(prepared)
    report.write(found)
    print(report.table(found))


def windows() -> None:
    print("The window in memory, at half a million keys:")
    window.main(500_000)
    print("Filling it in again after a restart:")
    warm_up.main(10_000)
    print("The window shared through Redis:")
    shared_window.main(100_000)


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    logs.set_up("error", "console")  # what a service in this process says would be measured too
    match arguments:
        case []:
            everything()
            windows()
        case ["floor", *repeats]:
            with ground() as prepared:
                against_floor.main(prepared, int(repeats[0]) if repeats else 3)
        case ["delay"]:
            with ground() as prepared:
                delay.main(prepared)
        case ["stages"]:
            stages.main()
        case ["windows"]:
            windows()
        case ["guard", *record]:
            return guard.main(is_recording=record == ["--record"])
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
