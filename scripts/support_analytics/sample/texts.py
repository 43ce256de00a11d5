"""Composes ticket summaries: fictitious sentences put together from the phrase files.

A summary is an opening in one of several styles (reported, problem first, ask first, terse note,
with context, by subject, vague) followed by details, attempts, asks, urgency and outcome in a
varying order. The English is that of support notes.
"""

import random
import re
import string
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from . import phrases
from .phrases import Clause, Topic

MIN_WORDS = 8
MAX_WORDS = 60

VAGUE_SHARE = 0.055
SECOND_TOPIC_SHARE = 0.065
QUOTE_SHARE = 0.06
PRIVATE_SHARE = 0.026
TYPO_SHARE = 0.025
EMOJI_SHARE = 0.01
NEWLINE_SHARE = 0.005
DATE_REACH_DAYS = 20  # dates in the texts lie at most so far from the ticket's
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

REPORT, PROBLEM, ASK_FIRST, TERSE, CONTEXT, ABOUT = range(6)
_STYLE_WEIGHTS = {REPORT: 33, PROBLEM: 26, ASK_FIRST: 12, TERSE: 15, CONTEXT: 7, ABOUT: 7}

# Which parts follow the opening, and in which order: d(etail), t(ried), a(sk), u(rgency),
# o(utcome); with weights.
_PLANS = {
    "": 20, "d": 13, "a": 15, "o": 11, "t": 6, "u": 7,
    "da": 5, "ta": 4, "td": 2, "dt": 2, "ua": 2, "au": 3, "du": 2, "ao": 3, "do": 2, "to": 2,
    "dta": 1, "tda": 1, "dau": 1, "tau": 1, "dao": 1, "dtao": 1, "dtauo": 2, "tdauo": 1,
}  # fmt: skip

_TERSE_JOINTS = ("; ", "; ", ", ", " - ", " / ", ". ")
_WANTS_STOP = frozenset(string.ascii_letters + string.digits + "\"')")
_TERSE_ASKS = ("ask: ", "wants: ", "to do: ", "asks: ")

# Slots whose value differs at each mention; the others keep it throughout a summary.
_FRESH_SLOTS = frozenset({"n", "pct"})

