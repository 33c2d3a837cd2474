"""What a person can do about a Redis that does not do its work: one sentence for each kind of trouble. Pure."""

from collections.abc import Mapping
from typing import Final

_CLUSTER: Final = "it is a Redis Cluster, which cannot be used: name one Redis or Valkey in dedupe.redis_url"
_LOGIN: Final = "see user and password in dedupe.redis_url"
_REPLICA: Final = "it is a replica: name the primary in dedupe.redis_url"
_FILE: Final = (
    "see the files that dedupe.redis_url names (ssl_ca_certs, ssl_certfile, ssl_keyfile): they must exist, and be "
    "readable for the user of this process"
)
_TLS: Final = (
    "TLS does not come about: see the certificates, ssl_ca_certs in dedupe.redis_url, and whether that port speaks TLS"
)
_OTHERS: Final = "see its memory, load and network"
_BY_NAME: Final[Mapping[str, str]] = {
    "NOAUTH": _LOGIN,
    "WRONGPASS": _LOGIN,
    "AuthenticationError": _LOGIN,
    "ERR AUTH": "it has no password: remove that of dedupe.redis_url, or set it there",
    "NOPERM": "give the user of dedupe.redis_url the keys tiktok:* with EVAL, SET, GET, DEL, EXISTS and PING",
    "ERR unknown command": "EVAL is renamed or switched off there: allow it",
    "ERR DB index is out of range": "it has no such database: see the number at the end of dedupe.redis_url",
    "MOVED": _CLUSTER,
    "ASK": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "CLUSTERDOWN": _CLUSTER,
    "READONLY": _REPLICA,
    "MASTERDOWN": _REPLICA,
    "OOM": "its memory is full: raise its maxmemory, or lower dedupe.remove_for",
    "MISCONF": "it cannot save to its disk, and takes no writes until it can: see its log",
    "NOREPLICAS": "too few of its replicas answer for its min-replicas-to-write",
    "LOADING": "it has just started, and loads its data: nothing needs to be done",
    "BUSY": "a script of another client holds it up",
    "FileNotFoundError": _FILE,
    "IsADirectoryError": _FILE,
    "PermissionError": f"{_FILE}; a firewall may refuse the connection as well",
}


def redis_remedy(name: str) -> str:
    """What to do about trouble of this name (`adapters.redis_faults`)."""
    return _BY_NAME.get(name) or (_TLS if name.startswith("SSL") else _OTHERS)
