"""`python -m consumer.config.reference [--check]`: write docs/configuration.md, or see whether it is current."""

import sys

from consumer.config.reference.page import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
