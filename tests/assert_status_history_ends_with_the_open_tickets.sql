-- If this fails, the history of statuses has missed a change: its last day is not the backlog of today.
{{ config(enabled=var('keep_status_history')) }}

with history as (
    select * from {{ ref('fct_backlog_by_status_daily') }}
),

backlog as (
    select * from {{ ref('fct_backlog_by_status') }}
),

last_day as (
    select max(day) as day
    from history
)

select
    backlog.status,
    backlog.open_count,
    history.open_count as open_count_in_history
from backlog
left join history
    on
        backlog.status = history.status
        and history.day = (select day from last_day)
where backlog.open_count is distinct from history.open_count
