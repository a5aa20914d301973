"""report.html: what was done, with plots and figures, in one file that opens anywhere and needs no network."""

from motestudio.studio.report.page import LiveTrace, ReportData, write_report

__all__ = ["LiveTrace", "ReportData", "write_report"]
