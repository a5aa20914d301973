"""The connected board's stream for a page that draws it: keeps it running while wanted, opens its live tails.

It draws nothing and records nothing.
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.gui.context import AppContext
from motestudio.studio.record import groups_of, stream_args

_RETRY_S = 1.0


class BoardStream(QObject):
    """One per page; only that of the page in view is `wanted`.

    Signals:
        reader_changed: `readers` are others, or none.
        lost: the board went without being asked to.
        health_changed(object): new figures, about ten times a second.

    Attributes:
        readers: of the live tails of the channel groups that the project records, the lead first.
        indices: of these groups in the board's description.
        health: the latest figures, or None.
    """

    reader_changed = Signal()
    lost = Signal()
    health_changed = Signal(object)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._wanted = False
        self._starting = False
        self._idle_since = 0.0
        self.readers: list[LiveTailReader] = []
        self.indices: tuple[int, ...] = ()
        self.health: Any = None
        context.device_changed.connect(self._device_changed)
        context.project_changed.connect(self._project_changed)
        context.device_event.connect(self._event)
        self._device_changed()

    @property
    def reader(self) -> LiveTailReader | None:
        """Of the lead's live tail, or None where no board is connected."""
        return self.readers[0] if self.readers else None

    @property
    def group(self) -> ChannelGroup | None:
        """What the lead delivers, or None."""
        return self.readers[0].group if self.readers else None

    @property
    def connected(self) -> bool:
        """Whether the board is there."""
        session = self._context.session
        return session is not None and session.connected and self.reader is not None

    @property
    def streaming(self) -> bool:
        """Whether samples arrive."""
        return self.connected and self.health is not None and bool(self.health.streaming)

    def set_wanted(self, wanted: bool) -> None:
        """Keep the board streaming, or leave it as it is."""
        self._wanted = wanted
        if wanted and self.connected and not self.streaming:
            self._start()

    @Slot()
    def _device_changed(self) -> None:
        self.readers, self.health = [], None
        session = self._context.session
        self.indices = self._chosen()
        if session is not None and self.indices:
            if self._wanted:
                self._start()  # the board answers while plots are made
            try:
                self.readers = [LiveTailReader(session.tail_paths[index]) for index in self.indices]
            except AppError as error:
                self._context.show_error(error)
        self.reader_changed.emit()

    @Slot()
    def _project_changed(self) -> None:
        """Other channel groups may be recorded from now on."""
        if self.readers and self._chosen() != self.indices:
            self._starting = False
            self._device_changed()

    def _chosen(self) -> tuple[int, ...]:
        session, project = self._context.session, self._context.project
        if session is None or not session.tail_paths:
            return ()
        try:
            return groups_of(project, session) if project is not None else (0,)
        except AppError:  # none of what the project records: what the board has is shown all the same
            return tuple(range(len(session.tail_paths)))

    @Slot(object)
    def _event(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "Disconnected" and event.code:
            self.lost.emit()
        elif kind == "Health":
            self.health = event
            self.health_changed.emit(event)
            now = time.monotonic()
            if event.streaming:
                self._idle_since = now
            elif self._wanted and now - self._idle_since > _RETRY_S and not self._board_is_used():
                self._start()

    def _board_is_used(self) -> bool:
        """Whether a verb may be streaming for itself, such as a check on the board."""
        return any(not running.quiet for running in self._context.bridge.running)

    def _start(self) -> None:
        session = self._context.session
        if session is None or self._starting:
            return
        self._starting = True
        self._idle_since = time.monotonic()
        args = stream_args(session, self.indices)
        self._context.run_operation(
            "Start the stream", lambda _: session.request("start", **args), self._started, self._refused, quiet=True
        )

    def _started(self, _: object) -> None:
        self._starting = False

    def _refused(self, error: BaseException) -> None:
        self._starting = False
        session = self._context.session
        if session is not None and session.connected:
            self._context.show_error(error)
