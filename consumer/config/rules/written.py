"""A value of the file together with its place: what the hand-written parts of the parser pass around."""

from collections.abc import Collection
from dataclasses import dataclass

from consumer.config.problems import Place, Problems, hint


@dataclass(frozen=True, slots=True)
class Written:
    """One value as written. Every method that finds a fault notes it and gives what lets the caller go on."""

    value: object
    place: Place
    problems: Problems

    def fail(self, text: str) -> None:
        """Note a fault here; `text` is `what is wrong; what to do`."""
        self.problems.add(self.place, text)

    def inner(self, step: str | int, value: object) -> "Written":
        return Written(value, (*self.place, step), self.problems)

    def items(self, what: str) -> list["Written"]:
        """The items of a list; a fault and none where this is no list."""
        if not isinstance(self.value, list):
            self.fail(f"must be a list of {what}; start each line with `- `")
            return []
        return [self.inner(index, value) for index, value in enumerate(self.value)]

    def mapping(self) -> dict[str, "Written"] | None:
        """The values of a mapping by key; None, and a fault, where this is none."""
        if not isinstance(self.value, dict):
            self.fail("must be a mapping; write `key: value` lines, or {key: value}")
            return None
        return {key: self.inner(key, value) for key, value in self.value.items()}

    def keys(self, known: Collection[str]) -> dict[str, "Written"] | None:
        """As `mapping`, with a fault for each key that is not known, and without those."""
        found = self.mapping()
        if found is None:
            return None
        for key in found.keys() - set(known):
            self.problems.unknown((*self.place, key), known)
        return {key: value for key, value in found.items() if key in known}

    def text(self) -> str | None:
        """The text; None, and a fault, where this is none or empty."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        self.fail("must be text, not empty; put it in quotes")
        return None

    def flag(self) -> bool:
        """True or false; false, and a fault, where this is neither."""
        if isinstance(self.value, str) and self.value.lower() in ("true", "false"):
            return self.value.lower() == "true"
        if not isinstance(self.value, bool):
            self.fail("must be true or false; YAML 1.2 knows no yes, no, on and off")
        return self.value is True

    def choice(self, known: Collection[str], what: str) -> str | None:
        """One of the known names; None, and a fault, where it is not."""
        if isinstance(self.value, str) and self.value in known:
            return self.value
        self.fail(f"unknown {what}; {hint(self.value if isinstance(self.value, str) else '', known)}")
        return None
