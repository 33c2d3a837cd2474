"""What a rate of events asks of memory and limits: arithmetic, no more."""

from collections.abc import Iterator
from math import ceil
from typing import Final

from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings
from consumer.config.units import spell_duration, spell_size
from consumer.core.dedupe.shared_protocol import Lifetimes

BYTES_A_KEY: Final = 250
"""docs/architecture.md §4: at most, in memory."""
REDIS_BYTES_A_KEY: Final = 200
"""Measured on Redis 7.0 with 200,000 keys: 182 once an event is accepted, and more just after its tables have grown."""

TIKTOKS_REQUESTS_PER_S: Final = 1000
"""docs/tiktok.md §4: of an app, shared by everybody who uses it."""


def rate_findings(settings: Settings, rate: float) -> Iterator[Finding]:
    """What the settings need at `rate` events a second, over all workers."""
    yield from _window(settings, rate)
    yield from _in_flight(settings, rate)
    yield from _requests(settings, rate)
    yield from _redis(settings, rate)


def limit_findings(settings: Settings) -> Iterator[Finding]:
    """Limits of requests that are none, since TikTok's own comes first."""
    limits = {f"pixels.{name}": pixel.max_requests_per_second for name, pixel in settings.pixels.items()}
    for place, limit in {"delivery": settings.delivery.max_requests_per_second, **limits}.items():
        if limit is not None and limit > TIKTOKS_REQUESTS_PER_S:
            text = f"TikTok takes {_spell(TIKTOKS_REQUESTS_PER_S)} requests a second of an app; write no more than that"
            yield Finding(Level.WARNING, f"{place}.max_requests_per_second", text)


def _window(settings: Settings, rate: float) -> Iterator[Finding]:
    dedupe = settings.dedupe
    if not dedupe.window_s:
        return
    needed = ceil(rate * dedupe.window_s)
    kept = min(needed, dedupe.max_keys)
    memory = spell_size(kept * BYTES_A_KEY)
    yield Finding(Level.OK, "dedupe.window", f"{_spell(kept)} keys at this rate, about {memory} of memory")
    if needed > dedupe.max_keys:
        left = spell_duration(float(int(dedupe.max_keys / rate)))
        yield Finding(
            Level.WARNING, "dedupe.max_keys", f"the window shrinks to {left}; {_spell(needed)} keys would hold it whole"
        )


def _in_flight(settings: Settings, rate: float) -> Iterator[Finding]:
    waits_s = settings.dedupe.merge_wait_s + settings.batch.max_wait_s + settings.delivery.timeout_s
    needed, limit = ceil(rate * waits_s), settings.limits.max_records_in_flight
    place = "limits.max_records_in_flight"
    if needed > limit:
        text = f"{_spell(needed)} are needed: rate × (merge_wait + max_wait + timeout)"
        yield Finding(Level.WARNING, place, text)
    else:
        yield Finding(Level.OK, place, f"{_spell(needed)} are needed at most")
    room = settings.limits.max_bytes_in_flight / needed if needed else 0
    if needed and room < _USUAL_RECORD_BYTES:
        yield Finding(
            Level.WARNING, "limits.max_bytes_in_flight", f"room for {room:.0f} bytes a record only: reading may pause"
        )


_USUAL_RECORD_BYTES: Final = 2500
"""A record of 25 fields has 475 (docs/architecture.md §10); with its event, and as objects, it takes so many."""


def _requests(settings: Settings, rate: float) -> Iterator[Finding]:
    """Batches are full, or leave because of their age: one a pixel and `max_wait`."""
    most = settings.delivery.max_requests_per_second
    full = rate / settings.batch.max_events
    if full > most:
        yield Finding(
            Level.WARNING,
            "delivery.max_requests_per_second",
            f"{full:.0f} full batches a second, but {most:g} may be sent: lag will grow",
        )
    for name, pixel in settings.pixels.items():
        limit = pixel.max_requests_per_second
        if limit is not None and full > limit:
            yield Finding(
                Level.WARNING,
                f"pixels.{name}.max_requests_per_second",
                f"takes {limit * settings.batch.max_events:.0f} events a second at most",
            )


def _redis(settings: Settings, rate: float) -> Iterator[Finding]:
    dedupe = settings.dedupe
    if dedupe.store != "redis":
        return
    lifetimes = Lifetimes(round(dedupe.window_s * 1000), round(dedupe.remove_for_s * 1000))
    keys = ceil(rate * lifetimes.ttl_ms / 1000)
    memory = spell_size(keys * REDIS_BYTES_A_KEY)
    yield Finding(Level.OK, "dedupe.remove_for", f"{_spell(keys)} keys in Redis, about {memory} of its memory")


def _spell(number: float) -> str:
    return f"{number:,.0f}"
