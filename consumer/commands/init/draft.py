"""A schema → the rule that is written first: what goes where, and why. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from consumer.commands.init.aliases import COOKIES, TEST_FLAG, URL_QUERIES, WANTED
from consumer.commands.init.guesses.consent_guess import ConsentGuess, guess_consent, without_used
from consumer.commands.init.guesses.event_guess import NOT_AN_EVENT, EventGuess, guess_event
from consumer.commands.init.guesses.moment_guess import MomentGuess, guess_moment
from consumer.commands.init.guesses.money_guess import money_source, with_money_suffixes
from consumer.commands.init.guesses.product_guess import ProductsGuess, guess_products
from consumer.commands.init.matching import choices, matches
from consumer.commands.init.names import words_in, words_of
from consumer.commands.init.schema_leaves import Leaf, leaves_of, records_in
from consumer.config.checks.avro_paths import Type, top
from consumer.core.decode.decoder import SHIPPED
from consumer.core.decode.schema import Schema

_NAMES: Final = re.compile(r"[A-Za-z_][\w.]*")
_NEW: Final = {"true": "new", "false": "returning"}
_NEW_WORDS: Final = words_in("new first newcustomer firsttime")
_STATUS: Final = WANTED["properties.status"]._replace(tiers=("orderstatus orderstate", "^status ^state"))
_OLD_WORDS: Final = words_in("returning existing repeat recurring old known registered")


class Guess(Struct, frozen=True):
    """One parameter: a source, and why."""

    source: object
    """As the configuration has it: text, a list, a mapping."""
    why: str


class Draft(Struct, frozen=True):
    """One rule."""

    record: str
    """The full name of the record's type."""
    rule: str = "everything"
    element: str = "event_name"
    """The element that translates event names, where one is needed."""
    is_shipped: bool = False
    event: EventGuess | None = None
    moment: MomentGuess | None = None
    parameters: Mapping[str, Guess] = {}
    """Dotted, without event and event_time, in TikTok's order."""
    products: ProductsGuess = ProductsGuess()
    conditions: tuple[tuple[object, str], ...] = ()
    """Beside that of the event: each with why."""
    consent: ConsentGuess = ConsentGuess()
    """Its conditions are among those."""
    unused: tuple[str, ...] = ()
    """Fields that nothing was made of."""


def drafted(schemas: Sequence[Schema]) -> list[Draft]:
    """What is guessed from the schemas of a topic: a rule for each type of record, distinguished by `$schema`."""
    types = {each["name"]: (each, schema) for schema in schemas for each in top(schema)}
    if len(types) == 1:
        return [_drafted(record, schema) for record, schema in types.values()]
    return list(_named_apart([_one_of_several(number, *each) for number, each in enumerate(types.values(), 1)]))


