"""A draft → the text of a configuration file, each guess with why it was made. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from json import dumps
from typing import Final

from msgspec import Struct

from consumer.commands.init.draft import Draft, Guess
from consumer.commands.init.guesses.consent_guess import example
from consumer.commands.init.guesses.money_guess import money_source
from consumer.commands.init.matching import Match

WIDTH: Final = 100
"""A comment that would go beyond stands above its line."""
SANDBOX: Final = "http://localhost:8088"
_PLAIN: Final = re.compile(r"[A-Za-z_$./](?:[\w.$/-]|:(?=\S)|\[\d+\])*(?: [\w.-]+)*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_MOST_UNUSED: Final = 40
_MOST_LINES: Final = 20
_MOST_SYMBOLS: Final = 4


class Connection(Struct, frozen=True):
    """Where records come from, and where events go."""

    topic: str
    bootstrap: str
    group: str
    registry: str | None = None
    schema: str | None = None
    """The .avsc, for records without a registry, as the file names it."""
    properties: Mapping[str, str] = {}
    registry_properties: Mapping[str, str] = {}
    sandbox: str | None = None
    """A sandbox's address: events go there, and any pixel and token will do."""


def written(drafts: Sequence[Draft], connection: Connection) -> str:
    """The whole file, a rule for each draft. `check` passes on it once the pixel is filled in."""
    is_shipped = all(draft.is_shipped for draft in drafts)
    parts = (_head(drafts, connection), _kafka(connection), _avro(is_shipped, connection), _pixels(connection),
             _rules(drafts), _delivery(connection))  # fmt: skip
    return "\n".join(chain.from_iterable(parts)) + "\n"


def _head(drafts: Sequence[Draft], connection: Connection) -> Iterator[str]:
    if all(draft.is_shipped for draft in drafts):
        yield "# A first configuration for records of the shipped schema, whose names are TikTok's."
    else:
        records = ", ".join(draft.record for draft in drafts)
        yield from _remark(0, f"A first configuration for {records}, guessed from the names of the fields.")
        yield "# Behind each guess stands the name that it was known by, or why. Look at what it makes of your records:"
    records_are = f"--topic {connection.topic} --last 100" if connection.registry else "--file RECORD.json"
    yield f"#   tiktok-consumer check && tiktok-consumer explain {records_are}"


def _kafka(connection: Connection) -> Iterator[str]:
    yield "kafka:"
    yield f"  bootstrap_servers: {scalar(connection.bootstrap)}"
    yield f"  topics: [{scalar(connection.topic)}]"
    yield f"  group_id: {scalar(connection.group)}"
    if connection.properties:
        yield "  properties:"
        yield from (f"    {name}: {scalar(value)}" for name, value in connection.properties.items())


def _avro(is_shipped: bool, connection: Connection) -> Iterator[str]:
    lines: list[str] = []
    if connection.registry:
        more = [f"    {name}: {scalar(value)}" for name, value in connection.registry_properties.items()]
        lines += ["  registry:", f"    url: {scalar(connection.registry)}", *more]
    elif connection.schema and not is_shipped:
        lines.append(f"  schema: {scalar(connection.schema)}")
    if lines:
        yield "avro:"
        yield from lines


def _pixels(connection: Connection) -> Iterator[str]:
    yield "pixels:"
    yield "  shop:"
    code, token = ("SANDBOX", "any-token-will-do") if connection.sandbox else (None, None)
    yield f"    pixel_code: ${{TIKTOK_PIXEL_CODE{':-' + code if code else ''}}}"
    yield f"    access_token: ${{TIKTOK_ACCESS_TOKEN{':-' + token if token else ''}}}"


def _delivery(connection: Connection) -> Iterator[str]:
    if connection.sandbox:
        yield "delivery:"
        yield f"  base_url: {connection.sandbox}  # `tiktok-consumer sandbox`; without this line, events go to TikTok"


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


def _rules(drafts: Sequence[Draft]) -> Iterator[str]:
    named = [draft for draft in drafts if draft.event is not None and draft.event.values]
    if named:
        yield "elements:"
        for draft in named:
            yield from _event_name(draft)
    yield "rules:"
    for draft in drafts:
        yield from _rule(draft)


def _event_name(draft: Draft) -> Iterator[str]:
    event = draft.event
    if event is not None:
        yield from _commented(f"  {draft.element}:", "TikTok's names for yours: " + event.why)
        yield from _event_source(event.field or "", event.values, event.is_lowered)
        yield from _twice(event.values, draft.parameters)
        if event.unmapped:
            yield from _remark(4, "without an event, so dropped: " + ", ".join(event.unmapped))


def _rule(draft: Draft) -> Iterator[str]:
    yield f"  - name: {scalar(draft.rule)}"
    yield from _when(draft)
    yield "    pixel: shop"
    if draft.is_shipped:
        return
    yield "    map:"
    yield from _top(draft)
    for group in ("user", "page"):
        inner = _of_group(group, draft.parameters)
        if inner:
            yield f"      {group}:"
            yield from (line for name, guess in inner.items() for line in _line(8, name, guess.source, guess.why))
    yield from _properties(draft)
    if draft.unused:
        shown, more = draft.unused[:_MOST_UNUSED], len(draft.unused) - _MOST_UNUSED
        yield from _remark(4, "Nothing was made of: " + ", ".join(shown) + (f" and {more} more" if more > 0 else ""))


def _event_source(field: str, values: Mapping[str, str], is_lowered: bool) -> Iterator[str]:
    yield f"    path: {scalar(field)}"
    if is_lowered:
        yield "    lower: true"
        yield "    trim: true"
    if len(values) <= _MOST_LINES:
        yield "    values:"
        yield from (f"      {scalar(name)}: {event}" for name, event in values.items())
        return
    yield "    values: {"
    for event in dict.fromkeys(values.values()):
        yield from _wrapped([f"{scalar(name)}: {event}," for name, each in values.items() if each == event], "      ")
    yield "    }"


