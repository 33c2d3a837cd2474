"""Which parts of a record the rules read, so that decoding skips the rest. Part of `rules`.

A source that may read anything (a user's function) selects everything: in doubt, more is read, never less.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Union

from msgspec import Struct, structs

from consumer.core.rules.source import (
    AllOf,
    AnyOf,
    CelSource,
    Comparison,
    ConstSource,
    ContentsSource,
    FirstOf,
    KafkaPart,
    Not,
    PathSource,
    Rule,
    TransformedSource,
)
from consumer.core.tiktok_event import (
    CONTENT_FIELDS,
    OLDER_NAMES,
    PAGE_FIELDS,
    PROPERTY_FIELDS,
    TOP_FIELDS,
    USER_FIELDS,
)

_ITEM: Final = 0
"""Stands for every item of a list: which of them a path names makes no difference here."""
_Steps = tuple[str | int, ...]
_Tree = dict[str | int, Union["_Tree", None]]  # None: everything beneath
_EVERYTHING_READ: Final[_Steps] = ()


class ReadSelection(Struct, frozen=True):
    """What is read of a value: all of it, or of a record and a map these names, and of a list's items `items`."""

    is_whole: bool = False
    names: tuple[tuple[str, "ReadSelection"], ...] = ()
    items: Union["ReadSelection", None] = None

    def of(self, name: str) -> Union["ReadSelection", None]:
        """What is read of a record's field; None if nothing. Of a record that should be a list, everything."""
        return EVERYTHING if self.is_whole or self.items is not None else dict(self.names).get(name)

    @property
    def of_items(self) -> "ReadSelection":
        """What is read of each item of a list."""
        return self.items or EVERYTHING

    @property
    def of_values(self) -> "ReadSelection":
        """What is read of each value of a map: all, since any may be asked for."""
        return EVERYTHING


EVERYTHING: Final = ReadSelection(is_whole=True)


class ReadPaths(Struct, frozen=True):
    """What rules read of a record."""

    of_shipped: ReadSelection = EVERYTHING
    """Of a record of the shipped schema, whose names map to themselves."""
    of_others: ReadSelection = EVERYTHING
    is_key_read: bool = False
    """Whether any rule asks for the record's key."""


def read_paths(rules: Iterable[Rule]) -> ReadPaths:
    """What these rules read."""
    ruled = tuple(rules)
    return ReadPaths(_selection(ruled, is_shipped=True), _selection(ruled, is_shipped=False), _is_key_in(ruled))


def _selection(rules: Iterable[Rule], *, is_shipped: bool) -> ReadSelection:
    tree: _Tree = {}
    for rule in rules:
        for steps in _steps_of(rule, is_shipped=is_shipped):
            if steps == _EVERYTHING_READ:
                return EVERYTHING
            _add(tree, steps)
    return _frozen(tree)


def _is_key_in(part: object) -> bool:
    """Whether the key is read by any source in this; an expression that has the word may mean it."""
    if isinstance(part, KafkaPart):
        return part.part == "key"
    if isinstance(part, CelSource):
        return "key" in part.expression
    if isinstance(part, Mapping):
        return any(map(_is_key_in, part.values()))
    if isinstance(part, tuple):
        return any(map(_is_key_in, part))
    return isinstance(part, Struct) and any(map(_is_key_in, structs.astuple(part)))


def _steps_of(rule: Rule, *, is_shipped: bool) -> Iterator[_Steps]:
    yield from _steps_in(rule.when)
    yield from _steps_in(rule.pixel)
    yield from _steps_in(tuple((rule.parameters or {}).values()))
    if rule.contents is not None:
        yield from _steps_of_contents(rule.contents)
    if is_shipped or (rule.parameters is None and rule.contents is None):
        yield from _OWN_NAMES


def _steps_of_contents(contents: ContentsSource) -> Iterator[_Steps]:
    """Within `each`, paths begin at an item."""
    fields = [*_steps_in(tuple(contents.fields.values()))]
    if contents.each is None:
        yield from fields
        return
    for each in _steps_in(contents.each):
        if each == _EVERYTHING_READ:
            yield each
        yield from ((*each, _ITEM, *field) for field in (fields or [(_NO_FIELD,)]))


def _steps_in(part: object) -> Iterator[_Steps]:
    """The paths in a source or a condition."""
    if isinstance(part, PathSource):
        yield part.steps
    elif isinstance(part, tuple):
        for each in part:
            yield from _steps_in(each)
    elif isinstance(part, _MADE_OF_SOURCES):
        for each in structs.astuple(part):
            yield from _steps_in(each)
    elif isinstance(part, Struct) and not isinstance(part, _READ_NO_FIELD):
        yield _EVERYTHING_READ


_MADE_OF_SOURCES: Final = (FirstOf, TransformedSource, Comparison, AllOf, AnyOf, Not)
_READ_NO_FIELD: Final = (ConstSource, KafkaPart)
_NO_FIELD: Final = "\0"
"""No field's name: the item is there, and nothing of it is read."""
_OWN_NAMES: Final[tuple[_Steps, ...]] = (
    *((name,) for name in TOP_FIELDS),
    *(("user", name) for name in USER_FIELDS),
    *(("page", name) for name in PAGE_FIELDS),
    *(("properties", name) for name in (*PROPERTY_FIELDS, *CONTENT_FIELDS) if name != "contents"),
    *(tuple(name.split(".")) for name in OLDER_NAMES),
    *(("properties", "contents", _ITEM, name) for name in CONTENT_FIELDS),
)


def _add(tree: _Tree, steps: _Steps) -> None:
    *way, last = (_ITEM if isinstance(step, int) else step for step in steps)
    for step in way:
        inner = tree.setdefault(step, {})
        if inner is None:
            return  # everything beneath is read already
        tree = inner
    tree[last] = None


def _frozen(tree: Mapping[str | int, _Tree | None] | None) -> ReadSelection:
    if tree is None:
        return EVERYTHING
    names = sorted((name, _frozen(inner)) for name, inner in tree.items() if isinstance(name, str))
    return ReadSelection(names=tuple(names), items=_frozen(tree[_ITEM]) if _ITEM in tree else None)
