"""Writes takes to the disk on a thread of its own, so that a slow disk never holds up the port.

Takes come one after the other: `begin`, blocks, then `finish` or `discard`. While one is being finished the next may
already begin. What fails is told once, by `TakeFailed`; what had been written stays.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from motestudio.devices.recorder_messages import Event, StartTake, TakeFailed, TakeSaved
from motestudio.devices.timing import Continuity
from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import AppError
from motestudio.project.recordings import RecordingWriter

GENERATOR = "mote recorder"
_MAX_WAITING = 128 << 20


@dataclass(frozen=True, slots=True)
class _Begin:
    take: StartTake
    group: ChannelGroup


@dataclass(frozen=True, slots=True)
class _Block:
    samples: Samples
    device_time_us: int
    host_time_us: int
    follows: Continuity


@dataclass(frozen=True, slots=True)
class _Finish:
    health: Health
    reason: str


@dataclass(frozen=True, slots=True)
class _Discard:
    code: str
    text: str
    hint: str


class _Close:
    pass


class TakeDisk:
    """The disk thread and its queue. All methods but the constructor are called from one thread at a time.

    Args:
        tell: takes the events; called from the disk thread.
        failed: told the name of a take that is given up, before the event.
    """

    def __init__(self, tell: Callable[[Event], None], failed: Callable[[str], None]) -> None:
        self._tell = tell
        self._failed = failed
        self._queue: queue.SimpleQueue[_Begin | _Block | _Finish | _Discard | _Close] = queue.SimpleQueue()
        self._waiting_lock = threading.Lock()
        self._waiting = 0
        self._writer: RecordingWriter | None = None
        self._label = self._name = ""
        self._thread = threading.Thread(target=self._run, name="take-disk", daemon=True)
        self._thread.start()

    def begin(self, take: StartTake, group: ChannelGroup) -> None:
        """Open a recording."""
        self._queue.put(_Begin(take, group))

    def append(self, samples: Samples, device_time_us: int, host_time_us: int, follows: Continuity) -> bool:
        """Add samples; False where the disk is so far behind that the take must end."""
        with self._waiting_lock:
            if self._waiting > _MAX_WAITING:
                return False
            self._waiting += samples.nbytes
        self._queue.put(_Block(samples, device_time_us, host_time_us, follows))
        return True

    def finish(self, health: Health, reason: str) -> None:
        """Complete the recording."""
        self._queue.put(_Finish(health, reason))

    def discard(self, code: str = "take.discarded", text: str = "The take was thrown away.", hint: str = "") -> None:
        """Throw the recording away and say why."""
        self._queue.put(_Discard(code, text, hint))

    def close(self, timeout_s: float = 60.0) -> None:
        """Write what is waiting, then end the thread."""
        self._queue.put(_Close())
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not isinstance(item := self._queue.get(), _Close):
            try:
                self._do(item)
            except AppError as error:
                self._fail(error)
            except (OSError, ValueError) as error:
                self._fail(AppError("recording.failed", f"The take could not be written: {error}"))

    def _do(self, item: _Begin | _Block | _Finish | _Discard) -> None:
        if isinstance(item, _Begin):
            self._open(item.take, item.group)
        elif isinstance(item, _Block):
            with self._waiting_lock:
                self._waiting -= item.samples.nbytes
            if self._writer is not None:
                gap = item.follows
                self._writer.append(
                    item.samples,
                    item.device_time_us,
                    item.host_time_us,
                    gap.lost,
                    away_us=gap.away_us,
                    estimated=gap.estimated,
                )
        elif self._writer is None:
            return  # it failed earlier, and that was told
        elif isinstance(item, _Discard):
            name = self._writer.name
            self._writer.abort()
            self._writer = None
            self._tell(TakeFailed(name, item.code, item.text, item.hint))
        else:
            self._complete(item)

    def _open(self, take: StartTake, group: ChannelGroup) -> None:
        self._label, self._name = take.label, take.name
        self._writer = None
        facts = Facts(**{k: v for k, v in take.facts.items() if k in Facts.__dataclass_fields__})
        self._writer = RecordingWriter(
            Path(take.folder), take.name, group, facts, split=take.split, device=take.device or None
        )

    def _complete(self, item: _Finish) -> None:
        writer = self._writer
        assert writer is not None
        if writer.n_samples == 0:
            writer.abort()
            self._writer = None
            self._tell(
                TakeFailed(writer.name, "take.empty", "Not one sample arrived.", "Check that the board is streaming.")
            )
            return
        recording = writer.finish(item.health, self._segments(writer.n_samples))
        self._writer = None
        self._tell(TakeSaved(recording.name, recording.n_samples, item.health.lost_samples, item.reason))

    def _segments(self, count: int) -> list[Segment]:
        return [Segment(0, count, self._label, "mine", GENERATOR)] if self._label else []

    def _fail(self, error: AppError) -> None:
        writer, self._writer = self._writer, None
        kept = 0
        if writer is not None:
            kept = writer.n_samples
            # Where even this fails the samples are in the file, and it opens as an incomplete recording.
            with contextlib.suppress(AppError, OSError, ValueError):
                if kept:
                    writer.finish(Health(), self._segments(kept))
                else:
                    writer.abort()
        self._failed(self._name)
        self._tell(TakeFailed(self._name, error.code, error.text, error.hint, kept))
