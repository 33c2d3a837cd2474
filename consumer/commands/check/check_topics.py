"""What the cluster's topics mean for the configuration: pure, given what the cluster said."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings
from consumer.core.settle.envelope import own_topics
from consumer.terminal import several


def read_findings(settings: Settings, chosen: Sequence[str], seen: Mapping[str, int]) -> Iterator[Finding]:
    """Which topics are there to read.

    Args:
        chosen: names that `kafka.topics` means.
        seen: every topic of the cluster and its number of partitions.
    """
    for topic in chosen:
        if topic in seen:
            yield Finding(Level.OK, f"topic {topic}", several(seen[topic], "partition"))
        else:
            yield Finding(Level.ERROR, f"topic {topic}", "not there; create it, or fix kafka.topics")
    if not chosen:
        yield Finding(Level.WARNING, "kafka.topics", "no topic matches so far; the service would wait for one")


def written_topics(settings: Settings, chosen: Sequence[str]) -> tuple[str, ...]:
    """Topics that the service writes: dead letters, parked and replayed records, outcomes."""
    letters = (settings.dead_letter_topic(topic) for topic in chosen)
    outcomes = () if settings.outcomes.topic is None else (settings.outcomes.topic,)
    return tuple(dict.fromkeys((*letters, *own_topics(settings.kafka.group_id, settings.pixels), *outcomes)))


_MADE_BY_BROKERS: Final[Mapping[bool | None, tuple[Level, str]]] = {
    True: (Level.OK, "not there yet; the brokers create it at its first record"),
    False: (Level.ERROR, "not there, and neither `run` nor the brokers create it; create it"),
    None: (
        Level.WARNING,
        "not there, and `run` does not create it; create it, unless the brokers do (auto.create.topics.enable)",
    ),
}
"""Dead letters and outcomes, by whether brokers make a topic at its first record."""


def written_findings(
    settings: Settings,
    topics: Sequence[str],
    seen: Mapping[str, int],
    refusals: Mapping[str, str | None],
    brokers_create: bool | None,
) -> Iterator[Finding]:
    """Whether these topics are there, or will be.

    Args:
        refusals: for those that are not there, why the cluster would not create them; None: it would.
        brokers_create: whether brokers make a topic at its first record; None: they did not say.
    """
    made_at_start = own_topics(settings.kafka.group_id, settings.pixels)
    for topic in topics:
        if topic in seen:
            level, text = Level.OK, several(seen[topic], "partition")
        elif refusals.get(topic) is not None:
            level, text = Level.ERROR, f"not there and cannot be created ({refusals[topic]}); create it"
        elif topic in made_at_start:
            level, text = Level.OK, "not there yet; `run` creates it"
        else:
            level, text = _MADE_BY_BROKERS[brokers_create]
        yield Finding(level, f"topic {topic}", text)


def unread_findings(unread: Mapping[str, int]) -> Iterator[Finding]:
    """Parked records of pixels that are no longer configured: they are not read.

    Args:
        unread: how many there are, by topic.
    """
    for topic, records in sorted(unread.items()):
        text = (
            f"{records} parked records of a pixel that is not configured, which are not read: configure it again until "
            "they are delivered, or delete the topic"
        )
        yield Finding(Level.WARNING, f"topic {topic}", text)


def size_findings(settings: Settings, largest_bytes: Mapping[str, int]) -> Iterator[Finding]:
    """Whether a record that may be read can also be written.

    Args:
        largest_bytes: `max.message.bytes` of topics that the service writes.
    """
    limit = settings.limits.max_record_bytes
    for topic, largest in largest_bytes.items():
        if largest < limit:
            yield Finding(
                Level.WARNING,
                f"topic {topic}",
                f"max.message.bytes {largest} is less than limits.max_record_bytes {limit}: raise it, "
                "or large dead letters lose their value",
            )
