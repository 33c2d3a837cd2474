"""`outcomes`: what became of an event, from the outcomes topic."""

from consumer.commands.outcomes.outcomes_command import OutcomeQuery, outcomes

__all__ = ["OutcomeQuery", "outcomes"]
