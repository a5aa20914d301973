"""What the virtual board has in its flash: a checked package, and inference on the stream with it.

Decides whether a package may run on this board, keeps the sliding window of the stream and asks the engine. It knows
nothing of the link.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motestudio.domain.board import BoardFile, InferenceFrame, LoadedModel
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import DeviceError, FlashError
from motestudio.firmware.package import Package, check_fits, read_package
from motestudio.virtualboard.engine_client import EngineClient
from motestudio.virtualboard.engine_messages import Inferred

_MAX_WINDOW_BYTES = 1 << 22


class LoadedPackage:
    """A package with its facts checked.

    Args:
        data: as it stands in the flash.
        board: that it must fit.

    Raises:
        FlashError: ``flash.package``, ``package.board``, ``flash.too_big``.
    """

    def __init__(self, data: bytes, board: BoardFile) -> None:
        self.package: Package = read_package(data)
        if self.package.board != board.id:
            raise FlashError("package.board", f"The package is for {self.package.board!r}, this board is {board.id!r}.")
        check_fits(board, flash_bytes=self.package.flash_bytes, ram_bytes=self.package.ram_bytes)
        check_fits(board, flash_bytes=len(self.package.model), ram_bytes=self.package.arena_bytes)
        deploy: dict[str, Any] = dict(self.package.deploy)
        try:
            signal = deploy["signal"]
            self.window_samples = _size(signal["window_samples"])
            self.step_samples = _size(signal["step_samples"])
            self.channels = _size(len(signal["group"]["channels"]))
            self.classes = tuple(str(c) for c in deploy["classes"])
            self.output_scale = float(deploy["output_scale"])
            self.output_zero_point = int(deploy["output_zero_point"])
        except (KeyError, TypeError, ValueError) as error:
            raise FlashError("flash.package", f"The package is not usable: deploy lacks {error}.") from error
        if 2 * self.window_samples * self.channels > _MAX_WINDOW_BYTES:
            raise FlashError("flash.package", "The package is not usable: its window is larger than any board holds.")

    @property
    def model(self) -> LoadedModel:
        """What the board says of it."""
        package = self.package
        return LoadedModel(package.name, package.sha256, self.classes, self.window_samples, self.step_samples)


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"a size is {value!r}")
    return value


class LiveInference:
    """Inference on single windows and on the stream.

    Attributes:
        running: whether the stream is inferred.
    """

    def __init__(self, engine: EngineClient) -> None:
        self.running = False
        self._engine = engine
        self._loaded: LoadedPackage | None = None
        self._window: Samples = np.empty((0, 1), dtype=np.int16)
        self._seen = 0
        self._next_end = 0

    @property
    def loaded(self) -> LoadedPackage | None:
        """The package, or None."""
        return self._loaded

    def use(self, loaded: LoadedPackage | None) -> None:
        """Take another package; stops inferring the stream."""
        self.running = False
        self._loaded = loaded

    def try_out(self, loaded: LoadedPackage) -> None:
        """Have the engine take a package, before it is trusted.

        Raises:
            DeviceError: the engine does not take it. A computer without the interpreter is no reason to refuse.
        """
        try:
            self._engine.load(loaded.package, loaded.window_samples, loaded.channels)
        except DeviceError as error:
            if error.code != "infer.missing":
                raise

    def start(self, group: ChannelGroup) -> None:
        """Infer the stream from here on; samples are counted from here.

        Raises:
            DeviceError: ``infer.no_model``, or the model is for other channels, or the engine's own.
        """
        loaded = self._ready()
        if loaded.channels != len(group.channels):
            raise DeviceError("infer.window", f"The model takes {loaded.channels} channels of {len(group.channels)}.")
        self._window = np.empty((0, loaded.channels), dtype=np.int16)
        self._seen, self._next_end = 0, loaded.window_samples
        self.running = True

    def once(self, samples: bytes) -> Inferred:
        """Infer one window.

        Raises:
            DeviceError: ``infer.no_model``, ``infer.window``, or the engine's own.
        """
        self._ready()
        return self._engine.infer(samples)

    def feed(self, samples: Samples, time_us: int, period_us: float) -> list[InferenceFrame]:
        """Take samples of the stream.

        Args:
            samples: int16, shape (n, channels).
            time_us: the board's clock at the first of them.
            period_us: between two samples.

        Returns:
            An inference for every window that these samples end. `sample_index` is the window's last sample, counted
            from `start` on, across streams.

        Raises:
            DeviceError: the engine's own; inferring has stopped then.
        """
        loaded = self._loaded
        if loaded is None or not self.running:
            return []
        first = self._seen - len(self._window)
        held = np.concatenate((self._window, samples))
        before, self._seen = self._seen, self._seen + len(samples)
        frames = []
        while self._next_end <= self._seen:
            start = self._next_end - loaded.window_samples - first
            window = np.ascontiguousarray(held[start : start + loaded.window_samples], dtype="<i2")
            try:
                self._ready()
                done = self._engine.infer(window.tobytes())
            except DeviceError:
                self.running = False
                raise
            last = self._next_end - 1
            frames.append(
                InferenceFrame(
                    sample_index=last,
                    device_time_us=time_us + round((last - before) * period_us),
                    output=tuple(np.frombuffer(done.output, dtype=np.int8).tolist()),
                    scale=loaded.output_scale,
                    zero_point=loaded.output_zero_point,
                    latency_us=done.latency_us,
                )
            )
            self._next_end += loaded.step_samples
        keep = max(0, self._seen - (self._next_end - loaded.window_samples))
        self._window = held[len(held) - min(keep, len(held)) :]
        return frames

    def _ready(self) -> LoadedPackage:
        if self._loaded is None:
            raise DeviceError("infer.no_model", "The board holds no model.")
        if not self._engine.holds(self._loaded.package):
            self._engine.load(self._loaded.package, self._loaded.window_samples, self._loaded.channels)
        return self._loaded
