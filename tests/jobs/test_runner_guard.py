"""What is not a stage's own stays as it is; what is its own it may do with as it likes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from motestudio.jobs.messages import Completed, Failed

WAYS = (
    *("overwrite", "append", "low", "parent", "memmap", "remove", "remove tree", "rename away", "rename over"),
    *("truncate", "chmod", "utime", "mkdir", "hard link", "symbolic link", "linked folder", "chmod through a link"),
    *("database", "chdir"),
)


@pytest.fixture
def victim(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "data.bin").write_bytes(b"recorded with care")
    return folder / "data.bin"


def everything(folder: Path) -> dict[str, tuple[bytes, float, int]]:
    return {
        str(p): (p.read_bytes() if p.is_file() else b"", p.stat().st_mtime, p.stat().st_mode)
        for p in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize("how", WAYS)
def test_no_way_of_writing_elsewhere_changes_anything(bench, victim, how):
    before = everything(victim.parent)
    end = bench.run("probe_bounds:WritesElsewhere", {"how": how}, inputs={"data": str(victim)})
    assert isinstance(end, Failed)
    assert end.code == "stage.writes"
    assert str(victim.parent) in end.text or how == "parent"
    assert everything(victim.parent) == before
    assert not (bench.folder / "mine.txt").exists()
    assert isinstance(bench.run("Fine"), Completed)


def test_a_forked_child_is_held_too(bench, victim):
    bench.run("probe_bounds:WritesElsewhere", {"how": "fork"}, inputs={"data": str(victim)})
    assert victim.read_bytes() == b"recorded with care"


def test_a_stage_that_goes_on_without_a_refused_write_completes_and_is_told_on(bench, victim):
    end = bench.run("probe_bounds:WritesElsewhere", {"how": "overwrite", "swallow": True}, inputs={"data": str(victim)})
    assert isinstance(end, Completed)
    told = [e for e in bench.events if getattr(e, "source", "") == "guard"]
    assert len(told) == 1
    assert str(victim) in told[0].text


def test_a_stage_may_use_its_own_folder_and_the_temporary_one_in_every_way(bench, victim):
    spec = bench.spec("probe_bounds:WritesWhereItMay", inputs={"data": str(victim)})
    end = bench.runner.run(spec, bench.events.append)
    assert isinstance(end, Completed), end
    assert end.meta["cwd"] == spec.message.workdir
    assert end.meta["files"] == ["deep", "facts.db", "map", "relative.txt", "renamed"]
    assert not [e for e in bench.events if getattr(e, "source", "") == "guard"]


def test_each_job_stands_in_its_own_folder_and_not_in_the_last_ones(bench, victim):
    first = bench.spec("probe_bounds:Where")
    second = bench.spec("probe_bounds:WritesElsewhere", {"how": "overwrite"})
    one = bench.runner.run(first)
    assert one.meta["cwd"] == first.message.workdir
    theirs = Path(first.message.workdir, "kept.txt")
    theirs.write_text("of the first job")
    second.message.inputs["data"] = str(theirs)
    assert bench.runner.run(second).code == "stage.writes"
    assert theirs.read_text() == "of the first job"
    assert bench.run("probe_bounds:Where").meta["pid"] == one.meta["pid"]


LANDLOCK = """
import sys
from pathlib import Path
from motestudio.worker.landlock import confine
sys.exit(0 if confine([Path(sys.argv[1])]) else 3)
"""


@pytest.mark.parametrize("fresh", [False, True])
def test_where_the_kernel_can_it_holds_c_code_and_programs_too(bench, tmp_path, monkeypatch, fresh):
    if subprocess.run([sys.executable, "-c", LANDLOCK, str(tmp_path)], check=False).returncode:
        pytest.skip("this kernel has no Landlock")
    for name in ("temp", "project", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    bench.folder = tmp_path / "cache"
    victim = tmp_path / "project" / "data.bin"
    victim.write_bytes(b"recorded with care")
    before = everything(victim.parent)
    end = bench.run("probe_bounds:WritesByOtherMeans", inputs={"data": str(victim)}, fresh=fresh)
    assert isinstance(end, Completed), end
    assert not any(end.meta["done"]), end.meta
    assert everything(victim.parent) == before


def test_a_worker_serves_only_jobs_under_its_own_roof(bench, tmp_path, monkeypatch):
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    pids = {}
    for name in ("one", "two", "temp/a", "temp/b"):
        bench.folder = tmp_path / name
        bench.folder.mkdir()
        pids[name] = [bench.run("Fine", heavy=False).meta["pid"] for _ in range(2)]
        assert len(set(pids[name])) == 1
    assert len({tuple(p) for p in pids.values()}) == 3
    assert pids["temp/a"] == pids["temp/b"]


TRAINING = """
import os
import numpy as np

class Stage:
    def run(self, ctx, inputs, params):
        import tensorflow as tf
        import tf_keras as keras
        import tensorflow_model_optimization as tfmot

        layers = keras.layers
        model = keras.Sequential([
            layers.Input((8, 8, 1)), layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        model = tfmot.quantization.keras.quantize_model(model)
        model.compile("adam", "sparse_categorical_crossentropy")
        rng = np.random.default_rng(1)
        best = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True, monitor="loss")
        x, y = rng.random((64, 8, 8, 1), dtype=np.float32), rng.integers(0, 3, 64)
        model.fit(x, y, epochs=2, verbose=0, callbacks=[best])
        model.save(ctx.workdir / "model.keras")
        model.save_weights(str(ctx.workdir / "weights.h5"))

        @tf.function
        def through_autograph(a):
            if tf.reduce_sum(a) > 0:
                return a
            return -a

        through_autograph(tf.constant([1.0, 2.0]))
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        data = converter.convert()
        (ctx.workdir / "model.tflite").write_bytes(data)
        try:
            from tflite_micro.python.tflite_micro import runtime
        except ImportError:
            return {"pid": os.getpid()}
        runtime.Interpreter.from_bytes(data)
        return {"pid": os.getpid()}
"""


@pytest.mark.train
@pytest.mark.timeout(120)
def test_training_quantising_saving_and_converting_are_not_in_the_guards_way(bench, tmp_path):
    pytest.importorskip("importlib.util").find_spec("tensorflow") or pytest.skip("needs TensorFlow")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "train_stage.py").write_text(TRAINING)
    before = set(Path("/tmp").glob("__autograph*"))
    first = bench.run("train_stage:Stage", plugin=plugin)
    assert isinstance(first, Completed), first
    assert not [e for e in bench.events if getattr(e, "source", "") == "guard"]
    assert bench.run("train_stage:Stage", plugin=plugin).meta["pid"] == first.meta["pid"]
    assert set(Path("/tmp").glob("__autograph*")) <= before
