"""Costs before training, dense networks, targets, altered copies and 16-bit models: real training, kept short."""

from __future__ import annotations

import importlib
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from motestudio.sdk import TEST, TRAIN, VALIDATION, Channel, Deployable, FeatureBlock, FeatureSet, TrainedModel

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]
os.environ["TF_USE_LEGACY_KERAS"] = "1"

CLASSES = ("a", "b", "c")


def multiplications(model):
    total = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("Conv2D", "DepthwiseConv2D"):
            kernel = layer.kernel if kind == "Conv2D" else layer.depthwise_kernel
            total += math.prod(layer.output_shape[1:3]) * math.prod(kernel.shape)
    return total


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((119, 6), ("time", "channel")),
        ((5, 1), ("time", "channel")),
        ((49, 20), ("time", "band")),
        ((31, 10, 2), ("time", "band", "channel")),
        ((20, 3, 7), ("time", "channel", "band")),
    ],
)
def test_the_cost_of_a_cnn_is_known_before_it_is_built(stage, shape, axes, size):
    cnn = stage("mote-cnn/cnn", size=size)
    info = cnn.code.infer_output(shape, axes, 4, cnn.params)
    network, plan = (importlib.import_module(f"mote_cnn.{m}") for m in ("network", "plan"))
    model = network.build(plan.cnn_plan(shape, axes, 4, size), 0.2)
    assert info.parameters == network.trained_parameters(model)
    assert info.macs == multiplications(model)
    assert math.prod(model.input_shape[1:]) == math.prod(shape)


@pytest.mark.parametrize(("shape", "axes"), [((30,), ("feature",)), ((12, 4), ("time", "band"))])
def test_the_cost_of_a_dense_network_is_known_before_it_is_built(stage, shape, axes):
    dense = stage("mote-cnn/dense", units=20, layers=3)
    info = dense.code.infer_output(shape, axes, 5, dense.params)
    network, plan = (importlib.import_module(f"mote_cnn.{m}") for m in ("network", "plan"))
    model = network.build(plan.dense_plan(shape, axes, 5, 20, 3, True), 0.0)
    assert info.parameters == network.trained_parameters(model)
    assert info.macs == multiplications(model)


TRY = """
import sys
from tflite_micro import runtime
runtime.Interpreter.from_bytes(sys.stdin.buffer.read(), arena_size=int(sys.argv[1])).invoke()
"""


def vectors(make_signal, folder, spread, per_class=40, targets=None, more=()):
    """As many features as `spread` has, of which two tell the class; `spread` of each."""
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(3, dtype=np.int16), per_class)
    values = rng.normal(0, 1, (len(labels), len(spread)))
    values[:, 1] = 4 * (labels == 1) + rng.normal(0, 0.5, len(labels))
    values[:, 5] = 4 * (labels == 2) + rng.normal(0, 0.5, len(labels))
    values = (values * np.asarray(spread)).astype(np.float32)
    number = np.arange(len(labels))
    splits = np.choose(number % 5, [TEST, VALIDATION, TRAIN, TRAIN, TRAIN]).astype(np.int8)
    signal = make_signal(100.0, 50, (Channel("x", "g", 0.001),))
    block = FeatureBlock("features", "mote-imu/statistics", 1, {}, (len(spread),), ("feature",))
    takes = number.astype(np.int32)
    features = FeatureSet(
        values, labels, splits, takes, CLASSES, signal, (block,), ("feature",), *more, targets=targets
    )
    folder.mkdir()
    features.save(folder)
    return features


def run(stage, context, full_id, inputs, **params):
    loaded, ctx = stage(full_id, **params), context()
    return ctx, loaded.code.run(ctx, inputs, loaded.params)


def test_a_dense_network_from_training_to_the_integer_model(stage, context, make_signal, tmp_path):
    folder = tmp_path / "features"
    vectors(make_signal, folder, np.ones(8))
    given = {"features": folder}
    trained, meta = run(stage, context, "mote-cnn/dense", given, epochs=15)
    assert meta["val_accuracy"] > 0.9
    assert not trained.lines
    assert TrainedModel.load(trained.workdir) == TrainedModel()
    dense = stage("mote-cnn/dense")
    expected = dense.code.infer_output((8,), ("feature",), 3, dense.params)
    assert (expected.parameters, expected.macs) == (meta["parameters"], meta["macs"])
    for aware in (False, True):
        model = trained.workdir
        if aware:
            model = run(stage, context, "mote-compress/qat", {**given, "model": model}, epochs=2)[0].workdir
        converted, facts = run(stage, context, "mote-int8/ptq", {**given, "model": model})
        assert facts["operators"] == ["DEPTHWISE_CONV_2D", "CONV_2D", "CONV_2D", "CONV_2D", "RESHAPE", "SOFTMAX"]
        assert facts["trained_ranges"] == aware
        assert facts["model_bytes"] == pytest.approx(expected.flash_bytes, rel=0.06)
        _, metrics = run(stage, context, "mote-evaluate/tflm", {**given, "deployable": converted.workdir})
        assert metrics["accuracy"] > 0.85
        assert metrics["tflm_equal"] == metrics["tflm_windows"]


