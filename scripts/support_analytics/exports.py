"""Write the marts to files that people and dashboards read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.dbt_runner import DbtSession, Mart
from support_analytics.quoting import literal, quoted

FORMATS = ("csv", "parquet")
# The macro is long, and planning it takes the engine a sixth of a second a column. Above this many
# columns they become rows of one, which the macro then sees once.
INLINE_REDACTIONS = 2
# Stands for the column in a rendered macro.
_COLUMN = "redacted_column_placeholder"
_BETWEEN = "\n-- next macro\n"
# What users are known by, besides the texts that models mark.
_USER_COLUMNS = {"creator_id", "country", "plan"}
# Bare digits in these are an id or a time, whatever phone they look like. Cards and tax numbers,
# which have check digits, are taken out all the same.
_DIGIT_COLUMNS = {
    *("ticket_id", "creator_id", "created_at", "resolved_at", "first_response_time", "signup_date"),
}
_MESSAGE_COLUMNS = {
    *("message_text", "message_text_redacted", "example_texts_redacted"),
    *("malformed_record", "ai_rationale"),
}
# Of a rejected row: what is not the user's, and the reason that says that fields may be shifted.
_UNSHIFTED = {"line_number", "reasons"}
_SHIFTED_REASON = "malformed_row"
_COPY_OPTIONS = {
    "csv": "format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr ''",
    "parquet": "format parquet, compression zstd",
}


@dataclass(frozen=True)
class ExportedFile:
    """A written file: its name and its rows, header not counted."""

    name: str
    rows: int


@dataclass(frozen=True)
class CellRules:
    """What becomes of texts on their way to people, as functions from a column's SQL to SQL.

    redact takes out personal items; guard is a pattern that every text with one matches.
    neutralise keeps spreadsheets from running a cell. keeps_text: whether messages, and what quotes
    them, are written at all.
    """

    redact: Callable[[str], str]
    guard: str = ""
    neutralise: Callable[[str], str] = lambda column: column
    keeps_text: bool = True


def cell_rules(session: DbtSession, keeps_text: bool = True) -> CellRules:
    """The rules as the project's macros write them, so that exports and models redact alike."""
    macros = [f"redact_text('{_COLUMN}')", "redaction_guard()", f"neutralise_cell('{_COLUMN}')"]
    rendered = session.render(_BETWEEN.join("{{ " + macro + " }}" for macro in macros))
    redacted, guard, neutralised = (part.strip() for part in rendered.split(_BETWEEN.strip()))
    return CellRules(
        lambda column: redacted.replace(_COLUMN, column),
        guard,
        lambda column: neutralised.replace(_COLUMN, column),
        keeps_text,
    )


def export_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    folder: Path,
    file_format: str,
    rules: CellRules,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> list[ExportedFile]:
    """Write each mart to folder/<mart>.<file_format>, rows in the order of the mart's key.

    CSV: UTF-8, header, ISO dates, timestamps as 2025-11-04T01:30:00 in UTC (a fraction only where
    there is one), true and false, nothing for null, shortest exact numbers.
    """
    files = []
    for done, mart in enumerate(marts, start=1):
        path = folder / f"{mart.name}.{file_format}"
        query = export_sql(connection, mart, file_format, rules)
        rows = connection.execute(
            f"copy ({query}) to {literal(path)} ({_COPY_OPTIONS[file_format]})"
        ).fetchone()[0]
        files.append(ExportedFile(path.name, rows))
        progress(done, len(marts), mart.name)
    return files


def export_sql(
    connection: duckdb.DuckDBPyConnection,
    mart: Mart,
    file_format: str,
    rules: CellRules,
) -> str:
    """The query whose result is the mart's file."""
    described = connection.execute(f"describe {mart.relation}").fetchall()
    columns = {name: data_type for name, data_type, *_ in described}
    columns_dropped = set() if rules.keeps_text else _MESSAGE_COLUMNS & set(columns)
    # A message may stand in any column of a row whose fields are shifted.
    shifted = set(columns) - _UNSHIFTED if "reasons" in columns and not rules.keeps_text else set()
    redacted = [
        name
        for name, data_type in columns.items()
        if name not in columns_dropped
        and (
            name in mart.redacted_columns or _is_personal(connection, mart, name, data_type, rules)
        )
    ]
    is_folded = len(redacted) > INLINE_REDACTIONS
    shown = []
    for name, data_type in columns.items():
        value = f"mart.{quoted(name)}"
        if name in columns_dropped:
            value = "cast(null as varchar)"
        elif name in redacted:
            place = redacted.index(name) + 1
            text = f"texts.redacted[{place}]" if is_folded else f"mart.redacted_text_{place}"
            value = _kept_digits(name, value, text)
        if file_format == "csv" and name not in columns_dropped:
            value = _csv_value(value, data_type, rules)
        if name in shifted:
            value = _unless_shifted(value, "mart.reasons")
        shown.append(f"{value} as {quoted(name)}")
    order = ", ".join(f"mart.{quoted(name)}" for name in _order(connection, mart, columns))
    selected = f"select {', '.join(shown)}"
    if not is_folded:
        rows = _redacted_rows(mart.relation, redacted, rules)
        return f"{selected} from ({rows}) as mart order by {order}"
    texts = "[" + ", ".join(f"cast({quoted(name)} as varchar)" for name in redacted) + "]"
    return f"""
        with numbered as materialized (
            select *, row_number() over () as text_row from {mart.relation}
        ),
        unfolded as (
            select text_row, unnest({texts}) as text, generate_subscripts({texts}, 1) as position
            from numbered
        ),
        texts as (
            select text_row, list({rules.redact("text")} order by position) as redacted
            from unfolded
            group by text_row
        )
        {selected}
        from numbered as mart
        inner join texts on mart.text_row = texts.text_row
        order by {order}
    """


