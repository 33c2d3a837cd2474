"""Finding a stall: nothing settles for a minute although there is something to do and no fault is in force. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STALL_S: Final = 60.0


@dataclass(frozen=True)
class Progress:
    """How far everything was at one moment."""

    at_s: float
    settled: float
    """Changes whenever anything is settled: only that it changes counts."""
    behind: float
    """Records of the log that are not committed."""


def stalls(seen: Sequence[Progress], faults: Sequence[tuple[float, float]], longest_s: float = STALL_S) -> list[str]:
    """Say, in words, where nothing was settled for longer than that; empty if nowhere.

    Args:
        seen: in the order of time.
        faults: from when until when each was in force, in the same seconds. A stall counts from its end on.
    """
    found: list[str] = []
    moved_s: float | None = None
    settled = float("nan")
    for now in seen:
        is_excused = not now.behind or any(begin_s <= now.at_s <= end_s for begin_s, end_s in faults)
        if moved_s is None or is_excused or now.settled != settled:
            moved_s, settled = now.at_s, now.settled
        elif now.at_s - moved_s > longest_s:
            found.append(f"nothing settled from {moved_s:.0f} to {now.at_s:.0f} s, {now.behind:.0f} records behind")
            moved_s = now.at_s
    return found
