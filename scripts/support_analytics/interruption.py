"""Ctrl-C and termination, also where a library swallows the exception that they raise."""

from __future__ import annotations

import signal

_received: list[int] = []


def listen() -> None:
    """Raise KeyboardInterrupt on Ctrl-C and on termination, and remember them."""
    _received.clear()
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def received() -> int | None:
    """The first signal since `listen`, if any."""
    return _received[0] if _received else None


def check() -> None:
    """Raise KeyboardInterrupt if a signal came."""
    if _received:
        raise KeyboardInterrupt


def _stop(number: int, _: object) -> None:
    _received.append(number)
    raise KeyboardInterrupt
