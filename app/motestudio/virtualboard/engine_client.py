"""The board's side of its inference engine: starts it, asks it, and outlives it.

What the engine does to itself (a fault, a hang) arrives here as `DeviceError`; the next use starts a fresh one.
"""

from __future__ import annotations

import msgspec

from motestudio.errors import DeviceError, JobError
from motestudio.firmware.package import HOST_LIBRARY, Package
from motestudio.jobs.channel import ChannelClosed
from motestudio.jobs.launcher import Child, spawn
from motestudio.virtualboard.engine_messages import (
    Answer,
    EngineError,
    Infer,
    Inferred,
    Load,
    Loaded,
    decode_answer,
    encode,
)

_LOAD_SECONDS = 30.0
_INFER_SECONDS = 10.0


class EngineClient:
    """One engine process, started when it is first needed."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._package: Package | None = None

    def load(self, package: Package, window_samples: int, channels: int) -> None:
        """Hand a package to a fresh engine.

        Raises:
            DeviceError: ``infer.crashed``, ``infer.missing``, ``infer.arena``, ``infer.model``, ``infer.no_features``.
        """
        self.close()
        self._package = package
        try:
            self._child = spawn("engine")
        except JobError as error:
            raise DeviceError("infer.crashed", f"The interpreter does not start: {error.text}", error.hint) from error
        load = Load(package.model, package.files.get(HOST_LIBRARY, b""), package.arena_bytes, window_samples, channels)
        if not isinstance(self._ask(load, _LOAD_SECONDS), Loaded):
            raise self._lost("answered something else")

    def infer(self, samples: bytes) -> Inferred:
        """Infer one window; int16 little-endian, channels interleaved.

        Raises:
            DeviceError: ``infer.crashed`` and those of `load`.
        """
        answer = self._ask(Infer(samples), _INFER_SECONDS)
        if not isinstance(answer, Inferred):
            raise self._lost("answered something else")
        return answer

    def holds(self, package: Package) -> bool:
        """Whether a living engine has this package."""
        return self._child is not None and self._package is package

    def close(self) -> None:
        """End the engine."""
        child, self._child, self._package = self._child, None, None
        if child is not None:
            child.close(0.1)

    def _ask(self, ask: Load | Infer, timeout_s: float) -> Answer:
        child = self._child
        if child is None or child.channel is None:
            raise DeviceError("infer.no_model", "No model is loaded.", "Flash the board first.")
        try:
            child.channel.send(encode(ask))
            data = child.channel.recv(timeout_s)
            answer: Answer | None = None if data is None else decode_answer(data)
        except ChannelClosed:
            child.wait(1.0)
            raise self._lost(f"died ({child.exit_text or 'closed its channel'})") from None
        except msgspec.DecodeError:
            answer = None
        if answer is None:
            raise self._lost("does not answer")
        if isinstance(answer, EngineError):
            if isinstance(ask, Load):
                self.close()
            raise DeviceError(answer.code, answer.text)
        return answer

    def _lost(self, how: str) -> DeviceError:
        self.close()
        return DeviceError(
            "infer.crashed", f"The interpreter {how} on this model.", "Convert and flash the model again."
        )
