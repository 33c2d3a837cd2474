"""Access tokens, from the configuration or from files that may change. Part of the edge to TikTok.

A token is revealed only for the request's header, by `AccessTokens.reveal`.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from consumer.core.deliver.request import is_access_token

_Mark = tuple[int, int, int] | None


class AccessTokens:
    """Each pixel's token.

    Args:
        sources: per pixel the token, or the file that holds it and nothing else.
        look_every_s: how long `changed` leaves the files alone after it looked; 0: it always looks.
    """

    def __init__(self, sources: Mapping[str, SecretStr | Path], look_every_s: float = 1.0) -> None:
        self._files = {pixel: source for pixel, source in sources.items() if isinstance(source, Path)}
        self._marks: dict[str, _Mark] = {}
        self._look_every_s = look_every_s
        self._looked_s = float("-inf")
        self._tokens = {pixel: source for pixel, source in sources.items() if isinstance(source, SecretStr)}
        # A file without a token yet is no reason to stop: TikTok says 40104, the pixel is held until the file changes.
        self._tokens |= {pixel: SecretStr("") for pixel in self._files}
        self.changed()

    def reveal(self, pixel: str) -> str:
        """Give a token in clear, for the request's header and nothing else."""
        return self._tokens[pixel].get_secret_value()

    def changed(self) -> list[str]:
        """Read the files that changed.

        Returns:
            The pixels whose token is another one now; none if it looked a moment ago. While a file is missing,
            unreadable, or holds anything but a token, the last token stays.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < self._look_every_s:
            return []
        self._looked_s = now_s
        return [pixel for pixel, file in self._files.items() if self._read(pixel, file)]

    def _read(self, pixel: str, file: Path) -> bool:
        mark = _mark(file)
        if mark is None or mark == self._marks.get(pixel):
            return False
        token = _token_in(file)
        if token is None:
            return False  # perhaps half written: look again
        self._marks[pixel] = mark
        is_another = token != self._tokens[pixel]
        self._tokens[pixel] = token
        return is_another


def _mark(file: Path) -> _Mark:
    """What changes when a file does, also when a link to it is turned to another file; None if it cannot be seen."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _token_in(file: Path) -> SecretStr | None:
    """None if it cannot be read, or holds anything but a token."""
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return SecretStr(text) if is_access_token(text) else None
