"""The Live page: watch the board infer, tune the thresholds and keep what it got wrong."""

from motestudio.gui.pages.live.page import LivePage

PAGE = LivePage
