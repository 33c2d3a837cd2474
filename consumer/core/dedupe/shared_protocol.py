"""What is asked of the shared window, and what an answer means: bytes of a question, the script that Redis runs on
them, verdicts. Part of `dedupe`.

Per key, Redis keeps what TikTok has accepted, as a mask of fields, and at most one claim: the event that is on its
way. A copy whose fields are all accepted is a duplicate, whoever asks: that TikTok has them is a fact. Else it takes
the claim, if that is free, or its process is dead, or it is of the very same record and rule, read again; and if not,
it must wait.

A key's time is the Kafka time of the first of its events, and copies are judged by the distance of theirs from it.
What is too old to be a copy (of a partition that lags, parked, replayed) is sent and leaves no trace, as in a
partition's own window: the key remembers what is newer.
Redis forgets a key by its own clock, `ttl_ms` after it was last written: `window` + `remove_for`, and once more the
window, which is how far partitions may lag behind one another without losing sight of each other's claims.
"""

from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b
from struct import Struct as Layout
from typing import Final

from msgspec import Struct

from consumer.core.errors import Unreachable

HEARTBEAT_MS: Final = 30_000
"""How long claims outlive the last sign of life of the process that made them."""
OWNER_BYTES: Final = 8
_TOKEN_BYTES: Final = 8
_PREFIX: Final = b"tiktok:"
_GROUP_BYTES: Final = 6


class ClaimResult(Enum):
    """What the store says of an event that would be sent. The values are the answer's bytes."""

    FIRST = ord("f")
    """This process has the claim: send it."""
    FORWARD = ord("w")
    """This process has the claim; earlier copies lacked some of its fields: send it."""
    DUPLICATE = ord("d")
    """TikTok has accepted all its fields."""
    REMOVED = ord("r")
    """The same after the window, while copies are removed (`remove_for`)."""
    WAIT = ord("h")
    """Another event of the key is on its way: ask again."""


class Lifetimes(Struct, frozen=True):
    """All in milliseconds."""

    window_ms: int
    remove_ms: int = 0

    @property
    def keep_ms(self) -> int:
        """Up to this distance in Kafka time, an event is a copy."""
        return self.window_ms + self.remove_ms

    @property
    def ttl_ms(self) -> int:
        """How long Redis keeps a key after it was last written."""
        return self.keep_ms + self.window_ms


class Claim(Struct, frozen=True, gc=False):
    """An event's claim on its key."""

    digest: bytes
    """`dedupe.digest_of`: 16 bytes."""
    token: bytes
    """Of the record and the rule that made the event: 8 bytes. The same wherever and whenever it is read again."""
    time_ms: int


class ClaimRequest(Struct, frozen=True):
    """All that one round trip carries; done in this order."""

    owner: bytes
    """This process, for now: 8 bytes."""
    is_heartbeat: bool
    confirms: Sequence[tuple[Claim, int]] = ()
    """What TikTok has accepted, with the fields it had."""
    releases: Sequence[tuple[Claim, bytes]] = ()
    """What will not be sent, with the owner that claimed it. A claim that is another's by now stays."""
    claims: Sequence[tuple[Claim, int]] = ()
    """What would be sent, with the fields that must not get lost. The answer has a verdict for each."""


def token_of(topic: str, partition: int, offset: int, rule: str) -> bytes:
    """Tell a record's event apart from its copies: 64 bits of BLAKE2b."""
    return blake2b(f"{partition}/{offset}/{topic}/{rule}".encode(), digest_size=_TOKEN_BYTES).digest()


def prefix_of(group_id: str) -> bytes:
    """What a group's keys begin with: groups do not see each other's windows."""
    return _PREFIX + blake2b(group_id.encode(), digest_size=_GROUP_BYTES).hexdigest().encode() + b":"


_CLAIM: Final = Layout(">16s8sdI")
_RELEASE: Final = Layout(">16s8s8s")


def packed(question: ClaimRequest, prefix: bytes, lifetimes: Lifetimes) -> list[bytes | int]:
    """The arguments of `SCRIPT`, in its order."""
    return [
        prefix,
        question.owner,
        HEARTBEAT_MS if question.is_heartbeat else 0,
        lifetimes.window_ms,
        lifetimes.keep_ms,
        lifetimes.ttl_ms,
        b"".join([_CLAIM.pack(c.digest, c.token, c.time_ms, fields) for c, fields in question.confirms]),
        b"".join([_RELEASE.pack(claim.digest, claim.token, owner) for claim, owner in question.releases]),
        b"".join([_CLAIM.pack(c.digest, c.token, c.time_ms, fields) for c, fields in question.claims]),
    ]


