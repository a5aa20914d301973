"""Compress stages in every order, ending in models that TFLM runs as the reference kernels do: real training, short."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from motestudio.errors import Cancelled, PluginError
from motestudio.sdk import (
    TEST,
    TRAIN,
    VALIDATION,
    Channel,
    ChannelGroup,
    Deployable,
    FeatureBlock,
    FeatureSet,
    SignalInfo,
    TrainedModel,
)

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]
os.environ["TF_USE_LEGACY_KERAS"] = "1"

CLASSES = ("circle", "idle", "wave")
SHORT = {"prune": {}, "channels": {"rounds": 1}, "qat": {}, "distil": {"teacher": "run-007"}}
SCHEMES = ("int8 per channel", "int8 per tensor", "16x8")
PAIRS = [(*pair, SCHEMES[i % 3]) for i, pair in enumerate(permutations(SHORT, 2))]
APART = """
import json, sys
from pathlib import Path
plugin, deployable, features, workdir = (Path(a) for a in sys.argv[1:])
sys.path.insert(0, str(plugin))
from mote_evaluate.tflm import Tflm
class Context:
    seed = 1
    def progress(self, fraction, text=""): pass
    def log(self, text): print(text)
Context.workdir = workdir
print(json.dumps(Tflm().run(Context(), {"deployable": deployable, "features": features}, {"compare": 0})))
"""
"""TFLM can end its process."""


def gestures(samples=32, per_class=25):
    """Three kinds of motion with noise, split 3:1:1."""
    rng = np.random.default_rng(1)
    t = np.linspace(0, 2 * np.pi, samples)
    rows = rng.normal(0, 0.15, (3 * per_class, samples, 3))
    labels = np.repeat(np.arange(3, dtype=np.int16), per_class)
    for row, label in zip(rows, labels, strict=True):
        phase, speed = rng.uniform(0, 6.28), rng.uniform(0.8, 1.2)
        if label == 0:
            row[:, :2] += np.stack([np.sin(speed * t + phase), np.cos(speed * t + phase)], axis=1)
        elif label == 2:
            row[:, 2] += np.sin(4 * speed * t + phase)
    number = np.arange(len(rows))
    splits = np.choose(number % 5, [TEST, VALIDATION, TRAIN, TRAIN, TRAIN]).astype(np.int8)
    channels = tuple(Channel(c, "g", 0.001) for c in "xyz")
    signal = SignalInfo(ChannelGroup("motion", 100.0, channels), samples, samples)
    block = FeatureBlock("features", "mote-imu/scale", 1, {"gain": 1.0}, (samples, 3), ("time", "channel"))
    takes = number.astype(np.int32)
    return FeatureSet(rows.astype(np.float32), labels, splits, takes, CLASSES, signal, (block,), block.axes)


class Bench:
    """A trained model, its features, and everything that is made of them; what was made once is kept."""

    def __init__(self, stage, root):
        self._stage, self._root, self._made, self._count = stage, root, {}, 0
        self._context = importlib.import_module(stage.__module__).Context
        self.features = gestures()
        self.folder = self.new("features")
        self.features.save(self.folder)
        self.model, self.trained = self.run("mote-cnn/cnn", size="small", epochs=6, batch=16, patience=0)
        self.plain, self.converted = self.convert(self.model)
        self.teacher = self.new("run-007")
        shutil.copy(self.model / "model.keras", self.teacher)
        shutil.copy(self.plain / "deploy.json", self.teacher)
        counts = np.bincount(self.features.labels[self.features.splits == TEST], minlength=3)
        facts = {"classes": list(CLASSES), "metrics": {"confusion": np.diag(counts).tolist()}}
        (self.teacher / "metrics.json").write_text(json.dumps(facts))

    def new(self, name=""):
        self._count += 1
        folder = self._root / (name or f"work{self._count}")
        folder.mkdir()
        return folder

    def context(self, **options):
        return self._context(self.new(), **options)

    def run(self, full_id, *, ctx=None, inputs=None, **params):
        """Run a stage; its folder and what it says."""
        loaded = self._stage(full_id, **params)
        ctx = ctx or self.context()
        return ctx.workdir, loaded.code.run(ctx, {"features": self.folder} | (inputs or {}), loaded.params)

    def compress(self, names, model=None):
        """A chain of stages with one epoch each; a chain's beginning is made once."""
        if not names:
            return model or self.model, self.trained
        if (names, model) not in self._made:
            before, _ = self.compress(names[:-1], model)
            inputs = {"model": before, "teacher": self.teacher}
            self._made[names, model] = self.run(
                f"mote-compress/{names[-1]}", inputs=inputs, epochs=1, **SHORT[names[-1]]
            )
        return self._made[names, model]

    def convert(self, model, scheme="int8 per channel", ctx=None):
        return self.run("mote-int8/ptq", inputs={"model": model}, ctx=ctx, scheme=scheme)

    def evaluate(self, deployable):
        """In a process of its own."""
        folder = self._stage("mote-evaluate/tflm").folder
        command = [sys.executable, "-c", APART, *map(str, (folder, deployable, self.folder, self.new()))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def bench(stage, tmp_path_factory):
    path = list(sys.path)
    yield Bench(stage, tmp_path_factory.mktemp("chains"))
    sys.path[:] = path


@pytest.fixture(autouse=True)
def _plugins(stage):
    for name in ("mote-cnn/cnn", "mote-compress/qat", "mote-int8/ptq", "mote-evaluate/tflm"):
        stage(name)


def weights_of(deployable: Path) -> list[np.ndarray]:
    """The int8 kernels in a ``.tflite``, in the order in which they are used."""
    import tflite

    model = tflite.Model.GetRootAs((deployable / "model.tflite").read_bytes(), 0)
    graph = model.Subgraphs(0)
    found = []
    for operator in (graph.Operators(i) for i in range(graph.OperatorsLength())):
        if operator.InputsLength() == 3:
            tensor = graph.Tensors(operator.Inputs(1))
            data = model.Buffers(tensor.Buffer()).DataAsNumpy()
            found.append(data.view(np.int8).reshape(tensor.ShapeAsNumpy()))
    return found


def scales_of(deployable: Path) -> list[float]:
    """Scale of every activation, in order."""
    import tflite

    model = tflite.Model.GetRootAs((deployable / "model.tflite").read_bytes(), 0)
    graph = model.Subgraphs(0)
    outputs = [graph.Operators(i).Outputs(0) for i in range(graph.OperatorsLength())]
    return [float(graph.Tensors(i).Quantization().ScaleAsNumpy()[0]) for i in outputs]


@pytest.mark.parametrize(("first", "second", "scheme"), PAIRS, ids=lambda v: v.replace(" ", "-"))
def test_every_pair_in_both_orders_ends_in_a_model_that_boards_run(bench, first, second, scheme):
    model, meta = bench.compress((first, second))
    facts = TrainedModel.load(model)
    assert [s["stage"] for s in facts.steps] == [first, second]
    assert meta["quantisation_aware"] == facts.quantisation_aware == ("qat" in (first, second))
    assert 0 <= meta["accuracy_before"] <= 1
    assert 0 <= meta["accuracy_after"] <= 1
    deployable, converted = bench.convert(model, scheme)
    assert converted["trained_ranges"] == ("qat" in (first, second) and scheme == "int8 per channel")
    assert converted["model_bytes"] == (deployable / "model.tflite").stat().st_size
    assert Deployable.load(deployable).input_type == ("int16" if scheme == "16x8" else "int8")
    zeros = sum(int((w == 0).sum()) for w in weights_of(deployable)) / sum(w.size for w in weights_of(deployable))
    if "prune" in (first, second):
        # Channels that go take the zeros among their weights with them.
        assert zeros > 0.4 > abs(meta["sparsity"] - 0.5) * 5
    if "channels" in (first, second):
        assert meta["parameters"] < 0.5 * bench.trained["parameters"]
        assert meta["macs"] < 0.5 * bench.trained["macs"]
        assert converted["model_bytes"] < bench.converted["model_bytes"] - 1000
    metrics = bench.evaluate(deployable)
    assert metrics["windows"] == 15
    assert metrics["float_agrees"] > 0.85
    assert abs(metrics["accuracy"] - metrics["float_accuracy"]) < 0.15
    if metrics["tflm_reason"]:
        assert "tflite-micro" in metrics["tflm_reason"]
    else:
        assert metrics["tflm_equal"] == metrics["tflm_windows"] == 15
        assert metrics["arena"]["total"] > 1000


def test_half_of_the_channels_gone_is_a_smaller_arena_too(bench):
    model, meta = bench.compress(("channels",))
    small = bench.evaluate(bench.convert(model)[0])
    large = bench.evaluate(bench.plain)
    if large["arena"] is not None:
        assert small["arena"]["head"] < large["arena"]["head"]
        assert small["arena"]["total"] < large["arena"]["total"]
    assert meta["parameters_before"] == bench.trained["parameters"]
    assert meta["macs_before"] == bench.trained["macs"]


def test_later_stages_leave_pruned_weights_at_zero(bench):
    model, _ = bench.compress(("prune", "distil", "qat"))
    first, _ = bench.compress(("prune",))
    before, after = TrainedModel.load(first).masks, TrainedModel.load(model).masks
    assert set(before) == {"conv1", "conv2", "conv3", "classes"}
    import tf_keras

    network = tf_keras.models.load_model(model / "model.keras", compile=False)
    for name, mask in before.items():
        np.testing.assert_array_equal(mask, after[name])
        assert abs(mask.mean() - 0.5) < 0.05
        kernel = network.get_layer(name).kernel.numpy()
        assert not kernel[~mask].any()
        assert kernel[mask].any()


def test_trained_ranges_waste_no_more_of_the_integers_than_calibrated_ones(bench):
    model, meta = bench.compress(("qat",))
    deployable, facts = bench.convert(model)
    assert facts["trained_ranges"]
    assert facts["calibration_windows"] == 0
    ratio = np.array(scales_of(deployable)) / np.array(scales_of(bench.plain))
    assert ratio.max() < 1.35
    assert ratio.min() > 0.5
    assert facts["operators"] == bench.converted["operators"]
    assert meta["accuracy_after"] >= meta["accuracy_rounded_untrained"] - 0.07
    assert bench.evaluate(deployable)["accuracy"] >= bench.evaluate(bench.plain)["accuracy"] - 0.07


def test_trained_ranges_give_the_integers_that_the_wrapped_model_gives(bench, monkeypatch):
    import tf_keras

    folder, _ = bench.compress(("qat",))
    rounding, convert = (importlib.import_module(m) for m in ("mote_compress.rounding", "mote_int8.convert"))
    ranges = TrainedModel.load(folder).ranges
    wrapped = rounding.wrapped(tf_keras.models.load_model(folder / "model.keras", compile=False), ranges)
    monkeypatch.setattr(convert, "rounding", lambda model, _: lambda values: model(values, training=False))
    theirs = bench.new()
    scheme = convert.SCHEMES["int8 per channel"]
    (theirs / "model.tflite").write_bytes(convert.convert(wrapped, bench.features.values, None, scheme, ranges))
    monkeypatch.undo()
    ours, _ = bench.convert(folder)
    assert scales_of(ours) == scales_of(theirs)
    for a, b in zip(weights_of(ours), weights_of(theirs), strict=True):
        np.testing.assert_array_equal(a, b)


def test_schemes_that_cannot_keep_trained_ranges_say_so(bench):
    model, _ = bench.compress(("qat",))
    ctx = bench.context()
    bench.convert(model, "16x8", ctx)
    assert any("calibrated anew" in line for line in ctx.lines)


@pytest.mark.parametrize("rank", ["L1", "L2", "batch norm"])
def test_channels_are_ranked_in_several_ways(bench, rank):
    _, meta = bench.run(
        "mote-compress/channels", inputs={"model": bench.model}, epochs=1, rounds=1, rank=rank, amount=0.25
    )
    assert meta["channels_removed"] == 8


def test_the_seed_decides_the_bytes(bench):
    made, histories = [], []
    for _ in range(2):
        model = bench.model
        for name in ("channels", "qat"):
            ctx = bench.context(seed=5)
            model, _ = bench.run(f"mote-compress/{name}", ctx=ctx, inputs={"model": model}, epochs=1, **SHORT[name])
            histories.append((model / "history.json").read_text())
        deployable, _ = bench.convert(model, ctx=bench.context(seed=5))
        made.append((deployable / "model.tflite").read_bytes())
    assert made[0] == made[1]
    other, _ = bench.compress(("channels",))
    assert (other / "history.json").read_text() != histories[0] == histories[2]


@pytest.mark.parametrize("name", list(SHORT))
def test_a_cancel_takes_effect_within_a_batch(bench, name):
    ctx = bench.context(cancel_at=12)
    inputs = {"model": bench.model, "teacher": bench.teacher}
    with pytest.raises(Cancelled):
        bench.run(f"mote-compress/{name}", ctx=ctx, inputs=inputs, epochs=400, **SHORT[name])
    assert ctx.calls == 12
    assert not list(ctx.workdir.iterdir())


def test_progress_rises_and_every_epoch_has_its_figures(bench):
    for name in ("channels", "prune"):
        ctx = bench.context()
        workdir, meta = bench.run(f"mote-compress/{name}", ctx=ctx, inputs={"model": bench.model}, epochs=4)
        assert ctx.fractions == sorted(ctx.fractions)
        assert ctx.fractions[-1] == 1.0
        assert [step for figure, _, step in ctx.metrics if figure == "val_loss"] == [0, 1, 2, 3]
        history = json.loads((workdir / "history.json").read_text())
        assert len(history["epochs"]) == meta["epochs"] == 4
        assert meta["measured_on"] == "validation"
        # An epoch in which zeros were still being added, or channels were still to go, is none to keep.
        assert meta["best_epoch"] >= 2


def refused(bench, **changed):
    with pytest.raises(PluginError) as caught:
        bench.run("mote-compress/distil", inputs={"model": bench.model, **changed}, epochs=1, teacher="run-007")
    assert caught.value.hint
    return caught.value


def test_a_teacher_that_learnt_something_else_is_refused(bench, tmp_path):
    with pytest.raises(PluginError) as caught:
        bench.run("mote-compress/distil", inputs={"model": bench.model}, epochs=1)
    assert caught.value.code == "distil.no_teacher"

    def altered(file, change):
        folder = Path(shutil.copytree(bench.teacher, tmp_path / f"t{len(list(tmp_path.iterdir()))}"))
        body = json.loads((folder / file).read_text())
        change(body)
        (folder / file).write_text(json.dumps(body))
        return refused(bench, teacher=folder)

    assert "here the classes are" in altered("metrics.json", lambda b: b.update(classes=["idle", "circle"])).text
    assert "other features" in altered("deploy.json", lambda b: b["blocks"][0]["params"].update(gain=2.0)).text
    assert "another length" in altered("deploy.json", lambda b: b["signal"].update(window_samples=64)).text
    assert "tested on other windows" in altered("metrics.json", lambda b: b["metrics"]["confusion"][0].append(1)).text
    half = Path(shutil.copytree(bench.teacher, tmp_path / "half"))
    (half / "model.keras").unlink()
    assert "has no model.keras" in refused(bench, teacher=half).text


def test_a_model_of_somebody_else_is_compressed_too(bench):
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input((32, 3)),
            layers.Reshape((1, 32, 3)),
            layers.Conv2D(8, (1, 5), strides=(1, 2), activation="relu", name="a"),
            layers.Flatten(),
            layers.Dense(12, activation="relu", name="b"),
            layers.Dense(3, activation="softmax", name="c"),
        ]
    )
    folder = bench.new()
    model.save(folder / "model.keras")
    assert TrainedModel.load(folder) == TrainedModel()
    compressed, meta = bench.compress(("qat", "channels", "prune"), folder)
    assert meta["parameters"] < 0.4 * model.count_params()
    deployable, facts = bench.convert(compressed)
    assert facts["trained_ranges"]
    assert bench.evaluate(deployable)["tflm_windows"] in (0, 15)


