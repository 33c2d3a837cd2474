"""Why an address cannot be listened on, and what helps: one sentence for all of the program's ports."""

import os
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EPERM
from socket import gaierror
from typing import Final


def bind_problem(host: str, port: int, error: OSError | UnicodeError) -> str:
    """The sentence; `error` as listening has raised it, where UnicodeError is of a name that is none."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{address} cannot be listened on ({_why(error)}); {_remedy(error)}"


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "that is no name of a host"
    if isinstance(error, gaierror) or error.errno is None:
        return error.strerror or type(error).__name__
    return os.strerror(error.errno)  # not its own text: `create_server` adds the address to that, as Python shows it


def _remedy(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError | gaierror):
        return _OWN_ADDRESS
    return _REMEDIES.get(error.errno, "choose another address")


_OWN_ADDRESS: Final = "choose an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
_HIGHER_PORT: Final = "choose a port from 1024 on"
_REMEDIES: Final[dict[int | None, str]] = {
    EADDRINUSE: "choose another port, or end what listens there",
    EADDRNOTAVAIL: _OWN_ADDRESS,
    EAFNOSUPPORT: _OWN_ADDRESS,
    EACCES: _HIGHER_PORT,
    EPERM: _HIGHER_PORT,
}
