"""The centre: overview, ruler, signal plots per unit, spectrogram, label tracks, playhead. It only asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.domain.labels import Segment
from motestudio.gui.pages.label.playhead import PlayheadLine, TimeRuler
from motestudio.gui.pages.label.rows import class_text
from motestudio.gui.pages.label.spectrogram import Spectrogram
from motestudio.gui.pages.label.waveform import Waveform
from motestudio.gui.plots.axes import plot_channels
from motestudio.gui.plots.overview import OverviewSegment, OverviewStrip
from motestudio.gui.plots.signal_plot import Region, SignalPlot
from motestudio.gui.plots.tracks import Block, Track
from motestudio.gui.theme import Ink
from motestudio.studio.energy import snap

AXIS_WIDTH = 64
FIRST_VIEW_S = 12.0
_MOST_REGIONS = 200
_SNAP_SHARE, _SNAP_S = 0.02, 0.25
_ORIGINS = ("mine", "proposed")


class Timeline(QWidget):
    """One recording over time.

    Signals:
        chosen(int): the user clicked a segment.
        moved(int, int, int): the user dragged an edge of a segment: index, new start, new count.
        created(int, int): the user dragged over an empty stretch of a track: start, count.
        playhead_moved(float): the user moved the playhead.
    """

    chosen = Signal(int)
    moved = Signal(int, int, int)
    created = Signal(int, int)
    playhead_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wave: Waveform | None = None
        self.snapping = True
        self.view = (0.0, 1.0)
        self.playhead = 0.0
        self.plots: list[SignalPlot] = []
        self._segments: tuple[Segment, ...] = ()
        self._inks: Mapping[str, Ink] = {}
        self._current = -1
        self._shape: tuple[object, ...] = ()
        self._source = 0
        self._build()

    def _build(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 8)
        box.setSpacing(0)
        self.overview = OverviewStrip(AXIS_WIDTH)
        self.ruler = TimeRuler(AXIS_WIDTH)
        self.spectrogram = Spectrogram(AXIS_WIDTH)
        self.tracks = {
            "mine": Track("Mine", "label", AXIS_WIDTH, editable=True),
            "proposed": Track("Proposed", "label", AXIS_WIDTH, editable=True),
        }
        self._shown: dict[str, list[int]] = {origin: [] for origin in _ORIGINS}
        self._plot_box = QVBoxLayout()
        self._plot_box.setSpacing(4)
        box.addWidget(self.overview)
        box.addWidget(self.ruler)
        box.addLayout(self._plot_box, 5)
        box.addSpacing(6)
        box.addWidget(self.spectrogram, 1)
        box.addSpacing(10)
        box.addWidget(self.tracks["mine"])
        box.addSpacing(8)
        box.addWidget(self.tracks["proposed"])
        self._line = PlayheadLine(self)
        self.overview.viewport_changed.connect(self.set_view)
        self.ruler.moved.connect(self._seek)
        self.spectrogram.pressed.connect(self._seek)
        self.spectrogram.source_chosen.connect(self._use_source)
        for origin, track in self.tracks.items():
            track.chosen.connect(self._mine_chosen if origin == "mine" else self._proposed_chosen)
            track.changed.connect(self._mine_changed if origin == "mine" else self._proposed_changed)
            track.created.connect(self._created)

    # What the page calls

    def set_waveform(self, wave: Waveform) -> None:
        """Show another recording, from its start."""
        self.wave = wave
        self._make_plots(wave)
        self.overview.set_data(*wave.overview())
        self.spectrogram.set_spectra(wave.spectra, self._source, wave.seconds)
        self._current = -1
        self.view = (-1.0, -1.0)
        self.set_view(0.0, min(wave.seconds, FIRST_VIEW_S))
        self.set_playhead(0.0)

    def forget(self) -> None:
        """Another project: what is shown is no longer its."""
        self.wave = None

    def set_inks(self, inks: Mapping[str, Ink]) -> None:
        """Colours of the classes."""
        self._inks = dict(inks)

    def set_segments(self, segments: Sequence[Segment], current: int) -> None:
        """Show labels; `current` is the selected one, -1 for none."""
        self._segments, self._current = tuple(segments), current
        if self.wave is None:
            return
        rate = self.wave.rate
        for origin, track in self.tracks.items():
            shown = [i for i, s in enumerate(self._segments) if s.origin == origin]
            self._shown[origin] = shown
            track.set_blocks([self._block(self._segments[i], rate) for i in shown])
            track.set_current(shown.index(current) if current in shown else -1)
        self.overview.set_segments(
            [
                OverviewSegment(s.start / rate, s.end / rate, self._ink(s), s.origin == "proposed")
                for s in self._segments
            ]
        )
        self._regions()

    def reveal(self, segment: Segment) -> None:
        """Bring a segment into view, keeping the zoom where it fits."""
        if self.wave is None:
            return
        start, end = segment.start / self.wave.rate, segment.end / self.wave.rate
        if self.view[0] <= start and end <= self.view[1]:
            return
        width = max(self.view[1] - self.view[0], 1.25 * (end - start))
        first = (start + end) / 2 - width / 2
        self.set_view(first, first + width)

    def set_playhead(self, seconds: float) -> None:
        """Put the playhead; the view follows where it runs out of it."""
        if self.wave is None:
            return
        self.playhead = min(max(0.0, seconds), self.wave.seconds)
        start, end = self.view
        if self.playhead > end or self.playhead < start:
            first = self.playhead if self.playhead > end else self.playhead - 0.1 * (end - start)
            self.set_view(first, first + end - start)
        self.ruler.set_playhead(self.playhead)
        self._place_line()

    @Slot(float, float)
    def set_view(self, start: float, end: float) -> None:
        """Show this stretch, kept inside the recording."""
        if self.wave is None or not self.wave.seconds:
            return
        total = self.wave.seconds
        width = min(max(end - start, 8 / self.wave.rate), total)
        start = min(max(0.0, start), total - width)
        if (start, start + width) == self.view:
            return
        self.view = (start, start + width)
        samples, rate, first = self.wave.stretch(*self.view)
        for plot, axis in zip(self.plots, self.wave.axes, strict=True):
            plot.show_part(samples[:, list(axis.channels)], rate, first, self.view, (axis.low, axis.high))
        self.overview.set_viewport(*self.view)
        self.ruler.set_view(*self.view)
        self.spectrogram.set_view(*self.view)
        for track in self.tracks.values():
            track.set_view(*self.view)
        self._regions()
        self._place_line()

    def zoom(self, factor: float) -> None:
        """Show less (below 1) or more around the playhead, or around the middle where that is out of view."""
        start, end = self.view
        pivot = self.playhead if start <= self.playhead <= end else (start + end) / 2
        self.set_view(pivot - (pivot - start) * factor, pivot + (end - pivot) * factor)

    # Inside

    def _make_plots(self, wave: Waveform) -> None:
        group = wave.recording.group
        shape = (group.channels, tuple((a.title, a.channels) for a in wave.axes))
        if shape == self._shape:
            return
        self._shape = shape
        for old in self.plots:
            self._plot_box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.plots = []
        for axis in wave.axes:
            unit = group.channels[axis.channels[0]].unit
            channels = plot_channels(group, axis.channels)
            plot = SignalPlot(axis.title, unit, channels, show_time=False, axis_width=AXIS_WIDTH)
            plot.setMinimumHeight(72)
            plot.title.setFixedHeight(24)
            plot.title.set_left(AXIS_WIDTH + 8)
            plot.view_changed.connect(self.set_view)
            plot.pressed.connect(self._seek)
            self._plot_box.addWidget(plot, 1)
            self.plots.append(plot)

    def _ink(self, segment: Segment) -> Ink:
        return self._inks.get(segment.label, "text_muted")

    def _block(self, segment: Segment, rate: float) -> Block:
        note = "" if segment.confidence is None else f"{segment.confidence:.2f}"
        proposed = segment.origin == "proposed"
        return Block(
            segment.start / rate,
            segment.end / rate,
            class_text(segment.label),
            self._ink(segment),
            note if proposed else "",
            proposed,
            segment.confidence if proposed else None,
        )

    def _regions(self) -> None:
        if self.wave is None:
            return
        rate = self.wave.rate
        start, end = self.view
        regions = [
            Region(s.start / rate, s.end / rate, self._ink(s), i == self._current)
            for i, s in enumerate(self._segments)
            if (s.origin == "mine" or i == self._current) and s.end / rate >= start and s.start / rate <= end
        ]
        for plot in self.plots:
            plot.set_regions(regions[:_MOST_REGIONS])

    def _place_line(self) -> None:
        if self.wave is None or not self.view[0] <= self.playhead <= self.view[1]:
            self._line.hide()
            return
        top = self.ruler.geometry().bottom() - 10
        bottom = self.tracks["proposed"].geometry().bottom()
        self._line.place(round(self.ruler.x_of(self.playhead)), top, bottom - top + 1)

    @Slot(float)
    def _seek(self, seconds: float) -> None:
        if self.wave is not None:
            self.playhead_moved.emit(min(max(0.0, seconds), self.wave.seconds))

    @Slot(int)
    def _use_source(self, index: int) -> None:
        self._source = index
        if self.wave is not None:
            self.spectrogram.set_spectra(self.wave.spectra, index, self.wave.seconds)

    def next_source(self) -> None:
        """Another channel in the spectrogram."""
        if self.wave is not None:
            self._use_source((self._source + 1) % len(self.wave.spectra))

    @Slot(int)
    def _mine_chosen(self, place: int) -> None:
        self.chosen.emit(self._shown["mine"][place])

    @Slot(int)
    def _proposed_chosen(self, place: int) -> None:
        self.chosen.emit(self._shown["proposed"][place])

    @Slot(int, float, float)
    def _mine_changed(self, place: int, start: float, end: float) -> None:
        self._changed(self._shown["mine"][place], start, end)

    @Slot(int, float, float)
    def _proposed_changed(self, place: int, start: float, end: float) -> None:
        self._changed(self._shown["proposed"][place], start, end)

    def _changed(self, index: int, start: float, end: float) -> None:
        old = self._segments[index]
        first, last = self._sample(start, old.start), self._sample(end, old.end)
        if last > first and (first, last) != (old.start, old.end):
            self.moved.emit(index, first, last - first)

    @Slot(float, float)
    def _created(self, start: float, end: float) -> None:
        first, last = self._sample(start), self._sample(end)
        # A slip of the mouse is no segment.
        slip = 4 / max(1, self.width()) * (self.view[1] - self.view[0])
        if self.wave is not None and end - start > slip and last - first >= 2:
            self.created.emit(first, last - first)

    def _sample(self, seconds: float, unmoved: int | None = None) -> int:
        """The sample at a time, at an energy edge near by where that is wanted; an edge that was not moved stays."""
        if self.wave is None:
            return 0
        at = min(max(0, round(seconds * self.wave.rate)), len(self.wave.raw))
        if unmoved is not None and at == unmoved:
            return at
        if not self.snapping:
            return at
        reach = min(_SNAP_S, _SNAP_SHARE * (self.view[1] - self.view[0]))
        return snap(self.wave.energy, at, round(reach * self.wave.rate))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The line stands anew."""
        super().resizeEvent(event)
        self._place_line()
