"""Was everything accounted for? Expected against seen, line by line. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from consumer.commands.demo.demo_run import DemoDeadLetter, DemoResult
from consumer.commands.demo.samples import DemoSample
from consumer.core.model import Headers
from consumer.core.settle.ledger import RecordOutcome


class Line(Struct, frozen=True):
    """Something counted."""

    what: str
    expected: float
    seen: float

    @property
    def is_right(self) -> bool:
        return self.expected == self.seen


class Accounts(Struct, frozen=True):
    """The summary's tables."""

    ledger: tuple[Line, ...]
    """Records by outcome, and the balance at its end."""
    accepted: tuple[Line, ...]
    """Events that TikTok took, by pixel and name."""
    letters: tuple[Line, ...]
    """Dead letters by reason, and how many are as the records were, byte for byte."""
    proofs: tuple[Line, ...]

    @property
    def is_even(self) -> bool:
        return all(line.is_right for lines in (self.ledger, self.accepted, self.letters, self.proofs) for line in lines)


_PIXEL_EVENTS: Final = "{event} → {pixel}"
_Bytes = tuple[bytes | None, bytes | None, Headers]
"""Key, value and headers."""


def account(samples: Sequence[DemoSample], seen: DemoResult) -> Accounts:
    """Hold what was seen against what the samples ask for."""
    return Accounts(
        tuple(_ledger(samples, seen)),
        tuple(_accepted(samples, seen)),
        tuple(_letters(samples, seen.letters)),
        tuple(_proofs(samples, seen)),
    )


def _ledger(samples: Sequence[DemoSample], seen: DemoResult) -> Iterator[Line]:
    expected = Counter(sample.outcome for sample in samples)
    settled = _by_label(seen, "records_settled_total", "outcome")
    for outcome in RecordOutcome:
        if expected[outcome] or settled.get(outcome.label):
            yield Line(outcome.label, expected[outcome], settled.get(outcome.label, 0))
    open_ones = _total(seen, "records_released_total") + _total(seen, "records_in_flight")
    yield Line("released, or still in flight", 0, open_ones)
    yield Line("records read = all of these", len(samples), _total(seen, "records_read_total"))


def _accepted(samples: Iterable[DemoSample], seen: DemoResult) -> Iterator[Line]:
    expected = Counter(reached for sample in samples for reached in sample.reaches)
    accepted = Counter((each.pixel, each.event) for each in seen.accepted)
    for pixel, event in sorted(expected | accepted):
        yield Line(_PIXEL_EVENTS.format(event=event, pixel=pixel), expected[pixel, event], accepted[pixel, event])


def _letters(samples: Iterable[DemoSample], letters: Sequence[DemoDeadLetter]) -> Iterator[Line]:
    rejected = [sample for sample in samples if sample.reason is not None]
    expected = Counter(str(sample.reason) for sample in rejected)
    found = Counter(letter.header("tiktok.reason") for letter in letters)
    for reason in sorted(expected | found):
        yield Line(reason, expected[reason], found[reason])
    originals: Counter[_Bytes] = Counter((sample.key, sample.value, sample.headers) for sample in rejected)
    as_they_were: Counter[_Bytes] = Counter((letter.key, letter.value, _original(letter)) for letter in letters)
    yield Line("same key, value and headers", len(rejected), (originals & as_they_were).total())


def _original(letter: DemoDeadLetter) -> Headers:
    return tuple(header for header in letter.headers if not header[0].startswith(("tiktok.", "__connect.")))


def _proofs(samples: Sequence[DemoSample], seen: DemoResult) -> Iterator[Line]:
    outcomes = Counter(sample.outcome for sample in samples)
    events = _by_label(seen, "events_total", "outcome")
    halves = [_user(each.body) for each in seen.accepted if (each.event_id or "").startswith("halves-")]
    yield Line(
        "halves joined: email and phone in one",
        outcomes[RecordOutcome.MERGED],
        sum({"email", "phone"} <= h for h in halves),
    )
    forwarded = sum(1 for sample in samples if sample.kind.endswith("forwarded"))
    yield Line("copies forwarded for new fields", forwarded, events.get("forwarded", 0))
    yield Line("events of the shadow rule, not sent", sum(s.shadows for s in samples), events.get("shadow", 0))
    yield Line("unusable fields left out", sum(s.bad_fields for s in samples), _total(seen, "dropped_fields_total"))
    yield Line("partitions committed to their ends", len(seen.ends), len(seen.ends.items() & seen.committed.items()))


def _user(body: bytes | msgspec.Raw) -> frozenset[str]:
    event: Mapping[str, Mapping[str, object]] = msgspec.json.decode(body)
    return frozenset(event.get("user", {}))


def _by_label(seen: DemoResult, name: str, label: str) -> dict[str, float]:
    found: Counter[str] = Counter()
    for (metric, labels), value in seen.numbers.items():
        if metric == name:
            found[dict(labels)[label]] += int(value)
    return dict(found)


def _total(seen: DemoResult, name: str) -> float:
    return sum(value for (metric, _), value in seen.numbers.items() if metric == name)
