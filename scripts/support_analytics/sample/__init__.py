"""The seeded sample: fictitious support tickets and creators, the same for the same seed."""

from . import dirt
from .incidents import INCIDENT_NAMES, INCIDENTS, Incident
from .tickets import CHANNELS, TICKET_COLUMNS, SampleConfig, Ticket
from .writer import ticket_lines, write_tickets, write_users

__all__ = [
    "CHANNELS",
    "INCIDENTS",
    "INCIDENT_NAMES",
    "TICKET_COLUMNS",
    "Incident",
    "SampleConfig",
    "Ticket",
    "dirt",
    "ticket_lines",
    "write_tickets",
    "write_users",
]
