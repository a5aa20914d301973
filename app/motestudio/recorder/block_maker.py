"""Makes sample blocks of what a decoder gives: with the board's clock where the stream has one, else with a clock of
our own. Lines are never counted alone: a pause shows as a gap.

A stream's own clock tells what is missing: where it goes on later than it should and stays so, a block ends, so that
the gap is counted exactly. A stream without a clock gets one that counts samples and follows, slowly, the times at
which their bytes arrived. After a silence nobody knows whether samples are missing or were only held up; so what comes
then is kept for a moment: if it catches up, nothing was lost.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from motestudio.devices.decoder_messages import Part
from motestudio.domain.signal import ChannelGroup, SampleBlock, Samples

Times = npt.NDArray[np.int64]

_NEAR, _PERSIST, _LEAST = 4, 3, 0.6
"""Samples on each side of a jump that are compared; how many must follow before it is believed; in periods."""
_NO_LOSS_US = 10_000_000
_FARTHEST = 1 << 52

_FOLLOW_HZ, _DAMPING = 0.05, 0.9
_SLOWEST, _FASTEST = 4.0, 0.25
_SILENCE_US, _SILENCES, _SETTLE_US = 200_000.0, 4.0, 150_000
_FORGET = 0.9


class Made(NamedTuple):
    """A block.

    Attributes:
        block: the samples.
        missed: the clock says that samples before it got lost on their way.
    """

    block: SampleBlock
    missed: bool


class _Piece(NamedTuple):
    """Consecutive samples; `lost` are missing before them by the stream's own numbers."""

    samples: Samples
    times: Times
    lost: int


class _Placed(NamedTuple):
    """Samples and the device time of the first of them."""

    samples: Samples
    device_time_us: float
    lost: int
    missed: bool


class _Clock(Protocol):
    period_us: float

    def place(self, pieces: Sequence[_Piece], host_time_us: int) -> list[_Placed]: ...

    def tick(self, host_time_us: int, *, last: bool = False) -> list[_Placed]: ...


