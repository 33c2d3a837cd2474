"""A real Prometheus on a free port of the loopback address, which scrapes a service every second."""

import json
import math
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from tests.parts.prebuilt import PROMETHEUS
from tests.support.http_clients import http_client
from tests.support.ports import LOOPBACK, free_port
from tests.support.wait import tail_of, wait_until

JOB: Final = "tiktok-consumer"
_START_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class Found:
    """One sample of an answer."""

    labels: Mapping[str, str]
    value: float


class Prometheus:
    """`with Prometheus(folder, ports, rules) as prometheus: …`

    Args:
        ports: what to scrape.
        rules: files with rules, as they are.
    """

    def __init__(self, folder: Path, ports: Iterable[int], rules: Iterable[Path] = ()) -> None:
        self._folder, self._log = folder, folder / "prometheus.log"
        self._file = folder / "prometheus.json"  # JSON is YAML, too
        self._file.write_text(json.dumps(_config(ports, rules)))
        port = free_port()
        self._address = f"{LOOPBACK}:{port}"
        self._http = http_client(base_url=f"http://{self._address}", timeout=30)
        self._process: subprocess.Popen[bytes] | None = None

    def query(self, expression: str) -> list[Found]:
        """What an expression gives now, numbers alone: NaN is none. One that cannot be run fails the test."""
        answer = self._http.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer}"
        found = [Found(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]
        return [sample for sample in found if not math.isnan(sample.value)]

    def value(self, expression: str) -> float | None:
        """The only sample's value; None if there is none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return found[0].value if found else None

    def firing(self) -> dict[str, dict[str, Any]]:
        """The alerts that fire now, by name, with their labels and annotations."""
        alerts = self._http.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert for alert in alerts if alert["state"] == "firing"}

    def label_values(self, label: str, selector: str) -> list[str]:
        """What Grafana asks for a variable."""
        answer = self._http.get(f"/api/v1/label/{label}/values", params={"match[]": selector}).raise_for_status()
        found: list[str] = answer.json()["data"]
        return found

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, tail_of(self._log, 30)
        try:
            return self._http.get("/-/ready").is_success
        except httpx2.TransportError:
            return False

    def __enter__(self) -> Self:
        files = [f"--config.file={self._file}", f"--storage.tsdb.path={self._folder / 'prometheus'}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(PROMETHEUS.path()), *files, f"--web.listen-address={self._address}", "--log.level=warn"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self._is_ready, _START_TIMEOUT_S, what="Prometheus is ready")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._http.close()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def _config(ports: Iterable[int], rules: Iterable[Path]) -> dict[str, Any]:
    targets = [f"{LOOPBACK}:{port}" for port in ports]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(file) for file in rules],
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": targets}]}],
    }
