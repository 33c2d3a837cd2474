"""Fixtures for tests that need servers. What uses one is marked `server`, and `make test-quick` leaves it out."""

import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.parts.part import CACHE
from tests.support.ports import free_port
from tests.support.registry import Registry
from tests.support.run import RUN
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene, scene_of
from tests.support.shared_kafka import end_kafka, shared_bootstrap
from tests.support.topics import Kafka

pytest_plugins = ["tests.support.one_cause"]
_SERVERS = {"kafka", "sandbox", "browser"}
OWN_RUN: Final = pytest.StashKey[Path]()
HAS_FAILED: Final = pytest.StashKey[bool]()


# How long an example takes says more of the machine than of the code. In CI the same examples each time, so that a
# change is judged by what it changed; elsewhere new ones are tried.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure(config: pytest.Config) -> None:
    # Told to stop, a run ends its servers like one that is interrupted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if RUN not in os.environ:  # a process that the run starts is given it
        os.environ[RUN] = tempfile.mkdtemp(prefix="tests-")
        config.stash[OWN_RUN] = Path(os.environ[RUN])
    config.addinivalue_line("markers", "server: needs a server that the test starts (Kafka, Redis, a browser, …)")
    config.addinivalue_line("markers", "long: takes many minutes; `make endurance` runs it, `make test` does not")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not os.environ.get("ENDURANCE"):
        too_long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=too_long)
        items[:] = [item for item in items if item not in too_long]
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[HAS_FAILED] = session.testsfailed > 0


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(OWN_RUN, None)
    if run is not None:  # no other process of the run is left
        del os.environ[RUN]
        end_kafka(run, CACHE / "kafka.log" if config.stash.get(HAS_FAILED, False) else None)
        shutil.rmtree(run)


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]  # published without hints
    """A file's tests stay together, since they share what was slow to set up; so do all that share the engine."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "tests/engine" if file.startswith("tests/engine/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling | None:
    return FileScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _loggers_as_new() -> Iterator[None]:
    """Undo what a command that ran within the test did to logging: loggers keep what they were first set up with."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.setLevel(level)
    if structlog.is_configured():
        root.handlers[:] = handlers
        structlog.reset_defaults()
        loggers = (vars(module).get("log") for name, module in list(sys.modules.items()) if name.startswith("consumer"))
        for logger in loggers:
            getattr(logger, "__dict__", {}).pop("bind", None)


@pytest.fixture(scope="session")
def kafka() -> Kafka:
    """One Kafka for all tests of the run: our own, or the one that `KAFKA_BOOTSTRAP_SERVERS` names."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return Kafka(given)
    return Kafka(shared_bootstrap(Path(os.environ[RUN])))


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One stand-in for TikTok for all tests of the run; a test takes `sandbox`."""
    process = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.kill()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The stand-in for TikTok as if just started."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(free_port()) as running:  # a test may stop it for a while
        yield running


@pytest.fixture
def scene(kafka: Kafka, registry: Registry, sandbox: Sandbox, tmp_path: Path) -> Iterator[Scene]:
    """A topic of four partitions, its dead-letter topic, and nothing in them; processes end with the test."""
    with scene_of(kafka, registry, sandbox, tmp_path, kafka.new_topic("events", partitions=4)) as set_up:
        yield set_up
