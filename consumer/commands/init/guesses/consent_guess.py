"""Who has consented: conditions of flags that say it, and which fields may say it without being understood. Pure."""

from collections.abc import Collection, Sequence

from msgspec import Struct, structs

from consumer.commands.init.aliases import (
    CONSENT,
    CONSENT_STEMS,
    CONSENT_WORDS,
    REFUSAL,
    REFUSING_WORDS,
    TRACKING_WORDS,
)
from consumer.commands.init.matching import Match, matches
from consumer.commands.init.schema_leaves import Leaf


class ConsentGuess(Struct, frozen=True):
    """What is asked of the person's will."""

    conditions: tuple[tuple[object, str], ...] = ()
    """Each with why."""
    perhaps: tuple[Leaf, ...] = ()
    """Fields by whose names it is said there, too, and that no condition was made of."""


def guess_consent(leaves: Sequence[Leaf]) -> ConsentGuess:
    """A condition on the flag that surest says yes, and on each that says no."""
    given, refused = matches(CONSENT, leaves)[:1], matches(REFUSAL, leaves)
    conditions = (*map(_given, given), *map(_not_refused, refused))
    return ConsentGuess(conditions, tuple(leaf for leaf in leaves if _is_perhaps_consent(leaf)))


def without_used(guess: ConsentGuess, used: Collection[str]) -> ConsentGuess:
    """Without the fields that something was made of after all."""
    return structs.replace(guess, perhaps=tuple(leaf for leaf in guess.perhaps if leaf.path not in used))


def example(leaf: Leaf) -> object:
    """A condition as it may be meant; what stands for yes, the schema does not say."""
    maps = [each for each in leaf.types if each["type"] == "map"]
    path = f"{leaf.path}.ads" if maps else leaf.path
    if "true or false" in leaf.kinds or any(each["values"] == "boolean" for each in maps):
        words = {word for step in leaf.words for word in step}
        is_no = bool(words & REFUSING_WORDS) or any("unsubscrib" in word for word in words)
        return {"field": path, "is_true": not is_no}
    return {"field": path, "equals": leaf.symbols[0] if leaf.symbols else "granted"}


def _given(match: Match) -> tuple[object, str]:
    return {"field": match.leaf.path, "is_true": True}, f'"{match.name}": only who has consented'


def _not_refused(match: Match) -> tuple[object, str]:
    """Consent that is not there is not given: so it is with a refusal that is not denied."""
    path = match.leaf.path
    why = (
        f'"{match.name}": only where it is false. Where it is null or absent, nobody was asked, so nothing is sent; '
        f"to send these as well: not: {{field: {path}, is_true: true}}"
    )
    return {"field": path, "is_true": False}, why


def _is_perhaps_consent(leaf: Leaf) -> bool:
    words = {word for step in leaf.words for word in step}
    if words & CONSENT_WORDS or any(stem in word for word in words for stem in CONSENT_STEMS):
        return True
    return bool(words & TRACKING_WORDS) and bool(leaf.kinds & {"true or false", "map"})
