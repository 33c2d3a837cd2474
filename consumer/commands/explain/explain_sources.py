"""A source in words, as the configuration writes it."""

from typing import Any

from consumer.core.model import Decoded
from consumer.core.rules.getters import compile_plain
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
    format_path,
)


def described(source: Source) -> str:
    """`customer.email`, `a, else b`, `"Purchase" (fixed)`, `customer.phone (trim, region US)`."""
    match source:
        case PathSource() | KafkaPart():
            return format_path(source)
        case ConstSource(value):
            return f'"{value}" (fixed)' if isinstance(value, str) else f"{value} (fixed)"
        case FirstOf(sources):
            return ", else ".join(map(described, sources))
        case CallSource(target):
            return f"call {target}"
        case CelSource(expression):
            return f"cel {expression}"
        case TransformedSource(inner):
            options = ", ".join(_options(source))
            return f"{described(inner)} ({options})" if options else described(inner)


def unlisted(source: Source, decoded: Decoded) -> Any:
    """The value for which a source gives nothing since its `values` do not list it; None where that is not why."""
    if isinstance(source, FirstOf):
        return next((found for each in source.sources if (found := unlisted(each, decoded)) is not None), None)
    if not isinstance(source, TransformedSource) or compile_plain(source)(decoded) is not None:
        return None
    if source.values is None:
        return unlisted(source.source, decoded)
    return compile_plain(TransformedSource(source.source, trim=source.trim, lower=source.lower))(decoded)


def _options(source: TransformedSource) -> list[str]:
    return [
        *(["trim"] if source.trim else []),
        *(["lower"] if source.lower else []),
        *(["values"] if source.values is not None else []),
        *([f"default {source.default}"] if source.default is not None else []),
        *([f"unit {source.unit}"] if source.unit else []),
        *([f"scale {source.scale}"] if source.scale is not None else []),
        *([f"region {_region(source.region)}"] if source.region is not None else []),
    ]


def _region(region: str | Source) -> str:
    return region if isinstance(region, str) else f"of {described(region)}"
