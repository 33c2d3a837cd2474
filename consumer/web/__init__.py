"""The pages that people look at: plain files, served with a policy that lets nothing foreign in.

The look and the few lines that build a page are here once, for the status page of `run` and for the sandbox's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.responses import Response

SHARED: Final = Path(__file__).parent
STATUS: Final = SHARED / "status"
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS: Final[Mapping[str, str]] = {
    # What a page shows can be anyone's text: nothing but the service's own files may run, and nothing may leave.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Files:
    """A page's own files and the shared ones, read once.

    Raises:
        OSError: a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        files = [file for place in (SHARED, folder) for file in place.iterdir() if file.suffix in _TYPES]
        self._contents: Final = {file.name: file.read_bytes() for file in files}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._contents)

    def response(self, name: str) -> Response:
        """The file of this name; 404 if there is none."""
        content = self._contents.get(name)
        if content is None:
            return Response("not found", 404)
        return Response(content, headers=HEADERS, media_type=_TYPES[Path(name).suffix])
