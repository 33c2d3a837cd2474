"""Assigned partitions that cannot be read yet, since their position is not known: asked for until it is known.

Each for itself: one without a leader keeps no other waiting, nor the thread that decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from math import inf
from typing import Final

from msgspec import Struct

from consumer.core.model import TopicPartition
from consumer.core.read import FoundPosition
from consumer.service.ports import PositionFinder

ASK_AGAIN_S: Final = 1.0
"""How long to wait before the cluster is asked again what it did not answer."""
ANSWER_WITHIN_S: Final = 30.0
"""An answer takes a few seconds at most; one that has not come by then never will."""
UNREADY_AFTER_S: Final = 5.0
"""Leaders move, and that takes a moment. At a start, who waits for a process to be ready counts on its positions: with
`kafka.start: latest`, what is written before they are known is not read."""


class _Sought(Struct):
    since_s: float
    due_s: float
    number: int = 0
    """Of the question that is out; 0: none."""
    error: str = ""


class SoughtPositions:
    """Which positions are sought. Times are monotonic seconds."""

    def __init__(self, finder: PositionFinder) -> None:
        self._finder = finder
        self._sought: dict[TopicPartition, _Sought] = {}
        self._numbers = count(1)
        self._is_first_share = True
        """Until all positions of what was assigned first are known: what is not known then is overdue at once."""

    def seek(self, partitions: Iterable[TopicPartition], now_s: float, after_s: float = 0.0) -> None:
        """Begin, for partitions that were just assigned, or whose position is lost."""
        for partition in partitions:
            self._sought[partition] = _Sought(-inf if self._is_first_share else now_s, now_s + after_s)

    def drop(self, partition: TopicPartition) -> None:
        """It is no longer assigned, or is read."""
        self._sought.pop(partition, None)
        self._is_first_share &= bool(self._sought)

    def found(self, now_s: float) -> list[FoundPosition]:
        """Ask for what is due, and take in what was answered: of questions that still matter, with or without error."""
        answers = [each for each in self._finder.answers() if self._is_awaited(each)]
        for answer in answers:
            if answer.error:
                self.ask_again(answer.partition, answer.error, now_s)
        due = [partition for partition, sought in self._sought.items() if sought.due_s <= now_s]
        if due:
            number = next(self._numbers)
            for partition in due:
                sought = self._sought[partition]
                sought.number, sought.due_s = number, now_s + ANSWER_WITHIN_S
            self._finder.find(number, due)
        return answers

    def _is_awaited(self, answer: FoundPosition) -> bool:
        sought = self._sought.get(answer.partition)
        return sought is not None and sought.number == answer.number

    def ask_again(self, partition: TopicPartition, error: str, now_s: float) -> None:
        """The answer was none, or is out of date."""
        sought = self._sought[partition]
        sought.number, sought.due_s, sought.error = 0, now_s + ASK_AGAIN_S, error

    def overdue(self, now_s: float) -> Iterator[tuple[TopicPartition, str]]:
        """Those that are sought for longer than they should be, and the last error."""
        for partition, sought in sorted(self._sought.items()):
            if now_s - sought.since_s >= UNREADY_AFTER_S:
                yield partition, sought.error

    def __len__(self) -> int:
        return len(self._sought)

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._sought

    @property
    def all(self) -> Sequence[TopicPartition]:
        return list(self._sought)
