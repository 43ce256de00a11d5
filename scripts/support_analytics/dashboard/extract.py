"""What the page needs of a warehouse: ticket columns, control totals, facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.dashboard import control
from support_analytics.dashboard.incidents import find_incidents
from support_analytics.dashboard.pack import Column
from support_analytics.errors import UserError
from support_analytics.exports import redacted_user_texts_sql, rejected_value_sql
from support_analytics.lacking import kinds_lacking
from support_analytics.names import NAMES, TITLES
from support_analytics.quoting import literal
from support_analytics.warehouse import open_built

# Past this many tickets the page holds the latest days only, and texts of the slowest tickets.
MAX_TICKETS = 100_000
# The window is never shorter: four weeks, the four before, and a week's run-up.
MIN_WINDOW_DAYS = 63
# A 7-day average looks back before the first day shown.
LOOKBACK_DAYS = 6
# Past MAX_TICKETS: tickets with text for each day, channel and category.
TEXTS_PER_CELL = 2
REJECTED_ROWS_SHOWN = 100
# What of a rejected row is shown, and how many characters of it.
_REJECTED_FIELDS = {"ticket_id": 60, "status": 40, "channel": 40, "created_at": 40}
# Longer texts are cut on the page.
TEXT_LENGTH = 600
NOT_LEFT = 32767

# Bits of the column `flags`, in the order that page/data.js reads. A verdict that is null has
# neither its "applicable" nor its "met" bit.
FLAGS = (
    "is_resolved",
    "is_open",
    "is_closed_without_solution",
    "is_fcr_strict",
    "is_fcr_lenient",
    "is_frt_sla_met is not null",
    "is_frt_sla_met",
    "is_resolution_sla_met is not null",
    "is_resolution_sla_met",
)
# Page name -> column of fct_tickets that is stored as a code; 0 stands for null.
CODED = {
    "channel": "channel",
    "status": "status",
    "category": "category_effective",
    "tag": "tag",
    "ai_category": "ai_category",
    "topic": "ai_topic",
    "plan": "plan",
    "country": "country",
}
# Of these, what users are known by: the export's words, in which anything can stand.
_USER_COLUMNS = ("plan", "country")
# What the page reads of a warehouse.
TABLES = (
    *(f"marts.fct_{name}_daily" for name in ("tickets", "sla", "fcr", "backlog")),
    *(f"marts.fct_{name}_weekly" for name in ("sla_by_channel", "tickets_by_category")),
    *(f"marts.fct_ai_tag_{name}" for name in ("accuracy_weekly", "confusion_matrix", "scores")),
    *(f"marts.fct_{name}" for name in ("tickets", "support_health", "backlog_by_status")),
    *(
        f"marts.fct_{name}"
        for name in ("data_quality", "frt_outliers", "incidents", "tickets_expected_daily")
    ),
    *("staging.rejected_tickets", "staging.rejected_users"),
    *(f"intermediate.int_{name}" for name in ("clock_derived", "days_spined", "tickets_measured")),
    "intermediate.int_categories_listed",
)
_FRT_SCALES = (1, 10, 100, 1000)
_CELL = "partition by created_day, channel, category_effective order by"
_IS_WAITING = "(is_open and first_response_time_minutes is null)"
_SLOWEST_ONLY = f"""
qualify
    row_number() over ({_CELL} first_response_time_minutes desc nulls last, row_index)
        <= {TEXTS_PER_CELL}
    or ({_IS_WAITING} and row_number() over ({_CELL} {_IS_WAITING} desc, row_index) = 1)
    or ticket_id in (select ticket_id from marts.fct_frt_outliers)
