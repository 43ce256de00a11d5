"""Random draws: calm counts, splits, decks and tables, on a generator that the caller seeds."""

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import exp
from statistics import NormalDist
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Standard normal values at equal steps of probability: a draw is one index.
NORMALS = [NormalDist().inv_cdf((i + 0.5) / 8192) for i in range(8192)]
# Spread of the daily counts against Poisson: no ordinary day may look like an incident.
CALM = 0.8


def binomial(rng: random.Random, count: int, chance: float) -> int:
    """A binomial draw; for large counts by its Poisson or normal approximation."""
    if chance >= 1:
        return count
    mean = count * chance
    if count <= 64:
        rnd = rng.random
        return sum(rnd() < chance for _ in range(count))
    if mean < 20:
        limit, drawn, product = exp(-mean), 0, rng.random()
        while product > limit:
            drawn += 1
            product *= rng.random()
        return min(drawn, count)
    spread = (mean * (1 - chance)) ** 0.5
    return min(count, max(0, round(rng.gauss(mean, spread))))


def split(rng: random.Random, count: int, weights: Sequence[float]) -> Iterator[int]:
    """``count`` things at random over the weights, one number for each."""
    left_weight = sum(weights)
    for weight in weights:
        left_weight -= weight
        # What is left of the weights after the last positive one is a rounding error.
        is_last = left_weight < 1e-9 * weight
        drawn = count if is_last else binomial(rng, count, weight / (left_weight + weight))
        count -= drawn
        yield drawn


def calm_count(rng: random.Random, count: int, chance: float) -> int:
    """A draw around ``count * chance``, a little calmer than Poisson and without extremes."""
    mean = count * chance
    noise = max(-2.0, min(2.0, NORMALS[int(rng.random() * 8192)]))
    return max(0, min(count, round(mean + CALM * noise * mean**0.5)))


class Deck(Generic[Item]):
    """Draws from shuffled decks in proportion, so that nothing bunches up by accident."""

    def __init__(
        self, rng: random.Random, weighted: Sequence[tuple[Item, float]], size: int
    ) -> None:
        self._rng = rng
        self._size = size
        self._items = [item for item, _ in weighted]
        self._sums = list(accumulate(weight for _, weight in weighted))
        self._cards: list[Item] = []

    def draw(self) -> Item:
        """The next card; a new deck is shuffled when none is left."""
        if not self._cards:
            offset = self._rng.random()
            step = self._sums[-1] / self._size
            position = 0
            for i in range(self._size):
                while position < len(self._sums) - 1 and (i + offset) * step > self._sums[position]:
                    position += 1
                self._cards.append(self._items[position])
            self._rng.shuffle(self._cards)
        return self._cards.pop()


def table(weighted: Sequence[tuple[Item, float]]) -> list[Item]:
    """A thousand entries in proportion to the weights: a draw is one index."""
    sums = list(accumulate(weight for _, weight in weighted))
    entries: list[Item] = []
    position = 0
    for i in range(1000):
        while (i + 0.5) / 1000 > sums[position] / sums[-1]:
            position += 1
        entries.append(weighted[position][0])
    return entries
