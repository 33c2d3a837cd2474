"""Scraping a `run` all the while something else happens to it."""

import threading
from typing import Self

from tests.support.metrics import Metrics
from tests.support.processes import Service

EVERY_S = 0.1
_COUNTED = ("_total", "_bucket", "_count", "_sum")


class Scraping:
    """`with Scraping(service) as scraping: …`; then `scraping.faults` has what was wrong with any of `scrapes`."""

    def __init__(self, service: Service) -> None:
        self.scrapes = 0
        self.faults: list[str] = []
        self._service = service
        self._last: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(EVERY_S):
            self.scrapes += 1
            answer = self._service.get("/metrics")
            if answer is None or answer.status_code != 200:
                self.faults.append(f"scrape {self.scrapes} got {answer}")
            else:
                self._judge(Metrics.parse(answer.text))

    def _judge(self, scrape: Metrics) -> None:
        if scrape.unaccounted:
            self.faults.append(f"scrape {self.scrapes}: {scrape.unaccounted:g} records are not accounted for")
        now = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for sample in scrape.samples
            if sample.name.endswith(_COUNTED)
        }
        back = [name for name, value in self._last.items() if now.get(name, 0.0) < value]
        self.faults += [
            f"scrape {self.scrapes}: {name} went from {self._last[name]} to {now.get(name)}" for name in back
        ]
        self._last = now
