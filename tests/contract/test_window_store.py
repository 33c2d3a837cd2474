"""What the shared window promises, of the one in memory that other tests use and of a real Redis."""

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from consumer.adapters.redis_window import RedisWindow
from consumer.core.dedupe.shared_protocol import Claim, ClaimRequest, ClaimResult, Lifetimes, prefix_of, token_of
from consumer.core.errors import ConfigError, Unreachable
from consumer.core.tiktok_event import MASK_BITS
from tests.support.certificate import self_signed
from tests.support.ports import LOOPBACK, free_port
from tests.support.redis import PASSWORD, RedisServer
from tests.support.wait import wait_until
from tests.support.window_store import FakeStore

pytestmark = pytest.mark.server

MINUTE = 60_000
NOW = 1_790_000_000_000
FIVE_MINUTES = Lifetimes(5 * MINUTE)
TWO_DAYS_MORE = Lifetimes(5 * MINUTE, 48 * 60 * MINUTE)
US, THEM = b"process1", b"process2"
EMAIL, PHONE = 1, 2
PATIENT_S = 60.0
"""The machine of the tests is busy; the 50 ms are tried where they matter."""


class Store(Protocol):
    def ask(self, question: ClaimRequest) -> list[ClaimResult]: ...
    def close(self, timeout_s: float) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture(params=["memory", "redis"])
def opened(request: pytest.FixtureRequest, server: RedisServer) -> "Opened":
    server.client.flushall()
    return Opened(server if request.param == "redis" else None)


class Opened:
    """Opens stores of the kind under test, all with the same keys."""

    def __init__(self, server: RedisServer | None) -> None:
        self._server = server

    def __call__(self, lifetimes: Lifetimes = FIVE_MINUTES) -> Store:
        if self._server is None:
            return FakeStore(lifetimes, lambda: NOW)
        return RedisWindow(self._server.url, prefix_of("group"), lifetimes, PATIENT_S)


def claim(offset: int, time_ms: int = NOW, key: bytes = b"k" * 16) -> Claim:
    return Claim(key, token_of("web-events", 0, offset, "purchases"), time_ms)


def wants(store: Store, one: Claim, fields: int = EMAIL, owner: bytes = US, is_heartbeat: bool = True) -> ClaimResult:
    [verdict] = store.ask(ClaimRequest(owner, is_heartbeat, claims=[(one, fields)]))
    return verdict


def confirms(store: Store, one: Claim, fields: int = EMAIL, owner: bytes = US) -> None:
    assert store.ask(ClaimRequest(owner, True, confirms=[(one, fields)])) == []


def releases(store: Store, one: Claim, owner: bytes = US) -> None:
    assert store.ask(ClaimRequest(owner, True, releases=[(one, owner)])) == []


def test_a_copy_waits_while_the_first_is_on_its_way_and_is_a_duplicate_after(opened: Opened) -> None:
    store = opened()
    assert wants(store, claim(1)) is ClaimResult.FIRST
    assert wants(store, claim(2), owner=THEM) is ClaimResult.WAIT
    assert wants(store, claim(3), owner=US) is ClaimResult.WAIT

    confirms(store, claim(1))
    assert wants(store, claim(2), owner=THEM) is ClaimResult.DUPLICATE


def test_other_keys_have_nothing_to_do_with_it(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1))
    assert wants(store, claim(2, key=b"x" * 16)) is ClaimResult.FIRST


def test_answers_in_the_order_of_the_claims(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(0))
    other = claim(2, key=b"x" * 16)

    asked = [(claim(1), EMAIL), (other, EMAIL), (claim(3), PHONE), (claim(4), PHONE)]
    assert store.ask(ClaimRequest(US, True, claims=asked)) == [
        ClaimResult.DUPLICATE,
        ClaimResult.FIRST,
        ClaimResult.FORWARD,
        ClaimResult.WAIT,
    ]


def test_a_copy_with_new_fields_is_forwarded_and_its_fields_count_once_confirmed(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1), EMAIL)

    assert wants(store, claim(2), PHONE, THEM) is ClaimResult.FORWARD
    assert wants(store, claim(3), PHONE) is ClaimResult.WAIT
    assert wants(store, claim(4), EMAIL) is ClaimResult.DUPLICATE

    confirms(store, claim(2), PHONE, THEM)
    assert wants(store, claim(3), EMAIL | PHONE) is ClaimResult.DUPLICATE


def test_a_confirmed_claim_is_free_for_new_fields(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1))
    confirms(store, claim(1))
    assert wants(store, claim(2), PHONE, THEM) is ClaimResult.FORWARD


