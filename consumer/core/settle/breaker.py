"""Stop before all is rejected: when most records are, the configuration is wrong, not the records."""

from collections import deque


class Breaker:
    """Opens when more than `share` of the last `of_last` records that mattered were rejected; an operator closes it.

    A record matters if it could not be decoded or if a rule held for it: nine in ten records
    that no rule wants must not hide that every one of the rest is rejected.

    Args:
        share: 0 … 1; at 1 it never opens.
        of_last: how many records it looks back. It judges once a tenth of them was seen, and two at least: one record
            alone would open it again and again, and could never be passed.
    """

    def __init__(self, share: float, of_last: int) -> None:
        self._share = share
        self._at_least = max(2, of_last // 10)
        self._rejected: deque[bool] = deque(maxlen=of_last)
        self._count = 0
        self.is_tripped = False

    def note(self, is_rejected: bool) -> None:
        """One record was decided."""
        if len(self._rejected) == self._rejected.maxlen:
            self._count -= self._rejected[0]
        self._rejected.append(is_rejected)
        self._count += is_rejected
        if self._count:
            self._judge()

    def note_late(self) -> None:
        """A record that was noted as good was refused by TikTok after all."""
        for age in range(len(self._rejected) - 1, -1, -1):
            if not self._rejected[age]:
                self._rejected[age] = True
                self._count += 1
                break
        self._judge()

    def close(self) -> None:
        """An operator says that the cause is gone: forget what was seen."""
        self._rejected.clear()
        self._count = 0
        self.is_tripped = False

    def _judge(self) -> None:
        seen = len(self._rejected)
        if seen >= self._at_least and self._count > self._share * seen:
            self.is_tripped = True
