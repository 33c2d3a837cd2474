"""What the command line says of itself: version, help with examples, completion; and how little CPU that takes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from consumer import cli
from consumer.cli.command_line import app


@pytest.mark.parametrize(
    "arguments", [["--version"], ["explain", "--version"], ["dlq", "--version"], ["dlq", "list", "--version"]]
)
def test_the_version_is_said_by_the_program_and_by_each_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)

    assert end.value.code == 0
    assert capsys.readouterr().out == f"tiktok-consumer {version('tiktok-events-consumer')}\n"


def commands(group: Any, *names: str) -> Iterator[tuple[str, Any]]:
    """Every command that is shown, with the words that name it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)
        elif not command.hidden:
            yield " ".join([*names, name]), command


@pytest.mark.parametrize(("name", "command"), list(commands(get_command(app))))
def test_the_help_of_each_command_ends_with_an_example_that_can_be_typed(name: str, command: Any) -> None:
    words = command.epilog.removeprefix("Example: tiktok-consumer ").split()

    assert " ".join(words).startswith(name)
    assert len(command.epilog) <= 78
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("name", ["", *(name for name, _ in commands(get_command(app)))])
def test_nothing_of_a_command_s_help_is_cut_in_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        cli.main([*name.split(), "--help"])

    said = capsys.readouterr().out
    assert "--help" in said
    assert "…" not in said


YARDSTICK = "import asyncio, decimal, email.message, http.client, logging.config, ssl, unittest.mock, xml.dom.minidom"
"""Costs about half of what the help does, however fast the machine is at the moment."""


def least_cpu_s(folder: Path, *arguments: str) -> float:
    """The least of a Python program's CPU time over some runs, after one that compiles."""
    took_s = []
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder)},
            stdout=subprocess.DEVNULL,
        )
        _, code, used = os.wait4(process.pid, 0)
        process.returncode = code
        assert code == 0
        took_s.append(used.ru_utime)
    return min(took_s[1:])


@pytest.mark.parametrize("command", ["", "explain"])
def test_help_takes_no_more_than_four_tenths_of_a_second_of_cpu(command: str, tmp_path: Path) -> None:
    def is_quick() -> bool:
        took_s = least_cpu_s(tmp_path, "-m", "consumer", *command.split(), "--help")
        return took_s <= max(0.4, 2.5 * least_cpu_s(tmp_path, "-c", YARDSTICK))

    assert any(is_quick() for _ in range(3)), "others may have had the processor meanwhile, though not each time"


@pytest.mark.parametrize("command", ["", "run", "dlq replay"])
def test_help_imports_nothing_that_only_a_command_needs(command: str) -> None:
    program = (
        "import sys; from consumer.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command.split(), "--help"], capture_output=True, text=True, check=True
    )

    assert {"confluent_kafka", "msgspec", "pydantic", "structlog", "uvicorn"} & set(done.stderr.split()) == set()


@pytest.mark.parametrize(
    ("line", "completed"), [("ou", ["outcomes"]), ("dlq re", ["replay"]), ("explain --to", ["--topic"])]
)
def test_bash_completes_commands_and_options(line: str, completed: list[str]) -> None:
    words = line.split()
    program = f"""
        source <(tiktok-consumer --show-completion bash)
        COMP_WORDS=(tiktok-consumer {line}) COMP_CWORD={len(words)}
        $(complete -p tiktok-consumer | sed -E 's/.*-F ([^ ]+).*/\\1/') tiktok-consumer
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", program], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == completed, done.stderr
