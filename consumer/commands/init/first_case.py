"""The first cases for `tiktok-consumer test`: a made-up record for each rule, in the configuration's folder."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from consumer.commands.cases import RECORD, write_case
from consumer.commands.init.draft import Draft
from consumer.commands.init.sample_record import sample_record
from consumer.commands.init.sample_values import MOMENT, SHIPPED_SAMPLE
from consumer.config import Settings, load
from consumer.config.checks.avro_paths import top
from consumer.core.decode.decoder import SHIPPED
from consumer.core.decode.schema import RECORDS, Schema
from consumer.core.rules.source import Rule

_VARIABLE: Final = re.compile(r"\$\{(\w+)")


def write_first_cases(config: Path, drafts: Sequence[Draft], schemas: Sequence[Schema], *, is_forced: bool) -> Path:
    """Write a case for each rule of a configuration that was just written; what is there already stays.

    Returns:
        The folder.

    Raises:
        InputError, OSError: it cannot be written.
    """
    settings = load(config, dict.fromkeys(_VARIABLE.findall(config.read_text("utf-8")), "made-up"))
    folder = config.parent / "cases"
    folder.mkdir(exist_ok=True)
    if settings.avro.registry is not None:
        _write_schemas(folder, schemas, is_forced=is_forced)
    for name, draft, rule in zip(_file_names(draft.record for draft in drafts), drafts, settings.rules, strict=True):
        path = folder / f"{name}{RECORD}"
        if is_forced or not path.exists():
            write_case(settings, path, _document(settings, draft, rule, schemas))
    return folder


def _write_schemas(folder: Path, schemas: Sequence[Schema], *, is_forced: bool) -> None:
    """What the registry holds, so that cases are read as it says also where no registry is."""
    for name, schema in zip(_file_names(schema.name or "types" for schema in schemas), schemas, strict=True):
        path = folder / f"{name}.avsc"
        if is_forced or not path.exists():
            path.write_text(json.dumps(_self_contained(schema), indent=2, ensure_ascii=False) + "\n", "utf-8")


def _self_contained(schema: Schema) -> object:
    """One document, in which each named type stands at its first use, also where the registry has a reference."""
    defined: set[str] = set()

    def placed(node: Any) -> Any:
        if isinstance(node, list):
            return [placed(branch) for branch in node]
        if isinstance(node, str):
            if node not in schema.named or node in defined:
                return node
            defined.add(node)
            return placed(schema.named[node])
        inner: dict[str, object] = {name: placed(node[name]) for name in ("items", "values") if name in node}
        if node["type"] in RECORDS:
            inner["fields"] = [{**field, "type": placed(field["type"])} for field in node["fields"]]
        return {**node, **inner}

    records = [placed(branch) for branch in schema.branches]
    return records if schema.is_union else records[0]


def _file_names(records: Iterable[str]) -> Iterator[str]:
    """The types' names in lowercase, numbered where two have the same in two namespaces."""
    seen: Counter[str] = Counter()
    for record in records:
        name = record.rpartition(".")[2].lower()
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}_{seen[name]}"


def _document(settings: Settings, draft: Draft, rule: Rule, schemas: Sequence[Schema]) -> dict[str, object]:
    """The record with Kafka's part: its time, so that the case comes out the same on every day, and its type.

    The type is named where the JSON alone does not say it: there are several, or their schemas are in the registry.
    """
    is_several = sum(len(top(schema)) for schema in schemas) > 1
    is_named = is_several or (draft.is_shipped and settings.avro.registry is not None)
    return {
        "$timestamp": MOMENT,
        **({"$schema": draft.record} if is_named else {}),
        "value": _value(draft, rule, schemas),
    }


def _value(draft: Draft, rule: Rule, schemas: Sequence[Schema]) -> object:
    if draft.record == SHIPPED:
        return SHIPPED_SAMPLE
    types = {each["name"]: (each, schema) for schema in schemas for each in top(schema)}
    return sample_record(rule, *types[draft.record])
