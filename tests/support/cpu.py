"""Bounds of processor time that hold on slower machines, too, and while others share this one."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")
_TRIES: Final = 4
_LOOPS: Final = 200_000
_USUAL_S: Final = 0.0125
"""What the loop takes where the bounds were measured: Python 3.11 on an AMD EPYC, alone."""


def within(bound_s: float, step: Callable[[], T]) -> T:
    """What a step returns the first time. It must keep within the bound, once in four tries.

    What others do to caches and memory meets one or two of them.
    """
    returned: list[T] = []

    def measure() -> float:
        with own_garbage():
            started_s = time.thread_time()
            returned.append(step())
            return time.thread_time() - started_s

    assert is_within(bound_s, measure), f"more than {bound_s} s of processor time: {step}"
    return returned[0]


@contextmanager
def own_garbage() -> Iterator[None]:
    """The collector looks only at what is made meanwhile, not at what other tests left in this process."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def is_within(bound_s: float, measure: Callable[[], float]) -> bool:
    """Whether one of four measures is within the bound."""
    return any(spent_s < bound_s or spent_s < allowed_s(bound_s) for spent_s in (measure() for _ in range(_TRIES)))


def allowed_s(bound_s: float) -> float:
    """The bound, longer by as much as this machine is slower just now. Never shorter."""
    return bound_s * max(1.0, _loop_s() / _USUAL_S)


def _loop_s() -> float:
    started, number = time.thread_time(), 1
    for _ in range(_LOOPS):
        number = (number * 3 + 1) & 0xFFFF
    return time.thread_time() - started
