"""What `run` imports before it reads: its start is CPU that each restart, and each worker, pays again."""

import subprocess
import sys
from typing import Final

_RUN_WITHOUT_A_FILE: Final = """
import sys
from consumer import cli
try:
    cli.main([{command}, "--config", "absent.yaml"])
except SystemExit as end:
    print(end.code, *(name for name in {names} if name in sys.modules))
"""


def imported_by(command: str, *names: str) -> list[str]:
    """The exit code of a command whose file is not there, and which of these modules it imports up to then."""
    code = _RUN_WITHOUT_A_FILE.format(command=repr(command), names=names)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_run_imports_structlog_and_not_what_that_shows_exceptions_with() -> None:
    assert imported_by("run", "structlog", "rich", "pygments", "rich.markdown") == ["78", "structlog"]


def test_a_command_that_shows_tables_has_rich_after_all() -> None:
    code = (
        "from consumer.cli.startup import import_structlog_alone\n"
        "import_structlog_alone()\n"
        "import rich.table, structlog.dev\n"
        "import_structlog_alone()\n"
        "print(structlog.dev.rich, rich.table.Table.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["None", "Table"]
