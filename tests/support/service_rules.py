"""Rules for tests of the service with several pixels."""

from collections.abc import Sequence
from typing import Final

from consumer.core.rules.source import Comparison, PathSource, Rule


def by_external_id(pixels: Sequence[tuple[str, str]]) -> tuple[Rule, ...]:
    """A rule a pixel: a record is the pixel's whose external id says so.

    Args:
        pixels: external id and pixel.
    """
    return tuple(
        Rule(name, pixel, Comparison(PathSource(("user", "external_id")), "equals", name)) for name, pixel in pixels
    )


TWO_PIXELS: Final = by_external_id([("one", "shop"), ("two", "app")])
