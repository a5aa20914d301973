"""Reads the graph of a ``.tflite`` file: tensors, operators, costs of each. The bytes may be anybody's.

Garbage gives an `AppError`, never another exception and never a long wait: counts are capped and every offset is
checked (`flatbuffer`). Runs nothing, needs no TensorFlow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from motestudio.analysis.flatbuffer import BrokenBufferError, Table
from motestudio.analysis.op_costs import OpOptions, macs_of, title_of
from motestudio.domain.model_report import ModelGraph, OpInfo, TensorInfo
from motestudio.errors import AppError

MAX_TENSORS, MAX_OPS, MAX_BUFFERS, MAX_SUBGRAPHS, MAX_RANK, MAX_OP_TENSORS = 10_000, 10_000, 20_000, 256, 8, 512
MAX_BYTES = 256 * 1024 * 1024
_MAX_TENSOR_BYTES = 1 << 40
_OFFLINE_PLAN = "OfflineMemoryAllocation"

_DTYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64"),
    *("complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16"),
)
_HALF_BYTES = {
    "float32": 8, "float16": 4, "int32": 8, "uint8": 2, "int64": 16, "bool": 2, "int16": 4, "complex64": 16, "int8": 2,
    "float64": 16, "complex128": 32, "uint64": 16, "uint32": 8, "uint16": 4, "int4": 1, "bfloat16": 4,
    "resource": 8,
}  # fmt: skip
"""Size of an element in half bytes; TFLM counts a resource as an int32."""


def read_graph(data: bytes) -> ModelGraph:
    """Read the first subgraph.

    Args:
        data: the file's bytes, untrusted.

    Returns:
        The graph with titles, multiply-accumulates and weight bytes of each operator.

    Raises:
        AppError: ``model.broken``: it is no .tflite file, or a damaged one.
    """
    if len(data) > MAX_BYTES:
        raise _broken(f"it has {len(data):,} bytes")
    if len(data) < 16 or data[4:8] != b"TFL3":
        raise _broken("it is no .tflite file")
    try:
        return _read(data)
    except BrokenBufferError as error:
        raise _broken(str(error)) from error


def _read(data: bytes) -> ModelGraph:
    model = Table.root(data)
    version = model.scalar(0, "<I")
    subgraphs = list(model.tables(2, MAX_SUBGRAPHS))
    if not subgraphs:
        raise BrokenBufferError("it has no graph")
    graph = subgraphs[0]
    filled = [_buffer_bytes(buffer) for buffer in model.tables(4, MAX_BUFFERS)]
    tensors = tuple(_tensor(i, t, filled) for i, t in enumerate(graph.tables(0, MAX_TENSORS)))
    names = [_op_name(code) for code in model.tables(1, MAX_OPS)]
    ops = tuple(_op(i, o, names, tensors) for i, o in enumerate(graph.tables(3, MAX_OPS)))
    inputs, outputs = _indices(graph, 1, len(tensors)), _indices(graph, 2, len(tensors))
    if -1 in inputs + outputs:
        raise BrokenBufferError("a model input or output is absent")
    return ModelGraph(
        tensors, ops, inputs, outputs, len(data), version, len(subgraphs), _offline(model, subgraphs, len(tensors))
    )


def _buffer_bytes(buffer: Table) -> int:
    """Bytes of a buffer's content, inside the table or (in large files) behind the flatbuffer."""
    inside = buffer.length(0, 1)
    return inside or (buffer.scalar(2, "<Q") if buffer.scalar(1, "<Q") > 1 else 0)


def _tensor(index: int, table: Table, filled: list[int]) -> TensorInfo:
    if table.length(0) > MAX_RANK:
        raise BrokenBufferError(f"tensor {index} has {table.length(0)} dimensions")
    shape = tuple(int(n) for n in table.array(0, "<i4").tolist())
    if any(n < 0 for n in shape):
        raise BrokenBufferError(f"tensor {index} has the shape {shape}")
    kind = table.scalar(1, "<b")
    dtype = _DTYPES[kind] if 0 <= kind < len(_DTYPES) else f"type {kind}"
    buffer = table.scalar(2, "<I")
    if buffer and buffer >= len(filled):
        raise BrokenBufferError(f"tensor {index} names buffer {buffer} of {len(filled)}")
    stored = filled[buffer] if buffer < len(filled) else 0
    elements = math.prod(shape)
    nbytes = (elements * _HALF_BYTES[dtype] + 1) // 2 if dtype in _HALF_BYTES else stored
    if nbytes > _MAX_TENSOR_BYTES:
        raise BrokenBufferError(f"tensor {index} has {nbytes} bytes")
    scale, zero_point = _quantisation(table.table(4))
    return TensorInfo(
        index, table.text(3) or f"tensor {index}", shape, dtype, nbytes, stored > 0, scale, zero_point,
        bool(table.scalar(5, "<B")),
    )  # fmt: skip


