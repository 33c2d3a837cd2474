"""One scrape of `/metrics`, and the questions that tests ask of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from prometheus_client.parser import text_string_to_metric_families

PREFIX: Final = "tiktok_consumer_"


@dataclass(frozen=True)
class Sample:
    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Metrics:
    """Samples by name, without the prefix that all of them have."""

    samples: tuple[Sample, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read Prometheus's text format."""
        families = text_string_to_metric_families(text)
        return cls(
            tuple(
                Sample(sample.name.removeprefix(PREFIX), dict(sample.labels), sample.value)
                for family in families
                for sample in family.samples
            )
        )

    def value(self, name: str, **labels: str) -> float:
        """The sum over the samples of that name that have these labels; 0 if there is none."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def by(self, name: str, label: str) -> dict[str, float]:
        """Sums by the value of one label, without those that are 0."""
        values = {sample.labels[label] for sample in self.samples if sample.name == name}
        sums = {value: self.value(name, **{label: value}) for value in values}
        return {value: found for value, found in sums.items() if found}

    @property
    def unaccounted(self) -> float:
        """What the ledger lacks: records read, less settled, released and in flight. Even at every scrape."""
        accounted = ("records_settled_total", "records_released_total", "records_in_flight")
        return self.value("records_read_total") - sum(map(self.value, accounted))
