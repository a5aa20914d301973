"""Short tones for what the eye misses: a countdown, a take's begin and end, trouble. Silent where it is told to.

Through PortAudio where it is there, else the system's beep; that there is no sound at all is never an error.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from motestudio.devices.microphones import portaudio
from motestudio.gui.settings import Settings

RATE_HZ = 44_100
_EDGE_S, _LOUD = 0.005, 0.25
_TONES: dict[str, tuple[tuple[float, float], ...]] = {
    "tick": ((660.0, 0.06),),
    "begin": ((880.0, 0.18),),
    "end": ((880.0, 0.08), (587.0, 0.14)),
    "trouble": ((220.0, 0.14), (0.0, 0.06), (220.0, 0.14)),
}


def tone(kind: str) -> np.ndarray:
    """The samples of a cue, float32 at `RATE_HZ`, with soft edges so that nothing clicks."""
    parts = []
    for hertz, seconds in _TONES[kind]:
        at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        edge = np.minimum(1.0, np.minimum(at, seconds - at) / _EDGE_S)
        parts.append(_LOUD * edge * np.sin(2 * np.pi * hertz * at))
    return np.concatenate(parts).astype(np.float32)


class Cues(QObject):
    """Plays one after the other, on a thread of its own.

    Args:
        settings: remember whether it is muted, as ``cues``.

    Attributes:
        played: kinds in the order in which they were asked for, the newest last; the last twenty.
    """

    _beep = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.played: list[str] = []
        self._beep.connect(self._beeped)

    @property
    def on(self) -> bool:
        """Whether anything is to be heard."""
        return bool(self._settings.get("cues", True))

    def set_on(self, *, on: bool) -> None:
        """Let it be heard, or mute it."""
        self._settings.set("cues", on)

    def play(self, kind: str) -> None:
        """Ask for a cue: ``tick``, ``begin``, ``end`` or ``trouble``; returns at once."""
        if not self.on:
            return
        self.played = [*self.played[-19:], kind]
        self._waiting.put(kind)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="cues", daemon=True)
            self._thread.start()

    @Slot()
    def _beeped(self) -> None:
        QApplication.beep()

    def _run(self) -> None:
        library: Any = None
        with contextlib.suppress(Exception):
            library = portaudio()
        while True:
            kind = self._waiting.get()
            try:
                if library is None:
                    raise OSError
                library.play(tone(kind), RATE_HZ, blocking=True)
            except Exception:  # noqa: BLE001 - a sound card may fail in many ways, and none of them matters
                library = None
                with contextlib.suppress(RuntimeError):  # the window may be gone by now
                    self._beep.emit()
