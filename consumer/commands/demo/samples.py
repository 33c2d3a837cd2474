"""Made-up web events of every kind, and what must become of each. Deterministic; the people in it do not exist."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final, NamedTuple

from fastavro import parse_schema, schemaless_writer
from fastavro.types import Schema

from consumer.core.model import Headers
from consumer.core.reasons import RejectReason
from consumer.core.settle.ledger import RecordOutcome

SHOP: Final = "SHOPDEMO00000001"
BLOG: Final = "BLOGDEMO00000001"
SEED: Final = 7
_DAY_S: Final = 86_400
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) Example/1.0"


class DemoSample(NamedTuple):
    """One record, and what the service must make of it."""

    kind: str
    """For people, in the summary."""
    key: bytes
    value: bytes | None
    headers: Headers
    outcome: RecordOutcome
    reason: RejectReason | None = None
    """Of a rejected one: that of its dead letter."""
    reaches: tuple[tuple[str, str], ...] = ()
    """Pixel code and name of each event of it that TikTok accepts as one of its own: firsts and forwarded copies."""
    shadows: int = 0
    """Events of shadow rules."""
    bad_fields: int = 0
    """Optional fields that are left out of its events."""


class Samples(NamedTuple):
    first: list[DemoSample]
    """Before anything was sent."""
    later: list[DemoSample]
    """Once all of `first` is settled: copies of what TikTok has."""
    refused_ids: frozenset[str]
    """The event_ids that the sandbox is to refuse."""


class Maker:
    """Makes the samples.

    Args:
        schema: the shipped schema, as parsed from JSON.
        now_s: Unix seconds; every event happened shortly before.
        round_name: ends every event_id, so that what is made again is no copy of what was made before.
    """

    def __init__(self, schema: Schema, now_s: float, round_name: str = "") -> None:
        self._schema = parse_schema(schema)
        self._now_s = int(now_s)
        self._round_name = round_name
        self._chance = random.Random(SEED)  # noqa: S311  # reproducible samples, no secrets
        self._count = 0
        self._views: list[tuple[bytes, dict[str, Any]]] = []
        self._purchases: list[tuple[bytes, dict[str, Any]]] = []

    def samples(self) -> Samples:
        """All of them; copies stand behind what they copy, of the same key."""
        groups = [group for make in (self._good, self._copies, self._ignored, self._bad) for group in make()]
        self._chance.shuffle(groups)
        first = [sample for group in groups for sample in group]
        refused = frozenset(f"refused-{number}" for number in range(_REFUSED))
        return Samples(first, list(self._late_copies()), refused)

    def visit(self, number: int, now_s: float) -> list[DemoSample]:
        """What one more visitor does, for a demo that is kept running: most look, some buy, a few send bad records."""
        self._now_s = int(now_s)
        name = f"visit-{number}"
        if number % 20 == 19:
            timeless = {**self._purchase(name), "event_time": None}
            return [self._sample("without a time", timeless, RecordOutcome.REJECTED, RejectReason.NORMALIZE_EVENT_TIME)]
        if number % 5 == 4:
            fields, key = self._purchase(name), self._key()
            return [
                self._sent("purchase", fields, key=key),
                self._sample("copy", fields, RecordOutcome.DUPLICATE, key=key),
            ]
        if number % 7 == 6:
            return [self._sent("sign-up", self._sign_up(1000 + number), (BLOG,), "CompleteRegistration")]
        return [self._sent("page view", self._view(name))]

    # ── what TikTok accepts ─────────────────────────────────────────────────────────────────────

    def _good(self) -> Iterator[list[DemoSample]]:
        for number in range(90):
            fields = self._purchase(f"order-{number}")
            self._purchases.append((self._key(), fields))
            yield [self._sent("purchase of two products", fields, key=self._purchases[-1][0])]
        for number in range(10):
            fields = self._purchase(f"large-{number}")
            fields["properties"]["value"] = 750.0
            yield [self._sent("large purchase, for two pixels", fields, (SHOP, BLOG))]
        for number in range(40):
            yield [self._sent("purchase of one product, in short", self._short_purchase(f"short-{number}"))]
        for number in range(60):
            yield [self._sent("search, with Adobe's time format", self._search(f"search-{number}"))]
        for number in range(100):
            fields = self._view(f"view-{number}")
            self._views.append((self._key(), fields))
            yield [self._sent("page view behind two proxies", fields, key=self._views[-1][0])]
        for number in range(50):
            yield [self._sent("sign-up, for the other pixel", self._sign_up(number), (BLOG,), "CompleteRegistration")]
        for number in range(20):
            fields = self._purchase(f"partly-{number}")
            fields["user"] |= {"phone": "call me", "ip": "10.0.0.1"}
            yield [self._sent("purchase with unusable phone and IP", fields)._replace(bad_fields=2)]
        for number in range(10):
            fields = self._event("Lead", f"lead-{number}", pixel_code=BLOG)
            yield [self._sent("lead that names its pixel's code", fields, (BLOG,))]

    def _copies(self) -> Iterator[list[DemoSample]]:
        for number in range(30):
            fields, key = self._purchase(f"twice-{number}"), self._key()
            copy = self._sample("exact copy, at once", fields, RecordOutcome.DUPLICATE, key=key)
            yield [self._sent("purchase that comes twice", fields, key=key), copy]
        for number in range(25):
            key = self._key()
            half, other = (self._event("Purchase", f"halves-{number}", properties=self._order()) for _ in range(2))
            half["user"], other["user"] = {"email": self._email()}, {"phone": "+12133734253"}
            merged = self._sample("… the half with the phone", other, RecordOutcome.MERGED, key=key)
            yield [self._sent("purchase, the half with the email", half, key=key), merged]

    def _late_copies(self) -> Iterator[DemoSample]:
        for key, fields in self._views[:15]:
            fuller = {**fields, "user": {**fields["user"], "email": self._email()}}
            yield self._sent("later copy with an email: forwarded", fuller, key=key)
        for key, fields in self._purchases[:10]:
            yield self._sample("exact copy, later", fields, RecordOutcome.DUPLICATE, key=key)

    # ── what never becomes an event ─────────────────────────────────────────────────────────────

    def _ignored(self) -> Iterator[list[DemoSample]]:
        for number in range(40):
            yield [self._sample("no rule holds", self._event("heartbeat", f"beat-{number}"), RecordOutcome.DROPPED)]
        for _ in range(5):
            yield [DemoSample("tombstone, without a value", self._key(), None, (), RecordOutcome.DROPPED)]

    def _bad(self) -> Iterator[list[DemoSample]]:
        for number in range(6):
            whole = self._sample("cut in the middle", self._purchase(f"cut-{number}"), RecordOutcome.REJECTED)
            half = (whole.value or b"")[: len(whole.value or b"") // 2]
            yield [whole._replace(value=half, reason=RejectReason.DECODE_TRUNCATED)]
        for kind, count, changes, reason in self._faults():
            for number in range(count):
                fields = {**self._purchase(f"{reason}-{number}"), **changes}
                yield [self._sample(kind, fields, RecordOutcome.REJECTED, reason)]
        for number in range(_REFUSED):
            fields = self._purchase(f"refused-{number}")
            yield [
                self._sample("refused by TikTok alone", fields, RecordOutcome.REJECTED, RejectReason.DELIVER_REFUSED)
            ]

    def _faults(self) -> Iterator[tuple[str, int, dict[str, Any], RejectReason]]:
        yield "without a time", 5, {"event_time": None}, RejectReason.NORMALIZE_EVENT_TIME
        yield "time without zone", 5, {"event_time": "2026-01-31T12:00:00"}, RejectReason.NORMALIZE_EVENT_TIME_NO_ZONE
        yield "two months old", 5, {"event_time": self._at(60 * _DAY_S)}, RejectReason.VALIDATE_EVENT_TOO_OLD
        yield "from the future", 3, {"event_time": self._at(-_DAY_S)}, RejectReason.VALIDATE_EVENT_TIME_FUTURE
        yield "names an unknown pixel", 3, {"pixel_code": "NOBODYS"}, RejectReason.ROUTE_UNKNOWN_PIXEL

    # ── records ─────────────────────────────────────────────────────────────────────────────────

    def _sent(
        self,
        kind: str,
        fields: dict[str, Any],
        pixels: tuple[str, ...] = (SHOP,),
        event: str | None = None,
        *,
        key: bytes | None = None,
    ) -> DemoSample:
        reaches = tuple((pixel, event or str(fields["event"])) for pixel in pixels)
        is_shadowed = fields["event"] == "ViewContent" and fields["user"].get("country") == "de"
        return self._sample(kind, fields, RecordOutcome.SENT, key=key)._replace(
            reaches=reaches, shadows=int(is_shadowed)
        )

    def _sample(
        self,
        kind: str,
        fields: dict[str, Any],
        outcome: RecordOutcome,
        reason: RejectReason | None = None,
        *,
        key: bytes | None = None,
    ) -> DemoSample:
        buffer = BytesIO()
        schemaless_writer(buffer, self._schema, fields)
        headers: Headers = (("traceparent", f"00-{self._chance.getrandbits(128):032x}-01".encode()),)
        return DemoSample(kind, key or self._key(), buffer.getvalue(), headers, outcome, reason)

    def _key(self) -> bytes:
        self._count += 1
        return f"visitor-{self._count:04d}".encode()

    # ── events ──────────────────────────────────────────────────────────────────────────────────

    def _event(self, name: str, event_id: str, **fields: object) -> dict[str, Any]:
        user = {"email": self._email(), "ip": "8.8.8.8", "user_agent": _AGENT}
        page = {"url": "https://shop.example.com/", "referrer": "https://www.example.com/"}
        age_s = self._chance.randrange(1, 3600)
        return {
            "event": name,
            "event_id": event_id + self._round_name,
            "event_time": datetime.fromtimestamp(self._now_s - age_s, UTC),
            "user": user,
            "page": page,
            **fields,
        }

    def _purchase(self, order: str) -> dict[str, Any]:
        event = self._event("Purchase", order, properties={**self._order(), "order_id": order})
        event["user"] |= {"phone": "+1 (213) 373-4253", "external_id": f"customer-{self._chance.randrange(1000)}"}
        return event

    def _short_purchase(self, order: str) -> dict[str, Any]:
        one = {"price": self._price(), "quantity": 2, "content_id": "sku-1", "content_name": "Runner"}
        return self._event("Purchase", order, properties={**one, "currency": "EUR", "content_type": "product"})

    def _search(self, event_id: str) -> dict[str, Any]:
        at = self._at(self._chance.randrange(1, 3600)).replace(" ", "T")
        return self._event("Search", event_id, event_time=f"{at[:19]}:250+0000", properties={"query": "running shoes"})

    def _view(self, event_id: str) -> dict[str, Any]:
        view = self._event("ViewContent", event_id, properties={"content_ids": ["sku-1"], "content_type": "product"})
        view["user"] = {
            "ip": "10.0.0.7, 8.8.8.8:443, 10.1.1.1",
            "user_agent": _AGENT,
            "country": self._chance.choice(["de", "us", "fr"]),
        }
        view["page"] = {"url": "https://shop.example.com/shoes?ttclid=E.C.P.example-click"}
        return view

    def _sign_up(self, number: int) -> dict[str, Any]:
        return self._event("sign_up", f"sign-up-{number}", limited_data_use=number % 5 == 0)

    def _order(self) -> dict[str, Any]:
        items = [
            {"price": self._price(), "quantity": self._chance.randrange(1, 4), "content_id": f"sku-{place}"}
            for place in range(2)
        ]
        return {"contents": items, "currency": "USD", "content_type": "product"}

    def _price(self) -> float:
        return round(self._chance.uniform(1, 60), 2)

    def _email(self) -> str:
        return f"visitor{self._chance.randrange(10_000)}@example.com"

    def _at(self, seconds_ago: int) -> str:
        return datetime.fromtimestamp(self._now_s - seconds_ago, UTC).isoformat()


_REFUSED: Final = 2
