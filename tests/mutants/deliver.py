"""Seeded mutants of `batch` and `deliver`: file, the text as it is, the text as it must not be, and what that breaks.

Each must be killed by the unit and property tests.
"""

from typing import Final

MUTANTS: Final[list[tuple[str, str, str, str]]] = [
    # verdict
    ("consumer/core/deliver/response.py", "isinstance(code, bool)", "False", "true is read as code 1"),
    (
        "consumer/core/deliver/response.py",
        "    return Verdict(Treatment.UNAVAILABLE, why, wait_s=wait_s)",
        "    if status < 300:\n        return Verdict(Treatment.ACCEPTED, why)\n"
        "    return Verdict(Treatment.UNAVAILABLE, why, wait_s=wait_s)",
        "any 200 is a success",
    ),
    (
        "consumer/core/deliver/response.py",
        "_SLOWS_ONE_PIXEL: Final = 40132",
        "_SLOWS_ONE_PIXEL: Final = 40133",
        "40132 slows all",
    ),
    (
        "consumer/core/deliver/response.py",
        "_FIRST_SERVER_CODE: Final = 50_000",
        "_FIRST_SERVER_CODE: Final = 60_000",
        "5xxxx refuses",
    ),
    ("consumer/core/deliver/response.py", "40100 <= code <= 40199", "40100 <= code <= 40119", "40120 is refused"),
    ("consumer/core/deliver/response.py", "named.group(1) if named", "message if named", "a message is echoed"),
    (
        "consumer/core/deliver/response.py",
        "max(until_s - wall_s, 0.0)",
        "max(wall_s - until_s, 0.0)",
        "a date counts backwards",
    ),
    # pixel and gates
    (
        "consumer/core/deliver/pixel_state.py",
        "**dict.fromkeys(Treatment, PixelState.HELD), Treatment.ACCEPTED",
        "**_OPENS, **_CLOSES, Treatment.ACCEPTED",
        "a held pixel opens on a refusal",
    ),
    (
        "consumer/core/deliver/pixel_state.py",
        "closed_since_s=now_s if gate.closed_since_s is None else gate.closed_since_s",
        "closed_since_s=now_s",
        "closed for less long than it is",
    ),
    (
        "consumer/core/deliver/pixel_state.py",
        "failures=gate.failures + 1)",
        "failures=gate.failures)",
        "the back-off does not grow",
    ),
    (
        "consumer/core/deliver/pixel_gates.py",
        "if evidence.request >= self._own[pixel].first_request:",
        "if True:",
        "late answers count",
    ),
    (
        "consumer/core/deliver/pixel_gates.py",
        "if evidence.request >= self._everyone.first_request:",
        "if True:",
        "late ones of all count",
    ),
    (
        "consumer/core/deliver/pixel_gates.py",
        "and evidence.are_others_accepted",
        "and False",
        "one timeout closes a pixel",
    ),
    (
        "consumer/core/deliver/pixel_gates.py",
        "if gate.state is not PixelState.HELD or gate.next_try_s is None:",
        "if gate.state is not PixelState.HELD:",
        "a token opens what the operator holds",
    ),
    ("consumer/core/deliver/pixel_gates.py", "max(verdict.wait_s or 0.0, ", "max(0.0, ", "Retry-After is ignored"),
    (
        "consumer/core/deliver/pixel_gates.py",
        "else max(own_s, all_s)",
        "else own_s",
        "an app-wide throttling is not waited for",
    ),
    # pace
    ("consumer/core/deliver/rate_limit.py", "return random() * min(", "return min(", "no jitter"),
    (
        "consumer/core/deliver/rate_limit.py",
        "        if request >= self._first_request:\n            self._value",
        "        if True:\n            self._value",
        "the limit halves with each of a flock",
    ),
    ("consumer/core/deliver/rate_limit.py", "self._tokens -= 1.0", "self._tokens -= 0.5", "twice the rate"),
    (
        "consumer/core/deliver/rate_limit.py",
        "0.8 * self._throttled_per_s",
        "1.0 * self._throttled_per_s",
        "a throttled rate does not sink",
    ),
    (
        "consumer/core/deliver/rate_limit.py",
        "grown_per_s = max(0.9 * last, ",
        "grown_per_s = max(grown_per_s, ",
        "no care near it",
    ),
    (
        "consumer/core/deliver/rate_limit.py",
        "_TELLING_PER_S: Final = 20.0",
        "_TELLING_PER_S: Final = 5.0",
        "a stray one slows much",
    ),
    # lane
    (
        "consumer/core/deliver/pixel_queue.py",
        "elif acceptances <= self.acceptances_seen:",
        "elif False:",
        "an outage proves guilt",
    ),
    (
        "consumer/core/deliver/pixel_queue.py",
        "if len(items) > 1 else 0",
        "if len(items) > 1 else self.unanswered",
        "no tries alone",
    ),
    (
        "consumer/core/deliver/pixel_queue.py",
        "self.unanswered >= UNANSWERED_TIMES and now_s",
        "now_s",
        "one timeout is proof",
    ),
    (
        "consumer/core/deliver/pixel_queue.py",
        " and now_s - self.unanswered_since_s >= UNANSWERED_FOR_S",
        "",
        "ten tries within a minute are proof",
    ),
    (
        "consumer/core/deliver/pixel_queue.py",
        "        if len(staying) == 1 < len(self.items):\n            self.unanswered = 0\n",
        "",
        "guilt by company",
    ),
    ("consumer/core/deliver/pixel_queue.py", "if load.not_before_s <= now_s:", "if True:", "no back-off of a load"),
    # deliver
    (
        "consumer/core/deliver/delivery.py",
        "if len(flight.request.items) > 1:",
        "if False:",
        "a refused batch rejects one and loses the rest",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "if len(flight.request.items) > 1:",
        "if len(flight.load.items) > 1:",
        "the last of a refused batch is rejected unproven",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "lane.again.extendleft(half",
        "lane.again.extend(half",
        "halves queue behind",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "item.is_handed_over = True",
        "pass",
        "bytes may change after they were sent",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "flight = self._flights.pop(number, None)",
        "flight = self._flights.get(number)",
        "an answer counts twice",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "        lane.single_refusals = 0\n        lane.rate",
        "        lane.rate",
        "refusals are never forgiven",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "            released += flight.load.remove(is_gone)",
        "            pass",
        "fenced events settle",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "        self._leaving.update(filter(is_leaving, self._items_in_flight()))\n",
        "",
        "draining tries again",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "        lane.again.append(rest)\n",
        "",
        "a held pixel's batch is lost at its first try",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "try_s <= now_s and not lane.probes",
        "try_s <= now_s",
        "a closed pixel takes many slots",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "self._turn = (self._turn + step + 1)",
        "self._turn = (self._turn + 0)",
        "the first pixel is always first",
    ),
    ("consumer/core/deliver/delivery.py", "limit - 1)", "limit)", "a slow pixel takes every slot"),
    (
        "consumer/core/deliver/delivery.py",
        "- self._probes < self._limit.value",
        "- self._probes < 8",
        "the limit is not kept",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "None if lane.is_new_works_turn and not most else lane.pop(now_s)",
        "lane.pop(now_s)",
        "poison is every try",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "        self._give_back(lane, flight)\n        if request.is_probe:",
        "        if request.is_probe:",
        "throttled events are lost",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "load.not_before_s = now_s + 2 * PROBE_EVERY_S",
        "pass",
        "one bad event holds a pixel for ever",
    ),
    # batch
    ("consumer/core/batch.py", "or self.bytes >= self._room_bytes", "", "a batch full by bytes waits"),
    (
        "consumer/core/batch.py",
        "limits.max_bytes - overhead_bytes + _COMMA_BYTES",
        "limits.max_bytes + _COMMA_BYTES",
        "the envelope is not counted",
    ),
    ("consumer/core/batch.py", "if taken and size > room:", "if size > room + size:", "more than the bytes allow"),
    ("consumer/core/batch.py", "            self.bytes -= size\n", "", "bytes are never forgotten"),
    (
        "consumer/core/batch.py",
        ".bytes += len(item.event.body) - old_bytes",
        ".bytes += 0",
        "a merged event keeps its old size",
    ),
    (
        "consumer/core/deliver/delivery.py",
        "            self._land(flight)\n        self._flights.clear()",
        "            pass\n        self._flights.clear()",
        "what was abandoned keeps its slot",
    ),
]
