"""Draws the clean tickets, one after another in the order of ``created_at``.

Memory grows with the creators and one day of arrivals (a pointer each), not with the number of
tickets. The planted relationships are the constants below; ``docs/sample_data.md`` describes them.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp, log

from . import phrases
from .draws import NORMALS, Deck, calm_count, split, table
from .incidents import INCIDENTS, Incident
from .phrases import CATEGORIES, Topic
from .population import UNKNOWN, Creator, Population
from .texts import TextComposer

TICKET_COLUMNS = (
    "ticket_id", "created_at", "resolved_at", "status", "channel", "creator_id", "tag",
    "first_response_time", "message_text",
)  # fmt: skip
CHANNELS = ("whatsapp", "in_app", "email", "chatbot")
MAX_FRT_MINUTES = 10080

# Volume: Monday to Sunday, hours 0 to 23 UTC (Brazil's morning starts at 11), growth a month.
WEEKDAY_WEIGHTS = (1.14, 1.12, 1.08, 1.06, 1.00, 0.52, 0.44)
HOUR_WEIGHTS = (
    2.6, 1.9, 1.2, 0.8, 0.5, 0.5, 0.7, 1.1, 1.8, 2.8, 3.9, 5.4,
    6.6, 7.0, 6.9, 6.2, 5.9, 6.4, 6.6, 6.3, 5.7, 5.0, 4.3, 3.4,
)  # fmt: skip
MONTHLY_GROWTH = 0.035
# Shuffled decks keep the mix of channels, categories and topics even from day to day.
SEGMENT_DECK = 60
TOPIC_DECK = 30


@dataclass(frozen=True)
class ChannelProfile:
    """How a channel behaves. Times are minutes; ``slow`` is the long tail's share and factor."""

    share: float
    frt_median: float
    frt_sigma: float
    slow_share: float
    slow_factor: float
    night_factor: float
    weekend_factor: float
    resolve_factor: float
    escalation_weight: float
    resolved_shift: float
    category_weights: tuple[float, float, float, float]
    untagged_share: float


CHANNEL_PROFILES = {
    "whatsapp": ChannelProfile(
        0.38, 9.5, 0.75, 0.07, 9.0, 1.5, 1.9, 0.36, 1.0, 0.02, (1.15, 1.0, 0.9, 0.9), 0.31
    ),
    "in_app": ChannelProfile(
        0.26, 20.5, 0.80, 0.06, 8.0, 1.5, 1.8, 0.40, 1.0, 0.01, (0.95, 0.9, 1.25, 1.0), 0.33
    ),
    "email": ChannelProfile(
        0.20, 170.0, 0.85, 0.05, 5.0, 1.6, 2.0, 0.85, 0.9, -0.02, (0.8, 1.4, 1.0, 0.8), 0.29
    ),
    "chatbot": ChannelProfile(
        0.16, 1.6, 0.70, 0.05, 25.0, 1.0, 1.1, 0.20, 2.6, -0.07, (1.05, 0.7, 0.8, 1.5), 0.45
    ),
}
CATEGORY_WEIGHTS = {"checkout": 0.30, "financial": 0.30, "engagement": 0.20, "others": 0.20}
BUSINESS_PLAN_FRT_FACTOR = 0.75

NO_RESPONSE_SHARE = {
    "resolved": 0.035,
    "pending": 0.20,
    "escalated": 0.03,
    "closed_without_solution": 0.06,
}
FRACTIONAL_FRT_SHARE = 0.04  # besides the chatbot, whose minutes are always fractional
WRONG_TAG_SHARE = 0.06
# A wrong tag is more often the neighbour: money at checkout and money in the account.
WRONG_TAGS = {
    "checkout": ("financial", "financial", "financial", "others", "engagement"),
    "financial": ("checkout", "checkout", "checkout", "others", "engagement"),
    "engagement": ("others", "others", "others", "checkout", "financial"),
    "others": ("engagement", "engagement", "checkout", "financial", "financial"),
}

