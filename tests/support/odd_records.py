"""A record that no Python client can write, since a header's name is text there: by the bytes of Kafka's protocol."""

import socket
import struct
import time
from typing import Final

from tests.support.ports import LOOPBACK
from tests.support.records import ADMIN_TIMEOUT_S, Raw

_PRODUCE: Final = 0
_VERSION: Final = 3
"""Of the request: the first that takes records with headers."""
_NO_ERROR: Final = 0


def write_with_header(bootstrap: str, topic: str, record: Raw, header: bytes) -> None:
    """Write a record whose one header is called so, in any bytes. `bootstrap`: of a cluster with one broker."""
    batch = _batch(record, header)
    name = topic.encode()
    body = struct.pack(">hhi", -1, -1, 10_000)  # no transaction, acks=all, milliseconds
    body += struct.pack(">ih", 1, len(name)) + name
    body += struct.pack(">iii", 1, record.partition, len(batch)) + batch
    request = struct.pack(">hhih", _PRODUCE, _VERSION, 1, -1) + body
    with socket.create_connection((LOOPBACK, int(bootstrap.rpartition(":")[2])), ADMIN_TIMEOUT_S) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")
        [size] = struct.unpack(">i", answer.read(4))
        [error] = struct.unpack_from(">h", answer.read(size), 4 + 4 + 2 + len(name) + 4 + 4)
    assert error == _NO_ERROR, f"the broker refused it: error {error}"


def _batch(record: Raw, header: bytes) -> bytes:
    """A record batch of version 2 (kafka.apache.org/documentation, "Record Batch")."""
    now_ms = int(time.time() * 1000)
    body = b"\0" + _varint(0) + _varint(0) + _sized(record.key) + _sized(record.value)
    body += _varint(1) + _sized(header) + _sized(b"x")
    records = _varint(len(body)) + body
    rest = struct.pack(">hiqqqhii", 0, 0, now_ms, now_ms, -1, -1, -1, 1) + records
    return struct.pack(">qiibI", 0, 4 + 1 + 4 + len(rest), -1, 2, _crc32c(rest)) + rest


def _sized(content: bytes | None) -> bytes:
    return _varint(-1) if content is None else _varint(len(content)) + content


def _varint(number: int) -> bytes:
    zigzag = (number << 1) ^ (number >> 63)
    found = bytearray()
    while zigzag > 0x7F:
        found.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    found.append(zigzag)
    return bytes(found)


def _crc32c(content: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
