"""What `/metrics` shows, by the declarations."""

from consumer.metrics import DECLARED, PREFIX, Kind


def exposed_names() -> set[str]:
    """The names of samples on `/metrics`."""
    endings = {Kind.COUNTER: ("_total",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}
    return {PREFIX + declared.name + ending for declared in DECLARED for ending in endings[declared.kind]}
