"""The executive report: what happened, why, what to do, from the marts of a built database."""

from support_analytics.report.writer import REPORT_NAME, write_report

__all__ = ["REPORT_NAME", "write_report"]
