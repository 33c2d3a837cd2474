"""Bounds of processor time that hold on slower machines, too, and while others share this one."""

import time
from typing import Final

_LOOPS: Final = 200_000
_USUAL_S: Final = 0.0125
"""What the loop takes where the bounds were measured: Python 3.11 on an AMD EPYC, alone."""


def allowed_s(bound_s: float) -> float:
    """The bound, longer by as much as this machine is slower just now. Never shorter."""
    return bound_s * max(1.0, _loop_s() / _USUAL_S)


def _loop_s() -> float:
    started, number = time.thread_time(), 1
    for _ in range(_LOOPS):
        number = (number * 3 + 1) & 0xFFFF
    return time.thread_time() - started
