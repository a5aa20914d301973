"""The strip that tells what a board measured: on what, when, and what the figure is worth."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.gui.widgets import IconMark, Text
from motestudio.studio.evaluate import Measurement, agreement


def headline(kept: Measurement) -> str:
    """The figures in a sentence."""
    check = kept.check
    right = f"{check.board_accuracy * 100:.1f} % right by window, {check.board_take_accuracy * 100:.1f} % by take"
    return f"{agreement(check)}; {right}."


def basis(kept: Measurement) -> str:
    """What it was measured on, when, and what the time means."""
    number = kept.check.latency_us / 1e3
    shown = f"{number:.1f} ms" if number >= 1 else f"{number * 1e3:.0f} µs"
    where = f"{kept.board_name}{', virtual' if kept.virtual else ''}, {_when(kept.created)}"
    if kept.virtual:
        return f"{where}. {shown} a window is this computer's time: the target's is known only on the target."
    return f"{where}. {shown} a window, features included, by the board's own clock."


def _when(created: str) -> str:
    try:
        at = datetime.fromisoformat(created).astimezone()
    except ValueError:
        return created
    today = datetime.now().astimezone().date()
    return f"today {at:%H:%M}" if at.date() == today else f"{at.day} {at:%b} {at:%H:%M}"


class MeasuredStrip(QWidget):
    """Two lines with a mark: green where the board computes what the desk did, red where it does not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 16, 0, 0)
        row.setSpacing(16)
        self.icon = IconMark("ph.check-circle", "ok", 16)
        row.addWidget(self.icon)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.text = Text("", "control", wrap=True)
        self.note = Text("", "caption", "text_muted", wrap=True)
        words.addWidget(self.text)
        words.addWidget(self.note)
        row.addLayout(words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_measurement(self, kept: Measurement | None) -> None:
        """Show a measurement, or nothing."""
        self.setVisible(kept is not None)
        if kept is None:
            return
        same = kept.check.passed
        self.icon.set("ph.check-circle" if same else "ph.x-circle", "ok" if same else "bad")
        text = headline(kept)
        if not same:
            text += f" The first different one is window {kept.check.first_difference}."
        self.text.setText(text)
        self.note.setText(basis(kept))
        self.setAccessibleName(f"{text} {self.note.text()}")
