"""Model, conversion and evaluation on made-up gestures: real training, kept short."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from motestudio.errors import Cancelled, PluginError
from motestudio.sdk import TEST, TRAIN, VALIDATION, Channel, Deployable, FeatureBlock, FeatureSet

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]
os.environ["TF_USE_LEGACY_KERAS"] = "1"

CLASSES = ("circle", "idle", "wave")


def gestures(make_signal, folder, *, bands=False, samples=48, per_class=30, seed=1):
    """Three kinds of motion, or of spectrogram (falling, silent, rising), with noise, split 18:6:6."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 2 * np.pi, samples)
    rows, labels, splits = [], [], []
    for label in range(3):
        for n in range(per_class):
            x = rng.normal(0, 0.15, (samples, 16 if bands else 3))
            phase, speed = rng.uniform(0, 6.28), rng.uniform(0.8, 1.2)
            if bands and label != 1:
                ridge = np.linspace(3, 12, samples)[:: 1 if label else -1] + rng.uniform(-1, 1)
                x += 4 * np.exp(-((np.arange(16) - ridge[:, None]) ** 2) / 4)
            elif label == 0:
                x[:, :2] += np.stack([np.sin(speed * t + phase), np.cos(speed * t + phase)], axis=1)
            elif label == 2:
                x[:, 2] += np.sin(4 * speed * t + phase)
            rows.append(x)
            labels.append(label)
            splits.append(TEST if n % 5 == 0 else VALIDATION if n % 5 == 1 else TRAIN)
    signal = make_signal(100.0, samples, tuple(Channel(c, "g", 0.001) for c in "xyz"))
    axes = ("time", "band" if bands else "channel")
    stage = "mote-audio/logmel" if bands else "mote-imu/scale"
    takes = np.arange(len(rows), dtype=np.int32) // 2
    features = FeatureSet(
        np.array(rows, np.float32), np.array(labels, np.int16), np.array(splits, np.int8), takes, CLASSES, signal,
        (FeatureBlock("features", stage, 1, {"gain": 1.0}, rows[0].shape, axes),), axes,
    )  # fmt: skip
    folder.mkdir()
    features.save(folder)
    return features


def trained(stage, context, folder, *, seed=1, **params):
    cnn = stage("mote-cnn/cnn", **{"size": "small", "epochs": 12, "batch": 16, **params})
    ctx = context(seed=seed)
    return cnn.code.run(ctx, {"features": folder}, cnn.params), ctx


def test_gestures_from_training_to_the_integer_model(stage, context, make_signal, tmp_path):
    features = gestures(make_signal, tmp_path / "features")
    meta, ctx = trained(stage, context, tmp_path / "features")
    assert meta["val_accuracy"] > 0.9
    assert meta["float_accuracy"] > 0.9
    assert 200 < meta["parameters"] < 10_000
    assert np.sum(meta["val_confusion"]) == meta["windows"]["validation"]
    names = {name for name, _, _ in ctx.metrics}
    assert names == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert ctx.fractions == sorted(ctx.fractions)
    history = json.loads((ctx.workdir / "history.json").read_text())
    assert len(history["epochs"]) == meta["epochs"]

    ptq = stage("mote-int8/ptq")
    converted = context()
    facts = ptq.code.run(converted, {"model": ctx.workdir, "features": tmp_path / "features"}, ptq.params)
    deployable = Deployable.load(converted.workdir)
    assert facts["model_bytes"] == len(deployable.model) < 20_000
    cnn = stage("mote-cnn/cnn", size="small")
    info = cnn.code.infer_output((48, 3), ("time", "channel"), 3, cnn.params)
    assert (info.parameters, info.macs) == (meta["parameters"], meta["macs"])
    assert facts["model_bytes"] == pytest.approx(info.flash_bytes, rel=0.06)
    assert facts["input"]["dtype"] == facts["output"]["dtype"] == "int8"
    assert (deployable.classes, deployable.feature_shape) == (CLASSES, (48, 3))
    assert np.prod(facts["input"]["shape"]) == 48 * 3
    assert not {"SHAPE", "PACK", "STRIDED_SLICE"} & set(facts["operators"])

    check_evaluation(stage, context, features, converted.workdir, tmp_path / "features", meta["float_accuracy"])


