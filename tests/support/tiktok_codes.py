"""TikTok's codes, by what the service does about them (docs/tiktok.md §3)."""

from consumer.core.deliver.response import Treatment

ACCEPTED = [0, 20001]
THROTTLED = [40016, 40100, 40132, 40133, 61000]
UNAVAILABLE = [40202, 40700, 50000, 50001, 50002, 51000, 51305, 52000, 53001, 59999, 60000, 60001, 61001, 70000, 99999]
FORBIDDEN = [
    40001,
    *range(40101, 40120),
    *(40120, 40123, 40124, 40125, 40130, 40131, 40134, 40199, 41000),
    *(40006, 40007, 40008, 40010, 40051, 40063, 40300, 40301, 40400, 41001, 70001),
]
REFUSED = [40000, 40002, 40003, 40011, 40050, 40061, 40062, 41002, 40200, 40099, 40500, 42000, 49999, 1, -1, 20002]

EVERY_CODE = [
    *((code, Treatment.ACCEPTED) for code in ACCEPTED),
    *((code, Treatment.THROTTLED) for code in THROTTLED),
    *((code, Treatment.UNAVAILABLE) for code in UNAVAILABLE),
    *((code, Treatment.FORBIDDEN) for code in FORBIDDEN),
    *((code, Treatment.REFUSED) for code in REFUSED),
]
