"""Asks of Redis all that the shared window does, with its own script and made-up keys, which are deleted again."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from consumer.commands.check.check_outside import ASK_TIMEOUT_S
from consumer.commands.check.finding import Finding, Level, of_problem
from consumer.config import Settings
from consumer.core.dedupe.shared_protocol import OWNER_BYTES, Claim, ClaimRequest, ClaimResult, Lifetimes, prefix_of
from consumer.core.errors import ConfigError, Unreachable
from consumer.service.ports import WindowStore
from consumer.status.connections import OutsideSystem
from consumer.status.redis_remedies import redis_remedy
from consumer.wiring import addresses_of

if TYPE_CHECKING:
    import redis

_PLACE: Final = "dedupe.redis_url"
_KEYS: Final = 20
"""So many that each node of a Cluster lacks one of them."""
_BRIEF: Final = Lifetimes(10_000)
"""What could not be deleted is gone by itself after twice that."""


def redis_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the shared window can use it. It is never an error: without it, each process decides alone."""
    url = settings.dedupe.redis_url
    if settings.dedupe.store != "redis" or url is None:
        return
    from consumer.adapters.redis_window import RedisWindow, client_of  # its library is an optional extra

    prefix = prefix_of(settings.kafka.group_id)
    try:
        client = client_of(url.get_secret_value(), ASK_TIMEOUT_S)
        store = RedisWindow(url.get_secret_value(), prefix, _BRIEF, ASK_TIMEOUT_S)
    except ConfigError as error:
        yield from map(of_problem, error.problems)
        return
    try:
        yield _tried(store, client, prefix, addresses_of(settings)[OutsideSystem.REDIS])
        yield from _of_memory(client)
    finally:
        store.close(0.0)
        client.close()


def _tried(store: WindowStore, client: "redis.Redis", prefix: bytes, address: str) -> Finding:
    digests, us, them = [os.urandom(16) for _ in range(_KEYS)], os.urandom(OWNER_BYTES), os.urandom(OWNER_BYTES)
    try:
        if _is_kept(store, digests, us, them):
            return Finding(Level.OK, _PLACE, "answers, and does all that the shared window asks of it")
        text = f"{address} does not keep what it was told; see its memory and maxmemory-policy"
    except Unreachable as away:
        name = str(away)
        missing = _missing_rights(client, prefix + b"k" + digests[0]) if name == "NOPERM" else ""
        does = "refuses" if name.partition(" ")[0].isupper() or name in _ANSWERS else "does not answer"
        text = f"{address} {does} ({name}); {missing or redis_remedy(name)}"
    finally:
        _delete(client, [prefix + b"p" + us, *(prefix + b"k" + digest for digest in digests)])
    return Finding(Level.WARNING, _PLACE, f"{text}; until then, each process decides alone")


_ANSWERS: Final = ("ResponseError", "AuthenticationError")


def _is_kept(store: WindowStore, digests: list[bytes], us: bytes, them: bytes) -> bool:
    """Claim, meet another's claim, release, confirm: each command of the script. Raises Unreachable."""
    now_ms = int(time.time() * 1000)
    firsts = [(Claim(digest, b"first---", now_ms), 1) for digest in digests]
    copies = [(Claim(digest, b"copy----", now_ms), 1) for digest in digests]
    steps = (
        (ClaimRequest(us, True, claims=firsts), ClaimResult.FIRST),
        (ClaimRequest(them, False, claims=copies), ClaimResult.WAIT),
        (ClaimRequest(us, False, releases=[(first, us) for first, _ in firsts], claims=firsts), ClaimResult.FIRST),
        (ClaimRequest(us, False, confirms=firsts, claims=copies), ClaimResult.DUPLICATE),
    )
    return all(set(store.ask(question)) == {expected} for question, expected in steps)


def _missing_rights(client: "redis.Redis", key: bytes) -> str:
    """Which of the script's commands its user may not run, tried one by one: a script does not always name it."""
    from redis.exceptions import NoPermissionError

    from consumer.adapters.redis_window import FORESEEN

    tries = {"EVAL": ("return 1", 0), "SET": (key, "", "PX", 1000), "GET": (key,), "EXISTS": (key,), "DEL": (key,)}
    missing, is_of_keys = [], False
    for command, arguments in tries.items():
        try:
            client.execute_command(command, *arguments)  # type: ignore[no-untyped-call]  # published without hints
        except NoPermissionError as error:
            if " key" in str(error):
                is_of_keys = True
            else:
                missing.append(command)
        except FORESEEN:
            break
    lacks = [*missing, *(["the keys tiktok:*"] if is_of_keys else [])]
    return f"its user lacks {', '.join(lacks)}: give it these" if lacks else ""


def _of_memory(client: "redis.Redis") -> Iterator[Finding]:
    """Whether it would forget keys at its limit, if its user may know."""
    from consumer.adapters.redis_window import FORESEEN

    try:
        memory = client.info("memory")
    except FORESEEN:
        return
    policy = memory.get("maxmemory_policy", "noeviction") if isinstance(memory, dict) else "noeviction"
    if policy != "noeviction" and memory.get("maxmemory"):
        text = (
            f"maxmemory-policy is {policy}: at its limit it forgets keys, and copies are sent again, without a line in "
            "any log; set noeviction, and memory enough (`check --rate`)"
        )
        yield Finding(Level.WARNING, _PLACE, text)


def _delete(client: "redis.Redis", keys: list[bytes]) -> None:
    from consumer.adapters.redis_window import FORESEEN

    with suppress(*FORESEEN):
        client.delete(*keys)
