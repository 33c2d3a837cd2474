"""The text of the file → plain values: YAML 1.2, duplicate keys refused, `${NAME}` replaced, lines remembered."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from consumer.config.problems import Place, Problems
from consumer.core.errors import ConfigError

_VARIABLE: Final = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{)[^}])*))?\})?")
"""`$${`, a variable with or without a default, or a `${` that is neither."""
_MISSPELT: Final = (
    "holds `${` that begins no variable; write ${NAME} or ${NAME:-default}, NAME in letters, digits and _, "
    "and $${ where ${ itself is meant"
)
_FROM_THE_FILE: Final = re.compile(
    r"""(?:,?\ but\ (?:found|got)|(\b(?:alias|handle|character)))\ (?!'\\t')(['"]).*\2 | (?<=byte)\ 0x\w\w""",
    re.DOTALL | re.VERBOSE,
)
"""What the YAML library's messages quote: it may be part of a secret that lacks its quotes. A tab is none."""
_SYNTAX: Final = (
    "fix the syntax there: text with signs of YAML's own, such as * & ! % @ : # { } [ ], needs quotes, "
    "single ones if it holds \\"
)
_BEYOND_UNICODE: Final = re.compile(r"\\U(?!000|0010)")
MAX_NESTING: Final = 50
_HALF: Final = re.compile("[\ud800-\udfff]")
_HALVED: Final = "holds half a character; write it whole, as UTF-8"
_TAG: Final = "tag:yaml.org,2002:"


def read_document(text: str, environ: Mapping[str, str], problems: Problems) -> dict[str, object]:
    """The top mapping of the file; an empty file is an empty mapping.

    Faults that leave the rest readable (duplicate keys, unset variables) go to `problems`.

    Raises:
        ConfigError: not YAML, or no mapping: then nothing more can be said.
    """
    root = _compose(text)
    if root is None:
        return {}
    value = _Reader(environ, problems).read(root, ())
    if not isinstance(value, dict):
        raise ConfigError(["the file: must be a mapping of sections; start with `kafka:`"])
    return value


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # its warning shows both lines
    try:
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise ConfigError([_not_yaml(text, error)]) from None
    except (YAMLError, ValueError) as error:
        beyond = _BEYOND_UNICODE.search(text)
        position = error.position if isinstance(error, ReaderError) else beyond.start() if beyond else 0
        line = text.count("\n", 0, position) + 1
        remedy = "remove it, or save the file as plain UTF-8"
        raise ConfigError([f"line {line}: not YAML: a character that YAML forbids; {remedy}"]) from None
    except RecursionError:
        raise ConfigError(["the file: nested too deeply; no setting needs that"]) from None
    return root


def _not_yaml(text: str, error: MarkedYAMLError) -> str:
    mark = error.problem_mark
    line = mark.line + 1 if mark else 1
    is_variable = mark and text[mark.index - 1 : mark.index + 1] == "${"
    remedy = "put ${NAME} in quotes: within { } and [ ] it needs them" if is_variable else _SYNTAX
    problem = _FROM_THE_FILE.sub(r"\1", error.problem or "")
    return f"line {line}: not YAML: {problem}; {remedy}"


class _Reader:
    """Walks the nodes once. Timestamps and merge keys are not YAML 1.2, so they are text and an error."""

    def __init__(self, environ: Mapping[str, str], problems: Problems) -> None:
        self._environ = environ
        self._problems = problems
        self._open: list[Node] = []

    def read(self, node: Node, place: Place) -> object:
        self._problems.lines.setdefault(place, node.start_mark.line + 1)
        if any(node is outer for outer in self._open):
            self._problems.settle(place, "contains itself by an alias; write it out")
            return None
        if len(self._open) >= MAX_NESTING:
            self._problems.settle(place, f"nested more than {MAX_NESTING} deep; no setting needs that")
            return None
        self._open.append(node)
        try:
            return self._value(node, place)
        finally:
            self._open.pop()

    def _value(self, node: Node, place: Place) -> object:
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._scalar(str(node.tag).removeprefix(_TAG), self._text(str(node.value), place), place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, value_node, place)
            if key is None:
                continue
            inner = (*place, key)
            if key in found:
                line = key_node.start_mark.line + 1
                self._problems.settle(inner, f"written twice, again in line {line}; keep one")
                continue
            found[key] = self.read(value_node, inner)
        return found

    def _key(self, node: Node, value: Node, place: Place) -> str | None:
        """None, and told, where it is no text or has no value: then it may be the rest of a text with a comma."""
        fault = None
        if not isinstance(node, ScalarNode):
            fault = "a key must be text; write `name: value`"
        elif value.start_mark.index == node.end_mark.index:
            fault = "a key without a value; write `name: value`, and put text with a comma in quotes"
        key = "?" if fault else _HALF.sub("?", str(node.value))
        inner = (*place, key)
        self._problems.lines.setdefault(inner, node.start_mark.line + 1)
        if fault:
            self._problems.settle(inner, fault)
            return None
        if str(node.tag) == f"{_TAG}merge":
            self._problems.settle(inner, "merge keys are not YAML 1.2; write the keys out")
        if _HALF.search(str(node.value)):
            self._problems.add(inner, _HALVED)
        return key

    def _text(self, text: str, place: Place) -> str:
        r"""Without halves of characters, which `"\ud800"` makes and cannot be printed."""
        if _HALF.search(text):
            self._problems.settle(place, _HALVED)
        return _HALF.sub("?", text)

    def _scalar(self, kind: str, text: str, place: Place) -> object:
        if kind in ("str", "timestamp"):
            return self._replaced(text, place)
        try:
            return _SCALARS[kind](text)
        except (KeyError, ValueError):
            self._problems.settle(place, "neither text, number, true, false nor null; put text in quotes")
            return None

    def _replaced(self, text: str, place: Place) -> str:
        if "${" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            name, default = match.group(1), match.group(2)
            if match.group() == "$${":
                return "${"
            if name is None:
                self._problems.settle(place, _MISSPELT)
                return ""
            found = self._environ.get(name) or default
            if found is None and name not in self._environ:
                self._problems.settle(
                    place, f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}"
                )
            return found or ""

        return _VARIABLE.sub(value, text)


def _whole(text: str) -> int:
    return int(text, 0) if text.lstrip("+-")[:2] in ("0x", "0o") else int(text)


def _fraction(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: Final[Mapping[str, Callable[[str], object]]] = {
    "int": _whole,
    "float": _fraction,
    # Only these: a file that says it is YAML 1.1 would make truth of `yes`.
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "null": lambda _: None,
}
