"""Real models where the shared data lie beside the checkout, and a small model made here."""

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
import tflite

from motestudio.domain.model_report import ModelGraph, OpInfo, TensorInfo

MODELS = Path(__file__).resolve().parents[4] / "shared" / "data" / "models"


def model_files() -> list[Path]:
    return sorted(MODELS.rglob("*.tflite"))


@pytest.fixture(scope="session")
def models() -> list[Path]:
    found = model_files()
    if not found:
        pytest.skip("the shared models are not beside this checkout")
    return found


def small_model() -> bytes:
    """A .tflite of one Conv 3x3 with 4 filters on an 8x8x1 int8 input, made with the schema's own builder."""
    b = flatbuffers.Builder(1024)

    def vector(start, numbers) -> int:
        start(b, len(numbers))
        for n in reversed(numbers):
            b.PrependInt32(n)
        return b.EndVector()

    def offsets(start, items) -> int:
        start(b, len(items))
        for item in reversed(items):
            b.PrependUOffsetTRelative(item)
        return b.EndVector()

    weights = b.CreateNumpyVector(np.arange(36, dtype=np.uint8))
    buffers = []
    for data in (None, weights):
        tflite.BufferStart(b)
        if data is not None:
            tflite.BufferAddData(b, data)
        buffers.append(tflite.BufferEnd(b))
    tensors = []
    for name, shape, buffer in (("in", [1, 8, 8, 1], 0), ("w", [4, 3, 3, 1], 1), ("out", [1, 8, 8, 4], 0)):
        text, dims = b.CreateString(name), vector(tflite.TensorStartShapeVector, shape)
        scale, zero = b.CreateNumpyVector(np.float32([0.5])), b.CreateNumpyVector(np.int64([-3]))
        tflite.QuantizationParametersStart(b)
        tflite.QuantizationParametersAddScale(b, scale)
        tflite.QuantizationParametersAddZeroPoint(b, zero)
        quantisation = tflite.QuantizationParametersEnd(b)
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, dims)
        tflite.TensorAddType(b, tflite.TensorType.INT8)
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, text)
        tflite.TensorAddQuantization(b, quantisation)
        tensors.append(tflite.TensorEnd(b))
    op_in = vector(tflite.OperatorStartInputsVector, [0, 1, -1])
    op_out = vector(tflite.OperatorStartOutputsVector, [2])
    tflite.Conv2DOptionsStart(b)
    tflite.Conv2DOptionsAddStrideH(b, 1)
    tflite.Conv2DOptionsAddStrideW(b, 1)
    options = tflite.Conv2DOptionsEnd(b)
    tflite.OperatorStart(b)
    tflite.OperatorAddInputs(b, op_in)
    tflite.OperatorAddOutputs(b, op_out)
    tflite.OperatorAddBuiltinOptionsType(b, tflite.BuiltinOptions.Conv2DOptions)
    tflite.OperatorAddBuiltinOptions(b, options)
    op = tflite.OperatorEnd(b)
    rows = (
        offsets(tflite.SubGraphStartTensorsVector, tensors),
        vector(tflite.SubGraphStartInputsVector, [0]),
        vector(tflite.SubGraphStartOutputsVector, [2]),
        offsets(tflite.SubGraphStartOperatorsVector, [op]),
    )
    tflite.SubGraphStart(b)
    tflite.SubGraphAddTensors(b, rows[0])
    tflite.SubGraphAddInputs(b, rows[1])
    tflite.SubGraphAddOutputs(b, rows[2])
    tflite.SubGraphAddOperators(b, rows[3])
    graph = tflite.SubGraphEnd(b)
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, tflite.BuiltinOperator.CONV_2D)
    tflite.OperatorCodeAddBuiltinCode(b, tflite.BuiltinOperator.CONV_2D)
    code = tflite.OperatorCodeEnd(b)
    lists = (
        offsets(tflite.ModelStartOperatorCodesVector, [code]),
        offsets(tflite.ModelStartSubgraphsVector, [graph]),
        offsets(tflite.ModelStartBuffersVector, buffers),
    )
    tflite.ModelStart(b)
    tflite.ModelAddVersion(b, 3)
    tflite.ModelAddOperatorCodes(b, lists[0])
    tflite.ModelAddSubgraphs(b, lists[1])
    tflite.ModelAddBuffers(b, lists[2])
    b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
    return bytes(b.Output())


@pytest.fixture(scope="session")
def small() -> bytes:
    return small_model()


def chain(sizes: list[int], extra_inputs: dict[int, list[int]] | None = None) -> ModelGraph:
    """A graph of one operator between each two tensors; `extra_inputs` adds tensors that an operator also reads."""
    tensors = tuple(TensorInfo(i, f"t{i}", (1, n), "int8", n, False) for i, n in enumerate(sizes))
    ops = tuple(
        OpInfo(i, "ADD", "Add", (i, *(extra_inputs or {}).get(i, [])), (i + 1,), 0, 0) for i in range(len(sizes) - 1)
    )
    return ModelGraph(tensors, ops, (0,), (len(sizes) - 1,), 1000, 3)


@pytest.fixture
def make_chain():
    return chain
