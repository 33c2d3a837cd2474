"""Fields and a rule → an event in clear text. What a rule says is compiled to closures, once, at start.

A rule without `map`: TikTok's names map to themselves. With one, so do the names that it leaves out, if the record
is of the shipped schema. A name that the rule maps and the record lacks is absent: it is not left out.
Values stay as they are; `normalize` makes sense of them and fills in what may be filled in from others.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from consumer.core.model import Decoded, MappedEvent
from consumer.core.rules.failing import placed
from consumer.core.rules.getters import compile_plain, compile_source
from consumer.core.rules.placeholders import is_among, is_placeholder, trimmed
from consumer.core.rules.source import (
    ContentsSource,
    FirstOf,
    Getter,
    PathSource,
    Rule,
    Source,
    TransformedSource,
)
from consumer.core.tiktok_event import (
    CONTENT_FIELDS,
    OLDER_NAMES,
    PAGE_FIELDS,
    PARAMETERS,
    PROPERTY_FIELDS,
    TOP_FIELDS,
    USER_FIELDS,
    Form,
)

Part = Callable[[Decoded], dict[str, Any]]
"""Reads one object of the event: the values present, under TikTok's names."""
Compiler = Callable[[str, Source], Getter]
"""Compiles a parameter's source."""

_OLDER: Final = {old.removeprefix("properties."): new.removeprefix("properties.") for old, new in OLDER_NAMES.items()}
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "user": frozenset(USER_FIELDS),
    "page": frozenset(PAGE_FIELDS),
    "properties": frozenset((*PROPERTY_FIELDS, *_OLDER)) - {"contents"},
}
_CONTENT_NAMES: Final = frozenset(CONTENT_FIELDS)
_WITH_OPTIONS: Final = frozenset({Form.TIME, Form.PHONE, Form.AMOUNT})
_IDENTIFYING: Final = frozenset({Form.EMAIL, Form.PHONE, Form.EXTERNAL_ID, Form.ZIP_CODE, Form.CODE, Form.ID, Form.IDS})
"""Forms in which `normalize` leaves out what stands for nothing."""
_LISTS: Final = (list, tuple)
"""Avro gives lists; a user's function may give either."""
_MOST_ITEMS: Final = 1_000
"""Of products. A longer list is handed on unread: `normalize` takes none of it."""


def compile_map(rule: Rule, placeholders: frozenset[str] = frozenset()) -> Callable[[Decoded], MappedEvent]:
    """Compile what a rule says of TikTok's parameters.

    Args:
        placeholders: lowercase words that are no identifier, besides those that never are one: where a rule lists
            several sources of an identifier, the next is asked.

    The result raises RecordRejected, with MAP_CALL or MAP_CEL, where a function or expression fails; nothing else.
    """
    compiled = _compiler(placeholders)
    if rule.parameters is None and rule.contents is None:
        return _assembled({}, None, compiled, is_filled=True)
    parameters = rule.parameters or {}
    mapped = _assembled(parameters, rule.contents, compiled, is_filled=False)
    filled = _assembled(parameters, rule.contents, compiled, is_filled=True)
    return lambda decoded: filled(decoded) if decoded.is_shipped else mapped(decoded)


def _has_minor_units(source: Source) -> bool:
    if isinstance(source, FirstOf):
        return any(map(_has_minor_units, source.sources))
    return isinstance(source, TransformedSource) and (source.unit == "minor" or _has_minor_units(source.source))


def _assembled(
    parameters: Mapping[str, Source], contents: ContentsSource | None, compiled: Compiler, is_filled: bool
) -> Callable[[Decoded], MappedEvent]:
    """`is_filled`: whether names that are not among the parameters map to themselves."""
    event, event_time, event_id, limited_data_use = (_top(name, parameters, compiled, is_filled) for name in TOP_FIELDS)
    user, page, properties = (_part(group, parameters, compiled, is_filled) for group in _GROUPS)
    sources = [*parameters.values(), *(contents.fields.values() if contents else ())]
    has_minor_units = any(map(_has_minor_units, sources))
    products = (
        _mapped_contents(contents, compiled) if contents is not None else _own_contents if is_filled else _nothing
    )

    def read(decoded: Decoded) -> MappedEvent:
        return MappedEvent(
            decoded,
            event(decoded),
            event_time(decoded),
            event_id(decoded),
            limited_data_use(decoded),
            user(decoded),
            page(decoded),
            properties(decoded),
            products(decoded),
            has_minor_units,
        )

    return read


def _top(name: str, parameters: Mapping[str, Source], compiled: Compiler, is_filled: bool) -> Getter:
    if name in parameters:
        return compiled(name, parameters[name])
    return compile_plain(PathSource((name,))) if is_filled else _nothing


def _compiler(placeholders: frozenset[str]) -> Compiler:
    """Units are of times and amounts, regions of phone numbers; elsewhere `$timestamp` is a plain number."""

    def is_nothing(value: object) -> bool:
        if not isinstance(value, str):
            return False
        text = trimmed(value)
        return not text or is_placeholder(text) or is_among(text, placeholders)

    def compiled(parameter: str, source: Source) -> Getter:
        form = _form(parameter)
        compile_one = compile_source if form in _WITH_OPTIONS else compile_plain
        getter = compile_one(source, is_nothing) if form in _IDENTIFYING else compile_one(source)
        return placed(parameter, source, getter)

    return compiled


