"""The Label page: mark where each class begins and ends in what you recorded."""

from __future__ import annotations

from motestudio.gui.pages.label.page import LabelPage

PAGE = LabelPage
