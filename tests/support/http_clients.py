"""HTTP clients for servers on this machine, which share what is made of the machine's certificates.

To read them takes some 50 ms of CPU, for each client and each `httpx2.get`: as much as there is between two looks at
whether a server is up.
"""

from typing import Any, Final

import httpx2

_TLS: Final = httpx2.create_ssl_context()
ANSWER_S: Final = 60.0
"""A server on a busy machine may take long; httpx2's own 5 s are too few."""


def http_client(timeout: float = ANSWER_S, **options: Any) -> httpx2.Client:
    """A client with these options, that no proxy of the environment stands in front of."""
    return httpx2.Client(verify=_TLS, trust_env=False, timeout=timeout, **options)


HTTP: Final = http_client(limits=httpx2.Limits(max_keepalive_connections=0))
"""For single requests to anybody, each on a connection of its own."""
