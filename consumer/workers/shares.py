"""What each worker gets of the settings that are for the whole `run`. Pure.

Those are the limits of `delivery`, and a pixel's `max_requests_per_second`. What `limits` and `dedupe` say is each
worker's own: it says how much memory a process takes.
"""

from consumer.config import Settings

INSTANCE_ID = "group.instance.id"


def problems(settings: Settings, workers: int) -> list[str]:
    """Why the settings cannot be shared among so many workers; empty if they can."""
    if settings.delivery.max_in_flight >= workers:
        return []
    return [
        f"delivery.max_in_flight: {settings.delivery.max_in_flight} requests at once cannot be shared among {workers} "
        f"workers; make it at least {workers}, or use fewer workers"
    ]


def share(settings: Settings, number: int, workers: int) -> Settings:
    """The settings of worker `number`, from 1 to `workers`. The shares of all add up to the whole."""
    delivery = settings.delivery.model_copy(
        update={
            "max_in_flight": _part(settings.delivery.max_in_flight, number, workers),
            "max_requests_per_second": settings.delivery.max_requests_per_second / workers,
        }
    )
    pixels = {
        name: pixel.model_copy(update={"max_requests_per_second": pixel.max_requests_per_second / workers})
        if pixel.max_requests_per_second is not None
        else pixel
        for name, pixel in settings.pixels.items()
    }
    properties = dict(settings.kafka.properties)
    if INSTANCE_ID in properties:
        properties[INSTANCE_ID] += f"-{number}"
    kafka = settings.kafka.model_copy(update={"properties": properties})
    return settings.model_copy(update={"delivery": delivery, "pixels": pixels, "kafka": kafka})


def _part(whole: int, number: int, parts: int) -> int:
    """Part `number`, from 1 to `parts`, of a whole number; the first ones get what is left over."""
    return whole // parts + (number <= whole % parts)
