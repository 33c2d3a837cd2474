"""For `make docs`: documents link to files beside their folder, which are not on the site but in the repository.

A hook of MkDocs: https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import logging
import re
from pathlib import Path
from typing import Any, Final

_BESIDE: Final = re.compile(r"(?P<before>\]\(|^\[[^\]]+\]: )\.\./(?P<path>[^)#\s]+)", re.MULTILINE)
"""In brackets behind the text, or on a line of its own."""
_log: Final = logging.getLogger("mkdocs.hooks.site_links")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page with `](../deploy/Dockerfile)` as a link into the repository; a file that is not there is a warning."""
    root = Path(config.config_file_path).parent

    def linked(found: re.Match[str]) -> str:
        path = root / found["path"]
        if not path.exists():
            _log.warning("%s links to ../%s, which is not there", page.file.src_uri, found["path"])
        kind = "tree" if path.is_dir() else "blob"
        return f"{found['before']}{config.extra['repository']}/{kind}/main/{found['path']}"

    return _BESIDE.sub(linked, markdown)
