"""One call of a verb as its caller sees it: progress, lines, metrics, cancel; for the window and for `mote`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from motestudio.errors import Cancelled
from motestudio.jobs.cancel import CancelToken


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a verb tells while it works.

    Attributes:
        kind: what it is.
        text: a few words, or a log line.
        fraction: 0..1 of the current part, for ``progress``.
        name: of a metric, or the key of the part that begins or ended.
        value: of a metric; seconds, for ``done``.
        step: of a metric.
    """

    kind: Literal["part", "progress", "metric", "log", "done"]
    text: str = ""
    fraction: float = 0.0
    name: str = ""
    value: float = 0.0
    step: int = 0


def _ignore(_: Happening) -> None:
    return None


@dataclass
class Operation:
    """Handed to every verb that takes time.

    Attributes:
        on_happening: called from the verb's thread; must not block.
        cancel: set by the caller at any time.
        span: part of the caller's progress bar that this operation fills.
    """

    on_happening: Callable[[Happening], None] = _ignore
    cancel: CancelToken = field(default_factory=CancelToken)
    span: tuple[float, float] = (0.0, 1.0)

    def progress(self, fraction: float, text: str = "") -> None:
        """Say how far it is.

        Raises:
            Cancelled: the caller cancelled.
        """
        self.check()
        self.report(fraction, text)

    def report(self, fraction: float, text: str = "") -> None:
        """Say how far it is without raising, from a thread that watches the token by itself."""
        low, high = self.span
        bounded = min(1.0, max(0.0, fraction))
        self.on_happening(Happening("progress", text, low + bounded * (high - low)))

    def part(self, name: str, text: str) -> None:
        """Say that a named part begins."""
        self.check()
        self.on_happening(Happening("part", text, name=name))

    def done(self, name: str, text: str, seconds: float) -> None:
        """Say how a named part ended."""
        self.on_happening(Happening("done", text, 1.0, name, seconds))

    def metric(self, name: str, value: float, step: int) -> None:
        """Pass a figure of a series on."""
        self.on_happening(Happening("metric", "", 0.0, name, value, step))

    def log(self, text: str) -> None:
        """Pass a log line on."""
        self.on_happening(Happening("log", text))

    def check(self) -> None:
        """Raise `Cancelled` where the caller cancelled."""
        if self.cancel.cancelled:
            raise Cancelled

    @contextmanager
    def within(self, low: float, high: float) -> Iterator[Operation]:
        """The same operation filling only a part of the progress bar."""
        first, last = self.span
        width = last - first
        yield Operation(self.on_happening, self.cancel, (first + low * width, first + high * width))
