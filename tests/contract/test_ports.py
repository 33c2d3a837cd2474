"""The ports of the tests' own servers."""

from pathlib import Path

import pytest

from tests.support.ports import free_ports
from tests.support.run import RUN


def test_no_port_is_given_twice_within_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on them yet, as while servers start."""
    monkeypatch.setenv(RUN, str(tmp_path))

    first, second = set(free_ports(400)), set(free_ports(400))

    assert first & second == set()
