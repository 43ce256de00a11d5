"""Composes ticket summaries: fictitious sentences put together from the phrase files.

A summary is an opening in one of several styles (reported, problem first, ask first, terse note,
with context, by subject, vague) followed by details, attempts, asks, urgency and outcome in a
varying order. The English is that of support notes.
"""

import random
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from . import phrases
from .phrases import Topic

MIN_WORDS = 8
MAX_WORDS = 60

VAGUE_SHARE = 0.055
SECOND_TOPIC_SHARE = 0.065
QUOTE_SHARE = 0.05
PRIVATE_SHARE = 0.02
TYPO_SHARE = 0.025
EMOJI_SHARE = 0.01
NEWLINE_SHARE = 0.005

REPORT, PROBLEM, ASK_FIRST, TERSE, CONTEXT, ABOUT = range(6)
_STYLE_WEIGHTS = {REPORT: 33, PROBLEM: 26, ASK_FIRST: 12, TERSE: 15, CONTEXT: 7, ABOUT: 7}

# Which parts follow the opening, and in which order: d(etail), t(ried), a(sk), u(rgency),
# o(utcome); with weights.
_PLANS = {
    "": 20, "d": 13, "a": 15, "o": 11, "t": 6, "u": 7,
    "da": 5, "ta": 4, "td": 2, "dt": 2, "ua": 2, "au": 3, "du": 2, "ao": 3, "do": 2, "to": 2,
    "dta": 1, "tda": 1, "dau": 1, "tau": 1, "dao": 1, "dtao": 1,
}  # fmt: skip

# Slots whose value differs at each mention; the others keep it throughout a summary.
_FRESH_SLOTS = frozenset({"n", "pct"})

_CURRENCIES = {
    "BR": ("R$ {}", 1.0),
    "MX": ("MX$ {}", 3.4),
    "ES": ("{} EUR", 0.17),
    "PT": ("EUR {}", 0.17),
    "US": ("US$ {}", 0.19),
}
_PRICES = (19, 27, 37, 47, 67, 97, 147, 197, 247, 297, 397, 497, 697, 997, 1297, 1997)


def _amounts(pattern: str, rate: float, rng: random.Random, values: Sequence[float]) -> list[str]:
    amounts = []
    for value in values:
        scaled = value * rate
        cents = rng.choice((0.0, 0.0, 0.9, 0.99, 0.5))
        whole = f"{int(scaled):,}" if cents == 0.0 else f"{int(scaled) + cents:,.2f}"
        amounts.append(pattern.format(whole))
    return amounts


class _Values(dict[str, str]):
    """The slot values of one summary, drawn when first asked for."""

    def __init__(self, draw: Callable[[str], str]) -> None:
        super().__init__()
        self._draw = draw

    def __missing__(self, slot: str) -> str:
        value = self._draw(slot)
        if slot not in _FRESH_SLOTS:
            self[slot] = value
        return value


