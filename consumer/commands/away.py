"""What a command says where an outside system is away: one sentence with its address and the remedy."""

from collections.abc import Mapping
from typing import Final

from consumer.core.errors import Unreachable
from consumer.status.connections import OutsideSystem
from consumer.terminal import printable

_REFUSALS: Final = ("authoriz", "authenticat")
"""Parts of the words with which brokers answer, but refuse."""


class RegistryUnreachable(Unreachable):
    """The schema registry did not answer.

    Args:
        why: how that went, in few words.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"the schema registry did not answer ({why})")
        self.why = why


def away_sentence(away: Unreachable, addresses: Mapping[OutsideSystem, str]) -> str:
    """Say which system it was, where it was looked for, and what to do."""
    if isinstance(away, RegistryUnreachable):
        address = addresses.get(OutsideSystem.REGISTRY, "")
        return f"The schema registry at {address} does not answer ({printable(away.why)}); {_REMEDY}."
    text, address = printable(str(away)), addresses.get(OutsideSystem.KAFKA, "")
    if any(word in text.lower() for word in _REFUSALS):
        return f"Kafka at {address} refuses ({text}); {_RIGHTS_REMEDY}."
    return f"Kafka at {address} does not answer ({text}); {_REMEDY}."


_REMEDY: Final = "check the address, the security settings and the network, then try again"
_RIGHTS_REMEDY: Final = "check the user, and give it the rights in docs/permissions.md"