def test_a_forward_does_not_move_the_time_of_the_first(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1), EMAIL)
    wants(store, claim(2, NOW + 4 * MINUTE), PHONE)
    confirms(store, claim(2, NOW + 4 * MINUTE), PHONE)
    assert wants(store, claim(3, NOW + 6 * MINUTE), EMAIL) is ClaimResult.FIRST


def test_what_is_confirmed_beside_anothers_claim_joins_what_was_accepted(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1), EMAIL)
    wants(store, claim(2), PHONE, THEM)
    confirms(store, claim(3), 4)
    assert wants(store, claim(4), EMAIL | 4) is ClaimResult.DUPLICATE
    assert wants(store, claim(4), PHONE) is ClaimResult.WAIT


def test_a_released_claim_is_free(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1))
    releases(store, claim(1))
    assert wants(store, claim(2), owner=THEM) is ClaimResult.FIRST


def test_a_refused_forward_leaves_what_was_accepted(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1), EMAIL)
    wants(store, claim(2), PHONE)
    releases(store, claim(2))

    assert wants(store, claim(3), EMAIL) is ClaimResult.DUPLICATE
    assert wants(store, claim(3), PHONE) is ClaimResult.FORWARD


def test_a_release_does_not_take_what_is_anothers_by_now(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1), owner=THEM, is_heartbeat=False)  # dead
    assert wants(store, claim(1), owner=US) is ClaimResult.FIRST

    releases(store, claim(1), owner=THEM)
    releases(store, claim(2), owner=US)
    assert wants(store, claim(3), owner=THEM) is ClaimResult.WAIT


def test_the_claim_of_a_dead_process_is_free(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1), owner=THEM, is_heartbeat=False)
    assert wants(store, claim(2)) is ClaimResult.FIRST
    assert wants(store, claim(3), owner=THEM) is ClaimResult.WAIT


def test_a_record_read_again_is_not_kept_waiting_by_itself(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1), owner=THEM)
    assert wants(store, claim(1), owner=US) is ClaimResult.FIRST
    assert wants(store, claim(2), owner=THEM) is ClaimResult.WAIT


def test_a_record_read_again_after_it_was_accepted_is_not_sent_again(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1), owner=THEM)
    confirms(store, claim(1), owner=THEM)
    assert wants(store, claim(1), owner=US) is ClaimResult.DUPLICATE


def test_what_is_confirmed_late_counts_though_another_has_the_claim(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1), owner=THEM, is_heartbeat=False)
    wants(store, claim(2), PHONE, owner=US)
    confirms(store, claim(1), EMAIL, owner=THEM)

    assert wants(store, claim(3), EMAIL) is ClaimResult.DUPLICATE
    assert wants(store, claim(3), PHONE) is ClaimResult.WAIT


@pytest.mark.parametrize("sign", [1, -1])
def test_the_window_is_kafka_time_inclusive_and_in_either_order(opened: Opened, sign: int) -> None:
    store = opened()
    confirms(store, claim(1))
    assert wants(store, claim(2, NOW + sign * 5 * MINUTE)) is ClaimResult.DUPLICATE
    assert wants(store, claim(2, NOW + sign * (5 * MINUTE + 1))) is ClaimResult.FIRST


def test_a_confirmation_far_from_what_is_there_begins_anew(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1), EMAIL)
    confirms(store, claim(2, NOW + 6 * MINUTE), PHONE)
    assert wants(store, claim(3, NOW + 7 * MINUTE), PHONE) is ClaimResult.DUPLICATE
    assert wants(store, claim(3, NOW + 7 * MINUTE), EMAIL) is ClaimResult.FORWARD


LONG_AGO = NOW - 5 * MINUTE - 1
"""Too old to be a copy of what has the time NOW."""


def test_what_is_too_old_to_be_a_copy_leaves_what_was_accepted(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1))
    assert wants(store, claim(2, LONG_AGO), owner=THEM) is ClaimResult.FIRST
    confirms(store, claim(2, LONG_AGO), owner=THEM)
    releases(store, claim(2, LONG_AGO), owner=THEM)
    assert wants(store, claim(3, NOW + MINUTE)) is ClaimResult.DUPLICATE


def test_what_is_too_old_to_be_a_copy_leaves_a_claim(opened: Opened) -> None:
    store = opened()
    wants(store, claim(1))
    assert wants(store, claim(2, LONG_AGO), owner=THEM) is ClaimResult.FIRST
    assert wants(store, claim(3), owner=THEM) is ClaimResult.WAIT


