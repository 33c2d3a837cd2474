"""Everything this service raises on purpose.

ConsumerError
├── ConfigError      start-up: settings or rules are unusable        → exit 78
├── RecordRejected   this record can never be sent                   → dead letter, carry on
└── Halt             stopped with work unfinished, or fenced         → exit 69

Anything else that escapes is a bug: it ends the process with 70, and Kafka keeps the records.
"""

from collections.abc import Iterable

from consumer.core.model import RejectReason


class ConsumerError(Exception):
    """Base of every error the service raises on purpose."""


class ConfigError(ConsumerError):
    """Settings or rules cannot be used; `problems` lists every fault found, each with its path in the file."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class RecordRejected(ConsumerError):
    """A record, or one rule's event of it, that no retry can save.

    `detail` goes into logs and dead-letter headers: name fields and limits there,
    never field values, which may be personal data.
    """

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Halt(ConsumerError):
    """Another member has our `group.instance.id`, or the time to stop ran out with a request unfinished."""
