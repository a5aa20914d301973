"""The Pipeline page."""

from motestudio.gui.pages.pipeline.page import PipelinePage

PAGE = PipelinePage

__all__ = ["PAGE"]
