"""Every benchmark there is, one after another: `python -m bench`."""

from bench import shared_window, warm_up, window


def main() -> None:
    print("The window in memory, at one million keys:")
    window.main(1_000_000)
    print("Filling it in again after a restart:")
    warm_up.main(10_000)
    print("The window shared through Redis:")
    shared_window.main(100_000)


if __name__ == "__main__":
    main()
