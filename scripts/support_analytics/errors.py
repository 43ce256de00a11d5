"""Errors that a person is meant to read: one line each, never a traceback."""

from __future__ import annotations

import argparse

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
