"""Everything this service raises on purpose.

ConsumerError
├── ConfigError      start-up: settings or rules are unusable        → exit 78
├── RecordRejected   this record can never be sent                   → dead letter, carry on
├── Unreachable      the cluster did not answer a question           → asked again, nothing else happens
└── Halt             fenced by another member, or it cannot continue → exit 69

Anything else that escapes is a bug: it ends the process with 70, and Kafka keeps the records.
"""

from collections.abc import Iterable
from typing import Final

from consumer.core.reasons import RejectReason

_LONGEST_DETAIL: Final = 1000
"""A dead letter holds it twice in its headers, and no broker takes one of any size."""


class ConsumerError(Exception):
    """Base of every error the service raises on purpose."""


class ConfigError(ConsumerError):
    """Settings or rules cannot be used; `problems` lists every fault found, each with its path in the file."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class RecordRejected(ConsumerError):  # noqa: N818  # the record's end, which is no error of the service
    """A record, or one rule's event of it, that no retry can save.

    `detail` goes into logs and dead-letter headers: name fields and limits there,
    never field values, which may be personal data.
    """

    def __init__(self, reason: RejectReason, detail: str) -> None:
        if len(detail) > _LONGEST_DETAIL:  # a schema's names may have any length, and each is shown with its type's
            half = _LONGEST_DETAIL // 2 - 1
            detail = f"{detail[:half]}…{detail[-half:]}"
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Unreachable(ConsumerError):  # noqa: N818  # a state of the cluster, not a mistake
    """The cluster did not answer a question. The text is the client's, which holds no record."""


class Halt(ConsumerError):  # noqa: N818  # an order, not a mistake
    """This process must stop: another member has its `group.instance.id`, or Kafka refuses it for good."""
