"""`outcomes`: what became of an event, from the outcomes topic."""

from consumer.tools.outcomes.command import outcomes

__all__ = ["outcomes"]
