"""The export of the day after: what 1% of new and changed tickets looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.bench.data import BenchData
from support_analytics.quoting import literal

CHANGED_SHARE = 0.01
# What changes, as shares of the changed rows; the rest of 1 are late arrivals on earlier days.
NEW_SHARE = 0.45
STATUS_SHARE = 0.40
MESSAGE_SHARE = 0.10
_VANISHED_SHARE = 0.002
_ORDER = "hash(ticket_id || 'second day')"


@dataclass(frozen=True)
class SecondDay:
    """Files of the second day and the number of rows by what happened to them."""

    tickets: Path
    users: Path
    new: int
    status_changed: int
    message_changed: int
    late: int
    vanished: int


def make_second_day(data: BenchData, folder: Path) -> SecondDay:
    """Write the second day's tickets beside the first's: the same files give the same rows.

    New tickets come after the last one, copies of others in text and channel; open tickets are
    resolved; messages gain a sentence; late ones are created on days long past; a few are gone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = data.files["parquet"]
    target = folder / "tickets.parquet"
    changed = max(int(data.tickets * CHANGED_SHARE), 20)
    counts = {
        "new": int(changed * NEW_SHARE),
        "status_changed": int(changed * STATUS_SHARE),
        "message_changed": int(changed * MESSAGE_SHARE),
        "vanished": max(int(changed * _VANISHED_SHARE), 3),
    }
    counts["late"] = changed - counts["new"] - counts["status_changed"] - counts["message_changed"]
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(
            f"create view first_day as from read_parquet({literal(first['tickets'])})"
        )
        connection.execute(
            "create table latest as select max(created_at) as latest_at from ("
            "select try_cast(created_at as timestamp) as created_at from first_day)"
        )
        _pick(
            connection,
            "closing",
            "status in ('pending', 'escalated') and try_cast(created_at as timestamp) is not null",
            counts["status_changed"],
        )
        _pick(
            connection,
            "rewording",
            "status = 'resolved' and message_text is not null",
            counts["message_changed"],
        )
        _pick(connection, "vanishing", "status = 'closed_without_solution'", counts["vanished"])
        _pick(
            connection,
            "copied",
            "status in ('pending', 'resolved') and first_response_time is not null",
            counts["new"] + counts["late"],
        )
        counts["status_changed"] = _rows(connection, "closing")
        connection.execute(
            f"""
            copy (
                select * replace (
                    case
                        when ticket_id in (select ticket_id from closing) then 'resolved'
                        else status
                    end as status,
                    case
                        when ticket_id in (select ticket_id from closing)
                            then strftime((select latest_at from latest), '%Y-%m-%d %H:%M:%S')
                        else resolved_at
                    end as resolved_at,
                    case
                        when ticket_id in (select ticket_id from rewording)
                            then message_text || ' The creator asks for a refund now.'
                        else message_text
                    end as message_text
                )
                from first_day
                where ticket_id is null or ticket_id not in (select ticket_id from vanishing)
                union all by name
                select
                    * exclude (number) replace (
                        case when number <= {counts["new"]} then 'N' else 'L' end
                        || ticket_id as ticket_id,
                        strftime(
                            case
                                when number <= {counts["new"]}
                                    then (select latest_at from latest)
                                        + to_seconds(1 + number % 86400)
                                else (select latest_at from latest)
                                    - to_days(cast(30 + number % 300 as integer))
                            end, '%Y-%m-%d %H:%M:%S') as created_at,
                        cast(null as varchar) as resolved_at,
                        'pending' as status
                    )
                from (
                    select *, row_number() over (order by {_ORDER}) as number
                    from (
                        select *
                        from first_day
                        where ticket_id in (select ticket_id from copied)
                        qualify row_number() over (
                            partition by ticket_id order by created_at, status, resolved_at
                        ) = 1
                    )
                )
            ) to {literal(target)} (format parquet, compression zstd)
            """
        )
    return SecondDay(target, first["users"], **counts)


def _pick(connection: duckdb.DuckDBPyConnection, name: str, condition: str, count: int) -> None:
    connection.execute(
        f"create table {name} as select ticket_id from (select distinct ticket_id from first_day"
        f" where {condition}) where ticket_id is not null"
        f" order by {_ORDER}, ticket_id limit {count}"
    )


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return int(count)