"""


@dataclass(frozen=True)
class Window:
    """The days of the page. start is the first day that a reader can choose."""

    first_day: date
    start: date
    end: date
    tickets_in_all: int
    tickets_in_window: int

    @property
    def is_whole(self) -> bool:
        """Whether every ticket of the warehouse is on the page."""
        return self.start == self.first_day


@dataclass
class Payload:
    """Everything that differs between two pages."""

    columns: list[Column]
    facts: dict[str, Any]
    window: Window
    texts_count: int = 0
    warnings: list[str] = field(default_factory=list)


def open_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file for reading. Raises UserError where it is not a built warehouse."""
    connection = open_built(path, TABLES)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def extract(
    connection: duckdb.DuckDBPyConnection,
    redact: Callable[[str], str],
    *,
    with_text: bool = True,
    max_tickets: int = MAX_TICKETS,
) -> Payload:
    """Read everything the page shows. redact makes SQL of redacted text from a column's SQL."""
    window = _window(connection, max_tickets)
    _keep_tickets(connection, window)
    _redact_users(connection, redact)
    values = _coded_values(connection)
    columns = [*_ticket_columns(connection, window, values), _open_ages(connection)]
    thinned = not window.is_whole or window.tickets_in_all > MAX_TICKETS
    detail_columns, details = _details(connection, redact, thinned, with_text)
    facts = {
        **_clock_facts(connection, window),
        "values": values,
        "names": {
            value: NAMES[value]
            for column in ("channel", "category", "topic")
            for value in values[column]
            if value in NAMES
        },
        "titles": TITLES,
        "flags": [flag.replace(" is not null", "_applicable") for flag in FLAGS],
        "days": _day_facts(connection, window),
        "categories": _single(
            connection,
            "select category from intermediate.int_categories_listed order by category_rank",
        ),
        "lacks": kinds_lacking(connection),
        "data_quality": _rows(connection, control.DATA_QUALITY),
        "rejected": _rejected(connection, redact, with_text),
        "incidents": find_incidents(connection, window.start),
        "control": control.control_totals(connection, window.start, window.is_whole),
        "details": details | {"thinned": thinned, "with_text": with_text},
    }
    payload = Payload([*columns, *detail_columns], facts, window, len(details["texts"]))
    if not window.is_whole:
        payload.warnings.append(
            f"{window.tickets_in_all:,} tickets are more than {max_tickets:,}: the page holds the "
            f"{window.tickets_in_window:,} created since {window.start}"
        )
    if thinned and with_text:
        payload.warnings.append(
            f"texts of the slowest {TEXTS_PER_CELL} of each day, channel and category only"
        )
    return payload


def _window(connection: duckdb.DuckDBPyConnection, max_tickets: int) -> Window:
    first_day, end, in_all = connection.execute(
        """
        select first_day, as_of_day, (select count(*) from marts.fct_tickets)
        from intermediate.int_clock_derived
        """
    ).fetchall()[0]
    if not in_all:
        raise UserError("the warehouse has no accepted tickets; there is nothing to show")
    start = first_day
    if in_all > max_tickets:
        # The earliest day from which the tickets still fit.
        start = connection.execute(
            """
            select coalesce(min(created_day), ?)
            from (
                select created_day, sum(tickets_created) over (order by created_day desc) as held
                from marts.fct_tickets_daily
            )
            where held <= ?
            """,
            [end, max_tickets],
        ).fetchall()[0][0]
        start = max(first_day, min(start, end - timedelta(days=MIN_WINDOW_DAYS - 1)))
    in_window = connection.execute(
        "select count(*) from marts.fct_tickets where created_day >= ?", [start]
    ).fetchall()[0][0]
    return Window(first_day, start, end, in_all, in_window)


def _keep_tickets(connection: duckdb.DuckDBPyConnection, window: Window) -> None:
    """Make page_tickets: the window's, a week's run-up, and whatever was in the backlog then."""
    connection.execute(
        """
        create temp table page_tickets as
        select
            * exclude (message_text, ai_rationale),
            row_number() over (order by created_day, created_at, ticket_id) - 1 as row_index
        from marts.fct_tickets
        where created_day >= ? or left_backlog_day is null or left_backlog_day >= ?
        order by row_index
        """,
        [window.start - timedelta(days=LOOKBACK_DAYS), window.start],
    )


def _redact_users(connection: duckdb.DuckDBPyConnection, redact: Callable[[str], str]) -> None:
    """Take personal items out of what a reader can filter by. Values that then agree are one."""
    connection.execute(
        "create temp table page_user_texts as "
        + redacted_user_texts_sql("page_tickets", _USER_COLUMNS, redact)
    )
    for name in _USER_COLUMNS:
        connection.execute(
            f"update page_tickets set {name} = shown from page_user_texts"
            f" where column_name = '{name}' and text = {name}"
        )