# How amounts look in a country, what a real is worth there, and its banks and cards.
_BRAZIL_BANKS = ("Nubank", "Itaú", "Bradesco", "Santander", "Banco do Brasil", "Caixa", "Inter")
_BRAZIL_CARDS = ("Visa", "Mastercard", "Elo", "Hipercard", "Amex", "Mastercard prepaid")
_CARDS = ("Visa", "Mastercard", "Amex", "Visa debit", "Mastercard prepaid")
_COUNTRIES = {
    "BR": ("R$ {}", 1.0, _BRAZIL_BANKS, _BRAZIL_CARDS),
    "MX": ("MX$ {}", 3.4, ("BBVA", "Banorte", "Santander", "Banamex"), _CARDS),
    "ES": ("{} EUR", 0.17, ("CaixaBank", "BBVA", "Santander", "Sabadell"), _CARDS),
    "PT": ("EUR {}", 0.17, ("Millennium", "CGD", "Novo Banco", "Santander"), _CARDS),
    "FR": ("{} EUR", 0.17, ("BNP", "Crédit Agricole", "Revolut"), _CARDS),
    "US": ("US$ {}", 0.19, ("Chase", "Wells Fargo", "Wise", "Citi"), _CARDS),
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
        self._shared, self._local = self._slot_values()
        reach = range(-DATE_REACH_DAYS, day_count + DATE_REACH_DAYS)
        days = [first_day + timedelta(days=i) for i in reach]
        self._labels = [f"{day.day} {MONTHS[day.month - 1]}" for day in days]

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
        local = {
            country: {
                "amt": _amounts(pattern, rate, rng, [*_PRICES, *_PRICES]),
                "big": _amounts(pattern, rate, rng, payouts),
                "bank": list(banks),
                "card": list(cards),
            }
            for country, (pattern, rate, banks, cards) in _COUNTRIES.items()
        }
        return shared, local

    def compose(
        self,
        topic: Topic,
        channel: str,
        status: str,
        country: str,
        day_number: int,
        is_repeat: bool = False,
        incident_day: int | None = None,
    ) -> str:
        """One summary of a ticket created on day ``day_number`` of the sample (0 is the first).

        ``incident_day`` is the day of the incident (0 is its first) that the ticket belongs to.
        """
        rnd = self._random
        is_incident = incident_day is not None
        if topic.brazil_only:
            country = "BR"
        if not is_incident and rnd() < VAGUE_SHARE:
            sentences = self._vague_sentences()
        else:
            sentences = self._topic_sentences(topic, channel, status, is_incident)
        if is_repeat and rnd() < 0.45:
            sentences.append(self._capital(self._pick(self._repeats).pronoun))
        extra = rnd()
        if extra < SECOND_TOPIC_SHARE:
            other = self._pick(self._by_weight)
            if other is not topic and (country == "BR" or not other.brazil_only):
                lead = self._pick(self._common["also"])
                sentences.append(self._capital(f"{lead} {self._pick(other.situations).pronoun}"))
        elif extra < SECOND_TOPIC_SHARE + QUOTE_SHARE and topic.quotes:
            quote = f'{self._pick(self._common["quote_lead"])} "{self._pick(topic.quotes)}"'
            sentences.insert(0 if rnd() < 0.3 else 1, self._capital(quote))
        elif extra < SECOND_TOPIC_SHARE + QUOTE_SHARE + PRIVATE_SHARE:
            sentences.append(self._capital(self._pick(self._common["private"])))
        text = self._join(sentences, topic)
        if "{" in text:
            text = text.format_map(self._slots(topic, country, day_number, incident_day))
        if rnd() < TYPO_SHARE:
            text = self._mistype(text)
        # Notes often lack the final full stop.
        return f"{text}." if rnd() < 0.75 and text[-1] in _WANTS_STOP else text

    def _pick(self, options: Sequence):
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
        follow = topic.followers[situation.mark]
        style = pick(self._styles)
        plan = pick(self._plans)
        named = True
        if style == TERSE:
            return [self._terse(topic, situation, plan)]
        if style == REPORT:
            opening = f"{pick(self._leads[channel])} {situation.pronoun}"
        elif style == PROBLEM:
            opening = situation.noun
            named = situation.names_creator
        elif style == ASK_FIRST:
            plan = plan.replace("a", "")
            if follow.questions and (rnd() < 0.4 or not follow.asks):
                lead, ask = pick(common["question_first"]), pick(follow.questions)
                reason = pick(common["question_because"])
            else:
                lead, ask = pick(common["ask_first"]), pick(follow.asks)
                reason = pick(common["because"])
            text = situation.pronoun
            if reason.startswith("."):
                text = self._capital(text)
            opening = f"{lead} {ask}{reason} {text}"
        elif style == CONTEXT:
            opening = f"{pick(common['context'])}. {self._capital(situation.pronoun)}"
        else:
            opening = f'{pick(common["about"])}{pick(topic.notes)}"'
            opening = f"{opening}. {self._capital(situation.noun)}"
            named = situation.names_creator
        sentences = [self._capital(opening)]
        for part in plan:
            if part == "d":
                detail = pick(follow.details)
                text = detail.pronoun if named else detail.noun
                if len(sentences) == 1 and rnd() < 0.3:
                    sentences[0] += pick(("; ", ", and ", " - ", "; ")) + text
                    continue
            elif part == "t":
                attempt = pick(follow.attempts)
                text = attempt.pronoun if named else attempt.noun
                named = named or attempt.names_creator
            elif part == "a":
                if follow.questions and (rnd() < 0.4 or not follow.asks):
                    text = f"{pick(common['question_lead'])} {pick(follow.questions)}"
                else:
                    text = f"{pick(common['ask_lead'])} {pick(follow.asks)}"
            elif part == "u":
                text = pick(common["urgency"])
            else:
                text = pick(self._outcomes[status]).noun
            sentences.append(self._capital(text))
        return sentences

    def _terse(self, topic: Topic, situation: Clause, plan: str) -> str:
        rnd, pick = self._random, self._pick
        # A note on its own goes with anything of the topic that is not marked.
        tells_situation = rnd() < 0.4
        follow = topic.followers[situation.mark if tells_situation else ""]
        parts = [situation.terse] if tells_situation and rnd() < 0.5 else [pick(topic.notes)]
        if tells_situation and len(parts[0].split()) < 6:
            parts.append(situation.terse)
        for part in plan[:3] or "d":
            if part in "do":
                detail = pick(follow.details).terse
                if detail not in parts:
                    parts.append(detail)
            elif part == "t":
                parts.append(pick(follow.attempts).terse)
            elif part == "a":
                options = follow.questions
                if not options or (follow.asks and rnd() < 0.6):
                    options = follow.asks
                parts.append(f"{pick(_TERSE_ASKS)}{pick(options)}")
            else:
                parts.append(pick(self._common["urgency"]))
        joint = pick(_TERSE_JOINTS)
        if joint == ". ":
            parts = [self._capital(part) for part in parts]
        text = joint.join(parts)
        return self._capital(text) if rnd() < 0.6 else text

    def _join(self, sentences: list[str], topic: Topic) -> str:
        rnd = self._random
        while sum(sentence.count(" ") + 1 for sentence in sentences) < MIN_WORDS + 1:
            sentences.append(self._capital(self._pick(topic.followers[""].details).noun))
        while len(sentences) > 2 and sum(s.count(" ") + 1 for s in sentences) > MAX_WORDS - 12:
            sentences.pop()
        text = ". ".join(sentences)
        chance = rnd()
        if chance < NEWLINE_SHARE:
            return text.replace(". ", ".\n", 1)
        if chance < NEWLINE_SHARE + EMOJI_SHARE:
            return f"{text} {self._pick(self._common['emoji'])}"
        return text

    def _slots(
        self, topic: Topic, country: str, day_number: int, incident_day: int | None
    ) -> _Values:
        local = self._local.get(country) or self._local["US"]
        shared, pick, rnd = self._shared, self._pick, self._random
        today = day_number + DATE_REACH_DAYS

        def draw(slot: str) -> str:
            if slot in shared:
                return pick(shared[slot])
            if slot in local:
                return pick(local[slot])
            if slot == "date":
                if incident_day is None:
                    return self._labels[today - 1 - int(rnd() * 9)]
                # Tickets of an incident speak of its days.
                return self._labels[today - int(rnd() * (incident_day + 1))]
            if slot == "date2":
                return self._labels[today + 2 + int(rnd() * 12)]
            return pick(self._common[f"team_{topic.category}"])

        return _Values(draw)

    def _mistype(self, text: str) -> str:
        # Never inside an address or a code.
        words = list(re.finditer(r"(?<=[ \n])[a-z]{5,}(?=[ ,;\n])", text))
        if not words:
            return text
        start = self._pick(words).start() + 1 + int(self._random() * 3)
        if self._random() < 0.5:
            return text[:start] + text[start + 1] + text[start] + text[start + 2 :]
        return text[:start] + text[start + 1 :]
