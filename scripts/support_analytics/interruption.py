"""Ctrl-C and termination, also where a library swallows the exception that they raise."""

from __future__ import annotations

import signal

_received: list[int] = []
_is_settled = False


def listen() -> None:
    """Raise KeyboardInterrupt on Ctrl-C and on termination, and remember them."""
    global _is_settled
    _is_settled = False
    _received.clear()
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def settle() -> None:
    """Leave signals unheard from here on: the outputs are published, only clean-up is left."""
    global _is_settled
    _is_settled = True


def received() -> int | None:
    """The first signal since `listen`, if any."""
    return _received[0] if _received else None


def check() -> None:
    """Raise KeyboardInterrupt if a signal came."""
    if _received:
        raise KeyboardInterrupt


def _stop(number: int, _: object) -> None:
    if _is_settled:
        return
    _received.append(number)
    raise KeyboardInterrupt
