"""Every benchmark there is, one after another: `python -m bench`. With a name, only that: `python -m bench floor`."""

import sys

from bench import against_floor, shared_window, warm_up, window
from bench.ground import ground


def windows() -> None:
    print("The window in memory, at one million keys:")
    window.main(1_000_000)
    print("Filling it in again after a restart:")
    warm_up.main(10_000)
    print("The window shared through Redis:")
    shared_window.main(100_000)


def floor(repeats: int = 3) -> None:
    with ground() as prepared:
        against_floor.main(prepared, repeats)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["floor", repeats]:
            floor(int(repeats))
        case ["floor"]:
            floor()
        case ["windows"]:
            windows()
        case _:
            floor()
            windows()


if __name__ == "__main__":
    main(sys.argv[1:])
