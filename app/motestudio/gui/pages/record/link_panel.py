"""How the signal arrives: rate, jitter, gaps, losses and drift of each group, damaged frames, room on the disk."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.devices.recorder_messages import GroupHealth, Health
from motestudio.gui.numbers import byte_size, count, with_minus
from motestudio.gui.pages.record.disk_room import lasts_words
from motestudio.gui.widgets import Button, KeyValue, SectionHeader

_HELP = {
    "Rate": "Samples a second by the board's own clock",
    "Jitter p50 / p99 / max": "How far blocks are from a steady clock: half of them, 99 of 100, the worst",
    "Gaps": "Where samples are missing since the stream began",
    "Lost": "Samples that are missing since the stream began",
    "Dropped by the board": "Of those, what the board itself threw away",
    "Clock drift": "How much faster the board's clock runs than this computer's; known after some seconds",
    "Damaged frames": "Thrown away since the board was connected",
}


class LinkPanel(QWidget):
    """Shown while a board is connected; the figures of several groups stand under their names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self.heading = SectionHeader("Link", "", "Hide")
        assert self.heading.action is not None
        self.button: Button = self.heading.action
        self.button.clicked.connect(self.toggle)
        self.body = QWidget()
        self._box = QVBoxLayout(self.body)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        box.addWidget(self.heading)
        box.addWidget(self.body)
        self.values: dict[str, KeyValue] = {}
        self._shape: tuple[str, ...] = ()
        self.hide()

    @Slot()
    def toggle(self) -> None:
        """Fold it up, or open it."""
        self.set_open(is_open=self.body.isHidden())

    def set_open(self, *, is_open: bool) -> None:
        """Show the figures, or the heading only."""
        self.body.setVisible(is_open)
        self.button.set_text("Hide" if is_open else "Show")
        self.button.setAccessibleName(f"{self.button.text()} the figures of the link")

    def set_health(self, health: Health | None, names: Sequence[str]) -> None:
        """Show figures.

        Args:
            health: the latest; None where no board is connected.
            names: of the board's channel groups.
        """
        self.setVisible(health is not None)
        if health is None:
            return
        if tuple(names) != self._shape:
            self._build(tuple(names))
        several = len(names) > 1
        for name, group in zip(names, health.groups, strict=False):
            for key, (number, unit) in _figures(group).items():
                self.values[f"{name} {key}" if several else key].value.set(number, unit)
        number, unit = byte_size(health.bytes_per_s)
        self.values["Over the link"].value.set(number, f"{unit}/s")
        self.values["Damaged frames"].value.set(count(health.crc_errors))
        number, unit = byte_size(health.free_bytes)
        self.values["Free on the disk"].value.set(number, unit)
        self.values["Lasts for"].value.set(lasts_words(health.seconds_left))

    def _build(self, names: tuple[str, ...]) -> None:
        self._shape = names
        while (item := self._box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.values = {}
        several = len(names) > 1
        for name in names:
            if several:
                self._box.addWidget(SectionHeader(name))
            for key in _figures(GroupHealth()):
                self._add(f"{name} {key}" if several else key, key)
        if several:
            self._box.addWidget(SectionHeader("All"))
        for key in ("Over the link", "Damaged frames", "Free on the disk", "Lasts for"):
            self._add(key, key)

    def _add(self, where: str, key: str) -> None:
        row = self.values[where] = KeyValue(key)
        row.setToolTip(_HELP.get(key, ""))
        self._box.addWidget(row)


def _figures(group: GroupHealth) -> dict[str, tuple[str, str]]:
    jitter = " / ".join(f"{v:.1f}" for v in (group.jitter_p50_ms, group.jitter_ms, group.jitter_max_ms))
    known = group.drift_error_ppm > 0
    drift = with_minus(f"{group.drift_ppm:+.0f} ± {max(1.0, group.drift_error_ppm):.0f}") if known else "–"
    return {
        "Rate": (f"{group.rate_hz:,.2f}" if group.rate_hz else "–", "Hz"),
        "Jitter p50 / p99 / max": (jitter, "ms"),
        "Gaps": (count(group.gaps), ""),
        "Lost": (count(group.lost), ""),
        "Dropped by the board": (count(group.dropped), ""),
        "Clock drift": (drift, "ppm" if known else ""),
    }