def _twice(values: Mapping[str, str], parameters: Mapping[str, Guess]) -> Iterator[str]:
    """Two steps of one purchase count as two, unless their event_id is the order's (docs/tiktok.md §5)."""
    names = [name for name, event in values.items() if event == "Purchase"]
    if 1 < len(names) <= _MOST_SYMBOLS:
        event_id, order_id = (parameters.get(name) for name in ("event_id", "properties.order_id"))
        is_same = event_id is not None and order_id is not None and event_id.source == order_id.source
        then = (
            "the first is sent, and those within 48 hours of it are dropped as its copies; later ones count again"
            if is_same
            else "each counts"
        )
        yield from _remark(4, f"{', '.join(names)}: if one order has several of them, keep one, or {then}")


def _when(draft: Draft) -> Iterator[str]:
    lines: list[str] = []
    if draft.event is not None and draft.event.values:
        exists = f"      - {{field: {{element: {draft.element}}}, exists: true}}"
        lines += _commented(exists, "other records are dropped")
    for condition, why in draft.conditions:
        lines += _commented(f"      - {flow(condition)}", why)
    yield from _consent(draft)
    if lines:
        yield "    when:"
        yield from lines


def _consent(draft: Draft) -> Iterator[str]:
    perhaps = draft.consent.perhaps
    if perhaps:
        shown = ", ".join(leaf.path for leaf in perhaps[:_MOST_UNUSED])
        if draft.consent.conditions:
            text = f"A condition below asks for it. None was made of {shown}; if that counts, too, write one, such as"
        else:
            text = f"No condition was made of {shown}: EVERYBODY'S events are sent until you write one, such as"
        yield from _remark(4, f"WHO HAS CONSENTED? {text}")
        yield f"    #   - {flow(example(perhaps[0]))}"


def _top(draft: Draft) -> Iterator[str]:
    event, moment = draft.event, draft.moment
    if event is not None:
        also = f"; or: {', '.join(event.others[:3])}" if event.others else ""
        if event.field is None:
            yield from _line(6, "event", {"const": event.const}, event.why)
        elif event.values:
            yield from _line(6, "event", {"element": draft.element}, f"from {event.field}{also}")
        else:
            yield from _line(6, "event", event.field, event.why + also)
    if moment is not None:
        also = f"; or: {', '.join(moment.others[:3])}" if moment.others else ""
        source = moment.path if moment.unit is None else {"path": moment.path, "unit": moment.unit}
        yield from _line(6, "event_time", source, moment.why + also)
    for name in ("event_id", "limited_data_use"):
        guess = draft.parameters.get(name)
        if guess is not None:
            yield from _line(6, name, guess.source, guess.why)
        elif name == "event_id":
            yield from _remark(6, "event_id: no field is called like one; copies are not recognised without it")


def _properties(draft: Draft) -> Iterator[str]:
    inner, products = _of_group("properties", draft.parameters), draft.products
    if not inner and not products.fields:
        return
    yield "      properties:"
    for name, guess in inner.items():
        yield from _line(8, name, guess.source, guess.why)
    indent = 8
    if products.each is not None:
        indent = 10
        yield "        contents:"
        also = f"; or: {', '.join(products.others[:3])}" if products.others else ""
        yield from _line(10, "each", products.each, products.why + also)
    for name, match in products.fields.items():
        yield from _product_line(indent, name, match, products.each is not None, "currency" in inner)


def _product_line(indent: int, name: str, match: Match, is_in_list: bool, has_currency: bool) -> Iterator[str]:
    why = f'"{match.name}"'
    made = money_source(match.leaf, match.leaf.path, has_currency=has_currency) if name == "price" else None
    if made is None:
        yield from _line(indent, name, match.leaf.path, why)
    elif is_in_list and match.leaf.money is not None:
        yield from _remark(indent, f"price: {match.leaf.path} has whole units and billionths; `call` can add them")
    else:
        yield from _line(indent, name, made[0], f"{why}; {made[1]}")


def _of_group(group: str, parameters: Mapping[str, Guess]) -> dict[str, Guess]:
    return {name.partition(".")[2]: guess for name, guess in parameters.items() if name.startswith(f"{group}.")}


# ── YAML ────────────────────────────────────────────────────────────────────────────────────────


def scalar(text: str) -> str:
    """A text as YAML, in quotes where YAML would take it for something else."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else dumps(text)


def flow(value: object) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0")
    text = scalar(str(value))
    return dumps(text) if text[:1] != '"' and any(character in text for character in "[]{},") else text


def _line(indent: int, name: str, source: object, why: str) -> Iterator[str]:
    text = source if isinstance(source, str) else None
    yield from _commented(f"{' ' * indent}{name}: {scalar(text) if text is not None else flow(source)}", why)


def _commented(line: str, why: str) -> list[str]:
    """The line with its comment behind it, or, where that is too long, above it."""
    if len(line) + len(why) + 4 <= WIDTH:
        return [f"{line}  # {why}"]
    return [*_remark(len(line) - len(line.lstrip()), why), line]


def _remark(indent: int, text: str) -> Sequence[str]:
    return list(_wrapped(text.split(" "), f"{' ' * indent}# "))


def _wrapped(parts: Iterable[str], prefix: str) -> Iterator[str]:
    """Lines of these parts, each with the prefix; none is broken."""
    line = prefix
    for part in parts:
        if len(line) + len(part) > WIDTH and line != prefix:
            yield line.rstrip()
            line = prefix
        line += f"{part} "
    yield line.rstrip()
