"""What has been replayed, so that it is not replayed again. Pure."""

from msgspec import Struct, field

from consumer.core.model import TopicPartition


class _Standing(Struct):
    """One partition of a dead-letter topic. `open` keeps the order of the log."""

    begun: int
    next_offset: int
    open: dict[int, None] = field(default_factory=dict)
    """Letters that were looked at and are not replayed."""


class Progress:
    """The offset to commit is that of the first letter which is not replayed.

    Of those behind it, markers in the replay topic say which are.

    Args:
        keeps_skipped: whether the offset stays before a letter that was left alone. If not, what is before the offset
            was looked at, and no more.
    """

    def __init__(self, *, keeps_skipped: bool) -> None:
        self._keeps_skipped = keeps_skipped
        self._partitions: dict[TopicPartition, _Standing] = {}

    def begin(self, partition: TopicPartition, offset: int) -> None:
        """Up to this offset all is done."""
        self._partitions[partition] = _Standing(offset, offset)

    def opened(self, partition: TopicPartition, offset: int) -> None:
        """A letter is looked at, in the order of the log."""
        standing = self._partitions[partition]
        standing.open[offset] = None
        standing.next_offset = offset + 1

    def done(self, partition: TopicPartition, offset: int) -> None:
        """It has been replayed, and that is acknowledged; or it is nothing that could be."""
        self._partitions[partition].open.pop(offset, None)

    def skipped(self, partition: TopicPartition, offset: int) -> None:
        """It is left alone."""
        if not self._keeps_skipped:
            self.done(partition, offset)

    def moved(self) -> dict[TopicPartition, int]:
        """Per partition the offset to commit, where it is another than at the beginning."""
        offsets = {p: next(iter(standing.open), standing.next_offset) for p, standing in self._partitions.items()}
        return {p: offset for p, offset in offsets.items() if offset > self._partitions[p].begun}
