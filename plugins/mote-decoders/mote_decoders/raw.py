"""Raw interleaved 16-bit integers without frames: a microphone's samples, or an IMU's registers as they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mote_decoders import common
from mote_decoders.align import FRAMES, Aligner
from motestudio.sdk import Channel, ChannelGroup, Decoded, StreamGuess, Value

_ORDERS = {"little": "<i2", "big": ">i2"}
_MOST_CHANNELS = 12
_TEXT = bytes(range(32, 127)) + b"\r\n\t"


class Raw:
    """Decoder stage."""

    def __init__(self) -> None:
        self._aligner: Aligner | None = None

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """One group, as the parameters say.

        Raises:
            PluginError: no rate is set.
        """
        rate, count = common.number(params, "rate_hz"), int(params["channels"])
        if not rate:
            raise common.no_rate("raw", "The stream is nothing but values")
        names, unit = common.listed(params, "names"), common.text(params, "unit")
        scale = common.number(params, "full_scale") / 32768 if unit else 1.0
        named = common.unique([names[i] if i < len(names) and names[i] else f"c{i}" for i in range(count)])
        return (ChannelGroup("raw", rate, tuple(Channel(name, unit, scale) for name in named)),)

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """The board sends without being asked."""
        return b""

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on."""
        return self._decoded(*self._ready(params).feed(data), params)

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """The last block, which was held back until it is whole."""
        return self._decoded(*self._ready(params).finish(), params)

    def guess(self, data: bytes) -> StreamGuess:
        """Bytes in which values of one byte order, and for one number of channels, change far less than chance."""
        if len(data) < 2 * FRAMES:
            return StreamGuess(0.0, reason="too few bytes to tell")
        if len(data.translate(None, _TEXT)) < 0.02 * len(data) or data.count(0) > 0.9 * len(data):
            return StreamGuess(0.0, reason="text, or nothing but zeros")
        best: tuple[float, int, str] = (1.0, 1, "little")
        for name, order in _ORDERS.items():
            for start in (0, 1):
                values = np.frombuffer(data, dtype=order, offset=start, count=(len(data) - start) // 2).astype(
                    np.float64
                )
                for channels in range(1, min(_MOST_CHANNELS, len(values) // FRAMES) + 1):
                    steps = np.abs(values[channels:] - values[:-channels]).mean()
                    # More channels must be clearly better, or every multiple of the right number would be as good.
                    score = float(steps) / 21845 * (1 + 0.03 * channels)
                    if score < 0.9 * best[0]:
                        best = (score, channels, name)
        roughness, channels, order_name = best
        if roughness > 0.3 or len(set(data[:4096])) < 8:
            return StreamGuess(0.0, reason="the values of no number of channels go on smoothly")
        told: dict[str, Value] = {"channels": channels, "byte_order": order_name, "rate_hz": 0.0}
        reason = f"16-bit values of {channels} channel{'s' * (channels > 1)} would go on smoothly"
        return StreamGuess(round(0.5 * (1 - roughness / 0.3), 3), told, reason, len(data) // (2 * channels))

    def _ready(self, params: Mapping[str, Value]) -> Aligner:
        if self._aligner is None:
            self._aligner = Aligner(int(params["channels"]), _ORDERS[common.text(params, "byte_order")])
        return self._aligner

    def _decoded(self, samples: common.Int16, skipped: int, params: Mapping[str, Value]) -> list[Decoded]:
        if not common.number(params, "rate_hz"):
            return common.nothing(samples.shape[1], skipped + samples.nbytes)
        return common.in_runs(samples, common.NO_TIMES, np.zeros(len(samples), dtype=np.int64), skipped)
