"""The spectrogram under the signal plots: computed for what is in view, coloured through the theme's table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy

from motestudio.gui.numbers import quantity
from motestudio.gui.plots.spectrum import Spectrum
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Painted, PaintedButton, text_width

_MOST_COLUMNS = 720


class SourceButton(PaintedButton):
    """The spectrogram's title; opens the choice of what it shows."""

    def __init__(self) -> None:
        super().__init__("")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_source("")

    def set_source(self, name: str) -> None:
        """Show what the spectrum is made of."""
        self.setText(f"Spectrum {name}".strip())
        self.setAccessibleName(f"Spectrum of {name}")
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(int(text_width(self.text(), "section") + text_width("Hz", "caption")) + 42, 24)

    def paint(self, canvas: Canvas) -> None:
        """Words, unit, caret on a ground that lets them be read."""
        rect = QRectF(self.rect())
        canvas.box(rect, 4, theme().mix("surface", "track", 0.6) if self.hovered else "surface")
        x = canvas.text(rect.adjusted(8, 0, 0, 0), self.text(), "section")
        x = canvas.text(QRectF(x + 6, 0, 24, rect.height()), "Hz", "caption", "text_muted")
        canvas.icon("ph.caret-down", QRectF(x + 5, rect.center().y() - 5, 10, 10), "text_muted")
        if self.ring_visible:
            canvas.ring(rect, 4)


class Spectrogram(Painted):
    """Time by frequency.

    Signals:
        pressed(float): the user clicked at this time.
        source_chosen(int): the user wants another source.
    """

    pressed = Signal(float)
    source_chosen = Signal(int)

    def __init__(self, axis_width: int) -> None:
        super().__init__()
        self._left = axis_width
        self._spectra: tuple[Spectrum, ...] = ()
        self._current = 0
        self._view = (0.0, 1.0)
        self._seconds = 1.0
        self._pixels: npt.NDArray[np.uint8] | None = None
        self._image = QImage()
        self._image_dark: bool | None = None
        self.setMinimumHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Spectrogram")
        self.source = SourceButton()
        self.source.setParent(self)
        self.source.move(axis_width + 2, 2)
        self.source.clicked.connect(self._choose)
        # Many changes of one moment are one computation.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._compute)

    def set_spectra(self, spectra: tuple[Spectrum, ...], current: int, seconds: float) -> None:
        """Show one of these; `seconds` is the length of the recording."""
        self._spectra, self._seconds = spectra, seconds
        self._current = min(max(0, current), len(spectra) - 1)
        self.source.set_source(spectra[self._current].source.name if spectra else "")
        self._pixels = None
        self._soon.start()

    def set_view(self, start: float, end: float) -> None:
        """The stretch to show."""
        if (start, end) != self._view:
            self._view = (start, end)
            self._soon.start()

    def sizeHint(self) -> QSize:
        """Some size; it takes what it gets."""
        return QSize(400, 96)

    @Slot()
    def _compute(self) -> None:
        width = self.width() - self._left
        if not self._spectra or width < 8:
            self._pixels = None
            self.update()
            return
        spectrum = self._spectra[self._current]
        columns = min(_MOST_COLUMNS, max(2, width))
        levels = spectrum.columns(*self._view, columns)
        low, high = spectrum.range_db
        scaled = np.clip((levels - low) / ((high - low) or 1.0) * 255, 0, 255).astype(np.uint8)
        at = np.linspace(*self._view, columns)
        scaled[(at < 0) | (at > self._seconds)] = 0
        self._pixels = np.ascontiguousarray(scaled.T[::-1])
        self._image_dark = None
        self.update()

    def _picture(self) -> QImage:
        if self._pixels is not None and self._image_dark != theme().dark:
            rows, columns = self._pixels.shape
            image = QImage(self._pixels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
            image.setColorTable(theme().heat_table())
            self._image = image.convertToFormat(QImage.Format.Format_RGB32)
            self._image_dark = theme().dark
        return self._image

    def paint(self, canvas: Canvas) -> None:
        """Picture and frequencies."""
        place = QRectF(self._left, 2, max(1, self.width() - self._left), self.height() - 4)
        if self._pixels is not None:
            canvas.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            canvas.painter.drawImage(place, self._picture())
        if not self._spectra:
            return
        top = self._spectra[self._current].top_hz
        shares = (0.0, 0.5, 1.0) if self.height() >= 72 else (0.0, 1.0)
        for share in shares:
            y = min(max(place.bottom() - share * place.height(), place.top() + 6), place.bottom() - 6)
            number, unit = quantity(share * top, "", 2)
            room = QRectF(0, y - 8, self._left - 8, 16)
            canvas.text(room, f"{number} {unit}".strip(), "caption", "text_muted", "right")

    def _choose(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for i, spectrum in enumerate(self._spectra):
            action = menu.addAction(f"Spectrum {spectrum.source.name}")
            action.setData(i)
        menu.triggered.connect(self._chosen)
        menu.popup(self.source.mapToGlobal(QPoint(0, self.source.height())))

    def _chosen(self, action: object) -> None:
        self.source_chosen.emit(int(action.data()))  # type: ignore[attr-defined]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say where."""
        start, end = self._view
        width = max(1, self.width() - self._left)
        self.pressed.emit(start + (event.position().x() - self._left) / width * (end - start))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Compute for the new width."""
        super().resizeEvent(event)
        self._soon.start()
