"""Open input files as bytes: found by path or pattern, hashed, unpacked, told apart by content."""

from __future__ import annotations

import contextlib
import glob
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from support_analytics.errors import UserError

PEEKED_BYTES = 1 << 16
ENCODINGS = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "iso-8859-2", "iso-8859-15"),
    *("cp1250", "cp1251", "cp1252", "cp1254", "cp850", "mac-roman"),
    *("shift-jis", "gb18030", "big5", "euc-kr"),
)
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password; save it as plain .xlsx",
    b"%PDF": "a PDF document; export the tickets as CSV",
    b"<!DO": "a web page, not an export; the download may have ended on a login page",
    b"<htm": "a web page, not an export; the download may have ended on a login page",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zX": "an xz file; unpack it first",
    b"\x28\xb5\x2f\xfd": "a Zstandard file; unpack it first",
}
# What a text file's first bytes say, and the encodings that they go with.
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_GLOB_MARKS = "*?["


@dataclass(frozen=True)
class Reading:
    """How to read the user's files, where their content does not say it.

    encoding is one of ENCODINGS; None: UTF-8, or UTF-16 where a byte order mark says so. sheet is
    the name of an Excel sheet; None: the first.
    """

    encoding: str | None = None
    sheet: str | None = None


@dataclass
class OpenedSource:
    """A file's bytes, unpacked. kind is text, parquet or zip."""

    path: Path
    kind: str
    start: bytes
    is_packed: bool
    stream: io.BufferedReader
    raw: HashingSource = field(repr=False)

    def close(self) -> None:
        """Close the file."""
        self.stream.close()
        self.raw.close()


def expand(pattern: str | Path) -> list[Path]:
    """The files that a path or a glob pattern names, patterns in the order of their names.

    A path that exists is never a pattern. Raises UserError where a pattern matches nothing.
    """
    path = Path(pattern)
    if not any(mark in str(pattern) for mark in _GLOB_MARKS) or path.exists():
        return [path]
    names = glob.glob(str(pattern), recursive=True)  # noqa: PTH207 (takes absolute patterns)
    found = sorted(Path(name) for name in names)
    files = [path for path in found if path.is_file()]
    if not files:
        raise UserError(f"no file matches {pattern}")
    return files


def check_encoding(name: str) -> str:
    """The encoding's name as ENCODINGS has it. Raises UserError for another."""
    plain = name.strip().lower().replace("_", "-")
    aliases = {"utf8": "utf-8", "utf16": "utf-16", "latin1": "latin-1", "iso-8859-1": "latin-1"}
    aliases |= {"windows-1252": "cp1252", "utf-8-sig": "utf-8"}
    plain = aliases.get(plain, plain)
    if plain not in ENCODINGS:
        raise UserError(f"--encoding '{name}' is unknown; known are {', '.join(ENCODINGS)}")
    return plain


def open_source(path: Path) -> OpenedSource:
    """Open path, unpack gzip, and tell what it is by its first bytes.

    Raises UserError where it is missing, a folder, unreadable, empty, or of a kind that cannot be
    read. Reading on raises UserError where a gzip file is cut off or damaged.
    """
    raw = HashingSource(_open(path))
    try:
        start = raw.peek()
        stream: io.BufferedReader
        is_packed = start.startswith(b"\x1f\x8b")
        if is_packed:
            stream = io.BufferedReader(_Unpacked(path, raw), 1 << 20)
            start = stream.peek(PEEKED_BYTES)
        else:
            stream = io.BufferedReader(raw, 1 << 20)
        return OpenedSource(path, _kind(path, start), start, is_packed, stream, raw)
    except BaseException:
        raw.close()
        raise


