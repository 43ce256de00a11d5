"""Records of JSON lines: one object a line, nested objects as `outer.inner`, lists as JSON text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support_analytics.errors import UserError
from support_analytics.sources import OpenedSource, decoding_errors, open_source, text_encoding

RECORD_CHARACTERS = 16 * 1024 * 1024
# Deeper objects stay JSON text.
_DEPTH = 8


class JsonRecords:
    """The keys of all objects as the header, and the objects as records.

    A line that is no JSON object, or names a key twice, is a malformed record. The file is read
    twice: keys may come late. Raises UserError where no line is an object.
    """

    sheets = ()

    def __init__(self, opened: OpenedSource, encoding: str | None) -> None:
        path = opened.path
        self._codec = text_encoding(opened, encoding)
        _refuse_whole_documents(path, opened.start.decode(self._codec, "replace"))
        names: dict[str, None] = {}
        for _, line in _lines(opened, self._codec):
            if (values := _object(line)) is not None:
                names |= dict.fromkeys(values)
        opened.close()
        if not names:
            raise UserError(f"{path} has no JSON object; one a line was expected")
        self.header = list(names)
        self.last_line = 0
        self._opened = open_source(path)

    @property
    def bytes_read(self) -> int:
        """Bytes of the file taken so far."""
        return self._opened.raw.count

    def sha256(self) -> str:
        """Of the bytes taken so far."""
        return self._opened.raw.digest.hexdigest()

    def __iter__(self) -> Iterator[tuple[int, list[str], str | None, int]]:
        empty = [""] * len(self.header)
        for number, line in _lines(self._opened, self._codec):
            self.last_line = number
            if not line.strip():
                continue
            values = _object(line)
            if values is None:
                yield number, empty, line.rstrip("\r\n"), len(line)
            else:
                fields = [values.get(name, "") for name in self.header]
                yield number, fields, None, len(line)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()


def looks_like_json(start: bytes) -> bool:
    """Whether a text file's first bytes begin an object or a list."""
    plain = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lstrip()
    return plain.startswith((b'{"', b"{ ", b"{\n", b"{\r", b"{}", b"[{", b"[\n", b"[\r", b"[ {"))


def _refuse_whole_documents(path: Path, start: str) -> None:
    first = start.lstrip("\ufeff \t\r\n").split("\n", 1)[0].strip()
    if first.startswith("["):
        raise UserError(
            f"{path} is one JSON list; write one object a line (jq -c '.[]' does)"
        ) from None
    if first == "{":
        raise UserError(
            f"{path} is one JSON document over many lines; write one object a line (jq -c does)"
        )


def _lines(opened: OpenedSource, codec: str) -> Iterator[tuple[int, str]]:
    text = io.TextIOWrapper(opened.stream, encoding=codec, newline="\n")
    number = 0
    while True:
        with decoding_errors(opened.path, codec):
            line = text.readline(RECORD_CHARACTERS)
        if not line:
            return
        number += 1
        if len(line) >= RECORD_CHARACTERS:
            raise UserError(
                f"{opened.path}: line {number} is longer than {RECORD_CHARACTERS // 1024**2} Mi "
                "characters; write one object a line"
            )
        yield number, line


def _object(line: str) -> dict[str, str] | None:
    """The object's values as text by flattened key; None where the line is not one object."""
    try:
        parsed = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_once
        )
        return _once(list(_flattened(parsed))) if isinstance(parsed, dict) else None
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice")
    return values


def _flattened(values: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _DEPTH:
            yield from _flattened(value, f"{name}.", depth + 1)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A lone surrogate, which JSON can name, is no text that a file could hold.
        return value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
