"""Access tokens, from the configuration or from files that may change. Part of the edge to TikTok.

A token is revealed only for the request's header, by `AccessTokens.reveal`.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from pydantic import SecretStr

from consumer.core.deliver.request import access_token_in

log = structlog.get_logger("consumer.tiktok")
_Mark = tuple[int, int, int] | None
_Fault = tuple[_Mark, str]


class AccessTokens:
    """Each pixel's token.

    Args:
        sources: per pixel the token, or the file that holds it and nothing else.
        look_every_s: how long `changed` leaves the files alone after it looked; 0: it always looks.
    """

    def __init__(self, sources: Mapping[str, SecretStr | Path], look_every_s: float = 1.0) -> None:
        self._files = {pixel: source for pixel, source in sources.items() if isinstance(source, Path)}
        self._marks: dict[str, _Mark] = {}
        self._seen: dict[str, _Fault] = {}
        self._told: dict[str, _Fault] = {}
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

    def unusable(self) -> dict[str, str]:
        """Of each pixel whose file cannot be used now: its path and why. Never what it holds."""
        return {pixel: f"{self._files[pixel]} {why}" for pixel, (_, why) in self._told.items()}

    def _read(self, pixel: str, file: Path) -> bool:
        mark = _mark(file)
        is_as_before = mark is not None and mark == self._marks.get(pixel)
        token = self._tokens[pixel] if is_as_before else _token_in(file)
        if isinstance(token, str):
            self._found_unusable(pixel, (mark, token))
            return False
        self._seen.pop(pixel, None)
        self._told.pop(pixel, None)
        self._marks[pixel] = mark
        is_another = token != self._tokens[pixel]
        self._tokens[pixel] = token
        return is_another

    def _found_unusable(self, pixel: str, fault: _Fault) -> None:
        """Tell it once, and at the second look: at the first, the file was perhaps half written."""
        if self._seen.get(pixel) == fault != self._told.get(pixel):
            self._told[pixel] = fault
            remedy = "write the token there, without quotes and nothing else; until then, the last one is used"
            log.warning("token.unusable", pixel=pixel, file=str(self._files[pixel]), why=fault[1], remedy=remedy)
        self._seen[pixel] = fault


def _mark(file: Path) -> _Mark:
    """What changes when a file does, also when a link to it is turned to another file; None if it cannot be seen."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _token_in(file: Path) -> SecretStr | str:
    """The token, or why there is none, as plain text."""
    try:
        token = access_token_in(file.read_bytes())
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "does not hold an access token alone" if token is None else SecretStr(token)
