"""Ticket columns as one compressed block of typed arrays, for a page that reads them in a browser.

Layout before compression: length of the header (4 bytes, little-endian), the header (JSON, UTF-8),
then the arrays one behind the other. Numbers of several bytes are stored byte by byte (first all
lowest bytes, then all second ones): columns compress to about half of what rows of numbers would.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Type, by the name that page/data.js knows -> bytes of a number.
WIDTHS = {"uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "double": 8}
_SPLIT_ABOVE = 1
_LEVEL = 9


@dataclass(frozen=True)
class Column:
    """One typed array. values are little-endian; divide_by turns whole numbers into fractions."""

    name: str
    type_name: str
    values: bytes
    divide_by: int = 1


def pack(columns: Sequence[Column], facts: Mapping[str, Any]) -> bytes:
    """The block, compressed. The same columns and facts give the same bytes."""
    arrays = []
    for column in columns:
        width = WIDTHS[column.type_name]
        split = width > _SPLIT_ABOVE
        arrays.append(
            {
                "name": column.name,
                "type": column.type_name,
                "length": len(column.values) // width,
                "divide_by": column.divide_by,
                "split": split,
            }
        )
    header = json.dumps(
        {"arrays": arrays, "facts": facts}, ensure_ascii=False, separators=(",", ":")
    ).encode("utf-8")
    compressor = zlib.compressobj(_LEVEL)
    parts = [compressor.compress(len(header).to_bytes(4, "little") + header)]
    for column in columns:
        parts.append(compressor.compress(_split_bytes(column)))
    parts.append(compressor.flush())
    return b"".join(parts)


def to_base64(data: bytes) -> str:
    """Text that can stand in HTML as it is: letters, digits, +, / and =."""
    return base64.b64encode(data).decode("ascii")


def deflate(text: str) -> bytes:
    """UTF-8 text, compressed."""
    return zlib.compress(text.encode("utf-8"), _LEVEL)


def _split_bytes(column: Column) -> bytes:
    width = WIDTHS[column.type_name]
    if width <= _SPLIT_ABOVE:
        return column.values
    return b"".join(column.values[index::width] for index in range(width))
