"""The stage: finds frames in a stream of bytes. It never raises for bad bytes: a line is noisy, boards print at boot.

A frame is 0xA5, a counter, `channels` 16-bit integers, and the low byte of the sum of all bytes after the first.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motestudio.sdk import Channel, ChannelGroup, Decoded, Value

_START = 0xA5


class Frames:
    """Decoder stage; one object serves one stream, so it may remember what is unfinished."""

    def __init__(self) -> None:
        self._rest = b""
        self._seen = False

    def group(self, params: Mapping[str, Value]) -> ChannelGroup | None:
        """Channels and rate; None until a frame was found, so that garbage gives no recording."""
        if not self._seen:
            return None
        scale = float(params["full_scale"]) / 32768
        channels = tuple(Channel(f"c{i}", str(params["unit"]), scale) for i in range(int(params["channels"])))
        return ChannelGroup("frames", float(params["rate_hz"]), channels)

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Decoded:
        """Read on, from any number of bytes; what is unfinished waits for the next call."""
        data = self._rest + data
        channels = int(params["channels"])
        length = 3 + 2 * channels
        found, at, skipped = [], 0, 0
        while at + length <= len(data):
            if data[at] == _START and self._good(data[at : at + length], params):
                found.append(data[at + 2 : at + length - 1])
                at += length
            else:
                at, skipped = at + 1, skipped + 1
        self._rest = data[at:]
        self._seen = self._seen or bool(found)
        order = "<i2" if params["byte_order"] == "little" else ">i2"
        samples = np.frombuffer(b"".join(found), dtype=order).astype(np.int16).reshape(-1, channels)
        return Decoded(samples, np.zeros(0, dtype=np.int64), skipped)

    def _good(self, frame: bytes, params: Mapping[str, Value]) -> bool:
        return not params["check_sum"] or sum(frame[1:-1]) & 0xFF == frame[-1]
