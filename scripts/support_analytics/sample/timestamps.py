"""Instants as the text of an export."""

import random
from datetime import UTC, date, datetime, timedelta

ODD_TIMESTAMP_SHARE = 0.03

_TWO = [f"{i:02d}" for i in range(60)]
_DAY = 86400


class TimestampWriter:
    """Instants as text, mostly ``YYYY-MM-DD HH:MM:SS``, a few in the other accepted forms."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"timestamps-{seed}").random
        self._days: dict[int, str] = {}

    def text(self, instant: int, may_drop_seconds: bool) -> str:
        """The instant as a timestamp; without its seconds only where that may be."""
        if self._random() < ODD_TIMESTAMP_SHARE:
            return self._odd(instant, may_drop_seconds)
        day, second = divmod(instant, _DAY)
        label = self._days.get(day)
        if label is None:
            label = self._days[day] = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
        minute, second = divmod(second, 60)
        hour, minute = divmod(minute, 60)
        return f"{label} {_TWO[hour]}:{_TWO[minute]}:{_TWO[second]}"

    def _odd(self, instant: int, may_drop_seconds: bool) -> str:
        moment = datetime.fromtimestamp(instant, UTC)
        form = int(self._random() * (7 if may_drop_seconds else 6))
        if form == 0:
            return f"{moment:%Y-%m-%dT%H:%M:%S}"
        if form == 1:
            return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        if form == 2:
            return f"{moment - timedelta(hours=3):%Y-%m-%dT%H:%M:%S}-03:00"
        if form == 3:
            return f"{moment + timedelta(hours=2):%Y-%m-%d %H:%M:%S}+02:00"
        if form == 4:
            return f"{moment:%Y-%m-%d %H:%M:%S}.{int(self._random() * 1000):03d}"
        if form == 5:
            return f"{moment - timedelta(hours=6):%Y-%m-%d %H:%M:%S}-06"
        return f"{moment:%Y-%m-%d %H:%M}"
