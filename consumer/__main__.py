"""`python -m consumer`: the console script."""

from consumer.cli import main

if __name__ == "__main__":
    main()
