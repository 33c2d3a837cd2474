"""The one back-off: how long to wait after failures in a row. Pure: randomness is an argument."""

from typing import Final

from msgspec import Struct


class Backoff(Struct, frozen=True):
    """Exponential: the wait doubles with each failure, up to `max_s`.

    Full jitter by default, so that those who failed together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
    """

    first_s: float
    max_s: float
    jitter: float = 1.0
    """The share of the wait that is random: 0 (none) … 1 (all of it)."""

    def wait_s(self, failures: int, random: float) -> float:
        """Seconds to wait after this many failures in a row.

        Args:
            failures: 1 and up.
            random: 0 ≤ x < 1.
        """
        longest_s = min(self.max_s, self.first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
        return longest_s * (1.0 - self.jitter * (1.0 - random))


_MOST_DOUBLINGS: Final = 60
"""Beyond it a float would overflow in the end."""
