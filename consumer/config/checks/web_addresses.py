"""Whether the address of a server can be one."""

from urllib.parse import urlsplit


def is_unusable_url(url: str, schemes: tuple[str, ...]) -> bool:
    """True unless it has one of the schemes, and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme not in schemes or not parts.hostname or parts.port == 0
    except ValueError:
        return True
