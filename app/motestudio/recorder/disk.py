"""Writes takes to the disk on a thread of its own, so that a slow disk never holds up the port.

Takes come one after the other: `begin`, samples, then `finish` or `discard`. While one is being finished the next may
already begin. A take has a recording for each of its channel groups. What fails is told once, by `TakeFailed`; what had
been written stays.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from motestudio.devices.recorder_messages import Event, StartTake, TakeFailed, TakeSaved
from motestudio.devices.timing import Continuity
from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import AppError
from motestudio.project.collections import begin_collection, part_name, write_collection
from motestudio.project.recordings import RecordingWriter
from motestudio.recorder.stream import Arrival, PartHealth

GENERATOR = "mote recorder"
LIVE_GENERATOR = "mote recorder, live"
_MAX_WAITING = 128 << 20
_OPEN_END = 1 << 40
_GATHER_S = 0.02


@dataclass(frozen=True, slots=True)
class _Begin:
    take: StartTake
    groups: Mapping[int, ChannelGroup]


@dataclass(frozen=True, slots=True)
class _Block:
    group: int
    arrival: Arrival
    get: Callable[[], Samples]
    n_bytes: int


@dataclass(frozen=True, slots=True)
class _Labels:
    segments: Mapping[int, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class _Finish:
    health: Mapping[int, Health]
    reason: str


@dataclass(frozen=True, slots=True)
class _Discard:
    code: str
    text: str
    hint: str


class _Close:
    pass


_Item = _Begin | _Block | _Labels | _Finish | _Discard


@dataclass(slots=True)
class _Part:
    writer: RecordingWriter
    health: PartHealth


class TakeDisk:
    """The disk thread and its queue. All methods but the constructor are called from one thread at a time.

    Args:
        tell: takes the events; called from the disk thread.
        failed: told the name of a take that is given up, before the event.
    """

    def __init__(self, tell: Callable[[Event], None], failed: Callable[[str], None]) -> None:
        self._tell = tell
        self._failed = failed
        self._queue: queue.SimpleQueue[_Item | _Close] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._waiting_lock = threading.Lock()
        self._waiting = 0
        self._take: StartTake | None = None
        self._parts: dict[int, _Part] = {}
        self._thread = threading.Thread(target=self._run, name="take-disk", daemon=True)
        self._thread.start()

    def begin(self, take: StartTake, groups: Mapping[int, ChannelGroup]) -> None:
        """Open a recording for each of the groups, the lead first."""
        self._put(_Begin(take, groups))

    def append(self, group: int, arrival: Arrival, get: Callable[[], Samples], frame_bytes: int) -> bool:
        """Add samples; False where the disk is so far behind that the take must end.

        Args:
            group: index in the description.
            arrival: when they came and what lies before them.
            get: gives them, on the disk's thread: int16, shape (arrival.count, channels).
            frame_bytes: of one sample.
        """
        n_bytes = arrival.count * frame_bytes
        with self._waiting_lock:
            if self._waiting > _MAX_WAITING:
                return False
            self._waiting += n_bytes
        self._queue.put(_Block(group, arrival, get, n_bytes))
        return True

    def label(self, segments: Mapping[int, Sequence[Segment]]) -> None:
        """Replace the labels of the take's recordings, besides that of the whole take."""
        self._put(_Labels(segments))

    def finish(self, health: Mapping[int, Health], reason: str) -> None:
        """Complete the recordings; `health` has what only the link knows, by group."""
        self._put(_Finish(health, reason))

    def discard(self, code: str = "take.discarded", text: str = "The take was thrown away.", hint: str = "") -> None:
        """Throw the recordings away and say why."""
        self._put(_Discard(code, text, hint))

    def close(self, timeout_s: float = 60.0) -> None:
        """Write what is waiting, then end the thread."""
        self._put(_Close())
        self._thread.join(timeout_s)

    def _put(self, item: _Item | _Close) -> None:
        """Hand over what somebody waits for."""
        self._queue.put(item)
        self._hurry.set()

    def _run(self) -> None:
        while not isinstance(item := self._queue.get(), _Close):
            if isinstance(item, _Block) and self._queue.empty():
                # Blocks that come by the hundred a second are written together: to be woken costs more than to write.
                self._hurry.wait(_GATHER_S)
            self._hurry.clear()
            try:
                self._do(item)
            except AppError as error:
                self._fail(error)
            except (OSError, ValueError) as error:
                self._fail(AppError("recording.failed", f"The take could not be written: {error}"))

    def _do(self, item: _Item) -> None:
        if isinstance(item, _Begin):
            self._open(item.take, item.groups)
        elif isinstance(item, _Block):
            with self._waiting_lock:
                self._waiting -= item.n_bytes
            self._write(item)
        elif not self._parts:
            return  # it failed earlier, and that was told
        elif isinstance(item, _Labels):
            for group, segments in item.segments.items():
                self._parts[group].writer.set_segments([*self._whole(), *segments])
        elif isinstance(item, _Discard):
            name = self._abort()
            self._tell(TakeFailed(name, item.code, item.text, item.hint))
        else:
            self._complete(item)

    def _open(self, take: StartTake, groups: Mapping[int, ChannelGroup]) -> None:
        self._take, self._parts = take, {}
        folder = Path(take.folder)
        facts = Facts(**{k: v for k, v in take.facts.items() if k in Facts.__dataclass_fields__})
        together = len(groups) > 1
        names = recording_names(take.name, groups)
        for index, group in groups.items():
            writer = RecordingWriter(
                folder,
                names[index],
                group,
                facts,
                self._whole(),
                take.split,
                take.device or None,
                collection=take.name if together else "",
            )
            self._parts[index] = _Part(writer, PartHealth(group))
        if together:
            begin_collection(folder, take.name, list(names.values()))

    def _write(self, item: _Block) -> None:
        part = self._parts.get(item.group)
        if part is None:
            return
        arrival, gap = item.arrival, item.arrival.follows
        samples = item.get()
        # What was missing before the take is not missing in it.
        follows = gap if part.writer.n_samples else Continuity()
        part.writer.append(
            samples,
            arrival.device_time_us,
            arrival.host_time_us,
            follows.lost,
            away_us=follows.away_us,
            estimated=follows.estimated,
        )
        part.health.add(samples, arrival.device_time_us, follows)

    def _whole(self) -> list[Segment]:
        """The label of the whole take, however long it becomes."""
        label = self._take.label if self._take else ""
        return [Segment(0, _OPEN_END, label, "mine", GENERATOR)] if label else []

    def _complete(self, item: _Finish) -> None:
        take, parts = self._take, self._parts
        assert take is not None
        lead = next(iter(parts.values())).writer
        if not any(part.writer.n_samples for part in parts.values()):
            self._abort()
            text, hint = "Not one sample arrived.", "Check that the board is streaming."
            self._tell(TakeFailed(take.name, "take.empty", text, hint))
            return
        done, lost = [], 0
        for group, part in parts.items():
            if part.writer.n_samples:
                health = part.health.result(item.health.get(group, Health()))
                done.append(part.writer.finish(health).name)
                lost += health.lost_samples
            else:
                part.writer.abort()
        if len(parts) > 1:
            write_collection(Path(take.folder), take.name, durable=True)
        self._parts = {}
        self._tell(TakeSaved(take.name, lead.n_samples, lost, item.reason, tuple(done)))

    def _abort(self) -> str:
        take, parts, self._parts = self._take, self._parts, {}
        assert take is not None
        for part in parts.values():
            part.writer.abort()
        if len(parts) > 1:
            write_collection(Path(take.folder), take.name)
        return take.name

    def _fail(self, error: AppError) -> None:
        parts, self._parts = self._parts, {}
        take = self._take
        name = take.name if take is not None else ""
        kept = next(iter(parts.values())).writer.n_samples if parts else 0
        for part in parts.values():
            # Where even this fails the samples are in the file, and it opens as an incomplete recording.
            with contextlib.suppress(AppError, OSError, ValueError):
                if part.writer.n_samples:
                    part.writer.finish(part.health.result(Health()))
                else:
                    part.writer.abort()
        if take is not None and len(parts) > 1:
            with contextlib.suppress(AppError, OSError):
                write_collection(Path(take.folder), take.name)
        self._failed(name)
        self._tell(TakeFailed(name, error.code, error.text, error.hint, kept))


def recording_names(take: str, groups: Mapping[int, ChannelGroup]) -> dict[int, str]:
    """Names of a take's recordings by channel group: the take's own where it has one group only."""
    if len(groups) == 1:
        return dict.fromkeys(groups, take)
    return {index: part_name(take, group.name) for index, group in groups.items()}