def check_evaluation(stage, context, features, deployable, folder, float_accuracy):
    evaluate = stage("mote-evaluate/tflm")
    ctx = context()
    metrics = evaluate.code.run(ctx, {"deployable": deployable, "features": folder}, evaluate.params)
    assert metrics["float_accuracy"] == float_accuracy
    tests = int(np.sum(features.splits == TEST))
    outputs = np.load(ctx.workdir / "outputs.npy")
    scores = np.load(ctx.workdir / "scores.npy")
    assert (outputs.dtype, outputs.shape, scores.dtype) == (np.int8, (tests, 3), np.float32)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=0.02)
    assert np.sum(metrics["confusion"]) == tests
    assert abs(metrics["accuracy"] - float_accuracy) < 0.12
    assert json.loads((ctx.workdir / "metrics.json").read_text())["accuracy"] == metrics["accuracy"]
    if metrics["arena"] is None:
        assert "tflite-micro" in metrics["tflm_reason"]
    else:
        assert metrics["tflm_equal"] == metrics["tflm_windows"] == tests
        assert metrics["arena"]["total"] == metrics["arena"]["head"] + metrics["arena"]["tail"] > 1000
        assert metrics["arena"]["items"]
        assert metrics["arena"]["total"] <= metrics["arena"]["needed"] < metrics["arena"]["total"] + 4096


def test_spectrograms_train_and_convert(stage, context, make_signal, tmp_path):
    gestures(make_signal, tmp_path / "features", bands=True)
    meta, ctx = trained(stage, context, tmp_path / "features", epochs=20)
    assert meta["val_accuracy"] > 0.8
    ptq = stage("mote-int8/ptq", calibration=20)
    facts = ptq.code.run(context(), {"model": ctx.workdir, "features": tmp_path / "features"}, ptq.params)
    assert facts["calibration_windows"] == 20
    assert set(facts["operators"]) == {"CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "SOFTMAX"}


def test_the_seed_decides_the_model(stage, context, make_signal, tmp_path):
    gestures(make_signal, tmp_path / "features")
    runs = [trained(stage, context, tmp_path / "features", seed=s, epochs=2) for s in (3, 3, 4)]
    histories = [json.loads((ctx.workdir / "history.json").read_text())["epochs"] for _, ctx in runs]
    assert histories[0] == histories[1]
    assert histories[0] != histories[2]


def test_training_hears_a_cancel_within_a_batch(stage, context, make_signal, tmp_path):
    gestures(make_signal, tmp_path / "features")
    cnn = stage("mote-cnn/cnn", epochs=500)
    ctx = context(cancel_at=10)
    with pytest.raises(Cancelled):
        cnn.code.run(ctx, {"features": tmp_path / "features"}, cnn.params)
    assert ctx.calls == 10
    assert not list(ctx.workdir.iterdir())


def test_what_cannot_be_trained_or_evaluated_says_why(stage, context, make_signal, tmp_path):
    features = gestures(make_signal, tmp_path / "features")
    one = FeatureSet(
        features.values, features.labels * 0, features.splits, features.takes, CLASSES, features.signal,
        features.blocks, features.axes,
    )  # fmt: skip
    (tmp_path / "one").mkdir()
    one.save(tmp_path / "one")
    with pytest.raises(PluginError) as caught:
        trained(stage, context, tmp_path / "one")
    assert caught.value.code == "model.too_few_classes"
    flat = FeatureSet(
        features.values.reshape(len(features.labels), -1), features.labels, features.splits, features.takes, CLASSES,
        features.signal, features.blocks, ("feature",),
    )  # fmt: skip
    (tmp_path / "flat").mkdir()
    flat.save(tmp_path / "flat")
    with pytest.raises(PluginError) as caught:
        trained(stage, context, tmp_path / "flat")
    assert caught.value.code == "model.axes"