def _named_apart(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """With a number behind the name of a rule that another has, as types in two namespaces may be called the same."""
    seen: Counter[str] = Counter()
    for draft in drafts:
        seen[draft.rule] += 1
        number = seen[draft.rule]
        yield draft if number == 1 else structs.replace(draft, rule=f"{draft.rule}_{number}")


def _one_of_several(number: int, record: Type, schema: Schema) -> Draft:
    draft = _drafted(record, schema)
    condition = ({"field": "$schema", "equals": draft.record}, "the topic holds several types of records")
    return structs.replace(
        draft,
        rule="_".join(words_of(draft.record.rpartition(".")[2])),
        element=f"event_name_{number}",
        conditions=(condition, *draft.conditions),
    )


def _drafted(record: Type, schema: Schema) -> Draft:
    """What is guessed of one type of record; nothing of the shipped one, whose names are TikTok's."""
    name = record["name"]
    if name == SHIPPED:
        return Draft(SHIPPED, is_shipped=True)
    everything = leaves_of([record], schema)
    is_change = _is_change(everything)
    leaves = [leaf for leaf in everything if leaf.steps[0] == "after"] if is_change else everything
    products = guess_products(leaves, schema)
    event = guess_event(leaves, _spoken_name(name))
    moment = guess_moment(leaves)
    parameters = _parameters(leaves, products)
    created = [_CREATED] if is_change else []
    consent = guess_consent(leaves)
    conditions = (*created, *consent.conditions, *_no_tests(leaves), *(_undone(leaves) if event.field is None else ()))
    used = _used(event, moment, parameters, products, conditions)
    unused = [leaf.path for leaf in everything if leaf.path not in used and leaf.money is None]
    unused += _item_paths(leaves, products, schema)
    return Draft(
        record=name,
        event=event,
        moment=moment,
        parameters=parameters,
        products=products,
        conditions=conditions,
        consent=without_used(consent, used),
        unused=tuple(unused),
    )


_CREATED: Final = ({"field": "op", "in": ["c"]}, "a change of a table (Debezium): rows that are new")


def _is_change(leaves: Sequence[Leaf]) -> bool:
    """True for Debezium's envelope: the row before and after, and the operation."""
    first = {leaf.steps[0] for leaf in leaves}
    return {"before", "after", "op"} <= first and any(leaf.steps == ("op",) for leaf in leaves)


def _spoken_name(name: str) -> str:
    """Debezium calls every envelope `server.database.table.Envelope`: then the table's name says what it is."""
    parts = name.split(".")
    return parts[-2] if parts[-1] == "Envelope" and len(parts) > 1 else parts[-1]


def _item_paths(leaves: Sequence[Leaf], products: ProductsGuess, schema: Schema) -> list[str]:
    """The fields of the products that nothing was made of."""
    used = {match.leaf.path for match in products.fields.values()}
    items = next((leaf for leaf in leaves if leaf.path == products.each), None)
    if items is None:
        return []
    inner = leaves_of(records_in(items, schema), schema)
    return [f"{items.path}[].{leaf.path}" for leaf in inner if leaf.path not in used and leaf.money is None]


def _parameters(leaves: Sequence[Leaf], products: ProductsGuess) -> dict[str, Guess]:
    found: dict[str, Guess] = {}
    for name in WANTED:
        guess = _customer_type(leaves) if name == "properties.customer_type" else _plain(name, leaves)
        if guess is not None:
            found[name] = guess
    found |= _in_maps(leaves, found)
    found |= _currency_beside(found, leaves)
    if "properties.currency" not in found and products.currency:
        found["properties.currency"] = Guess(products.currency, "only the products have one: that of the first")
    found |= _value_in_its_unit(found, leaves)
    if products.ids is not None and not products.fields:
        found["properties.content_ids"] = Guess(products.ids.leaf.path, f'"{products.ids.name}", a list of ids')
    return {name: found[name] for name in (*WANTED, "properties.content_ids") if name in found}


def _value_in_its_unit(found: Mapping[str, Guess], leaves: Sequence[Leaf]) -> dict[str, Guess]:
    """The order's value, divided where the schema says that it counts cents."""
    plain = found.get("properties.value")
    leaf = next((leaf for leaf in leaves if plain is not None and leaf.path == plain.source), None)
    if plain is None or leaf is None:
        return {}
    made = money_source(leaf, leaf.path, has_currency="properties.currency" in found)
    return {} if made is None else {"properties.value": Guess(made[0], f"{plain.why}; {made[1]}")}


def _plain(name: str, leaves: Sequence[Leaf]) -> Guess | None:
    wanted = with_money_suffixes(WANTED[name]) if name == "properties.value" else WANTED[name]
    read, others = choices(wanted, leaves)
    if not read:
        return None
    paths = [match.leaf.path for match in read]
    also = f"; or: {', '.join(match.leaf.path for match in others[:3])}" if others else ""
    named = ", ".join(dict.fromkeys(f'"{match.name}"' for match in read))
    return Guess(paths[0] if len(paths) == 1 else paths, named + also)


def _currency_beside(found: Mapping[str, Guess], leaves: Sequence[Leaf]) -> dict[str, Guess]:
    """The currency that stands in the same record as the value, if one does."""
    value = found.get("properties.value")
    home = next((leaf.steps[:-1] for leaf in leaves if value is not None and leaf.path == value.source), ())
    read, _ = choices(WANTED["properties.currency"], [leaf for leaf in leaves if home and leaf.steps[:-1] == home])
    return {"properties.currency": Guess(read[0].leaf.path, f'"{read[0].name}", next to the value')} if read else {}


def _customer_type(leaves: Sequence[Leaf]) -> Guess | None:
    """TikTok knows `new` and `returning` only."""
    read, _ = choices(WANTED["properties.customer_type"], leaves)
    if not read:
        return None
    leaf, name = read[0].leaf, read[0].name
    if "true or false" in leaf.kinds:
        return Guess({"path": leaf.path, "values": _NEW}, f'"{name}", true or false')
    symbols = {symbol: kind for symbol in leaf.symbols if (kind := _kind_of_customer(symbol))}
    if symbols:
        return Guess({"path": leaf.path, "values": symbols}, f'"{name}", an enum')
    return Guess(leaf.path, f'"{name}"; must be new or returning: `values` can translate') if not leaf.symbols else None


def _kind_of_customer(symbol: str) -> str | None:
    word = symbol.lower().partition("_")[0]
    return "new" if word in _NEW_WORDS else "returning" if word in _OLD_WORDS else None


def _in_maps(leaves: Sequence[Leaf], found: Mapping[str, Guess]) -> dict[str, Guess]:
    """What stands in maps, whose keys are in no schema."""
    more: dict[str, Guess] = {}
    for leaf in leaves:
        name = "".join(leaf.words[-1])
        if "map" not in leaf.kinds:
            continue
        if name in COOKIES and "user.ttp" not in found:
            more["user.ttp"] = Guess(f"{leaf.path}._ttp", "the cookie of TikTok's pixel")
        if name in URL_QUERIES and "user.ttclid" not in found:
            more["user.ttclid"] = Guess(f"{leaf.path}.ttclid", "the parameter of the landing page")
    return more


def _no_tests(leaves: Sequence[Leaf]) -> list[tuple[object, str]]:
    return [
        ({"not": {"field": match.leaf.path, "is_true": True}}, f'"{match.name}": no tests')
        for match in matches(TEST_FLAG, leaves)[:1]
    ]


def _undone(leaves: Sequence[Leaf]) -> list[tuple[object, str]]:
    """Where every record is the same event: not those whose status says that it is off again."""
    for match in matches(_STATUS, leaves):
        off = [symbol for symbol in match.leaf.symbols if NOT_AN_EVENT & set(words_of(symbol))]
        if off:
            why = f'"{match.name}": not what is off again'
            return [({"not": {"field": match.leaf.path, "in": off}}, why)]
    return []


def _used(
    event: EventGuess,
    moment: MomentGuess,
    parameters: Mapping[str, Guess],
    products: ProductsGuess,
    conditions: Sequence[tuple[object, str]],
) -> set[str]:
    texts = {event.field or "", moment.path, products.each or "", *(("op",) if (_CREATED in conditions) else ())}
    if products.each is None:
        texts |= {match.leaf.path for match in products.fields.values()}
    for source in (*(guess.source for guess in parameters.values()), *(condition for condition, _ in conditions)):
        texts |= set(_texts(source))
    return texts


def _texts(value: object) -> list[str]:
    """Every text of a source, which may be a path; of a CEL expression, every name."""
    if isinstance(value, str):
        return [value, *_NAMES.findall(value)]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]
