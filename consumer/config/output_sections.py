"""The sections about what is sent: pixels, dedupe, batch, delivery, dead_letter, outcomes."""

from typing import Literal

from consumer.config.section import Section, needed, setting
from consumer.config.units import Count, Duration, Flag, Number, Secret, Size, Text, Token, TokenFile


class PixelSection(Section):
    """A place where events go: a name of yours for one of TikTok's pixels."""

    pixel_code: Text = needed("The pixel's code in Events Manager.")
    access_token: Token | None = setting(
        None,
        "Access token of the Events API. Better from the environment, or as `access_token_file`; one of the two "
        "is needed.",
    )
    access_token_file: TokenFile | None = setting(
        None,
        "File that holds nothing but the access token. It is read again when it changes. Relative to the "
        "configuration file.",
    )
    test_event_code: Text | None = setting(
        None, "Sends this pixel's events to Test Events in Events Manager, under this code."
    )
    max_requests_per_second: Number | None = setting(
        None,
        "At most so many requests a second for this pixel, by the whole `run`. Left out: no limit of its own.",
        gt=0,
    )
    hold: Flag = setting(False, "Keeps this pixel closed until you take it away: its events wait or are parked.")


class DedupeSection(Section):
    """The window in which copies of an event become one. A key is pixel code, event_id and event."""

    window_s: Duration = setting(
        "5m",
        "How long after an event its copies count as copies, by Kafka's timestamps. 0s turns it off.",
        validation_alias="window",
    )
    merge_wait_s: Duration = setting(
        "0s",
        "How long an event waits so that later copies merge into it before it is sent: 0s up to `window`.",
        validation_alias="merge_wait",
    )
    forward_new_fields: Flag = setting(
        True, "Whether a later copy with fields that the sent one lacked is sent, so that TikTok can merge it."
    )
    max_keys: Count = setting(
        2_000_000, "Keys kept, at up to 250 bytes each. Beyond it the oldest go first, and the window shrinks.", ge=1
    )
    warmup_max_s: Duration = setting(
        "60s",
        "Longest time spent on rebuilding the window after partitions were assigned.",
        validation_alias="warmup_max",
    )
    store: Literal["memory", "redis"] = setting(
        "memory",
        "`memory`: one window a partition. `redis`: one window for all partitions and processes, in Redis or Valkey.",
    )
    redis_url: Secret | None = setting(
        None,
        "Where Redis or Valkey is: `redis://host:port/0`, or `rediss://…` with TLS. Options behind `?`: `db`, "
        "`username`, `password`; with `rediss://` also `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_password`, "
        "`ssl_cert_reqs`, `ssl_check_hostname`. No others are taken.",
    )
    remove_for_s: Duration = setting(
        "0s",
        "For how long, e.g. 48h, copies are removed without merging after the window. Needs `store: redis`. 0s: not.",
        validation_alias="remove_for",
    )


class BatchSection(Section):
    """How many events share a request. The first limit that is reached closes a batch."""

    max_events: Count = setting(1000, "Events in one request. TikTok takes no more than 1000.", ge=1, le=1000)
    max_bytes: Size = setting("1MiB", "Size of one request's body.", ge=1024)
    max_wait_s: Duration = setting("1s", "How long an event waits for its batch to fill.", validation_alias="max_wait")


class BackoffSection(Section):
    """Waits between tries, doubled from `first` to `max`, each shortened at random."""

    first_s: Duration = setting("500ms", "Longest wait before the second try.", validation_alias="first", gt=0)
    max_s: Duration = setting("60s", "Longest wait before any try.", validation_alias="max", gt=0)


class ParkSection(Section):
    """What happens to the records of a closed pixel while another one is open."""

    enabled: Flag = setting(
        True, "Whether they are written to `{group}.parked.{pixel}`, so that they do not stall the other pixels."
    )
    after_s: Duration = setting(
        "10m", "How long a pixel is closed before its records are parked.", validation_alias="after"
    )


class DeliverySection(Section):
    """The calls of the Events API. Limits are for the whole `run`, shared among its workers."""

    base_url: Text = setting(
        "https://business-api.tiktok.com",
        "Where the Events API is; the sandbox's address to try things out. Proxy and CA come from `HTTPS_PROXY` "
        "and `SSL_CERT_FILE`.",
    )
    timeout_s: Duration = setting(
        "10s", "For one request, from connecting to the last byte.", validation_alias="timeout", gt=0
    )
    max_in_flight: Count = setting(8, "Requests at once. The service adapts between 1 and this.", ge=1, le=1000)
    max_requests_per_second: Number = setting(
        100, "Requests a second over all pixels. TikTok's own limit is 1000.", gt=0
    )
    backoff: BackoffSection = setting({}, "Waits between tries.")
    park: ParkSection = setting({}, "What happens to the records of a closed pixel while another one is open.")


class BreakerSection(Section):
    """Stops reading when so many records are rejected that the configuration must be wrong."""

    share: Number = setting(0.5, "More than this share of rejected records opens it; between 0 and 1.", gt=0, le=1)
    of_last: Count = setting(
        1000, "So many records are looked at; it judges once it has seen a tenth of them, and two.", ge=10
    )


class DeadLetterSection(Section):
    """Where records go that can never be sent."""

    topic: Text = setting("{topic}.dlq", "Name of the dead-letter topic; `{topic}` stands for the record's own topic.")
    breaker: BreakerSection = setting(
        {}, "Stops reading when so many records are rejected that the configuration must be wrong."
    )


class LimitsSection(Section):
    """What may be in memory at once, and which records are taken."""

    max_records_in_flight: Count = setting(50_000, "Records read and not yet settled. Beyond it, reading pauses.", ge=1)
    max_bytes_in_flight: Size = setting(
        "128MiB", "The same in bytes of the memory that they and their events take.", ge=1
    )
    max_record_bytes: Size = setting("1MiB", "Records whose value is longer are rejected.", ge=1)
    max_event_age_s: Duration = setting(
        "28d",
        "Events older than this are rejected: TikTok matches no further back. 0s: no limit.",
        validation_alias="max_event_age",
    )


class OutcomesSection(Section):
    """A record of what became of each event."""

    topic: Text | None = setting(
        None,
        "Topic that gets one JSON record an event: position, rule, pixel, event_id, outcome, request_id, time. "
        "Left out: none is written. Best effort: see docs/dead-letters.md.",
    )
