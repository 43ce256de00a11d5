"""The creators: who they are, when they signed up, and how often they write to support."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

USER_COLUMNS = ("creator_id", "country", "plan", "signup_date")
UNKNOWN_CREATORS = 60  # creators with tickets and without a row among the users
UNKNOWN_CREATOR_SHARE = 0.02
EMPTY_CREATOR_SHARE = 0.01
SIGNUP_YEARS = 4

COUNTRY_WEIGHTS = {
    "BR": 54, "MX": 11, "ES": 7, "PT": 7, "US": 7, "AR": 4, "CO": 4, "CL": 2, "PE": 1, "FR": 1,
    "": 2,
}  # fmt: skip
PLAN_WEIGHTS = {"starter": 54, "pro": 33, "business": 11, "": 2}
# With 0.88 the top 5% of the creators write about a fifth to a quarter of the tickets.
CONTACT_SIGMA = 0.88


@dataclass(frozen=True)
class Creator:
    """One row of the users, all values as text; ``signup_day`` also as a date."""

    creator_id: str
    country: str
    plan: str
    signup_day: date

    def row(self) -> list[str]:
        """The creator in the order of ``USER_COLUMNS``."""
        return [self.creator_id, self.country, self.plan, self.signup_day.isoformat()]


UNKNOWN = Creator("", "", "", date(2000, 1, 1))


class Population:
    """Creators in the order of their sign-up, with a skewed appetite for support."""

    def __init__(self, count: int, seed: int, first_day: date, last_day: date) -> None:
        rng = random.Random(f"population-{seed}")
        span = SIGNUP_YEARS * 365 + (last_day - first_day).days
        opened = first_day - timedelta(days=SIGNUP_YEARS * 365)
        # More sign-ups lately than years ago; the first creator is there before the first ticket.
        offsets = sorted(int(span * rng.random() ** 0.75) for _ in range(count))
        offsets[0] = 0
        countries = rng.choices(list(COUNTRY_WEIGHTS), list(COUNTRY_WEIGHTS.values()), k=count)
        plans = rng.choices(list(PLAN_WEIGHTS), list(PLAN_WEIGHTS.values()), k=count)
        countries[0] = "BR"
        self.creators = [
            Creator(f"C{i + 1:05d}", countries[i], plans[i], opened + timedelta(days=offsets[i]))
            for i in range(count)
        ]
        weights = [rng.lognormvariate(0, CONTACT_SIGMA) for _ in range(count)]
        self._everyone = list(accumulate(weights))
        self._brazil = [i for i in range(count) if countries[i] == "BR"]
        self._brazil_sums = list(accumulate(weights[i] for i in self._brazil))
        self._unknown = [
            Creator(f"C9{i:04d}", "", "", opened) for i in range(1, UNKNOWN_CREATORS + 1)
        ]
        self._random = rng.random
        self._active = self._active_brazil = 1

    def start_day(self, day: date) -> None:
        """From here on, draw only among those who have signed up by ``day``."""
        creators, brazil = self.creators, self._brazil
        while self._active < len(creators) and creators[self._active].signup_day <= day:
            self._active += 1
        while (
            self._active_brazil < len(brazil)
            and creators[brazil[self._active_brazil]].signup_day <= day
        ):
            self._active_brazil += 1

    def draw(self, brazil_only: bool) -> Creator:
        """The creator of a ticket: mostly a known one, sometimes one without a row, or nobody."""
        chance = self._random()
        if chance < EMPTY_CREATOR_SHARE:
            return UNKNOWN
        if chance < EMPTY_CREATOR_SHARE + UNKNOWN_CREATOR_SHARE:
            return self._unknown[int(self._random() * UNKNOWN_CREATORS)]
        if brazil_only:
            sums, active = self._brazil_sums, self._active_brazil
            drawn = bisect_right(sums, self._random() * sums[active - 1], 0, active - 1)
            return self.creators[self._brazil[drawn]]
        sums, active = self._everyone, self._active
        return self.creators[bisect_right(sums, self._random() * sums[active - 1], 0, active - 1)]

    def user_rows(self, dirty: bool) -> Iterator[list[str]]:
        """The rows of the users; with ``dirty`` a few without or with a repeated creator_id."""
        count = len(self.creators)
        repeats = {count // 5: "same", count // 2: "plan", count * 4 // 5: "country"}
        for i, creator in enumerate(self.creators):
            yield creator.row()
            if not dirty:
                continue
            if i in repeats:
                row = self.creators[i * 3 // 4].row()
                if repeats[i] == "plan":
                    row[2] = "business" if row[2] != "business" else "pro"
                elif repeats[i] == "country":
                    row[1] = "PT" if row[1] != "PT" else "ES"
                yield row
            if i in (count // 3, count * 2 // 3):
                yield ["", *creator.row()[1:]]
