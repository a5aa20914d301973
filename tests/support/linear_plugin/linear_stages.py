"""A model and a convert stage without TensorFlow: they train and convert in milliseconds, for tests of the window."""

from __future__ import annotations

import importlib
import json
import time

import flatbuffers
import numpy as np

from motestudio.sdk import TRAIN, VALIDATION, Deployable, FeatureSet, ModelInfo

_FULLY_CONNECTED, _SOFTMAX = 9, 25


class Network:
    """One hidden layer of random features; the output layer is a ridge regression that sees more data every epoch."""

    def infer_output(self, shape, axes, n_classes, params):
        weights = int(params["hidden"]) * (int(np.prod(shape)) + n_classes)
        return ModelInfo(weights, weights, weights, int(np.prod(shape)) + int(params["hidden"]))

    def run(self, ctx, inputs, params):
        features = FeatureSet.load(inputs["features"])
        train, labels = features.part(TRAIN)
        some, some_labels = features.part(VALIDATION)
        rng = np.random.default_rng(ctx.seed)
        x = train.reshape(len(train), -1)
        hidden = rng.normal(0, 1 / np.sqrt(x.shape[1]), (int(params["hidden"]), x.shape[1]))
        scale = 6.0 / np.abs(x @ hidden.T).max()
        hidden *= scale
        epochs, rows, out = int(params["epochs"]), [], None
        for epoch in range(epochs):
            ctx.progress(epoch / epochs, f"epoch {epoch + 1} of {epochs}")
            count = max(4, len(x) * (epoch + 1) // epochs)
            seen = rng.permutation(len(x))[:count]
            h = np.maximum(x[seen] @ hidden.T, 0)
            target = 8.0 * np.eye(len(features.classes))[labels[seen]] - 4.0
            out = np.linalg.solve(h.T @ h + np.eye(h.shape[1]), h.T @ target).T
            row = {}
            for prefix, data, truth in (("", x, labels), ("val_", some.reshape(len(some), -1), some_labels)):
                if not len(data):
                    continue
                logits = np.maximum(data @ hidden.T, 0) @ out.T
                p = np.exp(logits - logits.max(axis=1, keepdims=True))
                p /= p.sum(axis=1, keepdims=True)
                row[f"{prefix}loss"] = float(-np.log(p[np.arange(len(truth)), truth] + 1e-9).mean())
                row[f"{prefix}accuracy"] = float((p.argmax(axis=1) == truth).mean())
            rows.append(row)
            for name, value in row.items():
                ctx.metric(name, value, epoch)
            time.sleep(float(params["pause_s"]))
        np.savez(ctx.workdir / "model.npz", hidden=hidden, out=out)
        (ctx.workdir / "model.keras").write_bytes(b"not a Keras file")
        body = {"epochs": rows, "best_epoch": epochs - 1, "classes": list(features.classes)}
        (ctx.workdir / "history.json").write_text(json.dumps(body))
        return {"parameters": int(hidden.size + out.size), "epochs": epochs, "best_epoch": epochs - 1}


class Int8:
    """Weights per tensor, ranges from the training data."""

    def run(self, ctx, inputs, params):
        features = FeatureSet.load(inputs["features"])
        with np.load(inputs["model"] / "model.npz") as saved:
            hidden, out = saved["hidden"], saved["out"]
        x = features.part(TRAIN)[0]
        x = x.reshape(len(x), -1)
        h = np.maximum(x @ hidden.T, 0)
        scales = [float(max(np.abs(v).max(), 1e-3)) / 127 for v in (x, h, h @ out.T)]
        model = _model([hidden, out], scales, features.shape)
        Deployable(
            model=model,
            classes=features.classes,
            signal=features.signal,
            blocks=features.blocks,
            feature_shape=features.shape,
            input_scale=float(np.float32(scales[0])),
            input_zero_point=0,
            output_scale=1 / 256,
            output_zero_point=-128,
        ).save(ctx.workdir)
        return {"model_bytes": len(model)}


def _model(weights, scales, shape):
    schema = importlib.import_module("tflite_micro.tensorflow.lite.micro.python.schema_py_generated")
    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    buffers, tensors, ops = [b""], [], []

    def tensor(name, dims, kind, scale, zero=0, data=b""):
        if data:
            buffers.append(data)
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(dims), kind, len(buffers) - 1 if data else 0
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [scale], [zero]
        tensors.append(made)
        return len(tensors) - 1

    at = tensor("features", (1, *shape), int8, scales[0])
    for number, matrix in enumerate(weights):
        scale = float(np.abs(matrix).max()) / 127
        codes = np.clip(np.round(matrix / scale), -127, 127).astype(np.int8)
        kernel = tensor(f"w{number}", codes.shape, int8, scale, 0, codes.tobytes())
        bias = tensor(f"b{number}", (len(matrix),), int32, scale * scales[number], 0, bytes(4 * len(matrix)))
        made = tensor(f"dense{number}", (1, len(matrix)), int8, scales[number + 1])
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = 0, [at, kernel, bias], [made]
        op.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        op.builtinOptions = schema.FullyConnectedOptionsT()
        op.builtinOptions.fusedActivationFunction = 1 if number == 0 else 0
        ops.append(op)
        at = made
    op = schema.OperatorT()
    scores = tensor("scores", (1, len(weights[-1])), int8, 1 / 256, -128)
    op.opcodeIndex, op.inputs, op.outputs = 1, [at], [scores]
    op.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
    op.builtinOptions = schema.SoftmaxOptionsT()
    op.builtinOptions.beta = 1.0
    ops.append(op)
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, ops, [0], [scores]
    for code_number, version in ((_FULLY_CONNECTED, 4), (_SOFTMAX, 2)):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = code_number
        code.version = version
        model.operatorCodes = [*(model.operatorCodes or []), code]
    model.version, model.description, model.subgraphs, model.buffers = 3, "linear", [graph], []
    for data in buffers:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data, np.uint8) if data else None
        model.buffers.append(buffer)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
