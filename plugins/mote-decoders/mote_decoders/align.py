"""Finds where samples begin in bytes that have no frames: interleaved 16-bit integers and nothing else.

Bytes lost on the way shift everything that follows. It shows: a value's high byte is taken for its low byte, or
channels stand in each other's columns. A signal goes on where it was, so of all places to begin, the right one makes
the smallest steps. Blocks that go on smoothly are taken at once; only where a block does not is every place tried.
Which channel is the first cannot be told from the bytes; the first whole value of a stream is taken for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int16 = npt.NDArray[np.int16]

FRAMES = 32
"""Frames of a block: what is looked at as one, and held back until it is whole."""
_NOISE = 6000.0
"""Mean step of bytes that are no values; a full-scale signal may have it too, and is looked at more closely."""
_JUMP, _ROUGHER, _BETTER, _STAYS = 3.0, 4.0, 0.5, 0.7
_AFTER = 8
"""Frames for which a signal must go on better before bytes are left out: a knock passes sooner."""


class Aligner:
    """Cuts bytes into frames.

    Args:
        channels: values of a frame.
        order: ``<i2`` or ``>i2``.
        search: look for the first whole value of the stream; without, it begins with the first byte.
    """

    def __init__(self, channels: int, order: str = "<i2", *, search: bool = True) -> None:
        self._channels, self._order, self._unit = channels, order, 2 * channels
        self._rest = b""
        self._last: npt.NDArray[np.float64] | None = None
        self._usual: float | None = None
        self._search = search

    def feed(self, data: bytes) -> tuple[Int16, int]:
        """Take the next bytes; returns frames and the number of bytes that were thrown away to be in step again."""
        data, skipped = self._rest + data, 0
        block, margin = FRAMES * self._unit, 2 * self._unit
        parts: list[Int16] = []
        at = 0
        while len(data) - at >= block + margin:
            count = self._smooth((len(data) - at - margin) // block, data, at)
            if count:
                parts.append(self._frames(data, at, count * FRAMES))
                at += count * block
                continue
            split, shift = self._best(data, at)
            parts.append(self._frames(data, at, split))
            at += split * self._unit + shift
            skipped += shift
            if shift:
                after = self._frames(data, at, FRAMES - split)
                parts.append(after)
                at += len(after) * self._unit
            self._search = False
            self._remember(np.concatenate(parts[-2:]) if shift else parts[-1])
        self._rest = data[at:]
        return np.concatenate(parts) if parts else np.zeros((0, self._channels), dtype=np.int16), skipped

    def finish(self) -> tuple[Int16, int]:
        """The end: whole frames of the rest as they stand, and the bytes of an unfinished one."""
        rest, self._rest = self._rest, b""
        count = len(rest) // self._unit
        return self._frames(rest, 0, count), len(rest) - count * self._unit

    def _frames(self, data: bytes, at: int, count: int) -> Int16:
        values = np.frombuffer(data, dtype=self._order, count=count * self._channels, offset=at)
        return values.astype(np.int16).reshape(count, self._channels)

    def _smooth(self, blocks: int, data: bytes, at: int) -> int:
        """Blocks from here that go on as before."""
        if self._search:
            return 0
        blocks = min(blocks, 4096)
        values = self._frames(data, at, blocks * FRAMES).astype(np.float64)
        before = values[:1] if self._last is None else self._last[None]
        steps = np.abs(np.diff(values, axis=0, prepend=before)).mean(axis=1).reshape(blocks, FRAMES)
        means, largest = steps.mean(axis=1), steps.max(axis=1)
        usual = np.concatenate((means[:1] if self._usual is None else [self._usual], means[:-1]))
        rough = (means > _ROUGHER * usual + 16) | (means > _NOISE)
        if self._channels > 1:
            rough |= largest > _JUMP * np.median(steps, axis=1) + 64
        count = int(np.argmax(rough)) if rough.any() else blocks
        if count:
            self._last, self._usual = values[count * FRAMES - 1], float(means[count - 1])
        return count

    def _remember(self, frames: Int16) -> None:
        tail = frames[-FRAMES:].astype(np.float64)
        self._last, self._usual = tail[-1], float(np.abs(np.diff(tail, axis=0)).mean())

    def _best(self, data: bytes, at: int) -> tuple[int, int]:
        """Frames of this block to take as they stand, and bytes to leave out after them."""
        straight = self._frames(data, at, FRAMES).astype(np.float64)
        first = self._last is None
        last = straight[0] if self._last is None else self._last
        steps = np.abs(np.diff(straight, axis=0, prepend=last[None])).mean(axis=1)
        before = np.concatenate(([0.0], np.cumsum(steps)))
        best, split, shift = float(before[-1]), FRAMES, 0
        # At the start only a half value can be told from a whole one. Later the frame that is hit goes out too.
        ways = (1,) if self._search and first else (w for w in range(1, 2 * self._unit) if w != self._unit)
        for way in ways:
            moved = self._frames(data, at + way, FRAMES).astype(np.float64)
            inner = np.abs(np.diff(moved, axis=0)).mean(axis=1)
            crossing = np.abs(moved - np.concatenate((last[None], straight[:-1]))).mean(axis=1)
            if first:
                crossing[0] = 0.0
            costs = before[:-1] + crossing + np.concatenate((np.cumsum(inner[::-1])[::-1], [0.0]))
            place = 0 if first else int(np.argmin(costs))
            if costs[place] < best:
                best, split, shift = float(costs[place]), place, way
        if not shift or before[-1] - best < 64:
            return FRAMES, 0
        if best < _BETTER * before[-1] and split <= FRAMES - 2:
            return split, shift
        if split > FRAMES - _AFTER:
            # Too near the end to tell: the rest is looked at with what follows.
            return (split - 1, 0) if split > FRAMES // 2 else (FRAMES, 0)
        reference = straight[split - 1] if split else last
        moved = self._frames(data, at + shift, FRAMES).astype(np.float64)
        here, there = (np.abs(rows[split : split + _AFTER] - reference).mean() for rows in (straight, moved))
        jump = steps[split] > _JUMP * np.median(steps)
        crossing = float(np.abs(moved[split] - reference).mean())
        good = jump and crossing < _BETTER * steps[split] and there < _STAYS * here
        return (split, shift) if good else (FRAMES, 0)
