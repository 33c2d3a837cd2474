"""The image, built and run in a bare tree (tests/support/image.py says what stands for the base image)."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.bare import Bind, run
from tests.support.image import DOCKERFILE, Image

BUILD_TOOLS: Final = {"pip", "pip3", "uv", "setuptools", "wheel", "hatchling", "ensurepip", "gcc", "cc", "make"}
INSIDE: Final = """
import os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(os.getuid(), os.getgid(), os.getgroups(), int(status["CapEff"], 16), int(status["NoNewPrivs"]))
for place in ("/x", "/etc/x", "/etc/tiktok-consumer/x", "/opt/tiktok-consumer/x", "/tmp/x"):
    try:
        open(place, "w")
    except OSError:
        continue
    print("written:", place)
"""


def inside(image: Image, *command: str, **how: object) -> subprocess.CompletedProcess[str]:
    """A command in a container of the image."""
    return run(image.root, command, **{"env": image.env, "folder": image.folder, "user": image.user, **how})


def test_hadolint_finds_no_fault() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")

    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_image_is_named_by_an_exact_version(image: Image) -> None:
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", image.base)


def test_the_image_starts_the_service_and_can_stop_it(image: Image) -> None:
    assert (image.entrypoint, image.command) == (["tiktok-consumer"], ["run"])
    assert (image.stop_signal, image.ports) == ("SIGTERM", ["9464"])


def test_a_container_is_not_root_and_can_write_nothing(image: Image) -> None:
    done = inside(image, "python", "-c", INSIDE)

    assert done.stdout == "10001 10001 [] 0 1\n", done.stderr


def test_a_container_reads_no_file_of_roots_alone(image: Image, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("made-up-token")
    token.chmod(0o600)
    (image.root / "run/token").touch()

    done = inside(image, "python", "-c", "open('/run/token')", binds=[Bind(str(token), "/run/token")])

    assert "PermissionError" in done.stderr


def test_the_last_layer_holds_nothing_that_builds(image: Image) -> None:
    places = {"usr/local", "opt"}
    names = {file.name.split("-")[0] for place in places for file in (image.root / place).rglob("*")}

    assert names & BUILD_TOOLS == set()
    assert not (image.root / "src").exists()


def test_the_image_has_its_byte_code_since_it_cannot_write_any(image: Image) -> None:
    [package] = image.root.glob("opt/tiktok-consumer/lib/python3*/site-packages/consumer")

    assert (package / "core/__pycache__").is_dir()


def test_the_demo_runs_in_a_container_with_a_folder_for_temporary_files(image: Image) -> None:
    done = inside(image, *image.entrypoint, "demo", tmpfs=["/tmp"])  # noqa: S108  # the container's own

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is accounted for" in done.stdout


def test_without_a_configuration_the_command_says_which_file_is_missing(image: Image) -> None:
    done = inside(image, *image.entrypoint, *image.command)

    assert done.returncode == 78
    assert "/etc/tiktok-consumer/consumer.yaml" in done.stderr


def test_the_health_check_fails_where_nothing_answers(image: Image) -> None:
    done = inside(image, *image.health, env={**image.env, "HEALTH_URL": "http://127.0.0.1:1/healthz"})

    assert done.returncode == 1