def _form(parameter: str) -> Form:
    return PARAMETERS[OLDER_NAMES.get(parameter, parameter)].form


def _nothing(_: Decoded) -> None:
    return None


def _part(group: str, parameters: Mapping[str, Source], compiled: Compiler, is_filled: bool) -> Part:
    """What the rule maps, over what maps to itself."""
    prefix = f"{group}."
    sources = {name.removeprefix(prefix): source for name, source in parameters.items() if name.startswith(prefix)}
    mapped = _mapped(sources, lambda name, source: compiled(prefix + name, source))
    own = _own(group, _GROUPS[group] - sources.keys())
    if group == "properties":
        mapped, own = _with_newer_names(mapped) if _OLDER.keys() & sources else mapped, _with_newer_names(own)
    if not is_filled:
        return mapped
    return (lambda decoded: own(decoded) | mapped(decoded)) if sources else own


def _mapped(sources: Mapping[str, Source], compiled: Compiler) -> Part:
    """Fields side by side are taken in one go, at a fifth of the cost of a getter each; the others after them."""
    names = _names(sources)
    pairs = [(name, compiled(name, source)) for name, source in sources.items() if name not in names]
    present = _present(names)
    if not pairs:
        return lambda decoded: present(decoded.fields)

    def read(decoded: Decoded) -> dict[str, Any]:
        found = present(decoded.fields)
        for name, get in pairs:
            value = get(decoded)
            if value is not None:
                found[name] = value
        return found

    return read


def _own(group: str, names: frozenset[str]) -> Part:
    def read(decoded: Decoded) -> dict[str, Any]:
        inner = decoded.fields.get(group)
        if not isinstance(inner, dict):
            return {}
        return {name: value for name, value in inner.items() if value is not None and name in names}

    return read


def _with_newer_names(properties: Part) -> Part:
    """`query` is an older name (docs/tiktok.md §1). What the rule maps stays above what maps to itself."""

    def read(decoded: Decoded) -> dict[str, Any]:
        found = properties(decoded)
        for older, newer in _OLDER.items():
            if older in found:
                value = found.pop(older)
                found.setdefault(newer, value)
        return found

    return read


def _mapped_contents(contents: ContentsSource, compiled: Compiler) -> Getter:
    def of_product(name: str, source: Source) -> Getter:
        return compiled(f"properties.contents.{name}", source)

    if contents.each is not None:
        items_of = placed("properties.contents.each", contents.each, compile_plain(contents.each))
        return _each(items_of, _item_reader(contents.fields, of_product))
    product = _mapped(contents.fields, of_product)
    return lambda decoded: (found,) if (found := product(decoded)) else None


def _each(items_of: Getter, read: Callable[[Decoded, dict[str, Any]], dict[str, Any]]) -> Getter:
    """What is no list, and items that are no records, are handed on as they are: `normalize` notes them."""

    def products(decoded: Decoded) -> Any:
        items = items_of(decoded)
        if not isinstance(items, _LISTS) or len(items) > _MOST_ITEMS:
            return items
        return tuple([read(decoded, item) if isinstance(item, dict) else item for item in items]) or None

    return products


def _item_reader(
    fields: Mapping[str, Source], compiled: Compiler
) -> Callable[[Decoded, dict[str, Any]], dict[str, Any]]:
    """Reads one item of the list."""
    names = _names(fields)
    if len(names) == len(fields):
        present = _present(names)
        return lambda _, item: present(item)
    read = _mapped(fields, compiled)
    return lambda decoded, item: read(Decoded(decoded.record, item, decoded.is_shipped, decoded.schema, decoded.key))


def _names(sources: Mapping[str, Source]) -> dict[str, str]:
    """Parameter → field, of the sources that are names of fields, as nearly all are of a flat schema."""
    paths = [(name, source.steps) for name, source in sources.items() if isinstance(source, PathSource)]
    return {name: steps[0] for name, steps in paths if len(steps) == 1 and isinstance(steps[0], str)}


def _present(names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Reads the fields that are there, under the parameters' names."""

    def each(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, key in names.items() if (value := fields.get(key)) is not None}

    straight = _straight(names)

    def present(fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return straight(fields)
        except KeyError:  # another schema's record, or an item that lacks some
            return each(fields)

    return present


def _straight(names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """As `each` above, where no field is missing: written out, a line a field, at half the cost of a loop over them."""
    lines = [f" if (value := fields[{key!r}]) is not None: found[{name!r}] = value" for name, key in names.items()]
    known: dict[str, Any] = {}
    exec("\n".join(("def straight(fields):", " found = {}", *lines, " return found")), known)  # noqa: S102  # of the configuration's words only names, as literals
    straight: Callable[[Mapping[str, Any]], dict[str, Any]] = known["straight"]
    return straight


def _own_contents(decoded: Decoded) -> Any:
    """The list of records under `properties.contents`; where it is absent or empty, the product next to it."""
    inner = decoded.fields.get("properties")
    if not isinstance(inner, dict):
        return None
    items = inner.get("contents")
    if items is None or items == []:
        product = {name: value for name in CONTENT_FIELDS if (value := inner.get(name)) is not None}
        return (product,) if product else None
    if not isinstance(items, list) or len(items) > _MOST_ITEMS:
        return items
    return tuple([_own_item(item) if isinstance(item, dict) else item for item in items])


def _own_item(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not None and name in _CONTENT_NAMES}
