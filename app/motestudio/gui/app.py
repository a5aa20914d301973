"""Starts the window. Everything heavy (plots, verbs, pages) is imported when it is first needed."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from motestudio.gui.context import AppContext
    from motestudio.gui.main_window import MainWindow


class ErrorCatcher(QObject):
    """Turns exceptions that nobody caught into a banner: a bug of ours must never take the window along.

    Signals:
        caught(object, str): the exception and its traceback; queued, so that any thread may raise.
    """

    caught = Signal(object, str)

    def install(self, context: AppContext) -> None:
        """Take over the interpreter's hooks."""
        self.caught.connect(context.show_error, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def remove(self) -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        self.caught.emit(error, "".join(traceback.format_exception(kind, error, trace)))

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        error = args.exc_value or args.exc_type()
        self.caught.emit(error, "".join(traceback.format_exception(args.exc_type, error, args.exc_traceback)))


def make_application(argv: list[str] | None = None) -> QApplication:
    """The QApplication with our theme; the present one where there is one."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        app = present
    else:
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(argv or ["mote"])
        from motestudio.gui.collector import Collector

        Collector(app)
    app.setApplicationName("motestudio")
    app.setApplicationDisplayName("Mote Studio")
    from motestudio.gui.collector import Collector
    from motestudio.gui.theme import theme

    if app.findChild(QObject, "collector") is None:
        Collector(app)
    theme().apply(app)
    return app


def make_window(context: AppContext | None = None) -> MainWindow:
    """A window over a context; the remembered theme and size."""
    from motestudio.gui.context import AppContext
    from motestudio.gui.main_window import MainWindow
    from motestudio.gui.theme import theme

    context = context or AppContext()
    theme().set_mode(context.settings.get("theme", "system"))
    window = MainWindow(context)
    size = context.settings.get("window_size", [1440, 900])
    window.resize(*(int(s) for s in size[:2]))
    return window


def run(
    project: Path | None = None,
    *,
    virtual: bool = False,
    plugin_dirs: Sequence[Path] = (),
    safe_mode: bool = False,
    screenshot_dir: Path | None = None,
) -> int:
    """Open the window and return its exit status when it is closed.

    Args:
        project: folder of a project to open.
        virtual: connect the project to the virtual board.
        plugin_dirs: folders of plugins besides those of the settings, for this time.
        safe_mode: built-in plugins only.
        screenshot_dir: save a picture of every page there, then quit.
    """
    os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")
    from motestudio.gui.context import AppContext

    app = make_application(sys.argv[:1])
    window = make_window(AppContext(plugin_dirs=plugin_dirs, safe_mode=safe_mode))
    catcher = ErrorCatcher()
    catcher.install(window.context)

    def opened() -> None:
        window.show_page("record")
        if virtual:
            window.context.connect_device("virtual")

    if project is not None:
        folder = project
        QTimer.singleShot(0, lambda: window.context.open_project(folder, opened))
    window.show()
    if screenshot_dir is not None:
        from motestudio.gui.shoot import shoot_all

        target = screenshot_dir
        QTimer.singleShot(1500, lambda: shoot_all(window, target, window.close))
    try:
        return app.exec()
    finally:
        catcher.remove()
        window.context.close()