def test_what_is_confirmed_late_leaves_the_claim_of_a_newer_event(opened: Opened) -> None:
    store = opened()
    assert wants(store, claim(1, LONG_AGO)) is ClaimResult.FIRST
    assert wants(store, claim(2), owner=THEM) is ClaimResult.FIRST
    confirms(store, claim(1, LONG_AGO))
    assert wants(store, claim(3, NOW + MINUTE)) is ClaimResult.WAIT


def test_what_is_just_new_enough_to_be_a_copy_is_one(opened: Opened) -> None:
    store = opened()
    confirms(store, claim(1))
    assert wants(store, claim(2, LONG_AGO + 1), owner=THEM) is ClaimResult.DUPLICATE


def test_after_the_window_copies_are_removed_whatever_they_hold(opened: Opened) -> None:
    store = opened(TWO_DAYS_MORE)
    confirms(store, claim(1))
    late = NOW + TWO_DAYS_MORE.keep_ms
    assert wants(store, claim(2, NOW + 5 * MINUTE + 1), PHONE) is ClaimResult.REMOVED
    assert wants(store, claim(2, late), PHONE) is ClaimResult.REMOVED
    assert wants(store, claim(2, NOW - 5 * MINUTE - 1), PHONE) is ClaimResult.REMOVED
    assert wants(store, claim(2, late + 1)) is ClaimResult.FIRST


def test_many_claims_fit_one_question(opened: Opened) -> None:
    store = opened()
    ones = [(claim(n, key=random.Random(n).randbytes(16)), EMAIL) for n in range(1000)]
    assert set(store.ask(ClaimRequest(US, True, claims=ones))) == {ClaimResult.FIRST}
    assert store.ask(ClaimRequest(US, False, confirms=ones, claims=ones)) == [ClaimResult.DUPLICATE] * 1000


# What only a real one can show.


@pytest.fixture
def window(server: RedisServer) -> Iterator[RedisWindow]:
    server.client.flushall()
    store = RedisWindow(server.url, prefix_of("group"), FIVE_MINUTES, PATIENT_S)
    yield store
    store.close(1.0)


def test_keys_expire_after_twice_the_window_and_heartbeats_after_30_seconds(
    window: RedisWindow, server: RedisServer
) -> None:
    confirms(window, claim(1))
    left_ms = {key[-17:]: server.client.pttl(key) for key in server.client.scan_iter()}
    assert 540_000 < left_ms[b"k" + b"k" * 16] <= 600_000  # less what it took to ask
    assert sorted(left_ms.values())[0] <= 30_000


def test_groups_do_not_see_each_other(window: RedisWindow, server: RedisServer) -> None:
    confirms(window, claim(1))
    other = RedisWindow(server.url, prefix_of("other"), FIVE_MINUTES, PATIENT_S)
    with closing_of(other):
        assert wants(other, claim(2)) is ClaimResult.FIRST


def test_what_is_no_value_of_ours_counts_as_nothing(window: RedisWindow, server: RedisServer) -> None:
    server.client.set(prefix_of("group") + b"k" + b"k" * 16, b"what is this")
    assert wants(window, claim(1)) is ClaimResult.FIRST


KEY = prefix_of("group") + b"k" + b"k" * 16


def test_a_key_of_another_type_counts_as_nothing_and_is_written_over(window: RedisWindow, server: RedisServer) -> None:
    for told in (
        ClaimRequest(US, True, confirms=[(claim(1), EMAIL)]),
        ClaimRequest(US, True, releases=[(claim(1), US)]),
        ClaimRequest(US, True, claims=[(claim(1), EMAIL)]),
    ):
        server.client.delete(KEY)
        server.client.rpush(KEY, "x")
        assert window.ask(told) == [ClaimResult.FIRST] * len(told.claims)
    assert wants(window, claim(2), owner=THEM) is ClaimResult.WAIT


@pytest.mark.parametrize("missing", ["eval", "set", "get", "del", "exists"])
def test_a_right_that_is_missing_is_trouble_and_named_so(missing: str, server: RedisServer) -> None:
    server.client.flushall()
    rights = ["~tiktok:*", "+eval", "+set", "+get", "+del", "+exists", "+ping", f"-{missing}"]
    server.client.execute_command("ACL", "SETUSER", "narrow", "reset", "on", ">pw", *rights)  # type: ignore[no-untyped-call]  # published without hints
    url = server.url.replace(f":{PASSWORD}@", "narrow:pw@")
    store = RedisWindow(url, prefix_of("group"), FIVE_MINUTES, PATIENT_S)
    with closing_of(store), pytest.raises(Unreachable, match=r"^NOPERM$"):
        _every_command(store)