def read_answer(answer: object, claims: int) -> list[ClaimResult]:
    """The verdict on each claim, in order. Raises Unreachable if the answer is none to such a question."""
    if not isinstance(answer, bytes) or len(answer) != claims:
        raise Unreachable("not an answer")
    try:
        return [_VERDICTS[byte] for byte in answer]
    except KeyError:
        raise Unreachable("not an answer") from None


_VERDICTS: Final = {verdict.value: verdict for verdict in ClaimResult}

# Lua 5.1 with its `struct` and `bit` as Redis and Valkey have them: `>d` is a double, `I4` an unsigned 32-bit number.
# A key's value: "2", the version of what follows; "1" or "0" for accepted or not yet, the time (8), the accepted fields
# (4, by the bits of `tiktok_event`; the highest stays free, since `bit` gives signed numbers); while there is a claim,
# also its owner (8) and token (8). Version 1 had no first byte: its values, recognised by their length, are read
# while Redis keeps them. Whatever else stands there, a list too, counts as nothing, and is written over.
SCRIPT: Final = """
local prefix, me, heartbeat = ARGV[1], ARGV[2], tonumber(ARGV[3])
local window, keep, ttl = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local confirms, releases, claims = ARGV[7], ARGV[8], ARGV[9]
local sub, abs = string.sub, math.abs

if heartbeat > 0 then redis.call('SET', prefix .. 'p' .. me, '', 'PX', heartbeat) end

local known = {}
local function lives(owner)
  if known[owner] == nil then known[owner] = redis.call('EXISTS', prefix .. 'p' .. owner) == 1 end
  return known[owner]
end

local function get(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then
    if not string.find(value.err, 'WRONGTYPE', 1, true) then redis.call('GET', key) end -- fails again, and says why
    return nil
  end
  if not value then return nil end
  if #value == 13 or #value == 29 then return value end
  if sub(value, 1, 1) == '2' and (#value == 14 or #value == 30) then return sub(value, 2) end
  return nil
end

local function set(key, value)
  redis.call('SET', key, '2' .. value, 'PX', ttl)
end

-- What is known of copies of an event of that time, or nil; and whether the key is of a later time, and must stay so.
local function read(key, at)
  local value = get(key)
  if not value then return nil, false end
  local time, fields = struct.unpack('>dI4', value, 2)
  if abs(at - time) > keep then return nil, time > at end
  return {sub(value, 1, 1) == '1', time, fields, sub(value, 14, 21), sub(value, 22, 29)}, false
end

local function write(key, accepted, time, fields, owner, token)
  set(key, (accepted and '1' or '0') .. struct.pack('>dI4', time, fields) .. owner .. token)
end

for i = 1, #confirms, 36 do
  local key, token = prefix .. 'k' .. sub(confirms, i, i + 15), sub(confirms, i + 16, i + 23)
  local at, fields = struct.unpack('>dI4', confirms, i + 24)
  local held, is_old = read(key, at)
  if is_old then
    -- the newer one stays
  elseif not held or held[5] == token then
    write(key, true, held and held[2] or at, held and bit.bor(held[3], fields) or fields, '', '')
  else
    write(key, true, held[2], bit.bor(held[3], fields), held[4], held[5])
  end
end

for i = 1, #releases, 32 do
  local key = prefix .. 'k' .. sub(releases, i, i + 15)
  local token, owner = sub(releases, i + 16, i + 23), sub(releases, i + 24, i + 31)
  local value = get(key)
  if value and #value == 29 and sub(value, 14, 29) == owner .. token then
    if sub(value, 1, 1) == '1' then
      set(key, sub(value, 1, 13))
    else
      redis.call('DEL', key)
    end
  end
end

local function claim(key, token, at, fields)
  local held, is_old = read(key, at)
  if not held then
    if not is_old then write(key, false, at, 0, me, token) end
    return 'f'
  end
  local accepted = held[1]
  if accepted and abs(at - held[2]) > window then return 'r' end
  if accepted and bit.band(fields, bit.bnot(held[3])) == 0 then return 'd' end
  if held[4] ~= '' and held[5] ~= token and lives(held[4]) then return 'h' end
  write(key, accepted, accepted and held[2] or at, held[3], me, token)
  return accepted and 'w' or 'f'
end

local verdicts = {}
for i = 1, #claims, 36 do
  local at, fields = struct.unpack('>dI4', claims, i + 24)
  verdicts[#verdicts + 1] = claim(prefix .. 'k' .. sub(claims, i, i + 15), sub(claims, i + 16, i + 23), at, fields)
end
return table.concat(verdicts)
"""
