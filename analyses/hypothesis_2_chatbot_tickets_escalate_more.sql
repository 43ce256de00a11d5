-- Hypothesis: tickets on the chatbot are escalated more often than those on other channels.
-- Method: difference of the shares of tickets that are escalated at as_of_at, with the interval of two independent shares.
-- Reading: an export of the current state sees only tickets that are escalated now; those escalated and resolved since are
-- not in it, on any channel.

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

counted as (
    select
        cast(count(case when channel = 'chatbot' then 1 end) as double) as chatbot_count,
        count(case when channel = 'chatbot' and status = 'escalated' then 1 end) as chatbot_escalated_count,
        cast(count(case when channel <> 'chatbot' then 1 end) as double) as other_count,
        count(case when channel <> 'chatbot' and status = 'escalated' then 1 end) as other_escalated_count
    from tickets
),

compared as (
    select
        chatbot_count + other_count as tickets_count,
        chatbot_escalated_count / chatbot_count - other_escalated_count / other_count as difference,
        sqrt(
            {{ share_error_square('chatbot_escalated_count', 'chatbot_count') }}
            + {{ share_error_square('other_escalated_count', 'other_count') }}
        ) as difference_error
    from counted
    where chatbot_count > 0 and other_count > 0
)

select
    'Chatbot tickets escalate more' as hypothesis,
    'escalated share, chatbot minus other channels' as measure,
    'all tickets' as segment,
    {{ difference_result('above') }}
from compared