def _every_command(store: Store) -> None:
    wants(store, claim(1))
    wants(store, claim(2), owner=THEM)
    releases(store, claim(1))


@pytest.mark.parametrize("query", ["ssl_ca_certs=/nowhere.pem", "ssl_certfile=/nowhere.pem"])
def test_a_file_of_a_certificate_that_is_missing_is_named_so(query: str, server: RedisServer) -> None:
    url = server.url.replace("redis://", "rediss://")
    store = RedisWindow(f"{url}?{query}", b"", FIVE_MINUTES, PATIENT_S)
    with closing_of(store), pytest.raises(Unreachable, match=r"^FileNotFoundError$"):
        wants(store, claim(1))


def version_1(is_accepted: bool, fields: int, owner: bytes = b"", token: bytes = b"") -> bytes:
    """What Redis holds for two days after an upgrade from 0.1."""
    return (b"1" if is_accepted else b"0") + struct.pack(">dI", NOW, fields) + owner + token


def test_what_version_1_accepted_is_still_known(window: RedisWindow, server: RedisServer) -> None:
    server.client.set(KEY, version_1(True, EMAIL | 1 << 29))

    assert wants(window, claim(1), EMAIL) is ClaimResult.DUPLICATE
    assert wants(window, claim(1), EMAIL | PHONE) is ClaimResult.FORWARD


def test_a_claim_of_version_1_can_be_confirmed_and_released(window: RedisWindow, server: RedisServer) -> None:
    server.client.set(prefix_of("group") + b"p" + THEM, b"")
    theirs = claim(1)
    server.client.set(KEY, version_1(False, 0, THEM, theirs.token))

    assert wants(window, claim(2)) is ClaimResult.WAIT
    confirms(window, theirs, owner=THEM)
    assert wants(window, claim(2)) is ClaimResult.DUPLICATE

    server.client.set(KEY, version_1(True, EMAIL, THEM, theirs.token))
    releases(window, theirs, THEM)
    assert wants(window, claim(2), EMAIL | PHONE) is ClaimResult.FORWARD

    server.client.set(KEY, version_1(False, 0, THEM, theirs.token))
    releases(window, theirs, THEM)
    assert server.client.get(KEY) is None


def test_values_say_their_version(window: RedisWindow, server: RedisServer) -> None:
    confirms(window, claim(1))

    assert server.client.get(KEY) == b"2" + version_1(True, EMAIL)


def test_every_bit_that_a_mask_may_have_survives_redis(window: RedisWindow) -> None:
    every = (1 << MASK_BITS) - 1
    confirms(window, claim(1), every - 1)

    assert wants(window, claim(2), every - 1) is ClaimResult.DUPLICATE
    assert wants(window, claim(2), every) is ClaimResult.FORWARD


def test_a_full_redis_is_trouble(window: RedisWindow, server: RedisServer) -> None:
    server.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Unreachable, match=r"^OOM$"):
            wants(window, claim(1))
    finally:
        server.client.config_set("maxmemory", 0)
    assert wants(window, claim(1)) is ClaimResult.FIRST


def test_a_frozen_redis_costs_no_more_than_the_time_given_and_is_found_again(server: RedisServer) -> None:
    store = RedisWindow(server.url, prefix_of("group"), FIVE_MINUTES)
    with closing_of(store):
        _until_answered(store)
        server.freeze()
        try:
            took_s = []
            for _ in range(3):
                began_s = time.monotonic()
                with pytest.raises(Unreachable):
                    wants(store, claim(1))
                took_s.append(time.monotonic() - began_s)
            assert sorted(took_s)[1] < 0.05 + 2, took_s  # a busy machine may hold one, and all for two seconds
        finally:
            server.thaw()
        _until_answered(store)


def test_a_redis_that_was_started_anew_is_found_again() -> None:
    with RedisServer() as server:
        store = RedisWindow(server.url, prefix_of("group"), FIVE_MINUTES, PATIENT_S)
        with closing_of(store):
            wants(store, claim(1))
            server.kill()
            with pytest.raises(Unreachable, match="ConnectionError"):
                wants(store, claim(2))
            server.start()
            assert _until_answered(store) is ClaimResult.FIRST


class Names:
    """The name `redis.invalid`, which points to whichever server is the primary."""

    def __init__(self, primary: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.primary, self._really = primary, socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *rest: Any, **options: Any) -> Any:
        return self._really(self.primary.address if host == "redis.invalid" else host, *rest, **options)


