"""What the chart reads of `config` itself: however it is spelled, the chart sees it as the service does, or refuses."""

from pathlib import Path
from typing import Final

import pytest

from consumer.config.units import duration_s
from tests.support.chart import MINIMAL, given, read, refusal, rendered

_LEAST: Final = read(MINIMAL.read_text())["config"]


def told(tmp_path: Path, text: str, **values: object) -> str:
    """What Helm says of this text before the least configuration, where it refuses."""
    return refusal(given(tmp_path, config=text + _LEAST, **values))


@pytest.mark.parametrize(
    "text",
    [
        "shutdown_timeout: 5m\n",
        "shutdown_timeout : 5m\n",
        '"shutdown_timeout": 5m\n',
        "'shutdown_timeout': '5m'\n",
        "? shutdown_timeout\n: 5m\n",
        "shutdown_timeout:\n  5m\n",
        "shutdown_timeout:\t5m\n",
        "shutdown_timeout: &t 5m\n",
        "shutdown_timeout: !!str 5m\n",
        "shutdown_timeout: >-\n  5m\n",
        'shutdown_timeout: " 5m "\n',
        "shutdown_timeout: 5m # long\n",
        "\ufeffshutdown_timeout: 5m\n",
        "x: y\r\nshutdown_timeout: 5m\r\n",
        "shutdown_timeout: 5.0m\n",
        "shutdown_timeout: 300000ms\n",
        "shutdown_timeout: 299.001s\n",
    ],
)
def test_the_time_to_stop_is_seen_however_it_is_spelled(tmp_path: Path, text: str) -> None:
    assert "must be at least 315, 15 s beyond" in told(tmp_path, text, terminationGracePeriodSeconds=314)
    rendered(given(tmp_path, config=text + _LEAST, terminationGracePeriodSeconds=315))


def test_the_time_to_stop_is_seen_in_a_file_of_json(tmp_path: Path) -> None:
    text = '{"kafka": {"topics": ["a"]},\n "shutdown_timeout": "5m"}'

    assert "must be at least 315" in refusal(given(tmp_path, config=text))


@pytest.mark.parametrize("text", ["1ms", "20.5s", "1.5m", "0.25h", "1d", "1.000000001s", "90s", "28d"])
def test_every_duration_of_the_service_is_known_to_the_chart(tmp_path: Path, text: str) -> None:
    least = int(-(-duration_s(text) // 1)) + 15

    rendered(given(tmp_path, config=f"shutdown_timeout: {text}\n{_LEAST}", terminationGracePeriodSeconds=least))
    if least > 16:
        assert f"must be at least {least}," in told(
            tmp_path, f"shutdown_timeout: {text}\n", terminationGracePeriodSeconds=least - 1
        )


@pytest.mark.parametrize("text", ["${STOP:-5m}", "${STOP}", "${N}m"])
def test_a_time_to_stop_that_the_environment_says_is_refused(tmp_path: Path, text: str) -> None:
    why = told(tmp_path, f"shutdown_timeout: {text}\n")

    assert f"config: shutdown_timeout is {text}, and the chart cannot know what the environment says" in why
    assert "write the time itself, such as 30s" in why


@pytest.mark.parametrize("text", ["45", "5 m", "5min", "soon", "null", "[5m]", "1e3s"])
def test_a_time_to_stop_that_the_service_would_refuse_is_refused(tmp_path: Path, text: str) -> None:
    assert "config: shutdown_timeout is not a duration; write a number with its unit, such as 30s" in told(
        tmp_path, f"shutdown_timeout: {text}\n"
    )


@pytest.mark.parametrize("text", ["%YAML 1.2\n---\n", "http: *x\n", "a: [\n", "- a\n---\n"])
def test_a_text_that_helm_cannot_read_is_refused(tmp_path: Path, text: str) -> None:
    why = told(tmp_path, text)

    assert ": Helm cannot read it as one YAML mapping; leave out %YAML and ---" in why
    assert "existingConfigMap" in why


def test_what_helm_cannot_read_is_not_shown(tmp_path: Path) -> None:
    assert "made-up-token" not in refusal(given(tmp_path, config="made-up-token"))