# A first response twice as slow as the channel's median lowers the chance of a resolution.
RESOLVED_LOSS_PER_DOUBLING = 0.022
RESOLUTION_STRETCH = 0.30
RESOLUTION_SIGMA = 1.05
MAX_RESOLUTION_MINUTES = 30 * 1440
REOPENED_SHARE = 0.06
CLOSED_WITH_INSTANT_SHARE = 0.5

FAST_CLOSURE_MINUTES = 20
REPEAT_AFTER_FAST_CLOSURE = 0.20
REPEAT_OTHERWISE = 0.05
REPEAT_MEAN_DAYS = 1.6

STRAY_SPELLING_SHARE = 0.003

_HOUR, _DAY = 3600, 86400


@dataclass(frozen=True)
class SampleConfig:
    """What to generate. Days are UTC and inclusive; ``tickets`` counts the clean rows."""

    tickets: int = 12000
    creators: int = 2000
    seed: int = 6
    start: date = date(2025, 4, 1)
    end: date = date(2025, 10, 31)
    dirty: bool = True
    incidents: tuple[Incident, ...] = INCIDENTS

    def __post_init__(self) -> None:
        if self.tickets < 1:
            raise ValueError(f"--tickets {self.tickets}: must be at least 1")
        if self.creators < 1:
            raise ValueError(f"--creators {self.creators}: must be at least 1")
        if self.end < self.start:
            raise ValueError(f"--end {self.end}: lies before --start {self.start}")
        if not (date(2004, 1, 1) <= self.start and self.end <= date(2098, 12, 31)):
            raise ValueError(f"--start {self.start}, --end {self.end}: must lie in 2004 to 2098")

    @property
    def day_count(self) -> int:
        """The number of days from start to end, both included."""
        return (self.end - self.start).days + 1


@dataclass(slots=True)
class Ticket:
    """A clean ticket: instants in whole seconds since 1970 (UTC), first response in minutes.

    ``topic`` and ``incident`` (empty for none) are the truth behind the row, not written out.
    """

    ticket_id: str
    created: int
    resolved: int | None
    status: str
    channel: str
    creator_id: str
    tag: str
    frt: str
    text: str
    topic: str
    category: str
    incident: str


def expected_weights(config: SampleConfig) -> list[list[float]]:
    """Relative expected tickets: for each day, 24 hours without incidents."""
    hours_total = sum(HOUR_WEIGHTS)
    weights = []
    for number in range(config.day_count):
        day = config.start + timedelta(days=number)
        level = WEEKDAY_WEIGHTS[day.weekday()] * (1 + MONTHLY_GROWTH) ** (number / 30.4)
        weights.append([level * hour / hours_total for hour in HOUR_WEIGHTS])
    return weights


