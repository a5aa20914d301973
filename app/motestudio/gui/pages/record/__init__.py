"""The Record page: record takes from a board: watch the signal, choose a class, press Space."""

from motestudio.gui.pages.record.page import RecordPage

PAGE = RecordPage
