"""What the page says of a job: words, icons, inks, times. No widgets."""

from __future__ import annotations

import time
from collections.abc import Iterable

from motestudio.gui.numbers import duration
from motestudio.jobs.history import JobRecord

STATES = {
    "waiting": ("waiting", "ph.clock", "text_muted"),
    "running": ("running", "ph.play-circle", "accent"),
    "cancelling": ("cancelling", "ph.minus-circle", "warn"),
    "completed": ("done", "ph.check-circle", "ok"),
    "cancelled": ("cancelled", "ph.minus-circle", "text_muted"),
    "failed": ("failed", "ph.x-circle", "bad"),
    "crashed": ("crashed", "ph.x-circle", "bad"),
    "timed_out": ("timed out", "ph.x-circle", "bad"),
}
"""Word, icon and ink by state; ``cancelling`` is a job that was asked to stop and has not ended yet."""

TONES = {"accent": "accent", "ok": "ok", "warn": "warn", "bad": "bad", "text_muted": "neutral"}
"""Tone of a tag by the ink of its state."""

FAILED = ("failed", "crashed", "timed_out")
_WORTH_GUESSING_S, _WORTH_GUESSING = 2.0, 0.03


def in_order(records: Iterable[JobRecord]) -> list[JobRecord]:
    """What runs, what waits in the order of its turn, then what ended, the newest first.

    Args:
        records: in the order they were asked for.
    """
    found = list(records)
    running = [r for r in found if r.state == "running"]
    waiting = [r for r in found if r.state == "waiting"]
    return [*running, *waiting, *(r for r in reversed(found) if r.ended)]


def places(records: Iterable[JobRecord]) -> dict[str, int]:
    """How many jobs of its lane come before each one that waits, by id; what runs counts."""
    before = {"heavy": 0, "light": 0}
    found: dict[str, int] = {}
    for record in records:
        if record.ended:
            continue
        if record.state == "waiting":
            found[record.id] = before[record.lane]
        before[record.lane] += 1
    return found


def turn(before: int) -> str:
    """When it is a job's turn."""
    return "is next" if before <= 1 else f"after {before} others"


def seconds(record: JobRecord) -> float:
    """How long it runs or ran, or waits."""
    return record.seconds if record.ended else max(0.0, time.time() - record.started)


def left(record: JobRecord) -> float | None:
    """An estimate of the seconds that it still needs, once there is something to estimate from."""
    gone = seconds(record)
    if record.state != "running" or gone < _WORTH_GUESSING_S or not _WORTH_GUESSING <= record.fraction < 1:
        return None
    return gone * (1 - record.fraction) / record.fraction


def took(gone: float) -> tuple[str, str]:
    """A stretch of time and its unit: ("38", "ms"), ("3.2", "s"), ("1 min 12 s", "")."""
    if gone < 0.0995:
        return f"{gone * 1000:.0f}", "ms"
    text = duration(gone)
    number, _, unit = text.partition(" ")
    return (number, unit) if " " not in unit else (text, "")


def second_time(record: JobRecord) -> str:
    """Under how long it took: how long still, or when it ended."""
    if record.ended:
        return f"at {clock(record.started + record.seconds)}"
    rest = left(record)
    return "" if rest is None else f"{duration(rest)} left"


def load(record: JobRecord) -> float | None:
    """Cores that it kept busy on average, None where that was too short to say."""
    gone = seconds(record)
    if record.state == "waiting" or gone < 0.5 or record.cpu_seconds <= 0:
        return None
    return record.cpu_seconds / gone


def clock(when: float) -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S", time.localtime(when))


def told(record: JobRecord, state: str) -> str:
    """A row in words, for the tool tip and assistive technology."""
    parts = [record.title, record.stage, STATES[state][0]]
    if record.state == "running" and record.fraction > 0:
        parts.append(f"{record.fraction:.0%}")
    parts += [record.text, duration(seconds(record))]
    return ", ".join(p for p in parts if p)