def _coded_values(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The values of each coded column, the most frequent first."""
    return {
        name: _single(
            connection,
            f"select {column} from page_tickets where {column} is not null "
            f"group by {column} order by count(*) desc, {column}",
        )
        for name, column in CODED.items()
    }


def _ticket_columns(
    connection: duckdb.DuckDBPyConnection, window: Window, values: dict[str, list[str]]
) -> list[Column]:
    scale = _frt_scale(connection)
    # Days count from the window's first one; what is older than an int16 can say needs no day.
    selected = {
        "day": ("int16", f"greatest(created_day - date '{window.start}', -32768)"),
        "left_day": (
            "int16",
            f"case when left_backlog_day is null then {NOT_LEFT}"
            f" else greatest(left_backlog_day - date '{window.start}', -32768) end",
        ),
        "frt": (
            ("double", "coalesce(first_response_time_minutes, -1)")
            if scale is None
            else ("int32", f"coalesce(round(first_response_time_minutes * {scale}), -1)")
        ),
        "resolution": ("int32", "coalesce(resolution_time_minutes, -1)"),
        "flags": (
            "uint16",
            " + ".join(
                f"coalesce(({flag})::int, 0) * {1 << bit}" for bit, flag in enumerate(FLAGS)
            ),
        ),
    }
    for name, column in CODED.items():
        type_name = "uint8" if len(values[name]) < 256 else "uint16"
        listed = "[" + ", ".join(map(literal, values[name])) + "]::varchar[]"
        selected[name] = (type_name, f"coalesce(list_position({listed}, {column}), 0)")
    divide = {"frt": scale or 1}
    return _columns(connection, selected, "from page_tickets order by row_index", divide)


def _frt_scale(connection: duckdb.DuckDBPyConnection) -> int | None:
    """A power of ten by which every first response time becomes a whole number, if there is one."""
    for scale in _FRT_SCALES:
        exact = connection.execute(
            f"""
            select coalesce(bool_and(
                round(first_response_time_minutes * {scale}) / {scale} = first_response_time_minutes
            ), true)
            from page_tickets
            """
        ).fetchall()[0][0]
        if exact:
            return scale
    return None


def _open_ages(connection: duckdb.DuckDBPyConnection) -> Column:
    """Hours from creation to as_of_at of the open tickets, in the order of their rows."""
    selected = {
        "open_age_hours": (
            "double",
            "(epoch_us(clock.as_of_at) - epoch_us(page_tickets.created_at)) / 3600000000.0",
        )
    }
    source = (
        "from page_tickets cross join intermediate.int_clock_derived as clock "
        "where page_tickets.is_open order by page_tickets.row_index"
    )
    return _columns(connection, selected, source)[0]


def _details(
    connection: duckdb.DuckDBPyConnection,
    redact: Callable[[str], str],
    thinned: bool,
    with_text: bool,
) -> tuple[list[Column], dict[str, Any]]:
    """Tickets that a reader can look at: row, id, time of creation, redacted text."""
    connection.execute(
        f"""
        create temp table page_details as
        select row_index, ticket_id, created_at
        from page_tickets
        {_SLOWEST_ONLY if thinned else ""}
        """
    )
    selected = {
        "detail_row": ("int32", "row_index - lag(row_index, 1, 0) over (order by row_index)"),
        "detail_created_s": (
            "int32",
            "(epoch_us(created_at) // 1000000 - 946684800)::bigint"
            " - lag((epoch_us(created_at) // 1000000 - 946684800)::bigint, 1, 0)"
            " over (order by row_index)",
        ),
    }
    columns = _columns(connection, selected, "from page_details order by row_index")
    ids = _single(connection, "select ticket_id from page_details order by row_index")
    texts: list[str] = []
    if with_text:
        texts = _single(
            connection,
            f"""
            with texts as (
                select page_details.row_index, tickets.message_text
                from marts.fct_tickets as tickets
                inner join page_details using (ticket_id)
            ),
            redacted as (
                select row_index, {redact("message_text")} as message_text from texts
            )
            select
                coalesce(
                    case
                        when length(message_text) > {TEXT_LENGTH}
                            then substring(message_text, 1, {TEXT_LENGTH}) || '…'
                        else message_text
                    end,
                    ''
                )
            from redacted
            order by row_index
            """,
        )
    return columns, {"ids": ids, "texts": texts}


def _clock_facts(connection: duckdb.DuckDBPyConnection, window: Window) -> dict[str, Any]:
    as_of, fewest = connection.execute(
        "select as_of_at, min_tickets_for_percentile from intermediate.int_clock_derived"
    ).fetchall()[0]
    offsets = _single(
        connection,
        """
        select distinct epoch(cast(day + 1 as timestamp)) - epoch(next_period_starts_at) as offset_s
        from intermediate.int_days_spined
        order by offset_s
        """,
    )
    return {
        "as_of": f"{as_of:%Y-%m-%d %H:%M}",
        "min_tickets_for_percentile": fewest,
        "start_day": window.start.isoformat(),
        "first_day": window.first_day.isoformat(),
        "last_day": window.end.isoformat(),
        "tickets_in_all": window.tickets_in_all,
        "tickets_in_window": window.tickets_in_window,
        "is_whole": window.is_whole,
        "utc_offsets": [_offset_name(int(offset)) for offset in offsets],
    }


def _offset_name(seconds: int) -> str:
    if not seconds:
        return "UTC"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"UTC{'+' if seconds > 0 else '−'}{hours:02d}:{minutes:02d}"


def _day_facts(connection: duckdb.DuckDBPyConnection, window: Window) -> dict[str, list[int]]:
    """For each day of the window whether its cohort is mature."""
    rows = connection.execute(
        """
        select fct_sla_daily.is_mature::int, fct_fcr_daily.is_mature::int
        from marts.fct_sla_daily
        inner join marts.fct_fcr_daily using (created_day)
        where created_day >= ?
        order by created_day
        """,
        [window.start],
    ).fetchall()
    return {"sla_mature": [row[0] for row in rows], "fcr_mature": [row[1] for row in rows]}


def _rejected(
    connection: duckdb.DuckDBPyConnection, redact: Callable[[str], str], with_text: bool
) -> dict[str, Any]:
    shown = ", ".join(
        f"left({rejected_value_sql(name, redact, with_text)}, {length}) as {name}"
        for name, length in _REJECTED_FIELDS.items()
    )
    total = connection.execute("select count(*) from staging.rejected_tickets").fetchall()[0][0]
    users = connection.execute("select count(*) from staging.rejected_users").fetchall()[0][0]
    rows = connection.execute(
        f"""
        select line_number, reasons, {shown}
        from staging.rejected_tickets as rejected
        order by line_number nulls last, reasons, rejected.ticket_id
        limit {REJECTED_ROWS_SHOWN}
        """
    ).fetchall()
    return {"tickets": total, "users": users, "rows": [list(row) for row in rows]}


def _columns(
    connection: duckdb.DuckDBPyConnection,
    selected: dict[str, tuple[str, str]],
    source: str,
    divide: dict[str, int] | None = None,
) -> list[Column]:
    sql_types = {
        "uint8": "utinyint",
        "int16": "smallint",
        "uint16": "usmallint",
        "int32": "integer",
        "double": "double",
    }
    items = ", ".join(
        f"cast({expression} as {sql_types[type_name]}) as {name}"
        for name, (type_name, expression) in selected.items()
    )
    table = connection.sql(f"select {items} {source}").to_arrow_table()
    columns = []
    for name, (type_name, _) in selected.items():
        chunks = table.column(name).chunks
        width = table.column(name).type.bit_width // 8
        values = b"".join(
            chunk.buffers()[1].to_pybytes()[
                chunk.offset * width : (chunk.offset + len(chunk)) * width
            ]
            for chunk in chunks
            if len(chunk)
        )
        columns.append(Column(name, type_name, values, (divide or {}).get(name, 1)))
    return columns


def _single(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.sql(query).to_arrow_table().column(0).to_pylist()


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[list[Any]]:
    return [list(row) for row in connection.execute(query).fetchall()]