class TicketStream:
    """The clean tickets of a configuration, as an iterator of :class:`Ticket`."""

    def __init__(self, config: SampleConfig, population: Population) -> None:
        self._config = config
        self._population = population
        self._rng = random.Random(f"tickets-{config.seed}")
        self._topics = {topic.name: topic for topic in phrases.load_topics()}
        self._composer = TextComposer(
            list(self._topics.values()), config.seed, config.start, config.day_count
        )
        self._epoch = int(datetime(*config.start.timetuple()[:3], tzinfo=UTC).timestamp())
        self._cutoff = self._epoch + config.day_count * _DAY - 1
        self._next_id = 1000000
        # Contacts to come: (second, order, creator, topic, channel).
        self._repeats: list[tuple[int, int, Creator, Topic, str]] = []
        self._channel_table = table([(name, CHANNEL_PROFILES[name].share) for name in CHANNELS])
        self._segments = Deck(self._rng, _segment_weights(), SEGMENT_DECK)
        self._topic_decks = {
            category: Deck(
                self._rng,
                [(t, t.weight) for t in self._topics.values() if t.category == category],
                TOPIC_DECK,
            )
            for category in CATEGORIES
        }
        self._incident_tables = {
            incident.name: (
                table([(self._topics[name], weight) for name, weight in incident.topics]),
                table(incident.channels),
            )
            for incident in config.incidents
        }

    def new_id(self) -> str:
        """The next ticket_id."""
        self._next_id += 1
        return f"T{self._next_id}"

    def __iter__(self) -> Iterator[Ticket]:
        rng, config = self._rng, self._config
        weights = expected_weights(config)
        extras = [self._extra_weights(number, hours) for number, hours in enumerate(weights)]
        left = config.tickets
        left_weight = sum(map(sum, weights)) + sum(sum(extra) for day in extras for _, extra in day)
        for number, hours in enumerate(weights):
            day = config.start + timedelta(days=number)
            self._population.start_day(day)
            slowdown = self._slowdown(day)
            by_hour: list[list[Incident | None]] = [[] for _ in range(24)]
            for incident, source_hours in (*extras[number], (None, hours)):
                weight = sum(source_hours)
                is_last = incident is None and number == config.day_count - 1
                count = left if is_last else calm_count(rng, left, weight / left_weight)
                left -= count
                left_weight -= weight
                for hour, hour_count in enumerate(split(rng, count, source_hours)):
                    by_hour[hour] += [incident] * hour_count
            for hour, arrivals in enumerate(by_hour):
                seconds = sorted((int(rng.random() * _HOUR), i) for i in range(len(arrivals)))
                start = self._epoch + number * _DAY + hour * _HOUR
                for second, i in seconds:
                    yield self._ticket(start + second, number, day, hour, arrivals[i], slowdown)

    def _slowdown(self, day: date) -> dict[str, float]:
        """Factors on the first response by channel, other than 1 during an incident."""
        factors = dict.fromkeys(CHANNELS, 1.0)
        for incident in self._config.incidents:
            if day in incident.days:
                for channel in incident.slow_channels:
                    factors[channel] *= incident.slowdown(incident.days.index(day))
        return factors

    def _extra_weights(self, number: int, hours: list[float]) -> list[tuple[Incident, list[float]]]:
        day = self._config.start + timedelta(days=number)
        extras = []
        for incident in self._config.incidents:
            if day not in incident.days:
                continue
            incident_day = incident.days.index(day)
            shape = [
                weight if incident_day or hour >= incident.first_hour_utc else 0.0
                for hour, weight in enumerate(hours)
            ]
            scale = incident.extra_share[incident_day] * sum(hours) / sum(shape)
            extras.append((incident, [weight * scale for weight in shape]))
        return extras

    def _ticket(
        self,
        created: int,
        day_number: int,
        day: date,
        hour: int,
        incident: Incident | None,
        slowdown: dict[str, float],
    ) -> Ticket:
        rnd = self._rng.random
        is_repeat = False
        if incident:
            topics, channels = self._incident_tables[incident.name]
            topic, channel = topics[int(rnd() * 1000)], channels[int(rnd() * 1000)]
            creator = self._population.draw(topic.brazil_only)
        elif self._repeats and self._repeats[0][0] <= created:
            _, _, creator, topic, channel = heapq.heappop(self._repeats)
            if rnd() < 0.3:
                channel = self._channel_table[int(rnd() * 1000)]
            is_repeat = True
        else:
            channel, category = self._segments.draw()
            topic = self._topic_decks[category].draw()
            creator = self._population.draw(topic.brazil_only)
        profile = CHANNEL_PROFILES[channel]

        frt = self._first_response(profile, day, hour, creator) * slowdown[channel]
        while frt > MAX_FRT_MINUTES - 1:
            frt *= 0.5 + 0.3 * rnd()
        lateness = log((frt + 0.1) / profile.frt_median)
        age_days = (self._cutoff - created) / _DAY
        status, resolved = self._outcome(topic, profile, created, frt, lateness, age_days)

        has_response = created + frt * 60 <= self._cutoff
        if has_response and rnd() < NO_RESPONSE_SHARE[status]:
            has_response = False
        is_fractional = channel == "chatbot" or rnd() < FRACTIONAL_FRT_SHARE
        frt_text = f"{frt:.1f}" if is_fractional else str(int(frt))

        if status == "resolved" and creator is not UNKNOWN and not incident:
            fast = (resolved - created) < FAST_CLOSURE_MINUTES * 60
            if rnd() < (REPEAT_AFTER_FAST_CLOSURE if fast else REPEAT_OTHERWISE):
                wait = -log(1 - rnd()) * REPEAT_MEAN_DAYS * _DAY
                item = (int(resolved + 1800 + wait), created, creator, topic, channel)
                heapq.heappush(self._repeats, (item[0], self._next_id, *item[2:]))

        tag = topic.category
        if rnd() < profile.untagged_share:
            tag = ""
        elif rnd() < WRONG_TAG_SHARE:
            tag = WRONG_TAGS[tag][int(rnd() * 5)]
        text = self._composer.compose(
            topic,
            channel,
            status,
            creator.country,
            day_number,
            is_repeat,
            incident.days.index(day) if incident else None,
        )
        return Ticket(
            self.new_id(), created, resolved, status, channel, creator.creator_id, tag,
            frt_text if has_response else "", text, topic.name, topic.category,
            incident.name if incident else "",
        )  # fmt: skip

    def _first_response(
        self, profile: ChannelProfile, day: date, hour: int, creator: Creator
    ) -> float:
        """Minutes to the first response before any incident."""
        rnd = self._rng.random
        frt = profile.frt_median * exp(profile.frt_sigma * NORMALS[int(rnd() * 8192)])
        if rnd() < profile.slow_share:
            frt *= profile.slow_factor * (0.5 + rnd())
        if day.weekday() >= 5:
            frt *= profile.weekend_factor
        if hour < 10:
            frt *= profile.night_factor
        if creator.plan == "business":
            frt *= BUSINESS_PLAN_FRT_FACTOR
        return frt

    def _outcome(
        self,
        topic: Topic,
        profile: ChannelProfile,
        created: int,
        frt: float,
        lateness: float,
        age_days: float,
    ) -> tuple[str, int | None]:
        """The status and the second of the resolution (or closure), if any."""
        rnd = self._rng.random
        minutes = topic.resolve_minutes * profile.resolve_factor
        spread = RESOLUTION_SIGMA * NORMALS[int(rnd() * 8192)]
        minutes *= exp(spread + RESOLUTION_STRETCH * lateness)
        instant = created + int((frt + min(minutes, MAX_RESOLUTION_MINUTES)) * 60) + 20
        solved = topic.resolved_rate + profile.resolved_shift - 0.015
        solved -= RESOLVED_LOSS_PER_DOUBLING * lateness / log(2)
        pending_weight = 0.26 + 1.3 * exp(-age_days / 25)
        escalated_weight = 0.20 * profile.escalation_weight
        closed_weight = 0.36
        if instant > self._cutoff:
            # Support is not finished with it: only an open state is possible.
            solved = closed_weight = 0.0
            pending_weight, escalated_weight = 0.85, 0.05 * profile.escalation_weight
        if rnd() < min(0.97, solved):
            return "resolved", instant
        draw = rnd() * (pending_weight + escalated_weight + closed_weight)
        if draw < closed_weight:
            return (
                "closed_without_solution",
                instant if rnd() < CLOSED_WITH_INSTANT_SHARE else None,
            )
        status = "pending" if draw < closed_weight + pending_weight else "escalated"
        reopened = instant <= self._cutoff and rnd() < REOPENED_SHARE
        return status, instant if reopened else None


def _segment_weights() -> list[tuple[tuple[str, str], float]]:
    """The share of each channel and category."""
    segments = []
    for channel, profile in CHANNEL_PROFILES.items():
        weights = [
            CATEGORY_WEIGHTS[category] * factor
            for category, factor in zip(CATEGORIES, profile.category_weights, strict=True)
        ]
        segments += [
            ((channel, category), profile.share * weight / sum(weights))
            for category, weight in zip(CATEGORIES, weights, strict=True)
        ]
    return segments