def test_after_a_fail_over_the_name_is_followed_to_the_new_primary(monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer() as old, RedisServer(address="127.0.0.2", port=old.port) as new:
        names = Names(old, monkeypatch)
        store = RedisWindow(old.url.replace(LOOPBACK, "redis.invalid"), prefix_of("group"), FIVE_MINUTES, PATIENT_S)
        with closing_of(store):
            new.client.replicaof(old.address, old.port)
            wait_until(lambda: new.client.info("replication")["master_link_status"] == "up", 90, what="the replica")
            assert wants(store, claim(1)) is ClaimResult.FIRST
            confirms(store, claim(1))
            old.client.set("afterwards", "1")  # WAIT is about what its own connection wrote
            assert old.client.wait(1, 50_000) == 1

            new.client.replicaof("NO", "ONE")
            old.client.replicaof(new.address, new.port)
            names.primary = new

            with pytest.raises(Unreachable, match="READONLY"):
                wants(store, claim(2))
            assert wants(store, claim(2)) is ClaimResult.DUPLICATE  # what the new one was told by the old
            assert wants(store, claim(3, key=b"n" * 16)) is ClaimResult.FIRST
            assert new.client.exists(prefix_of("group") + b"k" + b"n" * 16)


def test_a_name_that_is_looked_up_for_long_holds_neither_question_nor_end(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait(60.0) and [])
    store = RedisWindow("redis://redis.invalid:6379/0", b"", FIVE_MINUTES)
    began_s = time.monotonic()
    with pytest.raises(Unreachable):
        wants(store, claim(1))
    store.close(1.0)

    assert time.monotonic() - began_s < 20
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("window-store"))
    answer.set()


def _until_answered(store: RedisWindow) -> ClaimResult:
    end_s = time.monotonic() + 90
    while True:
        try:
            return wants(store, claim(9, key=b"u" * 16))
        except Unreachable:
            assert time.monotonic() < end_s
            time.sleep(0.02)


def test_speaks_tls_and_trusts_nobody_it_was_not_told_to(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path / "server.pem")
    with RedisServer(certificate) as server:
        trusting = RedisWindow(f"{server.url}?ssl_ca_certs={certificate}", b"", FIVE_MINUTES, PATIENT_S)
        with closing_of(trusting):
            assert wants(trusting, claim(1)) is ClaimResult.FIRST
        wary = RedisWindow(server.url, b"", FIVE_MINUTES, PATIENT_S)
        with closing_of(wary), pytest.raises(Unreachable):
            wants(wary, claim(1))


def test_the_password_is_in_no_text(server: RedisServer) -> None:
    wrong = RedisWindow(server.url.replace(PASSWORD, "swordfish"), b"", FIVE_MINUTES, PATIENT_S)
    nobody = RedisWindow(f"redis://:swordfish@{LOOPBACK}:{free_port()}/0", b"", FIVE_MINUTES, PATIENT_S)
    for store in (wrong, nobody):
        with closing_of(store), pytest.raises(Unreachable) as caught:
            wants(store, claim(1))
        assert "swordfish" not in str(caught.value)
        assert caught.value.__context__ is None
    with pytest.raises(ConfigError) as unusable:
        RedisWindow(f"redis://:swordfish@{LOOPBACK}:port/0", b"", FIVE_MINUTES)
    assert "swordfish" not in str(unusable.value)


@pytest.mark.parametrize(
    "nonsense", [b"+OK\r\n", b"$3\r\nabc\r\n", b"$1\r\n?\r\n", b":7\r\n", b"*0\r\n", b":x\r\n", b"-\xff\r\n"]
)
def test_an_answer_that_makes_no_sense_is_trouble(nonsense: bytes) -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as listening:
        threading.Thread(target=_answer_always, args=(listening, nonsense), daemon=True).start()
        store = RedisWindow(f"redis://{LOOPBACK}:{listening.getsockname()[1]}/0", b"", FIVE_MINUTES, PATIENT_S)
        with closing_of(store), pytest.raises(Unreachable):
            wants(store, claim(1))


def _answer_always(listening: socket.socket, answer: bytes) -> None:
    for _ in range(4):
        try:
            connection, _ = listening.accept()
            with connection:
                while connection.recv(1 << 16):
                    connection.sendall(answer)
        except OSError:
            return


class closing_of:  # noqa: N801  # reads as contextlib.closing does
    """Close a store at the end of the block."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close(1.0)
