"""Keeps the header's board facts up to date from what the recorder tells, and lists ports for the board menu."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMenu

from motestudio.gui.context import AppContext
from motestudio.gui.frame.header import BoardButton, LinkFacts
from motestudio.gui.numbers import count


class LinkHealth(QObject):
    """Writes into the header's board button."""

    def __init__(self, context: AppContext, board: BoardButton) -> None:
        super().__init__(board)
        self._context = context
        self._board = board
        self._figures: tuple[tuple[str, str], ...] = ()
        self._state = "none"
        context.device_changed.connect(self._device_changed)
        context.device_event.connect(self._event)
        self._device_changed()

    @Slot()
    def _device_changed(self) -> None:
        self._figures = ()
        session = self._context.session
        self._state = "fresh" if session is not None else "none"
        self._show()
        if session is None:
            return
        from motestudio.devices.decoder_messages import MOTE_LINK  # it brings numpy, which the start does without

        if session.found.stage not in ("", MOTE_LINK):
            counted = "Its rate was counted: set it in the Connect panel where you know it better."
            hint = counted if session.found.measured_rate else ""
            self._context.show_message(f"Read as {session.found.words}.", hint, "info")

    @Slot(object)
    def _event(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "Health":
            rate, jitter, lost = event.of_lead.rate_hz, event.of_lead.jitter_ms, event.lost
            # A board that does not stream has no rate: no figure is more honest than 0.0 Hz.
            streaming = ((f"{rate:.1f}", "Hz"), (f"{jitter:.1f}", "ms jitter"), (count(lost), "lost"))
            self._figures = streaming if rate > 0 else ()
            self._state = "stale" if lost else "fresh"
            self._show()
        elif kind == "Lost":
            self._state = "stale"
            self._figures = ()
            self._show()
            goes_on = f"{event.recording} goes on" if event.recording else "It goes on"
            self._context.show_message(
                event.text,
                f"{goes_on} when it is back: plug it in again. It is waited for {event.wait_s:g} s.",
                "warn",
                action="Do not wait",
                act=self._context.disconnect_device,
            )
        elif kind == "Reconnected":
            self._state = "stale"
            self._figures = ()
            self._show()
            self._context.show_message(f"The board is back after {event.away_s:.1f} s.", tone="ok")
        elif kind == "Disconnected":
            self._state = "failed"
            self._figures = ()
            self._show()
            again = self._context.reconnect_device
            if event.code == "device.end":
                self._context.show_message(event.text, tone="info", action="Play again", act=again)
            elif event.code:
                self._context.show_message(event.text, event.hint, "bad", action="Reconnect", act=again)

    def _show(self) -> None:
        session = self._context.session
        if session is None:
            self._board.set_facts(LinkFacts())
            return
        description = session.description
        self._board.set_facts(LinkFacts(description.name, description.virtual, self._state, self._figures))

    def add_ports(self, menu: QMenu) -> None:
        """Add the serial ports of this computer to a menu."""
        if self._context.project is None:
            return
        from motestudio.devices.ports import list_ports

        menu.addSeparator()
        ports = list_ports()
        if not ports:
            menu.addAction("No serial port found").setEnabled(False)
        for port in ports:
            action = menu.addAction(f"{port.path}  {port.description}")
            action.setData(port.path)
            action.triggered.connect(self._connect_port)

    def _connect_port(self) -> None:
        action: Any = self.sender()
        self._context.connect_device(str(action.data()))
