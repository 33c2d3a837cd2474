"""Which shared window the settings ask for."""

import sys

import pytest

from consumer.config import Settings, parse
from consumer.core.errors import ConfigError
from consumer.wiring.outside_systems import store_of
from consumer.wiring.stage_settings import shared_of

FILE = """
kafka: {bootstrap_servers: broker:9092, topics: [web-events], group_id: g}
pixels: {shop: {pixel_code: CODE1, access_token: t}}
rules: [{name: all, pixel: shop}]
"""


def settings(dedupe: str) -> Settings:
    return parse(f"{FILE}dedupe: {dedupe}\n", {})


@pytest.mark.parametrize("dedupe", ["{}", "{store: redis, redis_url: 'redis://:hunter2@h:1/0', window: 0s}"])
def test_in_memory_or_without_a_window_there_is_no_store(dedupe: str) -> None:
    assert store_of(settings(dedupe)) is None


def test_a_library_that_is_missing_is_said_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    configured = settings("{store: redis, redis_url: 'redis://:hunter2@h:1/0'}")
    monkeypatch.setitem(sys.modules, "consumer.adapters.redis_window", None)
    with pytest.raises(ConfigError, match=r"pip install 'tiktok-events-consumer\[redis\]'") as caught:
        store_of(configured)
    assert "hunter2" not in str(caught.value)


def test_every_process_has_a_name_of_its_own() -> None:
    one, other = (shared_of(settings("{}")).question(0.0, 0) for _ in range(2))
    assert one is not None
    assert other is not None
    assert len(one.owner) == 8
    assert one.owner != other.owner
