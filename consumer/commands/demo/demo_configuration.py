"""The configuration that the demo runs by: a file like anybody's, so that it can be tried and changed."""

from pathlib import Path
from typing import Final

from consumer.commands.demo.samples import BLOG, SHOP

TOPIC: Final = "web-events"
GROUP: Final = "tiktok-demo"
DEAD_LETTERS: Final = f"{TOPIC}.dlq"
TOPICS: Final = (TOPIC, DEAD_LETTERS, f"{GROUP}.replay", f"{GROUP}.parked.shop", f"{GROUP}.parked.blog")
TOKEN: Final = "made-up-token"  # noqa: S105  # the sandbox takes any

_TEXT: Final = """\
# Written by `tiktok-consumer demo`. Records are of the shipped schema, so most rules need no `map`.
kafka:
  bootstrap_servers: {broker}
  topics: [{topic}]
  group_id: {group}
pixels:
  shop: {{pixel_code: {shop}, access_token: {token}}}
  blog: {{pixel_code: {blog}, access_token: {token}}}
rules:
  - name: shopping
    when:
      - {{field: event, in: [Purchase, Search, ViewContent]}}
      - {{field: pixel_code, exists: false}}
    pixel: shop
  - name: large_orders
    when: [{{field: event, equals: Purchase}}, {{field: properties.value, at_least: 500}}]
    pixel: blog
  - name: sign_ups
    when: [{{field: event, equals: sign_up}}]
    pixel: blog
    map: {{event: {{const: CompleteRegistration}}}}
  - name: partners
    when: [{{field: pixel_code, exists: true}}]
    pixel: {{path: pixel_code}}
  - name: german_views
    mode: shadow
    when: [{{field: event, equals: ViewContent}}, {{field: user.country, equals: de}}]
    pixel: blog
dedupe: {{merge_wait: 1s}}
batch: {{max_wait: 200ms}}
delivery: {{base_url: "{sandbox}", backoff: {{first: 100ms, max: 1s}}}}
http: {{listen: "127.0.0.1:{port}"}}
log: {{format: console}}
"""


def write(folder: Path, broker: str, sandbox: str, port: int) -> Path:
    """Write consumer.yaml; returns its path."""
    path = folder / "consumer.yaml"
    path.write_text(
        _TEXT.format(
            broker=broker, topic=TOPIC, group=GROUP, shop=SHOP, blog=BLOG, token=TOKEN, sandbox=sandbox, port=port
        )
    )
    return path
