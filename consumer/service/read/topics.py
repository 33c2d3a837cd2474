"""Which topics the groups are asked for: what the configuration chooses of those that the cluster has now."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog
from msgspec import Struct

from consumer.core.dedupe.rewind.commit_metadata import is_other_topic
from consumer.core.errors import Unreachable
from consumer.core.model import TopicPartition
from consumer.core.read import partitions_of
from consumer.service.ports import Member, RebalanceListener, TopicDirectory

log = structlog.get_logger("consumer.read")

Topics = tuple[str, ...]


class TopicSettings(Struct, frozen=True):
    """What `kafka.topics` and the pixels mean."""

    chosen: Callable[[Iterable[str]], Topics]
    """Of all topics of the cluster, those of the origin."""
    own_topics: frozenset[str]
    """Those that the service writes for itself: their headers say where a record comes from."""
    is_latest: bool = False


class TopicSubscription:
    """What was asked for, and what it was asked of."""

    def __init__(
        self, member: Member, topics: TopicDirectory, settings: TopicSettings, listener: RebalanceListener
    ) -> None:
        self._member, self._topics, self._settings, self._listener = member, topics, settings, listener
        self._subscribed: Mapping[str, int] | None = None
        """The topics that were asked for, with their numbers of partitions: a dry run takes added ones only if it is
        asked again."""
        self._unread: Mapping[str, int] = {}
        self._there_at_first: frozenset[TopicPartition] | None = None
        self._ids_at_first: dict[str, str] = {}
        """Topics' ids, as each was first known: with a deleted topic, its group's offsets go, too."""
        self.origins: Topics = ()
        """The topics to read, other than the service's own."""
        self.lacking = ""
        """While no topic of the cluster is one to read: that, in words that an operator can act on."""

    @property
    def has_own(self) -> bool:
        """True once topics of the service's own are asked for."""
        return self._settings.own_topics.intersection(self._subscribed or ()) != frozenset()

    def is_latest(self, partition: TopicPartition, topic_id: str) -> bool:
        """Whether a partition without a committed offset begins at its end: not in a topic made again since."""
        is_other = is_other_topic(self._ids_at_first.get(partition[0], ""), topic_id)
        return not is_other and self._there_at_first is not None and partition in self._there_at_first

    def forget(self) -> None:
        """A client was made again: it is asked again."""
        self._subscribed = None

    def follow(self) -> None:
        """Ask for what is there now."""
        seen = self._topics.seen
        if seen is None:
            return
        if self._settings.is_latest:
            self._ids_at_first = {**self._topics.ids, **self._ids_at_first}
        self._tell_unread()
        self.origins = origins = self._settings.chosen(seen)
        self.lacking = _lacking(origins, seen)
        chosen = (*origins, *sorted(self._settings.own_topics & seen.keys()))
        asked = {topic: seen.get(topic, 0) for topic in chosen}
        if asked != self._subscribed and self._know_what_was_there(chosen, seen):
            self._subscribe(asked)

    def _tell_unread(self) -> None:
        unread = self._topics.unread
        if unread != self._unread and unread:
            log.warning("read.parked_unread", records=sum(unread.values()), topics=sorted(unread), remedy=_UNREAD)
        self._unread = unread

    def _subscribe(self, asked: Mapping[str, int]) -> None:
        chosen = tuple(asked)
        self._topics.watched = frozenset(chosen)
        try:
            self._member.subscribe(chosen, self._listener)
        except Unreachable as away:  # a dry run asks the cluster itself; the next step asks again
            log.warning("read.topics_unknown", error=str(away))
            return
        if self._subscribed is None or asked.keys() != self._subscribed.keys():
            log.info("read.subscribed", topics=list(chosen))
        self._subscribed = asked

    def _know_what_was_there(self, chosen: Iterable[str], seen: Mapping[str, int]) -> bool:
        """Before joining for the first time: is the group new, and which partitions does `latest` then mean?"""
        if self._there_at_first is not None or not self._settings.is_latest:
            return True
        # Of the service's own topics another group holds the offsets: that one may be older.
        there = partitions_of((topic for topic in chosen if topic not in self._settings.own_topics), seen)
        try:
            stored = self._member.committed(there)
        except Unreachable as away:
            log.warning("read.group_unknown", error=str(away))
            return False
        unknown = next((committed.error for committed in stored.values() if committed.error), "")
        if unknown:
            log.warning("read.group_unknown", error=unknown)
            return False
        is_new = all(committed.offset is None for committed in stored.values())
        self._there_at_first = frozenset(there) if is_new else frozenset()
        return True


def _lacking(origins: Topics, seen: Mapping[str, int]) -> str:
    if any(topic in seen for topic in origins):
        return ""
    if not origins:
        return "no topic of the cluster matches kafka.topics yet"
    return f"kafka.topics: the cluster has no topic {', '.join(origins)} yet, or hides it from this user"


_UNREAD: Final = "configure these pixels again until what is parked is delivered, or delete the topics"
