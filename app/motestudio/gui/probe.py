"""Starts the window, says when it was usable and what it holds in memory with a project open, and quits.

For `mote bench app`: ``python -m motestudio.gui.probe PROJECT``. The caller puts its clock at the process's start into
``MOTE_PROBE_START``; process tables only know whole seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer

SETTLE_MS = 1500
"""Time for the project and its first page to be there before memory is read."""


def main() -> int:
    """Run the probe; prints one line of JSON."""
    started = float(os.environ.get("MOTE_PROBE_START", time.time()))
    from motestudio.gui.app import make_application, make_window

    app = make_application(sys.argv[:1])
    window = make_window()
    window.show()
    figures: dict[str, float] = {}

    def usable() -> None:
        # On the screen, painted, and the event queue empty: it takes input.
        handle = window.windowHandle()
        if handle is None or not handle.isExposed():
            QTimer.singleShot(1, usable)
            return
        window.repaint()
        figures["seconds"] = time.time() - started
        window.context.open_project(Path(sys.argv[1]), lambda: window.show_page("record"))
        QTimer.singleShot(SETTLE_MS, measure)

    def measure() -> None:
        import psutil

        figures["rss"] = psutil.Process().memory_info().rss
        sys.stdout.write(json.dumps(figures) + "\n")
        window.close()
        app.quit()

    QTimer.singleShot(0, usable)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
