"""A plain model of the window: lists, and everything looked up by going through them. Slow, and meant to be right.

It is written from docs/architecture.md §4, knows fields by their names and values, and shares no code with the window.
"""

from dataclasses import dataclass, field

Values = dict[str, object]
ORDER = {f"properties.{name}" for name in ("value", "currency", "num_items", "contents", "content_ids", "content_type")}


@dataclass(frozen=True)
class Copy:
    """One record and its one event."""

    offset: int
    time_ms: int
    key: str
    values: Values


@dataclass
class Sent:
    """An event that was or will be sent."""

    copy: Copy
    kind: str
    values: Values
    offsets: list[int]
    state: str = "unsent"


@dataclass
class Claim:
    key: str
    sends: list[Sent] = field(default_factory=list)
    is_replaced: bool = False
    """By a later claim, made when this one had died of age. A refusal of its first may not bring it back."""

    def alive(self, watermark_ms: int, window_ms: int) -> bool:
        if self.is_replaced:
            return False
        standing = [sent for sent in self.sends if sent.state != "refused"]
        return bool(standing) and watermark_ms - standing[0].copy.time_ms <= window_ms


def news(have: Values, copy: Values) -> Values:
    """What a copy has that `have` lacks."""
    order_is_there = any(name in ORDER for name in have)
    found: Values = {}
    for name, value in copy.items():
        if name in ORDER:
            is_new = not order_is_there
        elif name == "limited_data_use":
            is_new = name not in have or (value is True and have[name] is False)
        else:
            is_new = name not in have
        if is_new:
            found[name] = value
    return found


def together(all_values: list[Values]) -> Values:
    joined: Values = {}
    for values in all_values:
        joined |= news(joined, values)
    return joined


class Model:
    """The window's rules. `sent` is everything it ever let out, `settled` the offsets that are finished."""

    def __init__(self, window_ms: int, is_forwarding: bool) -> None:
        self.window_ms = window_ms
        self.is_forwarding = is_forwarding
        self.seen: list[Copy] = []
        self.claims: list[Claim] = []
        self.sent: list[Sent] = []
        self.settled: set[int] = set()
        self.refused: set[int] = set()

    def watermark_ms(self) -> int:
        return max((copy.time_ms for copy in self.seen), default=-1)

    def read(self, copy: Copy) -> str:
        self.seen.append(copy)
        watermark_ms = self.watermark_ms()
        if watermark_ms - copy.time_ms > self.window_ms:
            return self._let_out(copy, "too_old", None)
        alive = [c for c in self.claims if c.key == copy.key and c.alive(watermark_ms, self.window_ms)]
        if not alive:
            for claim in self.claims:
                claim.is_replaced |= claim.key == copy.key
            self.claims.append(Claim(copy.key))
            return self._let_out(copy, "first", self.claims[-1])
        (claim,) = alive
        return self._copy(copy, claim, [sent for sent in claim.sends if sent.state != "refused"])

    def _copy(self, copy: Copy, claim: Claim, sends: list[Sent]) -> str:
        if sends[0].state == "unsent":
            filled = news(sends[0].values, copy.values)
            sends[0].values |= filled
            sends[0].offsets.append(copy.offset)
            return "merged" if filled else "duplicate"
        if self.is_forwarding and news(together([sent.values for sent in sends]), copy.values):
            return self._let_out(copy, "forwarded", claim)
        return self._duplicate(copy, claim, sends)

    def _duplicate(self, copy: Copy, claim: Claim, sends: list[Sent]) -> str:
        accepted = [sent.values for sent in sends if sent.state == "accepted"]
        if accepted and (not self.is_forwarding or not news(together(accepted), copy.values)):
            self.settled.add(copy.offset)
            return "duplicate"
        for sent in sends:
            if sent.state == "accepted":
                continue
            if not self.is_forwarding or not news(together([*accepted, sent.values]), copy.values):
                sent.offsets.append(copy.offset)
                return "duplicate"
        return self._let_out(copy, "forwarded", claim)

    def _let_out(self, copy: Copy, kind: str, claim: Claim | None) -> str:
        sent = Sent(copy, kind, dict(copy.values), [copy.offset])
        self.sent.append(sent)
        if claim:
            claim.sends.append(sent)
        return kind

    def answer(self, sent: Sent, is_accepted: bool) -> None:
        sent.state = "accepted" if is_accepted else "refused"
        self.settled |= set(sent.offsets)
        if not is_accepted and sent.kind != "too_old":
            self.refused |= set(sent.offsets)

    def restart(self, log: list[Copy], start: int, committed: int) -> None:
        """Forget everything, then take what was settled from `start` to `committed` for sent."""
        self.seen, self.claims = [], []
        self.settled = set(range(committed))
        self.refused = {offset for offset in self.refused if offset < committed}
        for copy in log[start:committed]:
            self.seen.append(copy)
            watermark_ms = self.watermark_ms()
            if copy.offset in self.refused or watermark_ms - copy.time_ms > self.window_ms:
                continue
            alive = [c for c in self.claims if c.key == copy.key and c.alive(watermark_ms, self.window_ms)]
            before = alive[0].sends[0] if alive else None
            made = Copy(
                before.copy.offset if before else copy.offset,
                max(copy.time_ms, before.copy.time_ms if before else -1),
                copy.key,
                together([before.values, copy.values] if before else [copy.values]),
            )
            self.claims = [c for c in self.claims if c not in alive]
            self.claims.append(Claim(copy.key, [Sent(made, "filled", dict(made.values), [], "accepted")]))
