"""Records from a board with the live page drawing, and says how smooth that was and what it cost.

For `mote bench record`: ``python -m motestudio.gui.record_probe PROJECT ANSWER SECONDS URL...`` connects to every
address in turn and notes how long the first sample took to the screen; at the last one it records for so many seconds.
What it found is JSON in the file ANSWER.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QEvent, QObject, QTimer

from motestudio.gui.main_window import MainWindow
from motestudio.gui.plots.live_plot import LiveSignalPlot

_WINDOW = (1440, 900)
_SHOWN_S = 12
_IDLE_MS = 1200
_LOOK_MS = 1
_SAMPLE_MS = 1000
_WARM_S = 14.0
"""After this the plot is full, and what is measured is how it goes on."""
_GIVE_UP_S = 30.0


class _Frames(QObject):
    """Notes when a widget is painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.at: list[float] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Every paint event is a frame."""
        if event.type() == QEvent.Type.Paint:
            self.at.append(time.perf_counter())
        return False


class Probe:
    """The whole measurement, as one step after the other on the window's own event loop.

    Args:
        window: shown.
        project: folder.
        answer: file.
        seconds: to record.
        urls: of the boards.
    """

    def __init__(self, window: MainWindow, project: Path, answer: Path, seconds: float, urls: list[str]) -> None:
        self.window, self.context = window, window.context
        self.answer, self.seconds, self.urls = answer, seconds, urls
        self.result: dict[str, Any] = {"first_sample_s": [], "cpu": [], "rss": []}
        self.frames: _Frames | None = None
        self.context.device_event.connect(self._event)
        self.context.settings.set("record_window", _SHOWN_S)
        self.context.open_project(project, self._opened)

    def _opened(self) -> None:
        self.window.show_page("record")
        self._prepare()

    def _prepare(self) -> None:
        # A person has the page in front of them for a moment before they press Connect.
        self.context.prepare_recorder()
        QTimer.singleShot(_IDLE_MS, self._connect)

    def _connect(self) -> None:
        url = self.urls.pop(0)
        began = time.perf_counter()
        self.context.connect_device(url)
        self._until(lambda: self._first_frame() is not None, lambda: self._connected(began))

    def _first_frame(self) -> float | None:
        """When the plot was first painted with samples, or None."""
        plot = self._plot()
        if plot is None or plot.total <= 0:
            return None
        if self.frames is None or self.frames.parent() is not plot.lead:
            plot.lead.repaint()
            self.frames = _Frames(plot.lead)
        return time.perf_counter()

    def _plot(self) -> LiveSignalPlot | None:
        return next((p for p in self.window.findChildren(LiveSignalPlot) if p.isVisible()), None)

    def _connected(self, began: float) -> None:
        self.result["first_sample_s"].append(time.perf_counter() - began)
        if self.urls:
            self.frames = None
            self.context.disconnect_device()
            self._prepare()
            return
        session, project = self.context.session, self.context.project
        assert session is not None
        assert project is not None
        from motestudio.studio.record import TakePlan, begin_take

        self.recorder = psutil.Process(session.recorder.child.pid)
        self.name = begin_take(project, session, TakePlan("", 0.0))
        QTimer.singleShot(int(_WARM_S * 1000), self._begin)

    def _begin(self) -> None:
        assert self.frames is not None
        self.frames.at.clear()
        self._processes = [psutil.Process(), self.recorder]
        self._began = self._looked = time.perf_counter()
        self._spent = self._spend()
        self._ticker = QTimer(self.window)
        self._ticker.setInterval(_SAMPLE_MS)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start()

    def _spend(self) -> list[float]:
        return [sum(p.cpu_times()[:2]) for p in self._processes]

    def _tick(self) -> None:
        now, spent = time.perf_counter(), self._spend()
        past = now - self._looked
        self.result["cpu"].append([(b - a) / past for a, b in zip(self._spent, spent, strict=True)])
        self.result["rss"].append([p.memory_info().rss for p in self._processes])
        self._looked, self._spent = now, spent
        if now - self._began >= self.seconds:
            self._ticker.stop()
            self._finish()

    def _finish(self) -> None:
        assert self.frames is not None
        self.result["frames"] = self.frames.at[:]
        session = self.context.session
        if session is None or session.health is None:
            raise RuntimeError("the board went while it was recorded")
        health = session.health
        self.result["lost"] = health.lost
        self.result["damaged"] = health.crc_errors
        session.stop_take(keep=True)

    def _event(self, event: Any) -> None:
        if type(event).__name__ == "TakeSaved" and event.name == getattr(self, "name", None):
            self.result["samples"] = event.n_samples
            self.result["recording"] = str(self._data_path(event.recordings[0]))
            self.answer.write_text(json.dumps(self.result), encoding="utf-8")
            self.window.close()

    def _data_path(self, name: str) -> Path:
        assert self.context.project is not None
        return self.context.project.recordings.load(name).data_path

    def _until(self, condition: Callable[[], bool], then: Callable[[], None]) -> None:
        limit = time.perf_counter() + _GIVE_UP_S

        def look() -> None:
            if condition():
                then()
            elif time.perf_counter() > limit:
                raise RuntimeError("no sample came to the screen")
            else:
                QTimer.singleShot(_LOOK_MS, look)

        look()


def main() -> int:
    """Run the probe."""
    from motestudio.gui.app import make_application, make_window

    app = make_application(sys.argv[:1])
    window = make_window()
    window.resize(*_WINDOW)
    window.show()

    def crashed(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        sys.__excepthook__(kind, error, trace)
        app.exit(1)

    sys.excepthook = crashed
    probe = Probe(window, Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
    code = app.exec()
    return code if "samples" in probe.result else 1


if __name__ == "__main__":
    sys.exit(main())