class TextComposer:
    """Writes one summary after another from a random stream of its own."""

    def __init__(self, topics: Sequence[Topic], seed: int, first_day: date, day_count: int) -> None:
        self._rng = random.Random(f"texts-{seed}")
        self._random = self._rng.random
        self._topics = topics
        self._by_weight = [t for t in topics for _ in range(round(t.weight * 10))]
        common = phrases.load_shared("common")
        self._common = common
        # A channel's own openings are used beside the general ones.
        self._leads = {
            channel: common["lead"] * 2 + common[f"lead_{channel}"] * 3
            for channel in ("whatsapp", "email", "in_app", "chatbot")
        }
        self._outcomes = {
            status: [phrases.clause(text) for text in common[f"outcome_{status}"]]
            for status in ("resolved", "pending", "escalated", "closed_without_solution")
        }
        self._repeats = [phrases.clause(text) for text in common["repeat"]]
        self._vague = [phrases.clause(text) for text in common["vague"]]
        self._vague_details = [phrases.clause(text) for text in common["vague_detail"]]
        self._styles = [style for style, weight in _STYLE_WEIGHTS.items() for _ in range(weight)]
        self._plans = [plan for plan, weight in _PLANS.items() for _ in range(weight)]
        self._shared, self._money = self._slot_values()
        # Labels from a year before the first day to a month after the last one.
        self._labels = [
            f"{day.day} {day:%B}"
            for day in (first_day + timedelta(days=i) for i in range(-20, day_count + 20))
        ]

    def _slot_values(self) -> tuple[dict[str, list[str]], dict[str, dict[str, list[str]]]]:
        shared = phrases.load_shared("values")
        themes, forms = shared.pop("product_theme"), shared.pop("product_form")
        shared["product"] = [f"{theme} {form}" for theme in themes for form in forms]
        shared["n"] = [str(n) for n in (2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 12, 14)]
        shared["aud"] = [f"{n:,}" for n in range(180, 19000, 371)] + ["300", "1,200", "5,000"]
        rng = random.Random("amounts")
        shared["order"] = [
            f"{prefix}{rng.randrange(10**5, 10**6)}"
            for prefix in ("#", "AC-", "no. ")
            for _ in range(700)
        ]
        shared["num"] = [str(rng.randrange(10**4, 10**6)) for _ in range(800)]
        payouts = [rng.randrange(180, 4000) * rng.choice((1, 1, 3, 10)) for _ in range(120)]
        money = {
            country: {
                "amt": _amounts(pattern, rate, rng, [*_PRICES, *_PRICES]),
                "big": _amounts(pattern, rate, rng, payouts),
            }
            for country, (pattern, rate) in _CURRENCIES.items()
        }
        return shared, money

    def compose(
        self,
        topic: Topic,
        channel: str,
        status: str,
        country: str,
        day_number: int,
        is_repeat: bool = False,
        is_incident: bool = False,
    ) -> str:
        """One summary of a ticket created on day ``day_number`` of the sample (0 is the first)."""
        rnd = self._random
        if not is_incident and rnd() < VAGUE_SHARE:
            sentences = self._vague_sentences()
        else:
            sentences = self._topic_sentences(topic, channel, status, is_incident)
        if is_repeat and rnd() < 0.45:
            sentences.append(self._capital(self._pick(self._repeats).pronoun))
        extra = rnd()
        if extra < SECOND_TOPIC_SHARE:
            other = self._pick(self._by_weight)
            if other is not topic:
                lead = self._pick(self._common["also"])
                sentences.append(self._capital(f"{lead} {self._pick(other.situations).pronoun}"))
        elif extra < SECOND_TOPIC_SHARE + QUOTE_SHARE and topic.quotes:
            quote = f'{self._pick(self._common["quote_lead"])} "{self._pick(topic.quotes)}"'
            sentences.insert(0 if rnd() < 0.3 else 1, self._capital(quote))
        elif extra < SECOND_TOPIC_SHARE + QUOTE_SHARE + PRIVATE_SHARE:
            sentences.append(self._capital(self._pick(self._common["private"])))
        return self._finish(sentences, topic, status, country, day_number)

    def _pick(self, options: Sequence):  # noqa: ANN202 (the type of the options)
        return options[int(self._random() * len(options))]

    @staticmethod
    def _capital(text: str) -> str:
        return text[0].upper() + text[1:]

    def _vague_sentences(self) -> list[str]:
        rnd = self._random
        sentences = []
        if rnd() < 0.5:
            lead = self._pick(self._common["lead"])
            sentences.append(self._capital(f"{lead} {self._pick(self._vague).pronoun}"))
        else:
            sentences.append(self._capital(self._pick(self._vague).noun))
        if rnd() < 0.7:
            sentences.append(self._capital(self._pick(self._vague_details).pronoun))
        if rnd() < 0.7 or len(sentences) == 1:
            sentences.append(self._capital(self._pick(self._common["vague_ask"])))
        return sentences

    def _topic_sentences(
        self, topic: Topic, channel: str, status: str, is_incident: bool
    ) -> list[str]:
        rnd, pick, common = self._random, self._pick, self._common
        situations = topic.situations
        if is_incident and topic.incident_situations and rnd() < 0.65:
            situations = topic.incident_situations
        situation = pick(situations)
        style = pick(self._styles)
        plan = pick(self._plans)
        named = True
        if style == TERSE:
            return [self._terse(topic, plan)]
        if style == REPORT:
            opening = f"{pick(self._leads[channel])} {situation.pronoun}"
        elif style == PROBLEM:
            opening = situation.noun
            named = situation.names_creator
        elif style == ASK_FIRST:
            plan = plan.replace("a", "")
            if topic.questions and rnd() < 0.4:
                lead, ask = pick(common["question_first"]), pick(topic.questions)
                reason = pick(common["question_because"])
            else:
                lead, ask = pick(common["ask_first"]), pick(topic.asks)
                reason = pick(common["because"])
            text = situation.pronoun
            if reason.startswith("."):
                text = self._capital(text)
            opening = f"{lead} {ask}{reason} {text}"
        elif style == CONTEXT:
            opening = f"{pick(common['context'])}. {self._capital(situation.pronoun)}"
        else:
            opening = f'{pick(common["about"])}{pick(topic.notes)}"'
            text = situation.noun if rnd() < 0.75 else pick(topic.details).noun
            opening = f"{opening}. {self._capital(text)}"
            named = situation.names_creator
        sentences = [self._capital(opening)]
        for part in plan:
            if part == "d":
                detail = pick(topic.details)
                text = detail.pronoun if named else detail.noun
                if len(sentences) == 1 and rnd() < 0.3:
                    sentences[0] += pick(("; ", ", and ", " - ", "; ")) + text
                    continue
            elif part == "t":
                attempt = pick(topic.attempts)
                text = attempt.pronoun if named else attempt.noun
                named = named or attempt.names_creator
            elif part == "a":
                if topic.questions and rnd() < 0.4:
                    text = f"{pick(common['question_lead'])} {pick(topic.questions)}"
                else:
                    text = f"{pick(common['ask_lead'])} {pick(topic.asks)}"
            elif part == "u":
                text = pick(common["urgency"])
            else:
                text = pick(self._outcomes[status]).noun
            sentences.append(self._capital(text))
        return sentences

    def _terse(self, topic: Topic, plan: str) -> str:
        rnd, pick = self._random, self._pick
        parts = [pick(topic.notes)]
        for part in plan or "d":
            if part == "d" or part == "o":
                parts.append(pick(topic.details).terse)
            elif part == "t":
                parts.append(pick(topic.attempts).terse)
            elif part == "a":
                options = topic.asks if rnd() < 0.6 or not topic.questions else topic.questions
                parts.append(f"{pick(('ask: ', 'wants: ', 'to do: ', 'asks: '))}{pick(options)}")
            else:
                parts.append(pick(self._common["urgency"]))
        if rnd() < 0.35:
            parts.insert(1, pick(topic.situations).terse)
        text = pick(("; ", "; ", ", ", " - ", " / ", ". ")).join(parts)
        return self._capital(text) if rnd() < 0.6 else text

    def _finish(
        self, sentences: list[str], topic: Topic, status: str, country: str, day_number: int
    ) -> str:
        rnd = self._random
        if sum(sentence.count(" ") + 1 for sentence in sentences) < MIN_WORDS + 1:
            sentences.append(self._capital(self._pick(topic.details).noun))
        while len(sentences) > 1 and sum(s.count(" ") + 2 for s in sentences) > MAX_WORDS - 4:
            sentences.pop()
        text = ". ".join(sentences)
        chance = rnd()
        if chance < NEWLINE_SHARE:
            text = text.replace(". ", ".\n", 1)
        elif chance < NEWLINE_SHARE + EMOJI_SHARE:
            text = f"{text} {self._pick(self._common['emoji'])}"
        if "{" in text:
            text = text.format_map(self._slots(topic, country, day_number))
        if rnd() < TYPO_SHARE:
            text = self._mistype(text)
        # Notes often lack the final full stop.
        return text if rnd() < 0.25 or text[-1] in ":.?" else f"{text}."

    def _slots(self, topic: Topic, country: str, day_number: int) -> _Values:
        money = self._money.get(country) or self._money["US"]
        shared, pick, rnd = self._shared, self._pick, self._random

        def draw(slot: str) -> str:
            if slot in shared:
                return pick(shared[slot])
            if slot in money:
                return pick(money[slot])
            if slot == "date":
                return self._labels[day_number + 20 - 1 - int(rnd() * 9)]
            if slot == "date2":
                return self._labels[day_number + 20 + 2 + int(rnd() * 12)]
            return pick(self._common[f"team_{topic.category}"])

        return _Values(draw)

    def _mistype(self, text: str) -> str:
        words = [m for m in re.finditer(r"[a-z]{5,}", text)]
        if not words:
            return text
        start = self._pick(words).start() + 1 + int(self._random() * 3)
        if self._random() < 0.5:
            return text[:start] + text[start + 1] + text[start] + text[start + 2 :]
        return text[:start] + text[start + 1 :]
