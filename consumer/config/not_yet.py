"""Settings that are read and checked but whose behaviour this version lacks: one table."""

from collections.abc import Callable
from typing import Final

from consumer.config.settings import Settings

NOT_YET: Final[tuple[tuple[str, Callable[[Settings], bool], str], ...]] = (
    ("outcomes.topic", lambda settings: settings.outcomes.topic is not None, "remove it; events_total counts outcomes"),
)
"""Path in the file · whether the settings ask for it · what to do instead."""


def not_yet(settings: Settings) -> list[str]:
    """A problem for each setting that asks for what this version cannot do."""
    return [f"{path}: not in this version; {remedy}" for path, is_asked, remedy in NOT_YET if is_asked(settings)]
