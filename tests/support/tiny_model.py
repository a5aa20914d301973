"""A tiny int8 model and its feature code, so that the engine can be tested without training anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

WINDOW, CHANNELS, CLASSES = 8, 2, 3
FEATURES = WINDOW * CHANNELS
_FULLY_CONNECTED = 9

FEATURE_C = """
#include <stdint.h>
#define EXPORT __attribute__((visibility("default")))
EXPORT int32_t mote_host_window_samples(void) { return WINDOW; }
EXPORT int32_t mote_host_channels(void) { return CHANNELS; }
EXPORT int32_t mote_host_feature_count(void) { return WINDOW * CHANNELS; }
EXPORT void mote_host_features_i8(const int16_t *w, int8_t *f) {
  for (int i = 0; i < WINDOW * CHANNELS; ++i) f[i] = (int8_t)(w[i] / 256);
}
"""


def weights(seed: int = 1) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Of the one layer, shape (classes, features)."""
    return np.random.default_rng(seed).integers(-127, 128, (CLASSES, FEATURES)).astype(np.int8)


def expected(window: np.ndarray[Any, np.dtype[np.int16]]) -> list[int]:
    """What the model answers, computed by hand; one off is allowed for rounding."""
    features = np.trunc(window.reshape(-1) / 256)
    return list(np.clip(np.round(weights().astype(float) @ features / 400), -128, 127).astype(int))


def build_model() -> bytes:
    """One fully connected layer as a .tflite; skips where the schema is not installed."""
    schema = pytest.importorskip("tflite_micro.tensorflow.lite.micro.python.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")

    def tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int, scale: float) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), kind, buffer
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [scale], [0]
        return made

    def buffer(data: bytes | None) -> Any:
        made = schema.BufferT()
        made.data = None if data is None else np.frombuffer(data, np.uint8)
        return made

    code, graph, op, model = schema.OperatorCodeT(), schema.SubGraphT(), schema.OperatorT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = _FULLY_CONNECTED
    code.version = 4
    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    graph.tensors = [
        tensor("in", (1, FEATURES), int8, 0, 1.0),
        tensor("w", (CLASSES, FEATURES), int8, 1, 0.01),
        tensor("b", (CLASSES,), int32, 2, 0.01),
        tensor("out", (1, CLASSES), int8, 0, 4.0),
    ]
    op.opcodeIndex, op.inputs, op.outputs = 0, [0, 1, 2], [3]
    op.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    op.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators, graph.inputs, graph.outputs = [op], [0], [3]
    model.version, model.description = 3, "tiny"
    model.operatorCodes, model.subgraphs = [code], [graph]
    model.buffers = [buffer(None), buffer(weights().tobytes()), buffer(bytes(4 * CLASSES))]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def build_library(folder: Path, window: int = WINDOW) -> bytes:
    """The feature code as a shared library; skips where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this computer")
    source, library = folder / "feature.c", folder / f"core{window}.so"
    source.write_text(FEATURE_C)
    sizes = [f"-DWINDOW={window}", f"-DCHANNELS={CHANNELS}"]
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", *sizes, str(source), "-o", str(library)], check=True)
    return library.read_bytes()
