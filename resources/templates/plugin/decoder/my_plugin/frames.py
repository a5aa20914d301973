"""The stage: finds frames in a stream of bytes. It never raises for bad bytes: a line is noisy, boards print at boot.

A frame is 0xA5, a counter, `channels` 16-bit integers, and the low byte of the sum of all bytes after the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from motestudio.sdk import Channel, ChannelGroup, Decoded, StreamGuess, Value

_START = 0xA5
_NO_TIMES = np.zeros(0, dtype=np.int64)


class Frames:
    """Decoder stage; one object serves one stream, so it may remember what is unfinished."""

    def __init__(self) -> None:
        self._rest = b""
        self._seen = False
        self._next: int | None = None

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """Channels and rate; None until a frame was found, so that garbage gives no recording."""
        if not self._seen:
            return None
        scale = float(params["full_scale"]) / 32768
        channels = tuple(Channel(f"c{i}", str(params["unit"]), scale) for i in range(int(params["channels"])))
        return (ChannelGroup("frames", float(params["rate_hz"]), channels),)

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """The board sends without being asked."""
        return b""

    def guess(self, data: bytes) -> StreamGuess:
        """How much of a stream is frames, for the number of channels that fits best."""
        best = StreamGuess(0.0, reason="no frames")
        for channels in range(1, 33):
            params = {"channels": channels, "byte_order": "little", "check_sum": True}
            count = sum(len(found.samples) for found in Frames().feed(data, params))
            used = count * (3 + 2 * channels) / max(1, len(data))
            if count >= 3 and used > best.score:
                best = StreamGuess(min(1.0, used), {"channels": channels}, f"{count} frames whose sums match", count)
        return best

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on, from any number of bytes; what is unfinished waits for the next call."""
        data = self._rest + data
        channels = int(params["channels"])
        length = 3 + 2 * channels
        runs: list[tuple[int, list[bytes]]] = [(0, [])]
        at, skipped = 0, 0
        while at + length <= len(data):
            if data[at] == _START and self._good(data[at : at + length], params):
                if lost := self._lost(data[at + 1]):
                    runs.append((lost, []))
                runs[-1][1].append(data[at + 2 : at + length - 1])
                at += length
            else:
                at, skipped = at + 1, skipped + 1
        self._rest = data[at:]
        self._seen = self._seen or any(frames for _, frames in runs)
        order = "<i2" if params["byte_order"] == "little" else ">i2"
        decoded = []
        for lost, frames in runs:
            samples = np.frombuffer(b"".join(frames), dtype=order).astype(np.int16).reshape(-1, channels)
            decoded.append(Decoded(samples, _NO_TIMES, skipped, lost=lost))
            skipped = 0
        return decoded

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """What is left is no whole frame."""
        skipped, self._rest = len(self._rest), b""
        return [Decoded(np.zeros((0, int(params["channels"])), dtype=np.int16), _NO_TIMES, skipped)]

    def _lost(self, counter: int) -> int:
        """Frames missing before this one; half a turn of the counter or more is a board that began anew."""
        missing = 0 if self._next is None else (counter - self._next) & 0xFF
        self._next = (counter + 1) & 0xFF
        return missing if missing < 128 else 0

    def _good(self, frame: bytes, params: Mapping[str, Value]) -> bool:
        return not params["check_sum"] or sum(frame[1:-1]) & 0xFF == frame[-1]
