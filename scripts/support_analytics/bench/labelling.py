"""Labels by the category rules in plain Python, for the pandas version."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from support_analytics.bench.classification import (
    ACCENTS_FROM,
    ACCENTS_TO,
    SEPARATORS,
    Rule,
    layers,
)

_SHOWN_EVIDENCE = 3
_EXACT = Decimal("1e-12")


class Label(NamedTuple):
    """What the rules read in a text."""

    ai_category: str
    ai_topic: str
    ai_rationale: str


UNCLEAR = Label("others", "unclear", "No rule speaks for a category, so it is read as others.")


class Labeller:
    """The rules, ready to read texts. categories are in the order that breaks ties."""

    def __init__(self, rules: Sequence[Rule], categories: Sequence[str]) -> None:
        self._layers = [re.compile(layer, re.ASCII) for layer in layers(rules)]
        self._rules = [(re.compile(rule.regex, re.ASCII), rule) for rule in rules]
        self._order = {category: -place for place, category in enumerate(categories)}
        self._separators = re.compile(f"{SEPARATORS}+")
        self._letters = str.maketrans(
            ACCENTS_FROM[: len(ACCENTS_TO)], ACCENTS_TO, ACCENTS_FROM[len(ACCENTS_TO) :]
        )
        # Few wordings and sets of them, many texts.
        self._rule_of = lru_cache(maxsize=None)(self._first_match)
        self._label_of = lru_cache(maxsize=None)(self._decide)

    def label(self, text: str | None) -> Label:
        """The label of a message."""
        return self._label_of(self.evidence(text))

    def evidence(self, text: str | None) -> tuple[str, ...]:
        """The words that rules know, layer by layer; each layer takes its own out of the text."""
        remaining = (text or "").lower()
        if not remaining.isascii():
            remaining = remaining.translate(self._letters)
        remaining = remaining.replace("_", " ").replace("`", "'")
        found: list[str] = []
        for layer in self._layers:
            words = layer.findall(remaining)
            if words:
                found += words
                remaining = layer.sub("|", remaining)
        return tuple(found)

    def _first_match(self, wording: str) -> Rule | None:
        return next((rule for regex, rule in self._rules if regex.fullmatch(wording)), None)

    def _decide(self, evidence: tuple[str, ...]) -> Label:
        hits: Counter[Rule] = Counter()
        texts: dict[Rule, str] = {}
        for wording in evidence:
            rule = self._rule_of(wording)
            if rule is None:
                continue
            text = self._separators.sub(" ", wording)
            hits[rule] += 1
            texts[rule] = min(text, texts.get(rule, text))
        weighed: dict[str, list[tuple[float, Rule]]] = {}
        for rule, count in hits.items():
            weight = rule.weight * (2 - 0.5 ** (count - 1))
            weighed.setdefault(rule.category, []).append((weight, rule))
        scores = {
            category: sum(Decimal(weight).quantize(_EXACT) for weight, _ in found)
            for category, found in weighed.items()
        }
        if not scores:
            return UNCLEAR
        best = max(
            scores,
            key=lambda name: (scores[name], max(w for w, _ in weighed[name]), self._order[name]),
        )
        if scores[best] <= 0:
            return UNCLEAR
        ranked = sorted(weighed[best], key=lambda pair: (-pair[0], pair[1].line_number))
        shown = [rule for _, rule in ranked[:_SHOWN_EVIDENCE]]
        second = max([Decimal(0), *(score for name, score in scores.items() if name != best)])
        quoted = '", "'.join(texts[rule] for rule in shown)
        rationale = f'Read as {best} ({shown[0].topic}) because of "{quoted}".'
        if second > 0:
            rationale += (
                f" The next category has {_cents(second)} against {_cents(scores[best])} for it."
            )
        return Label(best, shown[0].topic, rationale)


def _cents(score: Decimal) -> str:
    # A half goes up, after the multiplication by 100 in floats: so DuckDB casts to a decimal.
    return f"{math.floor(float(score) * 100 + 0.5) / 100:.2f}"
