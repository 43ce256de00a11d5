"""The category rules as both baselines read them: ranked, and in layers of one expression."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Letters of every language that the rules know, and what they are read as; the rest is dropped.
ACCENTS_FROM = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ’‘´`\u0327\u0300\u0301\u0302\u0303\u0308"
ACCENTS_TO = "aaaaaaceeeeiiiinooooouuuuyy" + "'" * 4
SEPARATORS = r"[\t-/]"
# Longer expressions do not fit into the memory that RE2 gives its automaton.
MAX_LAYER_LENGTH = 12_000
_NESTING = 5


@dataclass(frozen=True)
class Rule:
    """A line of the rules: its expression, what it speaks for, and how strongly."""

    line_number: int
    category: str
    topic: str
    pattern: str
    weight: float

    @property
    def regex(self) -> str:
        """The pattern as a regular expression: a blank is whatever separates two words."""
        return self.pattern.replace(" ?", f"{SEPARATORS}*").replace(" ", f"{SEPARATORS}+")


def read_rules(path: Path) -> list[Rule]:
    """The rules in the order in which they are looked for: more words first, then the longer."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rules = [
            Rule(
                reader.line_num, row["category"], row["topic"], row["pattern"], float(row["weight"])
            )
            for row in reader
        ]
    return sorted(rules, key=lambda rule: (-_blanks(rule), -len(rule.pattern), rule.pattern))


def layers(rules: Sequence[Rule]) -> list[str]:
    """One alternation of rules after the other, each between word boundaries."""
    grouped: list[list[str]] = []
    length = 0
    for rule in rules:
        if not grouped or length + len(rule.regex) > MAX_LAYER_LENGTH:
            grouped.append([])
            length = 0
        grouped[-1].append(rule.regex)
        length += len(rule.regex)
    return [rf"\b(?:{'|'.join(group)})\b" for group in grouped]


def _blanks(rule: Rule) -> int:
    """Blanks in one of the shortest texts that the pattern matches, groups taken from within."""
    text = f"(?:{rule.pattern.replace(' ?', '')})"
    for _ in range(_NESTING):
        text = re.sub(r"\(\?:[^()]*\)(?:[?*]|[{]0,[0-9]+[}])", "", text)
        text = re.sub(r"\(\?:(?:[^()|]*[|])*[^()| ]*(?:[|][^()|]*)*\)", "x", text)
        text = re.sub(r"\(\?:([^()|]* [^()|]*)(?:[|][^()|]* [^()|]*)*\)", r"\1", text)
    return text.count(" ")
