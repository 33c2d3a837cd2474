"""Whether this process is a member of its groups, and what keeps it out. Times are monotonic seconds."""

from collections.abc import Iterator, Mapping
from typing import Final

from consumer.core.read import GroupRole, ReadFault

RENEW_AFTER_S: Final = 1.0
RENEW_MOST_S: Final = 30.0
"""Pauses before a client is made again double up to this."""
_LACKING: Final[Mapping[GroupRole, str]] = {
    GroupRole.ORIGIN: "not yet a member of the group",
    GroupRole.OWN: "not yet a member of the own group, which reads parked and replayed records",
}


class Membership:
    """Of both groups."""

    def __init__(self) -> None:
        self._joined: set[GroupRole] = set()
        self._why: dict[GroupRole, str] = {}
        self._renew_at_s: dict[GroupRole, float] = {}
        self._times_out: dict[GroupRole, int] = {}

    def joined(self, group: GroupRole) -> None:
        """The group has given this member its share, if only nothing."""
        self._joined.add(group)
        self._why.pop(group, None)
        self._times_out.pop(group, None)

    def missing(self) -> list[GroupRole]:
        """The groups that have not let this member in, as far as is known."""
        return [group for group in GroupRole if group not in self._joined]

    def lost(self, group: GroupRole) -> None:
        """The group continues without this member, which joins again automatically."""
        self._joined.discard(group)

    def noted(self, fault: ReadFault) -> None:
        """Something was refused or has ended that is of no partition: while the group is not joined, that is why."""
        self._why[fault.group] = fault.text

    def put_out(self, fault: ReadFault, now_s: float) -> None:
        """The client is at its end: a new one is due after a pause. It may say so again until then."""
        if fault.group in self._renew_at_s:
            return
        times = self._times_out.get(fault.group, 0)
        self._times_out[fault.group] = times + 1
        self._renew_at_s[fault.group] = now_s + min(RENEW_MOST_S, RENEW_AFTER_S * 2.0 ** min(times, 10))

    def to_renew(self, now_s: float) -> list[GroupRole]:
        """Groups whose client is to be made again now."""
        due = [group for group, at_s in self._renew_at_s.items() if at_s <= now_s]
        for group in due:
            del self._renew_at_s[group]
        return due

    def lacking(self, group: GroupRole) -> Iterator[str]:
        """Why a group is not joined, if it is not."""
        why = self._why.get(group)
        if group not in self._joined:
            yield _LACKING[group] + (f": {why}" if why else "")
