"""The Support Health page: one self-contained HTML file made from the marts."""

from support_analytics.dashboard.write import DashboardReport, write_dashboard

__all__ = ["DashboardReport", "write_dashboard"]
