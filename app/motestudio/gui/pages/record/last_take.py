"""The take that was recorded last: a small picture, what is to say of it, and Discard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.recording import Recording
from motestudio.gui.numbers import count
from motestudio.gui.plots.axes import default_axes
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Button, Canvas, ElidedText, IconMark, Painted, SectionHeader, Separator, Text
from motestudio.project.store import Project
from motestudio.studio.live import TailClock

THUMB_POINTS = 256


@dataclass(frozen=True, slots=True)
class TakeCard:
    """A finished take.

    Attributes:
        name: of the recording.
        label: its class.
        start_s: where it lies in the live tail, or -1 where that is unknown.
        end_s: likewise.
        facts: "312 samples, no gaps, no clipping".
        good: nothing is wrong with it.
        when: "18:27:41".
        curves: up to four channels of at most `THUMB_POINTS` values in 0..1, from the bottom.
        missing: samples lost in it.
    """

    name: str
    label: str
    start_s: float
    end_s: float
    facts: str
    good: bool
    when: str
    curves: tuple[tuple[float, ...], ...]
    missing: int


def read_card(project: Project, name: str, label: str, clock: TailClock | None) -> TakeCard:
    """Gather what is shown of a take; reads its files."""
    recording = project.recordings.load(name)
    samples = project.recordings.samples(recording)
    start = -1.0
    if clock is not None and recording.captures:
        start = clock.at(recording.captures[0].device_time_us)
    gaps = sum(1 for c in recording.captures[1:] if c.lost_before)
    clipped = sum(recording.health.clipped)
    lost = recording.health.lost_samples
    parts = [f"{count(recording.n_samples)} samples"]
    parts.append(f"{count(gaps)} gaps ({count(lost)} lost)" if gaps or lost else "no gaps")
    parts.append(f"{count(clipped)} clipped" if clipped else "no clipping")
    dead = [c.name for c, still in zip(recording.group.channels, recording.health.constant, strict=False) if still]
    if dead and len(samples) > 1:
        parts.append(f"no change on {', '.join(dead)}")
    good = not (gaps or lost or clipped or dead) and recording.complete
    return TakeCard(
        name,
        label,
        start,
        start + recording.seconds if start >= 0 else -1.0,
        ", ".join(parts),
        good,
        f"{datetime.now().astimezone():%H:%M:%S}",
        _curves(recording, samples),
        lost,
    )


def _curves(recording: Recording, samples: npt.NDArray[np.int16]) -> tuple[tuple[float, ...], ...]:
    indices = default_axes(recording.group)[0][1][:4]
    if len(samples) < 2:
        return ()
    picked = np.unique(np.linspace(0, len(samples) - 1, min(THUMB_POINTS, len(samples))).astype(int))
    part = samples[picked][:, indices].astype(np.float64)
    low, high = float(part.min()), float(part.max())
    part = (part - low) / ((high - low) or 1.0)
    return tuple(tuple(float(v) for v in column) for column in part.T)


class Thumbnail(Painted):
    """The curves on the class' pale ground."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: tuple[tuple[float, ...], ...] = ()
        self._ink: Ink = "series:4"
        self.setFixedHeight(52)

    def set_curves(self, curves: tuple[tuple[float, ...], ...], ink: Ink) -> None:
        """Show another take."""
        self._curves, self._ink = curves, ink
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Ground, then curves."""
        rect = QRectF(self.rect())
        canvas.box(rect, 4, theme().mix("panel", self._ink, 0.1))
        for i, values in enumerate(self._curves):
            step = rect.width() / max(1, len(values) - 1)
            points = [QPointF(k * step, rect.bottom() - 6 - v * (rect.height() - 12)) for k, v in enumerate(values)]
            canvas.curve(points, f"series:{i + 1}", 1)


class LastTake(QWidget):
    """Signals: discard_wanted(str): name of the recording."""

    discard_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card: TakeCard | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.heading = SectionHeader("Last take", " ")
        self.thumbnail = Thumbnail()
        self.mark = IconMark("ph.check-circle", "ok")
        self.name = ElidedText("", "body")
        self.discard = Button("Discard", "link")
        self.discard.setToolTip("Discard the last take  Del")
        self.discard.clicked.connect(self._discard)
        self.facts = Text("", "caption", "text_muted", wrap=True)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.mark)
        line.addWidget(self.name, 1)
        line.addWidget(self.discard)
        for part in (Separator(margin=8), self.heading, self.thumbnail):
            box.addWidget(part)
        box.addLayout(line)
        box.addWidget(self.facts)
        self.show_card(None, "series:4")

    def show_card(self, card: TakeCard | None, ink: Ink) -> None:
        """Show a take, or nothing."""
        self.card = card
        self.setVisible(card is not None)
        if card is None:
            return
        self.heading.note.setText(card.when)
        self.thumbnail.set_curves(card.curves, ink)
        self.thumbnail.setAccessibleName(f"Picture of {card.name}")
        self.mark.set("ph.check-circle" if card.good else "ph.warning-circle", "ok" if card.good else "warn")
        self.name.set_text(card.name)
        self.facts.setText(card.facts)
        self.discard.setAccessibleName(f"Discard {card.name}")

    def _discard(self) -> None:
        if self.card is not None:
            self.discard_wanted.emit(self.card.name)
