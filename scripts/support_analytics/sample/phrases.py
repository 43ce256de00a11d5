"""Reads the phrase files: plain text, one phrase a line, grouped into sections.

Notation of a phrase file:

* ``== name key=value flag`` opens a section; ``#`` opens a comment line.
* ``[one|two|]`` in a phrase is a choice; every combination becomes a phrase of its own.
* ``{slot}`` is filled in for each ticket (an amount, a product, a date).
* ``{C}``, ``{P}``, ``{O}`` are the creator as subject, possessive, object: a noun at the first
  mention ("the creator", "the creator's"), a pronoun afterwards ("they", "their", "them").

In a topic section each phrase starts with its role: ``sit`` (what happens, a clause), ``inc``
(what happens during the topic's incident), ``det`` (a detail, a clause), ``try`` (what was tried,
a clause), ``ask`` (what support should do, an imperative; with ``?`` an indirect question),
``note`` (a noun phrase), ``quote`` (words of the creator or a buyer, often not in English).
A mark such as ``sit@code`` and ``ask@code`` keeps phrases together: a marked phrase follows only
a situation with the same mark, an unmarked one follows any situation.
"""

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path

PHRASE_DIR = Path(__file__).parent / "phrases"
CATEGORIES = ("checkout", "financial", "engagement", "others")

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NOUN = {"{C}": "the creator", "{P}": "the creator's", "{O}": "the creator"}
_PRONOUN = {"{C} was": "they were", "{C}": "they", "{P}": "their", "{O}": "them"}


@dataclass(frozen=True)
class Clause:
    """A phrase in the forms in which a summary can use it."""

    noun: str
    pronoun: str
    terse: str
    names_creator: bool
    mark: str = ""


@dataclass
class Followers:
    """What may follow a situation."""

    details: list[Clause] = field(default_factory=list)
    attempts: list[Clause] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


@dataclass
class Topic:
    """A subject of tickets: how often, how long, how likely solved, and its own vocabulary.

    ``weight`` is relative to the other topics; ``resolve_minutes`` is the median time from first
    response to resolution; ``resolved_rate`` is the chance (0 to 1) that support solves it.
    """

    name: str
    category: str
    weight: float
    resolve_minutes: float
    resolved_rate: float
    brazil_only: bool
    situations: list[Clause] = field(default_factory=list)
    incident_situations: list[Clause] = field(default_factory=list)
    followers: dict[str, Followers] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)


def expand(phrase: str) -> list[str]:
    """All the phrases that the choices in ``phrase`` stand for."""
    pieces = _CHOICE.split(phrase)
    # split() alternates literal text and the inside of a choice.
    choices = [[piece] if i % 2 == 0 else piece.split("|") for i, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]


def clause(phrase: str, mark: str = "") -> Clause:
    """The noun, pronoun and terse forms of one expanded phrase."""
    noun, pronoun = phrase, phrase
    for slot, word in _NOUN.items():
        noun = noun.replace(slot, word)
    for slot, word in _PRONOUN.items():
        pronoun = pronoun.replace(slot, word)
    terse = noun.removeprefix("the creator ") if phrase.startswith("{C} ") else noun
    return Clause(noun, pronoun, terse, noun != phrase, mark)


def read_sections(path: Path) -> list[tuple[list[str], list[str]]]:
    """The sections of a phrase file: (words of the header, phrases)."""
    sections: list[tuple[list[str], list[str]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("== "):
            sections.append((line[3:].split(), []))
        elif line.strip() and not line.startswith("#"):
            if not sections:
                raise ValueError(f"{path}:{number}: phrase before the first '==' section: {line}")
            sections[-1][1].append(line.rstrip())
    return sections


def load_shared(name: str) -> dict[str, list[str]]:
    """The expanded phrases of ``common.txt`` or ``values.txt`` by section."""
    return {
        header[0]: [text for phrase in phrases for text in expand(phrase)]
        for header, phrases in read_sections(PHRASE_DIR / f"{name}.txt")
    }


def load_topics() -> list[Topic]:
    """Every topic of the four categories, in the order of the files."""
    return [
        _topic(category, header, phrases)
        for category in CATEGORIES
        for header, phrases in read_sections(PHRASE_DIR / f"{category}.txt")
    ]


def _topic(category: str, header: list[str], phrases: list[str]) -> Topic:
    settings = dict(word.split("=") for word in header[1:] if "=" in word)
    topic = Topic(
        name=header[0],
        category=category,
        weight=float(settings["weight"]),
        resolve_minutes=float(settings["resolve"]),
        resolved_rate=float(settings["resolved"]),
        brazil_only="brazil" in header[1:],
    )
    marks = {"", *re.findall(r"^(?:sit|inc)@(\w+):", "\n".join(phrases), flags=re.MULTILINE)}
    topic.followers = {mark: Followers() for mark in sorted(marks)}
    for phrase in phrases:
        head, text = phrase.split(": ", 1)
        role, _, mark = head.partition("@")
        if mark not in marks:
            raise ValueError(f"topic {topic.name}: no situation has the mark of '{phrase}'")
        _add(topic, role, mark, text)
    return topic


def _add(topic: Topic, role: str, mark: str, text: str) -> None:
    options = expand(text.removeprefix("?"))
    clauses = [clause(option, mark) for option in options]
    if role == "sit":
        topic.situations.extend(clauses)
    elif role == "inc":
        topic.incident_situations.extend(clauses)
    elif role == "note":
        topic.notes.extend(options)
    elif role == "quote":
        topic.quotes.extend(options)
    for name, followers in topic.followers.items():
        if mark and mark != name:
            continue
        if role == "det":
            followers.details.extend(clauses)
        elif role == "try":
            followers.attempts.extend(clauses)
        elif role == "ask" and text.startswith("?"):
            followers.questions.extend(options)
        elif role == "ask":
            followers.asks.extend(options)
