"""A source in words, as the configuration writes it."""

from consumer.core.rules.source import Call, Changed, Const, FirstOf, KafkaPart, Path, Source, format_path


def described(source: Source) -> str:
    """`customer.email`, `a, else b`, `"Purchase" (fixed)`, `customer.phone (trim, region US)`."""
    match source:
        case Path() | KafkaPart():
            return format_path(source)
        case Const(value):
            return f'"{value}" (fixed)' if isinstance(value, str) else f"{value} (fixed)"
        case FirstOf(sources):
            return ", else ".join(map(described, sources))
        case Call(target):
            return f"call {target}"
        case Changed(inner):
            options = ", ".join(_options(source))
            return f"{described(inner)} ({options})" if options else described(inner)


def _options(source: Changed) -> list[str]:
    return [
        *(["trim"] if source.trim else []),
        *(["lower"] if source.lower else []),
        *(["values"] if source.values is not None else []),
        *([f"default {source.default}"] if source.default is not None else []),
        *([f"unit {source.unit}"] if source.unit else []),
        *([f"region {source.region}"] if source.region else []),
    ]
