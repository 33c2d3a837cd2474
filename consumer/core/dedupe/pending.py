"""Keys of which an event waits for TikTok's answer, and the submissions that make their claims. Part of `dedupe`."""

from consumer.core.dedupe.claims import fields_of, offset_of, time_of
from consumer.core.dedupe.submissions import Submission
from consumer.core.model import Item


class PendingKeys:
    """Which submissions a key has, while one of them has no answer yet."""

    def __init__(self) -> None:
        self._submissions: dict[bytes, Item | list[Submission]] = {}
        """A key's only item, as its claim describes it, or all submissions, oldest first."""
        self._digests: dict[Item, bytes] = {}
        """Of items without an answer."""

    def first(self, digest: bytes, item: Item) -> None:
        """A key's first item is to be sent."""
        self._submissions[digest] = item
        self._digests[item] = digest

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._submissions

    def of(self, digest: bytes, claim: int) -> list[Submission]:
        """A key's submissions; all accepted ones as one, where nothing of it waits."""
        found = self._submissions.get(digest)
        if isinstance(found, list):
            return found
        return [Submission(found, time_of(claim), offset_of(claim), fields_of(claim))]

    def but_accepted_at(self, offset: int, digest: bytes, claim: int) -> list[Submission]:
        """A key's submissions without what counts as accepted under that offset."""
        return [each for each in self.of(digest, claim) if each.item or each.offset != offset]

    def but_refused_at(self, offset: int, fields: int, digest: bytes, claim: int) -> list[Submission]:
        """The same, of what was refused after all. Where it counts as one with others that were accepted, at least its
        fields go: some that another has as well may be forwarded once more."""
        rest = self.but_accepted_at(offset, digest, claim)
        if len(rest) == len(self.of(digest, claim)):
            for accepted in [each for each in rest if each.item is None]:
                accepted.fields &= ~fields
        return rest

    def add(self, digest: bytes, earlier: list[Submission], own: Submission) -> None:
        """One more submission of a key; it waits, or is accepted already."""
        self._submissions[digest] = [*earlier, own]
        if own.item is not None:
            self._digests[own.item] = digest

    def keep(self, digest: bytes, rest: list[Submission]) -> None:
        """Let a key have these submissions and no other."""
        if any(submission.item for submission in rest):
            self._submissions[digest] = rest
        else:
            self._submissions.pop(digest, None)

    def accepted(self, item: Item) -> None:
        """TikTok has accepted an item, or a parked topic has acknowledged it."""
        digest = self._digests.pop(item, None)
        if digest is None:
            return
        found = self._submissions.get(digest)
        if found is item:
            del self._submissions[digest]
        elif isinstance(found, list):
            for submission in found:
                if submission.item is item:
                    submission.item = None
            self.keep(digest, found)

    def refused(self, item: Item) -> tuple[bytes, list[Submission] | None] | None:
        """An item has become dead letters.

        Returns:
            Its key and what else that consists of; None instead of that if the item is no part of it any more.
        """
        digest = self._digests.pop(item, None)
        if digest is None:
            return None
        found = self._submissions.get(digest)
        if found is item:
            return digest, []
        if isinstance(found, list) and any(submission.item is item for submission in found):
            return digest, [submission for submission in found if submission.item is not item]
        return digest, None
