"""DuckDB's SQL of a mapping: from the export's columns to the raw columns, all of them text.

What a mapping cannot read goes through as it was written, so that the models reject it with its
reason. Where the written text would be taken for a value that it is not, as an ISO date that is in
another zone's form, it is marked: `unread: 2025-11-04`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from support_analytics.mapping_file import (
    TICKETS,
    UNIT_MINUTES,
    Column,
    Join,
    MappingFile,
    Source,
    TimeForm,
)
from support_analytics.quoting import literal, quoted

LINE_COLUMN = "line_number_of_the_input"
MALFORMED_COLUMN = "malformed_record_of_the_input"
UNREAD = "unread: "
_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_TIME = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_LOCAL_ISO = rf"{_DAY}([ T]{_TIME})?"
_ZONED_ISO = rf"{_DAY}[ T]{_TIME} ?(Z|z|UTC|[+-]\d{{2}}(:?\d{{2}})?)"
_HMS = "(-?)([0-9]+):([0-9]{2})(:([0-9]{2}([.][0-9]+)?))?"
# As the models' macro `trimmed`: what only one of the two trims, each would read its own way.
_WHITE_SPACE = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)"
# Seconds of the years that the models take, 2000 to 2099: what is outside is in another unit.
_EPOCH_RANGE = (946_684_800, 4_102_444_800)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")


def instant_sql(text: str, form: TimeForm) -> str:
    """SQL of the UTC timestamp that the trimmed text says in one of the forms; null where none."""
    parts = [_zoned_iso(text)]
    for name in form.formats:
        if name == "iso":
            cast = f"try_cast(replace(replace({text}, 'T', ' '), ',', '.') as timestamp)"
            local = _local(cast, form.timezone)
            parts.append(f"case when regexp_full_match({text}, '{_LOCAL_ISO}') then {local} end")
        elif name in ("epoch_s", "epoch_ms"):
            parts.append(_epoch(text, 1 if name == "epoch_s" else 1000))
        elif name in ("day_first", "month_first"):
            parts.append(_local(_written_day(text, name), form.timezone))
        else:
            parsed = f"try_strptime({text}, {literal(name)})"
            has_zone = "%z" in name or "%Z" in name
            parts.append(
                f"timezone('UTC', {parsed})" if has_zone else _local(parsed, form.timezone)
            )
    return f"coalesce({', '.join(parts)})"


def source_sql(source: Source, columns: Mapping[str, str], alias: str) -> str:
    """SQL of the source's text. columns: the input's, by lower-case name."""
    if source.value is not None:
        return literal(source.value)
    if source.sql is not None:
        return f"cast(({source.sql}\n) as varchar)"
    for name in source.columns:
        if name.strip().lower() in columns:
            return f"{quoted(alias)}.{quoted(columns[name.strip().lower()])}"
    return "cast(null as varchar)"


def joins_sql(joins: Sequence[Join]) -> str:
    """The joins as common table expressions, each seeing those before it."""
    return ",\n".join(f"{quoted(join.name)} as ({join.sql}\n)" for join in joins)


def from_sql(mapping: MappingFile, table: str) -> str:
    """The rows of a table with what is joined to them."""
    parts = [f"from {quoted(table)}"]
    for join in mapping.joins if table == TICKETS else ():
        left, right = join.on
        parts.append(
            f"left join {quoted(join.name)} on cast({quoted(table)}.{quoted(left)} as varchar)"
            f" = cast({quoted(join.name)}.{quoted(right)} as varchar)"
        )
    return "\n".join(parts)


def table_sql(
    mapping: MappingFile,
    table: str,
    input_columns: Sequence[str],
    raw_columns: Sequence[str],
    allowed: Mapping[str, Sequence[str]],
) -> str:
    """The query whose rows are the raw table: its columns, line_number, malformed_record."""
    names = {name.lower(): name for name in input_columns}
    columns = mapping.tables[table]
    sources = [
        f"{source_sql(column.source, names, table)} as {quoted(column.name)}"
        for column in columns.values()
    ]
    lines = [
        f"{quoted(table)}.{LINE_COLUMN} as line_number",
        f"{quoted(table)}.{MALFORMED_COLUMN} as malformed_record",
    ]
    shown = [
        f"{_raw(columns[name], mapping, allowed)} as {quoted(name)}"
        if name in columns
        else f"cast(null as varchar) as {quoted(name)}"
        for name in raw_columns
    ]
    created = "cast(null as timestamp)"
    if "created_at" in columns:
        created = instant_sql(_trimmed("created_at"), columns["created_at"].form)
    ctes = joins_sql(mapping.joins) + ",\n" if mapping.joins and table == TICKETS else ""
    return (
        f"with {ctes}sources as (select {', '.join(lines + sources)}\n{from_sql(mapping, table)}),"
        f"\ninstants as (select *, {created} as created_instant from sources)"
        f"\nselect {', '.join(shown)}, line_number, malformed_record from instants"
    )


def _raw(column: Column, mapping: MappingFile, allowed: Mapping[str, Sequence[str]]) -> str:
    if column.is_elapsed and column.name == "resolved_at":
        return _after(column)
    if column.is_elapsed:
        return _minutes_until(column)
    if column.form is not None:
        return _timestamp(column)
    if column.unit is not None:
        return _minutes(column)
    if column.values is not None:
        words = [
            *allowed[column.name],
            *(mapping.extra_channels if column.name == "channel" else ()),
        ]
        return _word(column, words)
    return quoted(column.name)


def trimmed_sql(text: str) -> str:
    """SQL of the text without white space around it, as models trim; null where none is left."""
    return f"nullif(trim({text}, {_WHITE_SPACE}), '')"


def _trimmed(name: str) -> str:
    return trimmed_sql(quoted(name))


def _local(instant: str, zone: str) -> str:
    if zone == "UTC":
        return instant
    return f"timezone('UTC', timezone({literal(zone)}, {instant}))"


def _zoned_iso(text: str) -> str:
    # `+0530` and ` UTC` as DuckDB casts them.
    plain = f"regexp_replace(replace(upper({text}), ',', '.'), ' ?(UTC|Z)$', '+00')"
    plain = f"regexp_replace({plain}, ' ?([+-][0-9][0-9])([0-9][0-9])$', '\\1:\\2')"
    cast = f"timezone('UTC', try_cast({plain} as timestamptz))"
    return f"case when regexp_full_match({text}, '{_ZONED_ISO}') then {cast} end"


def _epoch(text: str, per_second: int) -> str:
    seconds = f"try_cast({text} as decimal(28, 9)) / {per_second}"
    first, end = _EPOCH_RANGE
    return (
        f"case when regexp_full_match({text}, '[0-9]{{1,14}}([.][0-9]{{1,9}})?')"
        f" and {seconds} >= {first} and {seconds} < {end}"
        f" then make_timestamp(cast(round({seconds} * 1000000) as bigint)) end"
    )


def _written_day(text: str, name: str) -> str:
    day = "%d/%m/" if name == "day_first" else "%m/%d/"
    plain = (
        f"regexp_replace(regexp_replace({text}, '^([0-9]{{1,2}})[./-]([0-9]{{1,2}})[./-]',"
        " '\\1/\\2/'), '(,|T|\\s)+', ' ', 'g')"
    )
    long, short = (
        "[" + ", ".join(literal(f"{day}{year}{clock}") for clock in _CLOCKS) + "]"
        for year in ("%Y", "%y")
    )
    return (
        f"case when regexp_matches({plain}, '^[0-9]+/[0-9]+/[0-9]{{4}}( |$)')"
        f" then try_strptime({plain}, {long})"
        f" when regexp_matches({plain}, '^[0-9]+/[0-9]+/[0-9]{{2}}( |$)')"
        f" then try_strptime({plain}, {short}) end"
    )


def _unless(text: str, is_misread: str) -> str:
    """The text, marked where it would be taken for something that it is not."""
    return f"case when {is_misread} then '{UNREAD}' || {text} else {text} end"


def _timestamp(column: Column) -> str:
    text = _trimmed(column.name)
    parsed = instant_sql(text, column.form)
    unread = _unless(text, f"regexp_matches({text}, '^{_DAY}')")
    return f"coalesce(cast({parsed} as varchar), {unread})"


def _minutes_value(text: str, column: Column) -> str:
    """SQL of the minutes, a double, that a duration says; null where it says none."""
    if column.unit == "hms":
        parts = [
            f"try_cast(regexp_extract({text}, '{_HMS}', {group}) as double)" for group in (2, 3, 5)
        ]
        sign = f"case when starts_with({text}, '-') then -1 else 1 end"
        total = f"({parts[0]} * 60 + {parts[1]} + coalesce({parts[2]}, 0) / 60)"
        return f"case when regexp_full_match({text}, '{_HMS}') then {sign} * {total} end"
    number = f"replace({text}, ',', '.')" if column.has_decimal_comma else text
    return f"try_cast({number} as double) * {UNIT_MINUTES[column.unit]!r}"


def _minutes(column: Column) -> str:
    text = _trimmed(column.name)
    minutes = f"round({_minutes_value(text, column)}, 6)"
    unread = _unless(text, f"try_cast({text} as double) is not null")
    return f"coalesce(cast({minutes} as varchar), {unread})"


def _minutes_until(column: Column) -> str:
    text = _trimmed(column.name)
    until = instant_sql(text, column.form)
    minutes = f"round((epoch_us({until}) - epoch_us(created_instant)) / 60000000.0, 6)"
    unread = _unless(text, f"try_cast({text} as double) is not null")
    return (
        f"case when {text} is null then null when created_instant is null and {until} is not null"
        f" then null else coalesce(cast({minutes} as varchar), {unread}) end"
    )


def _after(column: Column) -> str:
    text = _trimmed(column.name)
    minutes = _minutes_value(text, column)
    bounded = f"case when abs({minutes}) < 1e8 then {minutes} end"
    instant = f"created_instant + to_microseconds(cast(round(({bounded}) * 60000000) as bigint))"
    return f"coalesce(cast({instant} as varchar), '{UNREAD}' || {text})"


def _word(column: Column, words: Sequence[str]) -> str:
    plain = f"lower(coalesce({_trimmed(column.name)}, ''))"
    named = " ".join(
        f"when {literal(word)} then nullif({literal(target)}, '')"
        for word, target in column.values.items()
    )
    if isinstance(column.otherwise, tuple):
        rest = literal(column.otherwise[1])
    elif column.otherwise == "empty":
        rest = "null"
    elif column.otherwise == "keep":
        rest = quoted(column.name)
    else:
        known = ", ".join(map(literal, words))
        rest = _unless(quoted(column.name), f"{plain} in ({known})")
    # An empty value has no word to be judged by: it stays empty unless the mapping names it.
    empty = "" if "" in column.values else "when '' then null "
    return f"case {plain} {empty}{named} else {rest} end"
