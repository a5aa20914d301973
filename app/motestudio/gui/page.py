"""What a page is to the frame. Page authors subclass `Page` and set `PAGE` in their package.

A page is built when it is first shown, never before: that keeps the start under a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.gui.commands import Command

if TYPE_CHECKING:
    from motestudio.gui.context import AppContext


class Page(QWidget):
    """Base of all pages.

    Class attributes:
        key: name of its package under ``gui.pages``; also its name in `AppContext.goto`.
        title: the rail's word.
        help: what F1 shows: a few plain sentences, one paragraph per line.

    Attributes:
        context: the window's `AppContext`.
        inspector: the widget for the 280 px at the right, or None; set it in `build`, later by `set_inspector`.
        body: the page's vertical layout, with the page's side margins of 24 px.

    Signals:
        inspector_changed: `inspector` is another one.
    """

    inspector_changed = Signal()

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    margins: ClassVar[tuple[int, int, int, int]] = (24, 0, 24, 0)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.inspector: QWidget | None = None
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*self.margins)
        self.body.setSpacing(0)
        self.build()

    def build(self) -> None:
        """Make the widgets; called once, when the page is first shown."""
        raise NotImplementedError

    def set_inspector(self, inspector: QWidget | None) -> None:
        """Show another inspector, or none, such as while the page is empty."""
        if inspector is not self.inspector:
            self.inspector = inspector
            self.inspector_changed.emit()

    def activated(self) -> None:
        """The page is shown: refresh what may have changed."""

    def deactivated(self) -> None:
        """Another page is shown: stop display timers."""

    def commands(self) -> Sequence[Command]:
        """Commands that exist while the page is shown; those with a shortcut work by it."""
        return ()


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page in the rail, before it is imported.

    Attributes:
        key: package under ``motestudio.gui.pages``.
        title: the rail's word.
        icon: Phosphor name.
        needs_project: greyed without a project.
    """

    key: str
    title: str
    icon: str
    needs_project: bool = True

    def load(self) -> type[Page]:
        """Import the page."""
        page: type[Page] = import_module(f"motestudio.gui.pages.{self.key}").PAGE
        return page


WORK_PAGES = (
    PageSpec("record", "Record", "ph.record"),
    PageSpec("label", "Label", "ph.tag"),
    PageSpec("pipeline", "Pipeline", "ph.flow-arrow"),
    PageSpec("train", "Train", "ph.chart-line-up"),
    PageSpec("analyse", "Analyse", "ph.cpu"),
    PageSpec("deploy", "Deploy", "ph.rocket-launch"),
    PageSpec("live", "Live", "ph.activity"),
)
"""In the order of the work; Ctrl+1 to Ctrl+7."""

OTHER_PAGES = (
    PageSpec("plugins", "Plugins", "ph.puzzle-piece", needs_project=False),
    PageSpec("settings", "Settings", "ph.gear-six", needs_project=False),
)
START_PAGE = PageSpec("start", "Start", "ph.house", needs_project=False)
JOBS_PAGE = PageSpec("jobs", "Jobs", "ph.queue", needs_project=False)
"""Not in the rail, which is the order of the work: the job strip opens it, and Ctrl+J."""

PAGES = {spec.key: spec for spec in (*WORK_PAGES, *OTHER_PAGES, START_PAGE, JOBS_PAGE)}
