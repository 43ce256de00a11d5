"""What a build says on stderr while it works."""

from __future__ import annotations

import sys
import time
from typing import TextIO

# On a terminal the line is renewed; in a log a line is written for each such share of a phase.
LOGGED_SHARE = 0.25


class Progress:
    """Phases, each with a counter. Write to a terminal, to a log, or nowhere (stream None)."""

    def __init__(self, stream: TextIO | None = sys.stderr) -> None:
        self._stream = stream
        self._is_terminal = stream is not None and stream.isatty()
        self._started = time.monotonic()
        self._phase = ""
        self._logged_share = 0.0
        self._last_drawn = 0.0
        self._is_line_open = False

    @property
    def seconds(self) -> float:
        """Seconds since the build began."""
        return time.monotonic() - self._started

    def phase(self, name: str) -> None:
        """Begin a phase."""
        self.end()
        self._phase = name
        self._logged_share = 0.0
        self._write(name)

    def count(self, share: float, detail: str = "") -> None:
        """Report the share of the phase that is done, 0 to 1."""
        text = f"{self._phase}: {detail or f'{share:.0%}'}"
        if self._is_terminal:
            if self.seconds - self._last_drawn > 0.1 or share >= 1:
                self._last_drawn = self.seconds
                self._write(text)
        elif share >= self._logged_share + LOGGED_SHARE:
            self._logged_share = share
            self._write(text)

    def count_of(self, done: int, total: int, name: str) -> None:
        """Report that so many parts of the phase are done, and which the last one is."""
        self.count(done / total, f"{done}/{total} {name}")

    def note(self, text: str) -> None:
        """Say something in a line of its own."""
        self.end()
        self._write(text)
        self.end()

    def end(self) -> None:
        """Close the line that is being renewed."""
        if self._is_line_open:
            self._is_line_open = False
            print(file=self._stream, flush=True)

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        line = f"[{self.seconds:5.1f} s] {text}"
        if self._is_terminal:
            print(f"\r\033[K{line}", end="", file=self._stream, flush=True)
            self._is_line_open = True
        else:
            print(line, file=self._stream, flush=True)
