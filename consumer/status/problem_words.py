"""What is wrong with a field, or worth knowing of it, in words, and what to do: for `explain`, `check` and the page."""

from collections.abc import Mapping
from typing import Final

from consumer.core.reasons import Problem

PROBLEMS: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.WRONG_TYPE: ("not of the kind that TikTok takes here", "map another field, or fix the producer"),
    Problem.NOT_A_NUMBER: ("not a number", "send digits alone, without symbols or thousands separators"),
    Problem.NEGATIVE: ("below 0", "TikTok takes no negative amounts: map refunds to another event"),
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
"""What it is · what to do; empty where there is nothing to do."""
