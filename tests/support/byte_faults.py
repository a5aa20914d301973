"""A line between a board and a decoder that damages what passes: drawn by hypothesis, so that failures shrink.

Faults are laid on whole frames, so a test knows which frames came through unharmed; the line then cuts the stream into
pieces of any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

FAULTS = ("flip", "cut", "drop", "noise", "log", "zeros", "garbage")
"""A bit turned, a frame's end lost, all of it lost, random bytes before it, a text log, zeros, another baud rate."""


@dataclass(frozen=True)
class Fault:
    """Damage at one frame.

    Attributes:
        at: which frame, taken modulo their number.
        kind: of `FAULTS`.
        seed: of what is random about it.
    """

    at: int
    kind: str
    seed: int


@dataclass(frozen=True)
class Damaged:
    """A stream after the line.

    Attributes:
        data: its bytes.
        harmed: frames that were changed or lost.
        touched: those, and the ones with something put before them.
    """

    data: bytes
    harmed: frozenset[int]
    touched: frozenset[int]


def faults(most: int = 6, kinds: Sequence[str] = FAULTS) -> st.SearchStrategy[list[Fault]]:
    """Some faults at some frames."""
    one = st.builds(Fault, st.integers(0, 10_000), st.sampled_from(list(kinds)), st.integers(0, 2**32 - 1))
    return st.lists(one, max_size=most)


def damage(head: bytes, frames: Sequence[bytes], planned: Sequence[Fault], *, spare: int = 0) -> Damaged:
    """Lay faults on a stream.

    Args:
        head: passes unharmed.
        frames: of the stream.
        planned: later ones on the same frame are left out.
        spare: so many frames at the start are not touched, so that a layout can be learned.
    """
    parts = list(frames)
    harmed, touched = set(), set()
    for fault in planned:
        at = spare + fault.at % max(1, len(frames) - spare)
        if at in touched or at >= len(frames):
            continue
        rng = np.random.default_rng(fault.seed)
        touched.add(at)
        if fault.kind in ("flip", "cut", "drop", "garbage"):
            harmed.add(at)
        parts[at] = _damaged(parts[at], fault.kind, rng)
    return Damaged(head + b"".join(parts), frozenset(harmed), frozenset(touched))


def _damaged(frame: bytes, kind: str, rng: np.random.Generator) -> bytes:
    if kind == "flip":
        at, bit = int(rng.integers(len(frame))), 1 << int(rng.integers(8))
        return frame[:at] + bytes([frame[at] ^ bit]) + frame[at + 1 :]
    if kind == "cut":
        return frame[: int(rng.integers(len(frame)))]
    if kind == "drop":
        return b""
    if kind == "noise":
        return rng.integers(0, 256, int(rng.integers(1, 60)), dtype=np.uint8).tobytes() + frame
    if kind == "log":
        return b"W (%d) wifi: retry, rssi=-71\r\n" % rng.integers(1_000_000) + frame
    if kind == "zeros":
        return bytes(int(rng.integers(1, 40))) + frame
    return wrong_baud(frame)


def wrong_baud(data: bytes) -> bytes:
    """What a receiver at half the rate reads: every byte's bits taken two at a time, most of them lost."""
    return bytes((byte & 0x11) * 0x0F ^ 0xE0 for byte in data[::2])


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    """The stream cut at some places, taken modulo its length."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        yield data[start:end]


cut_places = st.lists(st.integers(0, 1 << 20), max_size=30)
"""Where a stream is cut into pieces."""
