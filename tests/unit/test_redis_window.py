"""What errors of Redis are called, what to do about them, and a thread that outlives a bug."""

import ssl
from typing import Final

import pytest
import redis
from redis._parsers.base import BaseParser
from structlog.testing import capture_logs

from consumer.adapters.redis_faults import name_of
from consumer.adapters.redis_window import RedisWindow
from consumer.core.dedupe.shared_protocol import ClaimRequest, Lifetimes
from consumer.core.errors import Unreachable
from consumer.status.redis_remedies import redis_remedy

SECRET: Final = "hunter2"
CLUSTER: Final = "Redis Cluster"
OTHERS: Final = "see its memory, load and network"


def answered(text: str) -> Exception:
    """The library's exception for an error that a server has answered."""
    error: object = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]  # published without hints
    assert isinstance(error, Exception)
    return error


@pytest.mark.parametrize(
    ("text", "name", "remedy"),
    [
        ("NOAUTH Authentication required.", "NOAUTH", "user and password"),
        ("ERR Protocol error: unauthenticated multibulk length", "NOAUTH", "user and password"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS", "user and password"),
        ("ERR invalid password", "AuthenticationError", "user and password"),
        ("ERR AUTH <password> called without any password configured for the default user.", "ERR AUTH", "password"),
        ("ERR Client sent AUTH, but no password is set", "ERR AUTH", "password"),
        ("NOPERM User u has no permissions to run the 'eval' command", "NOPERM", "keys tiktok:* with EVAL, SET"),
        ("ERR ACL failure in script: User u has no permissions to run the 'get' command", "NOPERM", "keys tiktok:*"),
        ("ERR The user executing the script can't run this command or subcommand script: 1", "NOPERM", "tiktok:*"),
        ("ERR The user executing the script can't access at least one of the keys", "NOPERM", "tiktok:*"),
        ("MOVED 3999 127.0.0.1:6381", "MOVED", CLUSTER),
        ("CROSSSLOT Keys in request don't hash to the same slot", "CROSSSLOT", CLUSTER),
        ("CLUSTERDOWN Hash slot not served", "CLUSTERDOWN", CLUSTER),
        ("ERR Script attempted to access a non local key in a cluster node script: 1", "CROSSSLOT", CLUSTER),
        ("ERR Script attempted to access keys that do not hash to the same slot script: 1", "CROSSSLOT", CLUSTER),
        ("ERR Script attempted to access a slot not served script: 1", "CLUSTERDOWN", CLUSTER),
        ("Script attempted to execute a command while the cluster is down script: 1", "CLUSTERDOWN", CLUSTER),
        ("OOM command not allowed when used memory > 'maxmemory'.", "OOM", "memory is full"),
        ("ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command", "OOM", "is full"),
        ("READONLY You can't write against a read only replica.", "READONLY", "name the primary"),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is 'no'.", "MASTERDOWN", "the primary"),
        ("MISCONF Redis is configured to save RDB snapshots", "MISCONF", "see its log"),
        ("NOREPLICAS Not enough good replicas to write.", "NOREPLICAS", "min-replicas-to-write"),
        ("LOADING Redis is loading the dataset in memory", "LOADING", "nothing needs to be done"),
        ("BUSY Redis is busy running a script.", "BUSY", "another client"),
        (f"ERR unknown command 'EVAL', with args beginning with: '{SECRET}'", "ERR unknown command", "renamed"),
        ("ERR DB index is out of range", "ERR DB index is out of range", "no such database"),
        (f"ERR anything else of {SECRET}", "ResponseError", OTHERS),
        (f"{SECRET} anything", "ResponseError", OTHERS),
        ("", "ResponseError", OTHERS),
    ],
)
def test_an_error_of_redis_is_told_by_its_code_and_with_what_to_do(text: str, name: str, remedy: str) -> None:
    found = name_of(answered(text))

    assert found == name
    assert remedy in redis_remedy(found)


@pytest.mark.parametrize(
    ("cause", "name", "remedy"),
    [
        (FileNotFoundError(2, SECRET), "FileNotFoundError", "ssl_ca_certs"),
        (IsADirectoryError(21, SECRET), "IsADirectoryError", "ssl_ca_certs"),
        (PermissionError(13, SECRET), "PermissionError", "readable"),
        (ssl.SSLCertVerificationError(SECRET), "SSLCertVerificationError", "ssl_ca_certs"),
        (ssl.SSLError(SECRET), "SSLError", "whether that port speaks TLS"),
        (ssl.SSLEOFError(SECRET), "ConnectionError", OTHERS),
        (ConnectionRefusedError(111, SECRET), "ConnectionError", OTHERS),
    ],
)
def test_what_the_library_wraps_is_told_where_it_is_of_a_file_or_of_tls(cause: OSError, name: str, remedy: str) -> None:
    wrapped = redis.ConnectionError(SECRET)
    wrapped.__context__ = cause

    found = name_of(wrapped)
    assert found == name
    assert remedy in redis_remedy(found)


def test_anything_else_is_told_by_its_class() -> None:
    assert name_of(TimeoutError()) == "TimeoutError"
    assert name_of(redis.TimeoutError(SECRET)) == "TimeoutError"
    assert name_of(UnicodeError(SECRET)) == "UnicodeError"


def test_a_bug_in_the_thread_is_logged_without_values_and_does_not_end_it() -> None:
    with capture_logs() as logs:
        # An option that the configuration would refuse: the library meets it when it makes a connection.
        store = RedisWindow(f"redis://h:1/0?foo={SECRET}", b"", Lifetimes(1), 30.0)
        for _ in range(2):
            with pytest.raises(Unreachable, match=r"^TypeError$"):
                store.ask(ClaimRequest(b"process1", True))
        store.close(1.0)

    assert [line["event"] for line in logs] == ["window_store.bug"] * 3
    assert all(isinstance(line["exc_info"], TypeError) for line in logs)
    assert SECRET not in str([{**line, "exc_info": None} for line in logs])