def test_features_of_unlike_ranges_are_warned_of_with_the_figure(stage, context, make_signal, tmp_path):
    folder = tmp_path / "features"
    vectors(make_signal, folder, [1, 1, 1, 1000, 1, 1, 1, 1])
    given = {"features": folder}
    trained, meta = run(stage, context, "mote-cnn/dense", given, epochs=15)
    assert meta["float_accuracy"] > 0.85
    warning = next(line for line in trained.lines if "Feature 3" in line)
    assert "16-bit" in warning
    accuracy = {}
    for scheme in ("int8 per channel", "16x8"):
        converted, _ = run(stage, context, "mote-int8/ptq", {**given, "model": trained.workdir}, scheme=scheme)
        _, metrics = run(stage, context, "mote-evaluate/tflm", {**given, "deployable": converted.workdir})
        accuracy[scheme] = metrics["accuracy"]
        assert metrics["float_accuracy"] == meta["float_accuracy"]
    # What the warning says: 8 bits cannot tell the small features, 16 can.
    assert accuracy["16x8"] >= meta["float_accuracy"] - 0.05
    assert accuracy["int8 per channel"] < accuracy["16x8"]


def test_targets_are_learnt_from_where_they_say_other_than_labels(stage, context, make_signal, tmp_path):
    turned = np.eye(3, dtype=np.float32)[(np.repeat(np.arange(3), 40) + 1) % 3]
    vectors(make_signal, tmp_path / "features", np.ones(8), targets=turned)
    ctx, _ = run(stage, context, "mote-cnn/dense", {"features": tmp_path / "features"}, epochs=10, patience=0)
    figures = {name: value for name, value, step in ctx.metrics if step == 9}
    assert figures["accuracy"] > 0.7
    assert figures["val_accuracy"] < 0.2


def test_altered_copies_are_trained_on_and_not_measured_with(stage, context, make_signal, tmp_path):
    altered = np.zeros(120, bool)
    altered[60:] = True
    features = vectors(make_signal, tmp_path / "features", np.ones(8), more=(altered,))
    _, meta = run(stage, context, "mote-cnn/dense", {"features": tmp_path / "features"}, epochs=1)
    rows = {n: int(np.sum(features.splits == s)) for n, s in (("train", TRAIN), ("validation", VALIDATION))}
    assert meta["windows"]["train"] == rows["train"]
    assert meta["windows"]["validation"] == rows["validation"] // 2
    assert meta["windows"]["test"] == 12


def test_joined_columns_turn_where_they_are_axes_and_only_there(stage, make_signal, tmp_path):
    stage("mote-cnn/cnn")
    triads = importlib.import_module("mote_cnn.cnn").triads
    signal = make_signal(100.0, 20, tuple(Channel(c, "g", 0.001) for c in "xyz"))
    values = np.random.default_rng(1).normal(0, 1, (6, 20, 7)).astype(np.float32)
    values[:, :, :4] = np.abs(values[:, :, :4])
    blocks = tuple(
        FeatureBlock(k, s, 1, {}, (20, n), ("time", "channel"))
        for k, s, n in (("one", "x/y", 1), ("envelope", "mote-imu/envelope", 3), ("scale", "mote-imu/scale", 3))
    )
    rows = np.zeros(6, np.int16)
    features = FeatureSet(
        values, rows, rows.astype(np.int8), rows.astype(np.int32), CLASSES, signal, blocks, ("time", "channel")
    )
    assert triads(features, values) == (4,)


def test_the_arena_holds_what_many_channels_take_while_kernels_prepare(stage, context, make_signal, tmp_path):
    pytest.importorskip("tflite_micro", reason="the arena is measured with the tflite-micro package")
    folder = tmp_path / "features"
    vectors(make_signal, folder, np.ones(700))
    given = {"features": folder}
    trained, _ = run(stage, context, "mote-cnn/dense", given, epochs=2, standardise=True)
    converted, _ = run(stage, context, "mote-int8/ptq", {**given, "model": trained.workdir})
    _, metrics = run(stage, context, "mote-evaluate/tflm", {**given, "deployable": converted.workdir})
    arena = metrics["arena"]
    # Scales and zero points of 700 channels, copied for a moment, are not in TFLM's own account.
    assert arena["needed"] > arena["total"] + 4 * 700
    model = (converted.workdir / "model.tflite").read_bytes()
    sizes = (arena["needed"], arena["needed"] - 512)
    tries = [subprocess.run([sys.executable, "-c", TRY, str(n)], input=model, check=False).returncode for n in sizes]
    assert tries[0] == 0
    assert tries[1] != 0


def test_without_the_microcontroller_interpreter_the_reason_is_given(
    stage, context, make_signal, tmp_path, monkeypatch
):
    folder = tmp_path / "features"
    vectors(make_signal, folder, np.ones(8))
    given = {"features": folder}
    trained, _ = run(stage, context, "mote-cnn/dense", given, epochs=2)
    converted, _ = run(stage, context, "mote-int8/ptq", {**given, "model": trained.workdir}, scheme="16x8")
    deployable = Deployable.load(converted.workdir)
    assert deployable.input_type == "int16"
    assert deployable.output_scale == pytest.approx(1 / 128)
    loaded = stage("mote-evaluate/tflm")
    module = importlib.import_module("mote_evaluate.tflm")
    monkeypatch.setattr(module, "why_no_tflm", lambda: "The package tflite-micro is not installed.")
    (converted.workdir / "float_scores.npy").unlink()
    ctx = context()
    metrics = loaded.code.run(ctx, {**given, "deployable": converted.workdir}, loaded.params)
    assert metrics["arena"] is None
    assert "tflite-micro" in metrics["tflm_reason"]
    assert "float_accuracy" not in metrics
    scores = np.load(ctx.workdir / "scores.npy")
    assert np.load(ctx.workdir / "outputs.npy").dtype == np.int8
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=0.03)