def branched(tf_keras):
    """Two residual additions, a depthwise convolution, a concatenation and a flattened dense layer."""
    layers = tf_keras.layers
    inputs = tf_keras.Input((8, 4, 3))

    def block(x, count, name):
        x = layers.Conv2D(count, 3, padding="same", use_bias=False, name=name)(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    x = block(inputs, 8, "stem")
    for i in range(2):
        y = block(x, 12, f"wide{i}")
        y = layers.Conv2D(8, 1, name=f"narrow{i}")(y)
        x = layers.Add(name=f"add{i}")([x, y])
    side = layers.DepthwiseConv2D(3, padding="same", name="depth")(x)
    x = layers.Concatenate(name="both")([block(x, 8, "right"), layers.ReLU()(side)])
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(10, activation="relu", name="hidden")(x)
    return tf_keras.Model(inputs, layers.Softmax()(layers.Dense(3, name="out")(x)))


def silence(network, graph, kept):
    """Make the channels that are to go say nothing wherever they are written."""
    for layer in network.layers:
        if not layer.weights or layer.name not in graph.writes:
            continue
        gone = np.ones(int(layer.output.shape[-1]), bool)
        gone[importlib.import_module("mote_compress.graph").indices(graph.writes[layer.name], kept)] = False
        weights = layer.get_weights()
        if type(layer).__name__ == "BatchNormalization":
            for w in weights[:3]:
                w[gone] = 0
        elif type(layer).__name__ != "DepthwiseConv2D":
            for w in weights:
                w[..., gone] = 0
        else:
            weights[1][gone] = 0
        layer.set_weights(weights)


def test_channels_are_removed_through_branches_without_a_change_to_what_is_left(bench):
    import tf_keras

    graphs = importlib.import_module("mote_compress.graph")
    rebuild = importlib.import_module("mote_compress.rebuild")
    tf_keras.utils.set_random_seed(3)
    network = branched(tf_keras)
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([np.random.default_rng(4).uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    graph = graphs.ChannelGraph(network)
    spaces = graph.prunable()
    # Everything that is added is one space: the stem and both narrow ends.
    producers = [["narrow0", "narrow1", "stem"], ["wide0"], ["wide1"], ["right"], ["hidden"]]
    assert [sorted(s.producers) for s in spaces] == producers
    kept = {}
    for i, space in enumerate(spaces):
        chosen = np.random.default_rng(i).choice(space.size, space.size // 2, replace=False)
        kept[space] = np.sort(chosen)
    masks = {"wide1": np.random.default_rng(1).random((3, 3, 8, 12)) < 0.5}
    silence(network, graph, kept)
    smaller, left = rebuild.rebuilt(network, graph, kept, masks)
    values = np.random.default_rng(2).normal(0, 1, (5, 8, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(smaller(values), network(values), atol=1e-5)
    assert smaller.count_params() < 0.45 * network.count_params()
    assert left["wide1"].shape == smaller.get_layer("wide1").kernel.shape == (3, 3, 4, 6)


def test_a_layer_whose_channels_cannot_be_followed_is_named(bench):
    import tf_keras

    graphs = importlib.import_module("mote_compress.graph")
    layers = tf_keras.layers
    network = tf_keras.Sequential([tf_keras.Input((8, 3)), layers.GRU(4, name="memory"), layers.Dense(3)])
    with pytest.raises(PluginError, match="memory is a GRU") as caught:
        graphs.ChannelGraph(network)
    assert caught.value.hint
    folder = bench.new()
    tall = tf_keras.Sequential([tf_keras.Input((32, 3)), layers.GRU(4, name="memory"), layers.Dense(3, "softmax")])
    tall.save(folder / "model.keras")
    with pytest.raises(PluginError) as caught:
        bench.run("mote-compress/qat", inputs={"model": folder}, epochs=1)
    assert caught.value.code == "qat.layers"


def test_features_that_do_not_suit_the_model_are_refused(bench):
    folder = bench.new()
    wide = replace(bench.features, values=np.zeros((75, 16, 3), np.float32))
    wide.save(folder)
    with pytest.raises(PluginError) as caught:
        bench.run("mote-compress/prune", inputs={"model": bench.model, "features": folder}, epochs=1)
    assert caught.value.code == "compress.shape"
    assert "32x1x3" in caught.value.text


def test_altered_copies_neither_calibrate_nor_measure(bench):
    features = bench.features
    rows = np.concatenate([np.arange(75), np.flatnonzero(features.splits == TRAIN)])
    copies = np.arange(len(rows)) >= 75
    values = features.values[rows] * np.where(copies, 100, 1).astype(np.float32)[:, None, None]
    more = replace(
        features, values=values, labels=features.labels[rows], splits=features.splits[rows],
        takes=features.takes[rows], augmented=copies,
    )  # fmt: skip
    folder = bench.new()
    more.save(folder)
    deployable, _ = bench.run("mote-int8/ptq", inputs={"model": bench.model, "features": folder})
    assert (deployable / "model.tflite").read_bytes() == (bench.plain / "model.tflite").read_bytes()
    assert len(np.load(deployable / "float_scores.npy")) == 15
    _, meta = bench.run("mote-compress/qat", inputs={"model": bench.model, "features": folder}, epochs=1)
    assert meta["accuracy_before"] == bench.trained["val_accuracy"]
