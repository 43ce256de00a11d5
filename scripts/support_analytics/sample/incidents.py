"""The three incidents planted in the sample, as constants that tests and docs can read."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Incident:
    """A few days of extra tickets about one thing, with slower first responses.

    ``extra_share`` holds one number a day: the extra tickets as a share of the tickets otherwise
    expected on that day. ``topics`` and ``channels`` weigh the extra tickets. In ``slow_channels``
    the first response of every ticket of those days takes ``frt_factor`` times as long on the
    worst day, and less on the others in proportion to ``extra_share``.
    """

    name: str
    title: str
    category: str
    first_day: date
    first_hour_utc: int
    extra_share: tuple[float, ...]
    topics: tuple[tuple[str, float], ...]
    channels: tuple[tuple[str, float], ...]
    slow_channels: tuple[str, ...]
    frt_factor: float

    @property
    def days(self) -> tuple[date, ...]:
        """The days (UTC) of the incident."""
        return tuple(self.first_day + timedelta(days=i) for i in range(len(self.extra_share)))

    def slowdown(self, day_number: int) -> float:
        """Factor on first response times on the incident's day ``day_number`` (0 is the first)."""
        intensity = self.extra_share[day_number] / max(self.extra_share)
        return 1 + (self.frt_factor - 1) * intensity


INCIDENTS = (
    Incident(
        name="pix_outage",
        title="Pix fails at checkout",
        category="checkout",
        first_day=date(2025, 6, 17),
        first_hour_utc=11,
        extra_share=(1.50, 1.05, 0.50),
        topics=(
            ("pix_failed", 0.84),
            ("checkout_page_error", 0.07),
            ("abandoned_cart", 0.04),
            ("duplicate_charge", 0.05),
        ),
        channels=(("whatsapp", 0.48), ("in_app", 0.27), ("chatbot", 0.17), ("email", 0.08)),
        slow_channels=("whatsapp", "in_app"),
        frt_factor=3.2,
    ),
    Incident(
        name="payout_delay",
        title="Payouts are late",
        category="financial",
        first_day=date(2025, 8, 5),
        first_hour_utc=9,
        extra_share=(1.20, 1.00, 0.75, 0.45),
        topics=(
            ("payout_delayed", 0.88),
            ("balance_mismatch", 0.07),
            ("payout_failed_bank", 0.05),
        ),
        channels=(("whatsapp", 0.42), ("email", 0.28), ("in_app", 0.24), ("chatbot", 0.06)),
        slow_channels=("whatsapp", "email"),
        frt_factor=2.6,
    ),
    Incident(
        name="email_deliverability",
        title="Creators' e-mails do not reach their readers",
        category="engagement",
        first_day=date(2025, 9, 23),
        first_hour_utc=8,
        extra_share=(1.00, 0.90, 0.70, 0.45),
        topics=(
            ("newsletter_deliverability", 0.86),
            ("open_rate", 0.08),
            ("automation", 0.06),
        ),
        channels=(("in_app", 0.44), ("email", 0.28), ("whatsapp", 0.23), ("chatbot", 0.05)),
        slow_channels=("in_app", "email"),
        frt_factor=2.6,
    ),
)

INCIDENT_NAMES = tuple(incident.name for incident in INCIDENTS)
