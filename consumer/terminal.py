"""What may be printed to a terminal: text of records, schemas and libraries holds nothing that could steer one."""


def printable(text: str, *, is_multiline: bool = False) -> str:
    """Text with escapes instead of control characters (C0, C1), bidirectional marks, line separators and what has no
    shape: they would move the cursor, rewrite what stands above, or show another order than there is.

    Args:
        is_multiline: line ends stay.
    """
    if text.isprintable():
        return text
    kept = "\n" if is_multiline else ""
    return "".join(one if one.isprintable() or one in kept else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