def text_encoding(opened: OpenedSource, encoding: str | None) -> str:
    """The codec of a text file, byte order marks taken into account. Raises UserError."""
    start = opened.start
    for mark, name in _MARKS:
        if encoding and start.startswith(mark) and not encoding.startswith(name):
            raise UserError(
                f"{opened.path} starts with the byte order mark of {name.upper()}; "
                f"leave out --encoding {encoding}"
            )
    if encoding in (None, "utf-8"):
        if start.startswith((b"\xff\xfe", b"\xfe\xff")) and encoding is None:
            return "utf-16"
        if start[:400].count(0) > len(start[:400]) / 4:
            raise UserError(
                f"{opened.path} looks like UTF-16 text without a byte order mark; "
                "give --encoding utf-16-le"
            )
        return "utf-8-sig"
    return encoding


@contextlib.contextmanager
def decoding_errors(path: Path, encoding: str) -> Iterator[None]:
    """Turn bytes that are no text into a UserError that names their line."""
    try:
        yield
    except UnicodeError:
        raise _not_text(path, encoding) from None


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_files(folder: Path, paths: Iterable[Path], start: bytes = b"") -> str:
    """Hexadecimal SHA-256 of files below folder, their names included, and of what start says."""
    digest = hashlib.sha256(start)
    for path in sorted(paths):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


class HashingSource(io.RawIOBase):
    """The file's bytes, counted and hashed as they pass."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = b""
        self.count = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def peek(self, size: int = PEEKED_BYTES) -> bytes:
        """The first bytes, which later reads deliver again."""
        while len(self._start) < size and (more := self._file.read(size - len(self._start))):
            self._start += more
        return self._start

    def readinto(self, buffer: memoryview) -> int:
        if self._start:
            piece, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
            buffer[: len(piece)] = piece
            length = len(piece)
        else:
            length = self._file.readinto(buffer)
        self.count += length
        self.digest.update(buffer[:length])
        return length

    def close(self) -> None:
        self._file.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """The content of a gzip file; a file that is cut off or damaged is a UserError."""

    def __init__(self, path: Path, packed: HashingSource) -> None:
        self._path = path
        self._content = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        try:
            return self._content.readinto(buffer)
        except EOFError:
            raise UserError(
                f"{self._path} is cut off: the gzip file ends too early; fetch it again"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UserError(
                f"{self._path} is a damaged gzip file ({error}); fetch it again"
            ) from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            if path.is_dir():
                raise UserError(f"{path} is a folder; give the file in it") from None
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read: {reason}") from None


def _kind(path: Path, start: bytes) -> str:
    if not start:
        raise UserError(f"{path} is empty; a header line was expected")
    for signature, advice in _REFUSED.items():
        if start.startswith(signature):
            raise UserError(f"{path} is {advice}")
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "text"


def _not_text(path: Path, encoding: str) -> UserError:
    name = "UTF-8" if encoding == "utf-8-sig" else encoding
    advice = (
        "give its --encoding, such as latin-1 or cp1252, or save the file as 'CSV UTF-8'"
        if encoding == "utf-8-sig"
        else "give another --encoding"
    )
    if not encoding.startswith("utf-16"):
        opened = open_source(path)
        with contextlib.closing(opened):
            for number, line in enumerate(opened.stream, start=1):
                try:
                    line.decode(encoding)
                except UnicodeDecodeError as error:
                    return UserError(
                        f"{path}: line {number} is not {name} text "
                        f"(byte 0x{line[error.start]:02x} at position {error.start + 1}); {advice}"
                    )
    return UserError(f"{path} is not {name} text; {advice}")


def refuse_same_file(paths: Mapping[str, Path | None]) -> None:
    """Raise UserError where two of the paths, each by its option's name, are one file.

    None is no path. Links are followed. The message asks for another of the later option.
    """
    given = [(option, path) for option, path in paths.items() if path is not None]
    for place, (option, path) in enumerate(given):
        for other_option, other in given[:place]:
            if _is_same_file(path, other):
                raise UserError(
                    f"{other_option} and {option} are the same file, {path}; give another {option}"
                )


def _is_same_file(path: Path, other: Path) -> bool:
    # What cannot be looked up is for whoever opens it to refuse.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        if path.exists() and other.exists():
            return path.samefile(other)
        return path.resolve() == other.resolve()
    return False


def shown_paths(paths: Sequence[Path]) -> str:
    """One path, or the first and how many follow."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
