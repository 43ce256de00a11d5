"""The marts that all three make: the published figures, without the project's own findings."""

from __future__ import annotations

# Each mart and the columns that name its rows.
MARTS: dict[str, tuple[str, ...]] = {
    "fct_tickets": ("ticket_id",),
    "fct_tickets_daily": ("created_day",),
    "fct_tickets_weekly": ("created_week",),
    "fct_tickets_by_category_daily": ("created_day", "category_effective"),
    "fct_tickets_by_category_weekly": ("created_week", "category_effective"),
    "fct_sla_daily": ("created_day",),
    "fct_sla_weekly": ("created_week",),
    "fct_sla_by_channel_daily": ("created_day", "channel"),
    "fct_sla_by_channel_weekly": ("created_week", "channel"),
    "fct_fcr_daily": ("created_day",),
    "fct_fcr_weekly": ("created_week",),
    "fct_backlog_daily": ("day",),
    "fct_backlog_by_status": ("status",),
    "fct_ai_tag_confusion_matrix": ("tag", "ai_category"),
    "fct_ai_tag_accuracy_weekly": ("created_week",),
    "fct_ai_tag_scores": ("category",),
    "fct_frt_outliers": ("outlier_rank",),
    "fct_support_health": ("period",),
    "rejected_tickets": ("line_number",),
    "rejected_users": ("line_number",),
    "fct_data_quality": ("check_name",),
}
