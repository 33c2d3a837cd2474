"""How a window is set up."""

from msgspec import Struct


class WindowSettings(Struct, frozen=True):
    """`dedupe` of the configuration (docs/configuration.md)."""

    window_ms: int
    """0: no deduplication."""
    merge_wait_ms: int = 0
    """0 … window: how long an event waits for copies before it is batched."""
    forward_new_fields: bool = True
    max_body_bytes: int = 1 << 20
    """Of one event's JSON: what fits a request of its own. A copy that would make it larger is not merged."""
