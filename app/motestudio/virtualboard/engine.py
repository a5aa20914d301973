"""The program ``@engine``: the real TFLM interpreter and the feature code, for the virtual board.

It runs what a package holds, and that can kill it: a damaged model makes TFLM fault. So it is a process of its own,
knows nothing but windows and outputs, and its death is one error of its board.
"""

from __future__ import annotations

import ctypes
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.jobs.channel import ChannelClosed, connect_to_parent
from motestudio.sdk.quantise import reduce_scores
from motestudio.virtualboard.engine_messages import (
    Answer,
    EngineError,
    Infer,
    Inferred,
    Load,
    Loaded,
    decode_ask,
    encode,
)

_ARENA_ALIGNMENT = 16


class _Refused(Exception):  # noqa: N818 - a reply, not a bug
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Features:
    """The feature code, called as the board calls it: int16 window in, the model's int8 or int16 input out."""

    def __init__(self, library: bytes, window_samples: int, channels: int) -> None:
        if not library:
            raise _Refused("infer.no_features", "The package holds no feature code for this computer.")
        with tempfile.TemporaryDirectory(prefix="mote-engine-") as folder:
            path = Path(folder) / "core.so"
            path.write_bytes(library)
            try:
                self._library = ctypes.CDLL(str(path))
            except OSError as error:
                raise _Refused("infer.no_features", f"The package's feature code cannot be loaded: {error}") from error
        shape = (self._count("mote_host_window_samples"), self._count("mote_host_channels"))
        if shape != (window_samples, channels):
            raise _Refused("infer.no_features", f"The feature code is for windows of {shape}, not of this model.")
        self.count = self._count("mote_host_feature_count")
        self._functions: dict[str, Any] = {}
        for type_, name in (("int8", "mote_host_features_i8"), ("int16", "mote_host_features_i16")):
            function: Any = getattr(self._library, name, None)
            if function is not None:
                function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_void_p], None
                self._functions[type_] = function

    def _count(self, name: str) -> int:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise _Refused("infer.no_features", f"The package's feature code has no {name}.") from error
        function.restype = ctypes.c_int32
        return int(function())

    def gives(self, type_: str) -> bool:
        """Whether the code quantises to this type."""
        return type_ in self._functions

    def __call__(self, window: np.ndarray[Any, np.dtype[np.int16]], type_: str) -> np.ndarray[Any, np.dtype[Any]]:
        """One window's features, quantised."""
        out = np.empty(self.count, dtype=type_)
        self._functions[type_](window.ctypes.data, out.ctypes.data)
        return out


class Engine:
    """A loaded package."""

    def __init__(self, load: Load) -> None:
        try:
            from tflite_micro import runtime
        except ImportError as error:
            raise _Refused("infer.missing", "The TFLM interpreter is not on this computer.") from error
        # A fault of the interpreter in an arena of a few bytes is known: refuse what cannot be an arena.
        if load.arena_bytes < 1024:
            raise _Refused("infer.arena", f"An arena of {load.arena_bytes} bytes is too small for any model.")
        self._features = Features(load.library, load.window_samples, load.channels)
        self._bytes = 2 * load.window_samples * load.channels
        try:
            self._interpreter = runtime.Interpreter.from_bytes(load.model, arena_size=load.arena_bytes)
            details = self._interpreter.get_input_details(0)
        except (RuntimeError, ValueError) as error:
            text = f"The interpreter does not take the model with an arena of {load.arena_bytes} bytes: {error}"
            raise _Refused("infer.arena", text) from error
        except Exception as error:
            # The wheel's flatbuffer reader lets any error through on a damaged file.
            raise _Refused("infer.model", f"The model cannot be read: {type(error).__name__}.") from error
        self._shape = tuple(int(n) for n in details["shape"])
        self._type = np.dtype(details["dtype"]).name
        if not self._features.gives(self._type) or int(np.prod(self._shape)) != self._features.count:
            text = f"The model takes {self._shape} {self._type}, the feature code makes {self._features.count} values."
            raise _Refused("infer.model", text)

    def infer(self, samples: bytes) -> Inferred:
        """One window."""
        if len(samples) != self._bytes:
            raise _Refused("infer.window", f"A window has {self._bytes} bytes, not {len(samples)}.")
        window = np.frombuffer(samples, dtype="<i2").astype(np.int16)
        began = time.perf_counter_ns()
        self._interpreter.set_input(self._features(window, self._type).reshape(self._shape), 0)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise _Refused("infer.failed", f"The interpreter failed: {error}") from error
        output = np.asarray(self._interpreter.get_output(0))
        if output.dtype == np.int16:
            output = reduce_scores(output)
        latency_us = (time.perf_counter_ns() - began) // 1000
        return Inferred(np.asarray(output, dtype=np.int8).tobytes(), latency_us)


def _answer(ask: Load | Infer, engine: Engine | None) -> tuple[Answer, Engine | None]:
    try:
        if isinstance(ask, Load):
            return Loaded(), Engine(ask)
        if engine is None:
            return EngineError("infer.no_model", "No model is loaded."), None
        return engine.infer(ask.samples), engine
    except _Refused as refusal:
        return EngineError(refusal.code, str(refusal)), engine


def main(argv: list[str]) -> int:
    """Serve one board until it hangs up."""
    del argv
    channel = connect_to_parent(die_with_parent=True)
    engine: Engine | None = None
    try:
        while True:
            data = channel.recv(None)
            if data is None:
                continue
            answer, engine = _answer(decode_ask(data), engine)
            channel.send(encode(answer))
    except ChannelClosed:
        return 0
