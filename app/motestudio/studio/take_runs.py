"""Takes as somebody in the field makes them: one after the other, counted down, begun by the signal, until stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from motestudio.devices.live_tail import LiveTailReader
from motestudio.devices.recorder_messages import Health
from motestudio.domain.recording import Recording
from motestudio.domain.units import format_bytes
from motestudio.errors import DeviceError
from motestudio.project.store import Project
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Operation
from motestudio.studio.record import TakePlan, begin_take, groups_of, name_for, record_take, stream_args
from motestudio.studio.trigger import LevelTrigger

_LOOK_SECONDS = 0.02
_SAVE_SECONDS = 30.0
_FIRST_SECONDS = 10.0
LOW_DISK_BYTES, LOW_DISK_SECONDS = 1 << 30, 600.0
"""Less of it is worth a warning."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When takes begin.

    Attributes:
        countdown: seconds before each.
        pause: seconds between two.
        level: begin when the signal does: how far a channel must be from its rest, as a share of full scale; 0 not to.
        run_up: seconds before that moment that belong to the take.
        rate: times real time on a virtual board, 0 for as fast as it can.
    """

    countdown: float = 0.0
    pause: float = 0.0
    level: float = 0.0
    run_up: float = 0.0
    rate: float = 1.0


def record_all(
    project: Project, session: DeviceSession, plans: Sequence[TakePlan], operation: Operation, pace: Pace | None = None
) -> list[Recording]:
    """Record take after take; a cancelled campaign keeps what was recorded.

    Raises:
        DeviceError: the board has nothing to record, stopped or went.
        ProjectError: a take cannot be written.
        Cancelled: the caller cancelled.
    """
    pace = pace or Pace()
    done: list[Recording] = []
    for index, plan in enumerate(plans):
        what = f"{plan.label or 'no class'}, take {index + 1} of {len(plans)}"
        if index and pace.pause:
            _wait(operation, pace.pause, index / len(plans), f"{what}, after a pause")
        if pace.countdown:
            _wait(operation, pace.countdown, index / len(plans), f"{what}, get ready")
        if pace.level:
            operation.progress(index / len(plans), f"{what}, waits for the signal")
            done.append(record_at_level(project, session, plan, operation, level=pace.level, run_up=pace.run_up))
        else:
            operation.progress(index / len(plans), what)
            done.append(record_take(project, session, plan, rate=pace.rate))
    operation.progress(1.0, f"{len(done)} takes")
    return done


def record_at_level(
    project: Project, session: DeviceSession, plan: TakePlan, operation: Operation, *, level: float, run_up: float
) -> Recording:
    """Record one take of a fixed length that begins when the signal does.

    Raises:
        DeviceError: as `record_all`.
        Cancelled: the caller cancelled before the signal came.
    """
    reader = watch(project, session, plan)
    trigger = LevelTrigger(reader.group, level)
    seen = reader.total
    fired: int | None = None
    while fired is None:
        operation.check()
        _alive(session)
        samples, first = reader.window(seen, reader.total - seen)
        seen = first + len(samples)
        fired = trigger.feed(samples, first) if len(samples) else None
        if fired is None:
            time.sleep(_LOOK_SECONDS)
    since = max(0, fired - round(run_up * reader.group.rate_hz))
    return take_until(project, session, replace(plan, since=since), _never)


def take_until(project: Project, session: DeviceSession, plan: TakePlan, stop: Callable[[], bool]) -> Recording:
    """Record from the stream that runs, until `stop` says so where the plan has no length.

    Returns:
        The recording of the lead.

    Raises:
        DeviceError: as `record_all`.
    """
    name = name_for(project, session, plan)
    waiting = session.recorder.expect_take(name)
    begin_take(project, session, replace(plan, name=name))
    deadline = time.monotonic() + plan.seconds + _SAVE_SECONDS if plan.seconds else 0.0
    while (saved := session.take_ended(waiting, _LOOK_SECONDS)) is None:
        if stop() or (deadline and not session.away and time.monotonic() > deadline):
            session.stop_take(keep=True)
            stop, deadline = _never, time.monotonic() + _SAVE_SECONDS
    return project.recordings.load(saved.recordings[0])


def watch(project: Project, session: DeviceSession, plan: TakePlan) -> LiveTailReader:
    """Have the board stream what the plan records.

    Returns:
        The live tail of the lead, once samples arrive.

    Raises:
        DeviceError: nothing arrives.
    """
    groups = groups_of(project, session, plan.groups)
    if not (session.health and session.health.streaming):
        session.request("start", **stream_args(session, groups))
    reader = LiveTailReader(session.tail_paths[groups[0]])
    deadline = time.monotonic() + _FIRST_SECONDS
    while not reader.total:
        _alive(session)
        if time.monotonic() > deadline:
            text = f"{session.description.name} sends no samples."
            raise DeviceError("device.silent", text, "Check its sensor and connect again.")
        time.sleep(_LOOK_SECONDS)
    return reader


def warnings_of(recording: Recording) -> list[str]:
    """What is wrong with a recording, in words; empty where nothing is."""
    health, names = recording.health, [c.name for c in recording.group.channels]
    found = []
    if health.lost_samples:
        gaps = f" in {health.gaps} gaps" if health.gaps > 1 else ""
        found.append(f"{health.lost_samples:,} samples lost{gaps}")
    if health.dropped:
        found.append(f"{health.dropped:,} of them dropped by the board itself")
    if health.crc_errors:
        found.append(f"{health.crc_errors:,} damaged frames")
    clipped = [f"{names[i]} ({n:,})" for i, n in enumerate(health.clipped) if n and i < len(names)]
    if clipped:
        found.append(f"clipped samples on {', '.join(clipped)}: choose a wider range")
    dead = [names[i] for i, constant in enumerate(health.constant) if constant and i < len(names)]
    if dead and recording.n_samples > 1:
        found.append(f"no change on {', '.join(dead)}: check the sensor")
    return found


def disk_is_short(health: Health) -> bool:
    """Whether little is left of the disk, in bytes or in time; where it is not known, it is not."""
    short = 0 < health.seconds_left < LOW_DISK_SECONDS
    return health.free_bytes > 0 and (short or health.free_bytes < LOW_DISK_BYTES)


def disk_warning(session: DeviceSession) -> str:
    """What is wrong with the disk, or empty."""
    health = session.health
    if health is None or not disk_is_short(health):
        return ""
    left = f" ({health.seconds_left / 60:.0f} minutes)" if health.seconds_left else ""
    return f"Only {format_bytes(health.free_bytes)}{left} are free on the disk."


def _wait(operation: Operation, seconds: float, fraction: float, text: str) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        operation.progress(fraction, f"{text}: {left:.0f} s")
        time.sleep(min(left, 0.1))


def _never() -> bool:
    return False


def _alive(session: DeviceSession) -> None:
    if session.lost is not None:
        raise session.lost
