"""Seeded mutants of `dedupe`: file, the text as it is, the text as it must not be, and what that breaks.

Each must be killed by the unit and property tests.
"""

from typing import Final

_DEDUPE: Final = "consumer/core/dedupe/window.py"
_CLAIMS: Final = "consumer/core/dedupe/claims.py"
_MERGE: Final = "consumer/core/dedupe/merge.py"
_REWIND: Final = "consumer/core/dedupe/checkpoint.py"
_SENDS: Final = "consumer/core/dedupe/submissions.py"
_WAITING: Final = "consumer/core/dedupe/merge_wait.py"

MUTANTS: Final[list[tuple[str, str, str, str]]] = [
    # the window
    (
        _DEDUPE,
        "return bool(event.event_id) and not event.is_id_from_position and not event.is_shadow",
        "return bool(event.event_id) and not event.is_shadow",
        "ids made from a position enter the window",
    ),
    (
        _DEDUPE,
        "not event.is_id_from_position and not event.is_shadow",
        "not event.is_id_from_position",
        "a shadow event claims a key and keeps the real one from being sent",
    ),
    (
        _DEDUPE,
        "        if time_ms > wall_ms or time_ms < 0:\n",
        "        if time_ms < 0:\n",
        "a timestamp ahead of the clock empties the window",
    ),
    (
        _DEDUPE,
        "        if time_ms < alive_from_ms:\n",
        "        if time_ms <= alive_from_ms:\n",
        "five minutes are excluded",
    ),
    (
        _DEDUPE,
        "            return alone(Outcome.TOO_OLD, event, record, now_s)\n",
        "            return Offered(Outcome.TOO_OLD, None)\n",
        "a record older than the window is not sent",
    ),
    (
        _DEDUPE,
        'f"{len(pixel_code)}:{len(event)}:{pixel_code}{event}"',
        'f"{len(event)}:{event}"',
        "pixels share their keys",
    ),
    (
        _DEDUPE,
        "if send.offset == offset and (send.item is None or send.item.event.rule == rule):",
        "if False:",
        "a record is a copy of itself",
    ),
    (
        _DEDUPE,
        "if send.offset == offset and (send.item is None or send.item.event.rule == rule):",
        "if send.offset == offset:",
        "two rules of one record with one key are both sent",
    ),
    (_DEDUPE, "if target is None or target.is_handed_over:", "if target is None:", "merges into what was sent"),
    (
        _DEDUPE,
        "        for record in item.records:\n            self._refusals.note(record.position.offset, digest)\n",
        "",
        "after a restart, copies of a refused event are dropped",
    ),
    (
        _DEDUPE,
        "        if found is item:\n            self._keep(digest, [])\n",
        "        if found is item:\n            del self._open[digest]\n",
        "a refused event keeps its claim",
    ),
    (
        _DEDUPE,
        "        self._claims.add_fields(digest, send.fields)\n        return Offered(Outcome.FORWARDED, item, True)",
        "        return Offered(Outcome.FORWARDED, item, True)",
        "the same new fields are forwarded again and again",
    ),
    (
        _DEDUPE,
        "return copy.fields if self._settings.forward_new_fields else copy.fields & owner.fields",
        "return copy.fields",
        "forwards though told not to",
    ),
    (
        _DEDUPE,
        "return copy.fields if self._settings.forward_new_fields else copy.fields & owner.fields",
        "return copy.fields & owner.fields",
        "new fields are lost",
    ),
    (
        _DEDUPE,
        "        if not self._refusals.has(offset, digest):\n            self.learn(",
        "        if True:\n            self.learn(",
        "what was refused claims its key after a restart",
    ),
    (
        _DEDUPE,
        "    while excess > 0:\n",
        "    while excess > 0 and False:\n",
        "the window grows beyond max_keys",
    ),
    # claims
    (
        _CLAIMS,
        "if packed is not None and packed & _TIME >= alive_from_ms:",
        "if packed is not None:",
        "no claim ever ends",
    ),
    (
        _CLAIMS,
        "                if self._packed.get(digest, _TIME) & _TIME < alive_from_ms:\n",
        "                if digest in self._packed:\n",
        "a claim dated anew expires with its first second",
    ),
    (
        _CLAIMS,
        "self._packed[digest] |= fields << _FIELDS_AT",
        "self._packed[digest] |= 0",
        "fields on their way are forgotten",
    ),
    # merging
    (_MERGE, "joined = theirs | ours", "joined = ours | theirs", "a later copy overwrites the first"),
    (
        _MERGE,
        "    if is_order_ours:\n        theirs.properties =",
        "    if False:\n        theirs.properties =",
        "10 USD become 10 JPY",
    ),
    (
        _MERGE,
        "if theirs.limited_data_use or ours.limited_data_use is None:",
        "if ours.limited_data_use is None:",
        "a later wish for limited data use is not heard",
    ),
    (_MERGE, "    if len(body) > max_bytes:\n        return None\n", "", "a merged event outgrows the request"),
    # rewinding
    (_REWIND, "if not 0 <= found.w <= committed:", "if found.w < 0:", "a rewind goes forward"),
    (_REWIND, "    if found.v != VERSION:\n        return Cold.VERSION\n", "", "another version is misread"),
    (_REWIND, "    if found.c:\n        return Cold.TOO_MANY_REFUSED\n", "", "too many refusals go unnoticed"),
    (
        _REWIND,
        "return found if len(found) <= MAX_REFUSED else None",
        "return found[:MAX_REFUSED]",
        "refusals beyond a hundred claim their keys",
    ),
    (
        _REWIND,
        "if self._latest[step] >= alive_from_ms), committed)",
        "if self._latest[step] > alive_from_ms + 1000), committed)",
        "a rewind begins after a claim that was alive",
    ),
    (
        _REWIND,
        "found = sorted(refusal for refusal in self._noted if start <= refusal[0] < end)",
        "found = sorted(refusal for refusal in self._noted if start < refusal[0] < end)",
        "the first refusal of a rewind is forgotten",
    ),
    # what copies settle with
    (
        _SENDS,
        "    if accepted and not missing:\n        return _SETTLED\n",
        "",
        "a copy of what was accepted is sent again",
    ),
    (
        _SENDS,
        "if send.item is not None and not missing & ~send.fields:",
        "if send.item is not None:",
        "a copy settles with an event that lacks its fields",
    ),
    (_SENDS, "    item.records.append(copy.records[0])\n", "", "a copy's record is never settled"),
    # waiting to merge
    (
        _WAITING,
        "self._by_time[0][0] + self._wait_ms <= watermark_ms",
        "self._by_time[0][0] + self._wait_ms < watermark_ms",
        "the wait ends a record too late",
    ),
    (
        _WAITING,
        "self._by_read[0].read_at_s + self._wait_ms / 1000 <= now_s",
        "False",
        "on a quiet topic the wait never ends",
    ),
    (_WAITING, "        del self._items[item]\n        return True", "        return True", "an event is sent twice"),
]
