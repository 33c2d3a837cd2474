"""For `make docs`: links from the documents into the repository, and the configuration's JSON Schema at its address.

Hooks of MkDocs: https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import logging
import re
from pathlib import Path
from typing import Any, Final

from consumer.config.reference.json_schema import SCHEMA_ID, json_schema_text

_BESIDE: Final = re.compile(r"(?P<before>\]\(|^\[[^\]]+\]: )\.\./(?P<path>[^)#\s]+)", re.MULTILINE)
"""In brackets behind the text, or on a line of its own."""
_log: Final = logging.getLogger("mkdocs.hooks.site_hooks")


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


def on_post_build(*, config: Any, **_: Any) -> None:
    """Write the schema to where its `$id` says it is."""
    file = SCHEMA_ID.removeprefix(config.site_url)
    Path(config.site_dir, file).write_text(json_schema_text(), "utf-8")
