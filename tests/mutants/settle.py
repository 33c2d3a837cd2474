"""Seeded mutants of `settle` and `read`: file, the text as it is, the text as it must not be, and what that breaks.

Each must be killed by the unit tests.
"""

from typing import Final

_SETTLE: Final = "consumer/core/settle/ledger.py"
_LETTER: Final = "consumer/core/settle/envelope.py"
_BREAKER: Final = "consumer/core/settle/breaker.py"
_RESUME: Final = "consumer/core/read.py"
_PARK: Final = "consumer/core/deliver/parking.py"
_SETTLING: Final = "consumer/service/settle.py"
_READING: Final = "consumer/service/read.py"
_SERVICE: Final = "consumer/service/loop.py"
_PIPELINE: Final = "consumer/core/pipeline.py"

MUTANTS: Final[list[tuple[str, str, str, str]]] = [
    # the ledger
    (
        _SETTLE,
        "return owned.order[0] if owned.order else owned.next_offset",
        "return owned.next_offset",
        "commits past what is in flight",
    ),
    (
        _SETTLE,
        "while owned.order and owned.order[0] not in owned.entries:",
        "if owned.order and owned.order[0] not in owned.entries:",
        "the head is left at a settled record",
    ),
    (
        _SETTLE,
        "        if entry.parts:\n            return False\n",
        "",
        "a record is settled with the first of its parts",
    ),
    (
        _SETTLE,
        "entry.outcome = min(entry.outcome, outcome)",
        "entry.outcome = outcome",
        "a record counts by the last of its parts",
    ),
    (_SETTLE, "entry.parts = max(1, parts)", "entry.parts = 1", "the number of parts is forgotten"),
    (
        _SETTLE,
        "        if not parts:\n            self.settle(position, Outcome.DROPPED)",
        "        if not parts:\n            return",
        "a dropped record is never settled",
    ),
    (
        _SETTLE,
        "if owned is None or owned.epoch != position.epoch:",
        "if owned is None:",
        "an answer to an earlier assignment settles",
    ),
    (
        _SETTLE,
        "return owned is not None and owned.epoch == position.epoch",
        "return owned is not None",
        "an earlier assignment is taken for ours",
    ),
    (
        _SETTLE,
        "owned.committed = max(owned.committed, offset)",
        "owned.committed = offset",
        "a late answer takes a commit back",
    ),
    (
        _SETTLE,
        "owned.is_committed = True",
        "owned.is_committed = False",
        "a start is committed again and again",
    ),
    (
        _SETTLE,
        "> owned.committed or not owned.is_committed",
        "> owned.committed",
        "a start that the group has not stored is never committed",
    ),
    (
        _SETTLE,
        "(offset := _resume(owned)) > owned.committed",
        "(offset := _resume(owned)) >= owned.committed",
        "what is committed is committed again",
    ),
    (
        _SETTLE,
        "                released += len(owned.entries)\n",
        "                released += len(owned.order)\n",
        "settled records count as released",
    ),
    (
        _SETTLE,
        "        self._in_flight_bytes -= entry.size_bytes\n",
        "",
        "bytes in flight never go down",
    ),
    (
        _SETTLE,
        "owned = self._partitions.pop(partition, None)",
        "owned = self._partitions.get(partition)",
        "a revoked partition is not fenced",
    ),
    # letters
    (
        _LETTER,
        "return self.original + self.added",
        "return self.added + self.original",
        "a record's own header passes for ours",
    ),
    (
        _LETTER,
        "        headers=original,\n",
        "",
        "a replayed letter carries two sets of headers",
    ),
    (
        _LETTER,
        'rule=told.get("tiktok.rule") or None',
        "rule=None",
        "a parked record makes events of every rule",
    ),
    (
        _LETTER,
        '_whole(told.get("tiktok.replays"), 0)',
        "0",
        "replays are not counted, and loop",
    ),
    (
        _LETTER,
        'timestamp_ms=_whole(told.get("tiktok.timestamp"), record.timestamp_ms)',
        "timestamp_ms=record.timestamp_ms",
        "a parked record is as old as its parking",
    ),
    (
        _LETTER,
        "sha256(value).hexdigest()",
        "sha256(value).hexdigest()[:32]",
        "the proof of a value left out does not fit it",
    ),
    (
        _LETTER,
        "key=key, value=None, original=()",
        "key=key, value=None",
        "headers too large are sent again",
    ),
    (
        _LETTER,
        'len(letter.key or b"") <= _LARGEST_KEY_BYTES',
        "True",
        "a key too large is sent again",
    ),
    (
        _LETTER,
        'template.replace("{topic}", record.origin.topic)',
        'template.replace("{topic}", record.position.topic)',
        "a parked record's dead letter goes to a topic of its own",
    ),
    (
        _LETTER,
        "return Letter(record.position, topic, record.key, record.value, record.headers, _encode(added))\n\n\ndef own",
        "return Letter(record.origin, topic, record.key, record.value, record.headers, _encode(added))\n\n\ndef own",
        "a replayed record's dead letter settles nothing",
    ),
    # the breaker
    (_BREAKER, "self._count > self._share * seen", "self._count >= self._share * seen", "the share itself opens it"),
    (_BREAKER, "seen >= self._at_least and", "seen and", "the first bad record opens it"),
    (_BREAKER, "max(1, of_last // 10)", "max(1, of_last)", "it waits for all of them"),
    (
        _BREAKER,
        "            self._count -= self._rejected[0]\n",
        "            pass\n",
        "old rejections are never forgotten",
    ),
    (
        _BREAKER,
        "                self._rejected[age] = True\n",
        "",
        "a late refusal is forgotten when its record is",
    ),
    (_BREAKER, "        self._rejected.clear()\n", "", "closing forgets nothing of what was seen"),
    (
        _BREAKER,
        "        if seen >= self._at_least and self._count > self._share * seen:\n            self.is_open = True",
        "        self.is_open = seen >= self._at_least and self._count > self._share * seen",
        "it closes by itself",
    ),
    # resuming
    (
        _RESUME,
        "return Start(high, Origin.END) if is_latest else Start(low, Origin.BEGINNING)",
        "return Start(high, Origin.END)",
        "a new group skips what is there",
    ),
    (
        _RESUME,
        "if is_recreated or committed > high:",
        "if is_recreated:",
        "a topic that is shorter than its commit is waited for",
    ),
    (
        _RESUME,
        "if is_recreated or committed > high:",
        "if committed > high:",
        "a topic made again is read from an old offset",
    ),
    (_RESUME, "committed > high", "committed >= high", "a group at the end starts over"),
    (
        _RESUME,
        "return Start(low, Origin.LOST, low - committed)",
        "return Start(high, Origin.LOST, low - committed)",
        "lost records take those that are there with them",
    ),
    (_RESUME, "Origin.LOST, low - committed)", "Origin.LOST)", "what was lost is not counted"),
    # parking
    (
        _PARK,
        "if not settings.is_enabled or not may_park(gates):",
        "if not settings.is_enabled:",
        "all that is closed is parked, and Kafka no buffer",
    ),
    (
        _PARK,
        "if not settings.is_enabled or not may_park(gates):",
        "if not may_park(gates):",
        "parks though told not to",
    ),
    (
        _PARK,
        " or waiting(pixel) >= settings.max_waiting)",
        ")",
        "a closed pixel stalls the rest for ten minutes",
    ),
    # letters until they are acknowledged, and commits
    (
        _SETTLING,
        "        self._write(_Pending(letter, Outcome.REJECTED, str(rejection.reason), rejection.pixel, tell))\n",
        "        self._write(_Pending(letter, Outcome.REJECTED, str(rejection.reason), rejection.pixel, tell))\n"
        "        self._ledger.settle(record.position, Outcome.REJECTED)\n",
        "a rejected record is settled before its letter is acknowledged",
    ),
    (
        _SETTLING,
        "        self.is_blocked = True\n",
        "",
        "reading goes on while dead letters cannot be written",
    ),
    (
        _SETTLING,
        "        self._again[number] = now_s + WRITE_AGAIN_S\n",
        "        self._ledger.settle(pending.letter.position, pending.outcome)\n",
        "a letter that fails is dropped",
    ),
    (
        _SETTLING,
        "    pending.letter = shortened(pending.letter)\n",
        "",
        "a letter too large is tried for ever",
    ),
    (
        _SETTLING,
        "    if not pending.is_alone:\n",
        "    if False:\n",
        "a letter loses its value for the size of its company",
    ),
    (
        _SETTLING,
        "        if not self._ledger.owns(done.letter.position):\n            return\n",
        "",
        "a letter of an earlier assignment counts",
    ),
    (
        _SETTLING,
        "        if not self._ledger.owns(pending.letter.position):\n",
        "        if False:\n",
        "a letter of a partition that went blocks reading",
    ),
    (
        _SETTLING,
        "            del self._again[number], self._pending[number]\n",
        "            pass\n",
        "letters of partitions that are gone are written on",
    ),
    (
        _SETTLING,
        "self.commits_failed = 0 if is_whole else self.commits_failed + 1",
        "self.commits_failed = 0",
        "nobody hears that commits fail",
    ),
    (
        _SETTLING,
        "            self._ledger.note_committed(partition, offset)\n",
        "",
        "a commit is sent again every second",
    ),
    # reading
    (
        _READING,
        "limits, share = self._settings, 0.5 if self._is_full else 1.0",
        "limits, share = self._settings, 1.0",
        "reading goes on before half is settled",
    ),
    (
        _READING,
        "self.is_stopped or self._is_full or partition in self.waiting",
        "self.is_stopped or self._is_full",
        "a partition that waits for a schema is read on",
    ),
    (
        _READING,
        "        self._ledger.release(partitions)\n        self._hooks.closed(partitions)",
        "        self._hooks.closed(partitions)",
        "a revoked partition stays in the ledger",
    ),
    (
        _READING,
        "        self._hooks.drain(partitions)\n        self._let_go(partitions)",
        "        self._let_go(partitions)",
        "a revoked partition is not drained",
    ),
    (
        _READING,
        "        self._epoch += 1\n",
        "        self._epoch = 1\n",
        "two assignments share an epoch",
    ),
    (
        _READING,
        "self._there_at_first = frozenset(mine) if is_new else frozenset()",
        "self._there_at_first = frozenset(mine)",
        "an old group that starts at the latest skips records",
    ),
    (
        _READING,
        "is_latest = self._there_at_first is not None and partition in self._there_at_first",
        "is_latest = self._there_at_first is not None",
        "a partition found later starts at its end",
    ),
    (
        _READING,
        "        if fault.kind is FaultKind.FATAL:\n            raise Halt(fault.text)\n",
        "",
        "a fenced member goes on",
    ),
    # the service
    (
        _SERVICE,
        "self._is_stopping or self._breaker.is_open or self._settling.is_blocked",
        "self._is_stopping or self._settling.is_blocked",
        "reading goes on with the breaker open",
    ),
    (
        _SERVICE,
        "self._is_stopping or self._breaker.is_open or self._settling.is_blocked",
        "self._is_stopping or self._breaker.is_open",
        "reading goes on with letters blocked",
    ),
    (
        _SERVICE,
        "            if self._breaker.is_open:\n                return\n        live",
        "        live",
        "dead letters are written with the breaker open",
    ),
    (
        _SERVICE,
        "            self._windows.refused(item)\n",
        "",
        "a refused event keeps its claim on the window",
    ),
    (
        _SERVICE,
        "            for place, record in enumerate(item.records):\n                own =",
        "            for place, record in enumerate(item.records[:1]):\n                own =",
        "copies of a refused event are never settled",
    ),
    (
        _SERVICE,
        "self._ledger.decided(record.position, len(live) + len(decision.rejections))",
        "self._ledger.decided(record.position, len(live))",
        "a rejection is no part of its record",
    ),
    # what is settled without an event
    (
        _PIPELINE,
        "        if not events and not rejections:\n            return _NO_RULE\n",
        "        if not events:\n            return _NO_RULE\n",
        "a rejection without an event is dropped",
    ),
    (
        _PIPELINE,
        'return Rejection(ours[0] if ours else RejectReason.BUG_DECODE, f"{type(bug).__name__} at {where}", rule)',
        'return Rejection(ours[0] if ours else RejectReason.BUG_DECODE, f"{bug} at {where}", rule)',
        "a bug's text, and with it a value, gets into a header",
    ),
    (
        _PIPELINE,
        "        rules = self._rules if record.rule is None else self._only(record.rule)\n        events",
        "        rules = self._rules\n        events",
        "a parked record makes the events of other rules again",
    ),
]
