"""Avro values as producers write them: Confluent's framing around fastavro's encoding."""

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer
from fastavro.types import Schema


def framed(schema_id: int, schema: Schema, fields: Mapping[str, Any]) -> bytes:
    """Magic byte 0, the schema's id in the registry (four bytes, most significant first), and the Avro value."""
    return struct.pack(">bI", 0, schema_id) + encoded(schema, fields)


def encoded(schema: Schema, fields: Mapping[str, Any]) -> bytes:
    """The bare Avro value. Fields that the schema lacks are left out, so that one dict suits two versions.

    `schema` is parsed again each time, unless fastavro's `parse_schema` was called for it.
    """
    buffer = BytesIO()
    schemaless_writer(buffer, schema, fields)
    return buffer.getvalue()
