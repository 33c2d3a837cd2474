"""docker-compose.yml without a container engine: each service a host of its own, its process in a bare tree.

Our image's services run as Compose and the image say. For the others, the same programs of this machine stand in
where there are any: Kafka from its jars, redis-server for Valkey, the tests' schema registry for Confluent's.
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.parts.golang import COMPOSE
from tests.parts.jars import KAFKA
from tests.parts.part import program
from tests.support.bare import Bind, Running, bare, wrapped
from tests.support.hosts import Hosts
from tests.support.image import CHECKOUT, Image
from tests.support.wait import tail_of, wait_until

FILE: Final = CHECKOUT / "docker-compose.yml"
OURS: Final = "tiktok-events-consumer:local"


def loaded(file: Path = FILE) -> dict[str, Any]:
    """The file as `docker compose` loads it: validated, merged, every path absolute."""
    command = [str(COMPOSE.path()), "--file", str(file), "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    project: dict[str, Any] = json.loads(done.stdout)
    return project


def seconds(text: str) -> float:
    """`45s`, `1m0s` → seconds."""
    minutes, _, rest = text.rpartition("m")
    return 60 * float(minutes or 0) + float(rest.rstrip("s") or 0)


class Stack:
    """The services of the file that can run here.

    Args:
        folder: for logs, and the trees of other images.
    """

    def __init__(self, project: Mapping[str, Any], image: Image, hosts: Hosts, folder: Path) -> None:
        self._services, self._secrets = project["services"], project["secrets"]
        self._image, self._hosts, self._folder = image, hosts, folder
        self._running: dict[str, Running] = {}
        self._places: list[Path] = []
        (folder / "hosts").write_text(hosts.file)

    def start(self, name: str) -> None:
        """Start a service of our image. Those it depends on must be up, as Compose would wait for."""
        for other in self._services[name].get("depends_on", {}):
            assert other in self._running, f"{other} must be healthy before {name}"
        self._begin(name, self._line(name, self._command(name)))

    def start_other(self, name: str, line: Sequence[str]) -> None:
        """Start what stands in for another image."""
        self._begin(name, line)

    def _begin(self, name: str, line: Sequence[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as output:
            self._running[name] = Running(line, output, self._hosts.inside(name, []))

    def wait_until_healthy(self, name: str, timeout_s: float = 90.0) -> None:
        """Until the image's health check, with the service's environment, says so."""
        try:
            wait_until(lambda: self.is_healthy(name), timeout_s, what=f"{name} is healthy", every_s=0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail(name)}") from None

    def is_healthy(self, name: str) -> bool:
        assert self._running[name].is_running, f"{name} has ended\n{self.tail(name)}"
        return self.execute(name, self._image.health).returncode == 0

    def execute(self, name: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """As `docker compose exec` does."""
        line = self._hosts.inside(name, self._line(name, command))
        return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)

    def get(self, name: str, url: str) -> str:
        """What an address answers to a program in the service's container."""
        ask = f"import urllib.request as http; print(http.urlopen({url!r}, timeout=5).read().decode())"
        return self.execute(name, ["python", "-c", ask]).stdout

    def stop(self, name: str) -> int:
        """As `docker compose stop` does: the image's signal, and the service's patience. Gives the exit code."""
        number = signal.Signals[self._services[name].get("stop_signal", self._image.stop_signal)]
        return self._running.pop(name).stop(number, seconds(self._services[name].get("stop_grace_period", "10s")))

    def close(self) -> None:
        for running in self._running.values():
            running.kill()
        for place in self._places:
            place.unlink()

    def tail(self, name: str) -> str:
        return tail_of(self._folder / f"{name}.log", 30)

    # ── our image ───────────────────────────────────────────────────────────────────────────────

    def _command(self, name: str) -> list[str]:
        service = self._services[name]
        command = service["command"] if service["command"] is not None else self._image.command
        return [*(service["entrypoint"] or self._image.entrypoint), *command]

    def _line(self, name: str, command: Sequence[str]) -> list[str]:
        service = self._services[name]
        assert service["image"] == OURS
        return wrapped(
            self._image.root,
            command,
            env={**self._image.env, **service["environment"]},
            folder=self._image.folder,
            user=service.get("user", self._image.user),
            hostname=service.get("hostname", name),
            binds=self._binds(service),
            is_writable=not service["read_only"],
        )

    def _binds(self, service: Mapping[str, Any]) -> list[Bind]:
        """Volumes and secrets."""
        binds = [Bind(str(self._folder / "hosts"), "/etc/hosts")]
        volumes, secrets = service.get("volumes", ()), [each["source"] for each in service.get("secrets", ())]
        binds += [Bind(each["source"], each["target"], not each.get("read_only")) for each in volumes]
        binds += [Bind(self._secrets[name]["file"], f"/run/secrets/{name}") for name in secrets]
        for bind in binds:
            self._make_place(self._image.root / bind.target.lstrip("/"))
        return binds

    def _make_place(self, place: Path) -> None:
        """Something to mount on, as an engine makes it in the container's own layer; `close` takes it away."""
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
            self._places.append(place)

    # ── what stands in for other images ─────────────────────────────────────────────────────────

    def kafka(self) -> None:
        """Kafka's own jars, with the properties that the image makes of KAFKA_NODE_ID and its like."""
        root = self._folder / "kafka"
        bare(root)
        named = {name.removeprefix("KAFKA_"): value for name, value in self._services["kafka"]["environment"].items()}
        properties = {name.lower().replace("_", "."): value for name, value in named.items()} | {"log.dirs": "/var"}
        (root / "etc/kafka.properties").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        shutil.copytree(KAFKA.path(), root / "opt/kafka")
        java = Path(shutil.which("java") or "java").resolve()
        settings = [Bind(str(place), str(place)) for place in Path("/etc").glob("java*")]  # Debian keeps Java's there
        binds = [Bind(str(self._folder / "hosts"), "/etc/hosts"), *settings]
        home = str(java.parents[1])
        if not home.startswith("/usr/lib/"):
            (root / home.lstrip("/")).mkdir(parents=True, exist_ok=True)
            binds.append(Bind(home, home))
        run = [str(java), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "/opt/kafka/*"]
        formatting = [
            *run,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "made-up-cluster-id-000",
            "-c",
            "/etc/kafka.properties",
        ]
        how: dict[str, Any] = {"env": {"PATH": "/usr/bin"}, "binds": binds, "hostname": "kafka", "is_writable": True}
        done = subprocess.run(wrapped(root, formatting, **how), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        self._begin("kafka", wrapped(root, [*run, "kafka.Kafka", "/etc/kafka.properties"], **how))

    def is_kafka_up(self) -> bool:
        """What the health check of the image asks: whether a client is answered."""
        client = "AdminClient({'bootstrap.servers': 'kafka:9092'})"
        ask = f"from confluent_kafka.admin import AdminClient; {client}.list_topics(timeout=5)"
        return self.execute("sandbox", ["python", "-c", ask]).returncode == 0

    def registry(self) -> None:
        command = [sys.executable, "-m", "tests.support.registry", "--host", "0.0.0.0", "--port", "8081"]  # noqa: S104
        self._begin(
            "registry", ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--chdir", str(CHECKOUT), *command]
        )

    def valkey(self) -> None:
        server = program("redis-server")
        _, *options = self._services["valkey"]["command"]
        self._begin("valkey", ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", server, *options])
