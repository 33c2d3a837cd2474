"""Why a record, an event or a field is not taken as it is: three closed lists, each a metric label; and their words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Problem(StrEnum):
    """What is wrong with a field, or worth knowing of it. A metric label: a closed list."""

    # The value was left out (or the record rejected, with `on_bad_field: reject`).
    WRONG_TYPE = "wrong_type"
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    NOT_WHOLE = "not_whole"
    NOT_POSITIVE = "not_positive"
    NOT_A_BOOLEAN = "not_a_boolean"
    NOT_E164 = "not_e164"
    NO_REGION = "no_region"
    NOT_AN_EMAIL = "not_an_email"
    NOT_AN_IP = "not_an_ip"
    NOT_PUBLIC = "not_public"
    NOT_A_COUNTRY = "not_a_country"
    NOT_A_LOCALE = "not_a_locale"
    NOT_A_URL = "not_a_url"
    NOT_A_CURRENCY = "not_a_currency"
    NOT_ALLOWED = "not_allowed"
    EMPTY_AFTER_CLEANING = "empty_after_cleaning"
    OUT_OF_RANGE = "out_of_range"
    REGION_UNCLEAR = "region_unclear"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    ENCRYPTED = "encrypted"
    NOT_TEXT = "not_text"
    # Left out of what identifies something; in names and free text, kept.
    PLACEHOLDER = "placeholder"
    # The value was kept; people should know.
    CURRENCY_NOT_LISTED = "currency_not_listed"
    CUSTOM_EVENT = "custom_event"
    NEAR_STANDARD_EVENT = "near_standard_event"
    OLD_EVENT_NAME = "old_event_name"
    NO_PAGE_URL = "no_page_url"
    NO_EVENT_ID = "no_event_id"
    NO_VALUE = "no_value"
    NO_CURRENCY = "no_currency"
    NO_CONTENTS = "no_contents"
    NO_CONTENT_ID = "no_content_id"
    NO_IP_FOR_LIMITED_DATA_USE = "no_ip_for_limited_data_use"
    NO_IP = "no_ip"
    NO_USER_AGENT = "no_user_agent"
    NO_MATCH_KEY = "no_match_key"
    FILLED_IN = "filled_in"


PROBLEMS: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.WRONG_TYPE: ("not of the kind that TikTok takes here", "map another field, or fix the producer"),
    Problem.NOT_A_NUMBER: ("not a number", "send digits alone, without symbols or thousands separators"),
    Problem.NEGATIVE: ("below 0", "TikTok has no event that takes a purchase back: leave refunds out by a condition"),
    Problem.NOT_WHOLE: ("not a whole number", "send whole numbers"),
    Problem.NOT_POSITIVE: ("not above 0", "a quantity is at least 1"),
    Problem.NOT_A_BOOLEAN: ("neither true nor false", "send a boolean; `values` can translate words"),
    Problem.NOT_E164: ("not a phone number that exists", "send it with plus and country code"),
    Problem.NO_REGION: (
        "a national number without a region",
        "write the source as {path: …, region: US}, or send the number with its country code",
    ),
    Problem.NOT_AN_EMAIL: ("not an email address", "map the field that holds the address"),
    Problem.NOT_AN_IP: ("not an IP address", "map the visitor's address or the X-Forwarded-For header"),
    Problem.NOT_PUBLIC: ("not a public IP address", "map the visitor's own address, not that of a proxy"),
    Problem.NOT_A_COUNTRY: ("not a country code of two letters", "send ISO 3166 alpha-2, such as de"),
    Problem.NOT_A_LOCALE: ("not a language tag", "send BCP 47, such as en-US"),
    Problem.NOT_A_URL: ("not a whole http or https address", "send the page's full URL"),
    Problem.NOT_A_CURRENCY: ("not an ISO 4217 currency code", "send three letters, such as USD"),
    Problem.NOT_ALLOWED: ("not one of the values TikTok knows", "`values` can translate yours"),
    Problem.EMPTY_AFTER_CLEANING: ("nothing is left of it once cleaned", "map the field that holds the value"),
    Problem.OUT_OF_RANGE: ("a date, time or decimal beyond what there is of these", "fix the producer"),
    Problem.REGION_UNCLEAR: (
        "a national number, and the region mapped with it is not the user's country",
        "map the region from the record, or send the number with its country code",
    ),
    Problem.TOO_MANY: ("a list of more than 1,000", "map the one value, or the few, that belong to the event"),
    Problem.NOT_TEXT: ("bytes that are no text", "map a field of the value, or a header that holds text"),
    Problem.ENCRYPTED: (
        "encrypted by a rule of the schema registry",
        "map a field that is not encrypted: nothing decrypts it here",
    ),
    Problem.TOO_LONG: ("longer than any name", "map the field that holds the value"),
    Problem.PLACEHOLDER: (
        "text that stands for nothing, such as undefined or an unfilled template",
        "fix the producer, or map another field",
    ),
    Problem.CURRENCY_NOT_LISTED: ("sent, though TikTok does not list this currency", "see whether TikTok takes it"),
    Problem.CUSTOM_EVENT: ("a custom event", "campaigns can optimise only for TikTok's standard events"),
    Problem.NEAR_STANDARD_EVENT: ("nearly a standard event's name, yet another", "write it exactly as TikTok does"),
    Problem.OLD_EVENT_NAME: ("an older name, still taken", "use the newer name, or a standard event"),
    Problem.NO_PAGE_URL: ("no page URL", "map page.url: TikTok's documentation asks for it"),
    Problem.NO_EVENT_ID: ("no event_id", "map event_id: without it a copy, also the browser's, counts twice"),
    Problem.NO_VALUE: ("no value", "map properties.value: return on ad spend is made of it"),
    Problem.NO_CONTENTS: ("no product", "map contents or content_ids: catalogue ads need a content_id"),
    Problem.NO_IP: ("a user agent without an IP", "map user.ip: TikTok matches by the two together"),
    Problem.NO_USER_AGENT: ("an IP without a user agent", "map user.user_agent: TikTok matches by the two together"),
    Problem.NO_CURRENCY: ("no currency", "map properties.currency: TikTok cannot use the value alone"),
    Problem.NO_CONTENT_ID: ("a product without its id", "map content_id: catalogue ads need it"),
    Problem.NO_IP_FOR_LIMITED_DATA_USE: ("limited data use without an IP", "map user.ip: TikTok finds the state by it"),
    Problem.NO_MATCH_KEY: (
        "nothing by which TikTok could find the person",
        "map email, phone, external_id, ttclid, ttp, or ip with user_agent",
    ),
    Problem.FILLED_IN: ("filled in", ""),
}
"""What it is · what to do, in words for people; what to do is empty where there is nothing to do."""


class RejectReason(StrEnum):
    """Why a record or an event can never be sent. A metric label and a dead letter's header."""

    DECODE_FRAMING = "decode.framing"
    DECODE_SCHEMA_UNKNOWN = "decode.schema_unknown"
    DECODE_SCHEMA_UNUSABLE = "decode.schema_unusable"
    DECODE_SCHEMA_MISMATCH = "decode.schema_mismatch"
    DECODE_TRUNCATED = "decode.truncated"
    DECODE_LEFT_OVER = "decode.left_over"
    DECODE_LENGTH = "decode.length"
    DECODE_TOO_DEEP = "decode.too_deep"
    DECODE_TOO_LARGE = "decode.too_large"
    DECODE_UTF8 = "decode.utf8"
    DECODE_VALUE = "decode.value"
    DECODE_HEADERS = "decode.headers"
    ROUTE_UNKNOWN_PIXEL = "route.unknown_pixel"
    ROUTE_UNKNOWN_RULE = "route.unknown_rule"
    MAP_CALL = "map.call"
    MAP_CEL = "map.cel"
    NORMALIZE_EVENT = "normalize.event"
    NORMALIZE_EVENT_TIME = "normalize.event_time"
    NORMALIZE_EVENT_TIME_NO_ZONE = "normalize.event_time_no_zone"
    NORMALIZE_BAD_FIELD = "normalize.bad_field"
    VALIDATE_EVENT_TIME_FUTURE = "validate.event_time_future"
    VALIDATE_EVENT_TOO_OLD = "validate.event_too_old"
    VALIDATE_EVENT_TOO_LARGE = "validate.event_too_large"
    DELIVER_REFUSED = "deliver.refused"
    DELIVER_UNANSWERABLE = "deliver.unanswerable"
    BUG_DECODE = "bug.decode"
    BUG_ROUTE = "bug.route"
    BUG_MAP = "bug.map"
    BUG_NORMALIZE = "bug.normalize"
    BUG_VALIDATE = "bug.validate"
    BUG_PIPELINE = "bug.pipeline"


class DropReason(StrEnum):
    """Why a record ends without an event and without a fault."""

    TOMBSTONE = "tombstone"
    NO_RULE = "no_rule"