class StreamClock:
    """The clock in the stream.

    Args:
        rate_hz: nominal.
    """

    def __init__(self, rate_hz: float) -> None:
        self.period_us = 1e6 / rate_hz
        self._before: list[float] = []
        self._held: _Piece | None = None
        self._ticks_us = 1000.0

    def place(self, pieces: Sequence[_Piece], host_time_us: int) -> list[_Placed]:
        """Place pieces on it; the last samples may be kept until more come."""
        del host_time_us
        out: list[_Placed] = []
        for piece in pieces:
            out += self._one(piece, last=False)
        return out

    def tick(self, host_time_us: int, *, last: bool = False) -> list[_Placed]:
        """Give out what was kept: nothing more comes at the moment."""
        del host_time_us, last
        if self._held is None:
            return []
        return self._one(_Piece(self._held.samples[:0], self._held.times[:0], 0), last=True)

    def _one(self, piece: _Piece, *, last: bool) -> list[_Placed]:
        samples, times, lost = piece
        out: list[_Placed] = []
        if (held := self._held) is not None:
            self._held = None
            if lost:
                out += self._split(held, last=True)
            else:
                joined = np.concatenate((held.samples, samples)), np.concatenate((held.times, times))
                samples, times, lost = *joined, held.lost
        return out + self._split(_Piece(samples, times, lost), last=last)

    def _split(self, piece: _Piece, *, last: bool) -> list[_Placed]:
        """Cut at every jump of the clock."""
        samples, lost = piece.samples, piece.lost
        if not len(samples):
            return []
        times = self._complete(piece)
        if self._ticks_us > 1 and (times % 1000).any():
            self._ticks_us = 1.0
        known = np.array(self._before, dtype=np.float64)
        line = np.concatenate((known, times.astype(np.float64)))
        offset = len(known)
        out: list[_Placed] = []
        begin, missed = 0, False
        for at in self._candidates(line, offset, lost > 0):
            if len(times) - at < _PERSIST and not last:
                self._held = _Piece(samples[at:], times[at:], 0)
                samples, times = samples[:at], times[:at]
                break
            shift = self._shift(line, offset + at)
            if abs(shift) < max(_LEAST * self.period_us, 0.0 if self._fine else self._ticks_us):
                continue
            out += self._placed(samples, times, begin, at, lost, missed)
            begin, lost = (at, 0) if at else (begin, lost)
            missed = 0 < shift <= _NO_LOSS_US
        out += self._placed(samples, times, begin, len(times), lost, missed)
        self._before = [*self._before, *times[-_NEAR:].astype(np.float64)][-_NEAR:]
        return out

    def _complete(self, piece: _Piece) -> Times:
        """Times of all samples, also where the stream leaves some out."""
        if len(piece.times) == len(piece.samples):
            times: Times = np.clip(piece.times, -_FARTHEST, _FARTHEST)
            return times
        last = self._before[-1] if self._before else -self.period_us
        guessed: Times = np.rint(last + self.period_us * np.arange(1, len(piece.samples) + 1)).astype(np.int64)
        return guessed

    def _candidates(self, line: npt.NDArray[np.float64], offset: int, numbered: bool) -> list[int]:
        """Indices before which the clock made a step that is not the usual one; the stream's numbers say it better."""
        steps = np.diff(line) - self.period_us
        late = 0.75 * self.period_us if self._fine else 1.5 * self._ticks_us
        found = np.flatnonzero((steps > late) | (steps < -self.period_us - 2 * self._ticks_us)) + 1 - offset
        return [int(i) for i in found if i >= (1 if numbered else 0)]

    @property
    def _fine(self) -> bool:
        """Whether the clock ticks at least as often as samples come."""
        return self.period_us > 0.9 * self._ticks_us

    def _shift(self, line: npt.NDArray[np.float64], at: int) -> float:
        """By how much the clock is off from there on, against where it was before."""
        before, after = line[max(0, at - _NEAR) : at], line[at : at + _NEAR]
        expected = float(np.median(before + np.arange(len(before), 0, -1) * self.period_us))
        return float(np.median(after - np.arange(len(after)) * self.period_us)) - expected

    @staticmethod
    def _placed(samples: Samples, times: Times, begin: int, end: int, lost: int, missed: bool) -> list[_Placed]:
        """The stretch as a block, and its last sample as another: by its length a gap after it is measured."""
        if end <= begin:
            return []
        cuts = [begin, end - 1, end] if end - begin > 1 else [begin, end]
        out = []
        for first, stop in itertools.pairwise(cuts):
            out.append(_Placed(samples[first:stop], float(times[first]), lost, missed))
            lost, missed = 0, False
        return out


class CountedClock:
    """A clock for streams that have none.

    Args:
        rate_hz: nominal; the clock follows the rate at which samples really come.
        follows: whether it does that; bytes from a file arrive when they are read.
    """

    def __init__(self, rate_hz: float, *, follows: bool = True) -> None:
        self.period_us = self._nominal = 1e6 / rate_hz
        self._follows = follows
        self._next = 0.0
        self._anchor: float | None = None
        self._last_host = 0.0
        self._usual_us = 0.0
        self._held: list[_Piece] = []
        self._since = 0.0

    def place(self, pieces: Sequence[_Piece], host_time_us: int) -> list[_Placed]:
        """Place what arrived together; after a silence it is kept for a moment."""
        if not self._follows:
            return self._give(pieces)
        host = float(host_time_us)
        span = self._span(pieces)
        if self._anchor is None:
            self._anchor, self._last_host = host - span, host
            return self._give(pieces)
        silence, self._last_host = host - self._last_host, host
        if self._held:
            self._held += pieces
            return self.tick(host_time_us)
        late = host - self._anchor - self._next - span
        if silence > self._silence and late > self._silence:
            self._held, self._since = list(pieces), host
            return []
        self._usual_us = max(silence, _FORGET * self._usual_us) if silence < 1e6 * 10 else self._usual_us
        self._follow(late, span)
        return self._give(pieces)

    def tick(self, host_time_us: int, *, last: bool = False) -> list[_Placed]:
        """Decide, where enough time has passed, whether a silence was a gap."""
        if not self._held or (host_time_us - self._since < _SETTLE_US and not last):
            return []
        assert self._anchor is not None
        pieces, self._held = self._held, []
        late = self._last_host - self._anchor - self._next - self._span(pieces)
        missed = late > self._silence
        if missed:
            self._next += late
        return self._give(pieces, missed)

    @property
    def _silence(self) -> float:
        return max(_SILENCE_US, _SILENCES * self._usual_us, _SILENCES * self.period_us)

    def _span(self, pieces: Sequence[_Piece]) -> float:
        return sum(len(p.samples) + p.lost for p in pieces) * self.period_us

    def _follow(self, late: float, span: float) -> None:
        """Go a little faster or slower, as a phase-locked loop does."""
        turn = 2 * np.pi * _FOLLOW_HZ
        seconds = min(span / 1e6, 1.0)
        self._next += min(0.5, 2 * _DAMPING * turn * seconds) * late
        period = self.period_us * (1 + turn * turn * seconds * late / 1e6)
        self.period_us = min(max(period, _FASTEST * self._nominal), _SLOWEST * self._nominal)

    def _give(self, pieces: Iterable[_Piece], missed: bool = False) -> list[_Placed]:
        out = []
        for piece in pieces:
            self._next += piece.lost * self.period_us
            if len(piece.samples):
                out.append(_Placed(piece.samples, self._next, piece.lost, missed))
                missed = False
            self._next += len(piece.samples) * self.period_us
        return out


