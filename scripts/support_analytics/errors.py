"""Errors that a person is meant to read: one line each, never a traceback."""

from __future__ import annotations

import argparse
import sys

MESSAGE_LENGTH = 600


class SupportAnalyticsError(Exception):
    """Base of the errors below. `str(error)` is one line; `exit_code` is the command's."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class UserError(SupportAnalyticsError):
    """Something the user can put right: a file, a value, an option. The message says how."""

    exit_code = 2


class BuildError(SupportAnalyticsError):
    """The build itself failed: a model, a data test, or dbt."""

    exit_code = 1


def reported(error: BaseException) -> int:
    """Print what went wrong as one line on stderr; returns the command's exit code."""
    message, code = explained(error)
    print(f"error: {one_line(message)}", file=sys.stderr)
    return code


def explained(error: BaseException) -> tuple[str, int]:
    """An error's line and exit code: 2 for what the user can put right, 130 for Ctrl-C, else 1."""
    if isinstance(error, SupportAnalyticsError):
        return str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", 130
    if isinstance(error, ModuleNotFoundError):
        return f"Python module {error.name} is missing: install the Python requirements first", 1
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}", 1
    return f"{type(error).__name__}: {error}", 1


def positive(text: str) -> int:
    """The whole number from 1 that an option was given. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return int(text)


def one_line(text: str, limit: int = MESSAGE_LENGTH) -> str:
    """Return text with whitespace runs as single blanks, cut to limit characters.

    Control characters, which a terminal would obey, become question marks.
    """
    line = "".join(
        character if character.isprintable() else "?" for character in " ".join(text.split())
    )
    return line if len(line) <= limit else line[: limit - 1] + "…"