def _quantisation(table: Table | None) -> tuple[float, int]:
    """Scale and zero point where there is one for the whole tensor."""
    if table is None or table.length(2) != 1 or table.length(3, 8) > 1:
        return 0.0, 0
    scale = float(table.array(2, "<f4").astype(np.float64)[0])
    points = table.array(3, "<i8").tolist()
    return (scale, int(points[0]) if points else 0) if math.isfinite(scale) else (0.0, 0)


def _op_name(code: Table) -> str:
    # Codes up to 126 stand in the old one-byte field, which an old file has alone.
    number = max(code.scalar(0, "<b"), code.scalar(3, "<i"))
    if number == 32:
        return code.text(1, 64) or "CUSTOM"
    return _builtin_names().get(number, f"BUILTIN_{number}")


_names: dict[int, str] = {}


def _builtin_names() -> dict[int, str]:
    """Operator names by code, from the schema's own package; loaded when first needed, it is many small modules."""
    if not _names:
        import tflite

        _names.update(tflite.BUILTIN_OPCODE2NAME)
    return _names


@dataclass(frozen=True, slots=True)
class _Options(OpOptions):
    """The fields of an operator's options that titles need, by number in its schema table."""

    table: Table | None

    def number(self, field: int, default: int = 0) -> int:
        return self.table.scalar(field, "<i", default) if self.table else default


def _op(index: int, table: Table, names: list[str], tensors: tuple[TensorInfo, ...]) -> OpInfo:
    code = table.scalar(0, "<I")
    if code >= len(names):
        raise BrokenBufferError(f"operator {index} has the code {code} of {len(names)}")
    inputs, outputs = _indices(table, 1, len(tensors)), _indices(table, 2, len(tensors))
    kernel = names[code]
    ins = [tensors[i] if i >= 0 else None for i in inputs]
    outs = [tensors[i] if i >= 0 else None for i in outputs]
    weights = {t.index: t.nbytes for t in ins if t is not None and t.constant}
    options = _Options(table.table(4) if table.scalar(3, "<B") else None)
    return OpInfo(
        index, kernel, title_of(kernel, ins, outs, options), inputs, outputs, macs_of(kernel, ins, outs),
        sum(weights.values()),
    )  # fmt: skip


def _indices(table: Table, number: int, count: int) -> tuple[int, ...]:
    if table.length(number) > MAX_OP_TENSORS:
        raise BrokenBufferError(f"a list has {table.length(number)} tensors")
    indices = tuple(int(i) for i in table.array(number, "<i4").tolist())
    if any(not -1 <= i < count for i in indices):
        raise BrokenBufferError(f"a list names a tensor that is not there: there are {count}")
    return indices


def _offline(model: Table, subgraphs: list[Table], count: int) -> tuple[int, ...]:
    """Offsets of an offline memory plan for the first subgraph's tensors, or nothing."""
    buffers = list(model.tables(4, MAX_BUFFERS))
    for entry in model.tables(6, MAX_SUBGRAPHS):
        number = entry.scalar(1, "<I")
        if entry.text(0) != _OFFLINE_PLAN or number >= len(buffers):
            continue
        raw = buffers[number].array(0, "<u1").tobytes()
        words = np.frombuffer(raw[: len(raw) // 4 * 4], "<i4")
        total = sum(g.length(0) for g in subgraphs)
        if len(words) < 3 + total or int(words[2]) != total:
            raise BrokenBufferError("its offline memory plan is not for this many tensors")
        return tuple(int(n) for n in words[3 : 3 + count])
    return ()


def _broken(why: str) -> AppError:
    return AppError("model.broken", f"The model cannot be read: {why}.", "Convert or download the model again.")