class BlockMaker:
    """The blocks of one connection.

    Args:
        groups: as the decoder announced them.
        live: whether the bytes are read as they arrive.
    """

    def __init__(self, groups: Sequence[ChannelGroup], *, live: bool = True) -> None:
        self.groups = tuple(groups)
        self._live = live
        self._clocks: list[_Clock | None] = [None] * len(self.groups)
        self._dropped = [0] * len(self.groups)
        self._missing = [0] * len(self.groups)

    def take(self, parts: Sequence[Part], host_time_us: int) -> list[Made]:
        """Make blocks of what came out of bytes that arrived at a time.

        Args:
            parts: in order.
            host_time_us: at which the last of the bytes arrived.
        """
        pieces: list[list[_Piece]] = [[] for _ in self.groups]
        for part in parts:
            if not part.samples:
                self._missing[part.group] += part.lost
                continue
            shape = (-1, len(self.groups[part.group].channels))
            samples = np.frombuffer(part.samples, dtype="<i2").astype(np.int16, copy=False).reshape(shape)
            lost, self._missing[part.group] = part.lost + self._missing[part.group], 0
            pieces[part.group].append(_Piece(samples, np.frombuffer(part.times, dtype="<i8"), lost))
        out: list[Made] = []
        for index, found in enumerate(pieces):
            if found:
                clock = self._clock(index, found)
                out += self._made(index, clock, clock.place(found, host_time_us), host_time_us)
        return out

    def tick(self, host_time_us: int, *, last: bool = False) -> list[Made]:
        """What was kept back and may go now; all of it where nothing more comes."""
        out: list[Made] = []
        for index, clock in enumerate(self._clocks):
            if clock is not None:
                out += self._made(index, clock, clock.tick(host_time_us, last=last), host_time_us)
        return out

    def _clock(self, index: int, pieces: Sequence[_Piece]) -> _Clock:
        clock = self._clocks[index]
        if clock is None:
            timed = any(len(p.times) for p in pieces)
            rate = self.groups[index].rate_hz
            clock = self._clocks[index] = StreamClock(rate) if timed else CountedClock(rate, follows=self._live)
        return clock

    def _made(self, index: int, clock: _Clock, placed: Sequence[_Placed], host_time_us: int) -> list[Made]:
        out: list[Made] = []
        behind = sum(len(p.samples) for p in placed)
        for samples, device_time_us, lost, missed in placed:
            behind -= len(samples)
            self._dropped[index] = (self._dropped[index] + lost) & 0xFFFFFFFF
            host = host_time_us - round(behind * clock.period_us)
            block = SampleBlock(index, round(device_time_us), host, self._dropped[index], samples)
            out.append(Made(block, missed))
        return out