def redacted_user_texts_sql(
    relation: str, columns: Sequence[str], redact: Callable[[str], str]
) -> str:
    """The texts of these columns of users that people do not see as they are, each once.

    Columns of the query: column_name, text, and what is shown in its place. Report and dashboard
    read it, so that both redact what the exports redact.
    """
    unknown = set(columns) - _USER_COLUMNS
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]} is no column that users are known by")
    texts = " union ".join(
        f"select {literal(name)} as column_name, {quoted(name)} as text from {relation}"
        f" where {quoted(name)} is not null"
        for name in columns
    )
    kept = " ".join(
        f"when column_name = {literal(name)} then {_kept_digits(name, 'text', 'redacted')}"
        for name in columns
    )
    return f"""
        select column_name, text, shown
        from (
            select column_name, text, case {kept} end as shown
            from (select *, {redact("text")} as redacted from ({texts}))
        )
        where shown <> text
    """


def _redacted_rows(relation: str, columns: Sequence[str], rules: CellRules) -> str:
    """The rows, with `redacted_text_<n>` beside each of the columns.

    Most rows have nothing to find and go past the passes. The others are put together by a sort:
    DuckDB prepares the patterns again for each chunk that it sends through, however few its rows.
    """
    places = [(quoted(name), place) for place, name in enumerate(columns, start=1)]
    as_written = "".join(f", {name} as redacted_text_{place}" for name, place in places)
    redacted = "".join(f", {rules.redact(name)} as redacted_text_{place}" for name, place in places)
    if redacted == as_written:
        return f"select *{as_written} from {relation}"
    has_item = " or ".join(
        f"coalesce(regexp_matches({name}, {literal(rules.guard)}), false)" for name, _ in places
    )
    return (
        f"select *{as_written} from {relation} where not ({has_item})"
        f" union all select *{redacted} from (select * from {relation} where {has_item} order by 1)"
    )


def _order(
    connection: duckdb.DuckDBPyConnection, mart: Mart, columns: Mapping[str, str]
) -> list[str]:
    """The key, or all columns where there is none or some rows share it."""
    key = [name for name in mart.key if name in columns]
    if not key:
        return list(columns)
    grain = ", ".join(map(quoted, key))
    (has_ties,) = connection.execute(
        f"select exists (select 1 from {mart.relation} group by {grain} having count(*) > 1)"
    ).fetchone()
    return list(columns) if has_ties else key


def _is_personal(
    connection: duckdb.DuckDBPyConnection, mart: Mart, name: str, data_type: str, rules: CellRules
) -> bool:
    """Whether a column of users holds anything that redaction could find."""
    if name not in _USER_COLUMNS or data_type != "VARCHAR":
        return False
    (has_any,) = connection.execute(
        f"select exists (select 1 from {mart.relation} where regexp_matches({quoted(name)}, ?))",
        [rules.guard],
    ).fetchone()
    return has_any


def rejected_value_sql(name: str, redact: Callable[[str], str], keeps_text: bool) -> str:
    """SQL of a rejected row's field as people see it, in exports and on the page alike."""
    value = _kept_digits(name, name, redact(name))
    return value if keeps_text else _unless_shifted(value, "reasons")


def _unless_shifted(value: str, reasons: str) -> str:
    return f"case when not contains({reasons}, '{_SHIFTED_REASON}') then {value} end"


def _kept_digits(name: str, written: str, redacted: str) -> str:
    if name not in _DIGIT_COLUMNS:
        return redacted
    return (
        f"case when regexp_full_match({written}, '[0-9]+') and {redacted} = '[phone]'"
        f" then {written} else {redacted} end"
    )


def _csv_value(column: str, data_type: str, rules: CellRules) -> str:
    if data_type == "VARCHAR":
        return rules.neutralise(f"({column})")
    if not data_type.startswith("TIMESTAMP"):
        return column
    instant = f"timezone('UTC', {column})" if data_type.endswith("TIME ZONE") else column
    return f"replace(cast({instant} as varchar), ' ', 'T')"
