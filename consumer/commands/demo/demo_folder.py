"""The folder of a demo: its files, and what the service logs. Removed at the end, however that comes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from consumer import logs
from consumer.signals import also_at_interrupt


class DemoFolder:
    """Its path, and whether it outlives the demo."""

    def __init__(self) -> None:
        self.path: Final = Path(tempfile.mkdtemp(prefix="tiktok-demo-"))
        self.log: Final = self.path / "demo.log"
        self._is_kept = False

    def keep(self, console: Console) -> None:
        """Leave it to a person, who is told where it is."""
        console.print(f"What the service logged: {self.log}", soft_wrap=True)
        self._is_kept = True

    def remove(self) -> None:
        """Do so, unless it is kept."""
        if not self._is_kept:
            shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def demo_folder() -> Iterator[DemoFolder]:
    """Within the block, log lines go to a file of the folder; afterwards to standard error again."""
    folder = DemoFolder()
    with also_at_interrupt(folder.remove):
        try:
            with folder.log.open("w", encoding="utf-8") as log:
                logs.set_up("info", "console", log)
                try:
                    yield folder
                finally:  # before the file is closed: what ended the block may have to be logged
                    logs.set_up("info", "console")
                    logs.quiet_clients()
        finally:
            folder.remove()
