"""Whoever reaches the sandbox's port takes little of its memory and time, and keeps nobody else out."""

from collections.abc import Iterator

import httpx2
import pytest

from consumer.sandbox import Sandbox


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    headers = {"Access-Token": "made-up", "Content-Type": "application/json"}
    with Sandbox() as sandbox, httpx2.Client(base_url=sandbox.url, headers=headers, timeout=5) as made:
        yield made


@pytest.mark.parametrize("path", ["faults", "tokens", "rate", "refuse"])
def test_what_tells_the_sandbox_how_to_behave_is_bounded(client: httpx2.Client, path: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 16)

    answer = client.put(f"/sandbox/{path}", content=endless())

    assert answer.status_code == 413
    assert "longer than 1048576 bytes" in answer.json()["error"]
