"""What all processes of one test run share."""

from typing import Final

RUN: Final = "TESTS_RUN"
"""The environment's name for a folder that is the run's own."""
