"""Every built-in plugin is whole: manifest, code, twins, README, and parameters that its code knows."""

from __future__ import annotations

import re

import numpy as np
import pytest

from motestudio.plugins.manifest import read_manifest
from motestudio.shipped import plugins_dir

FOLDERS = sorted(p.parent for p in plugins_dir().glob("mote-*/plugin.toml"))
METHODS = {
    "importer": "clips",
    "segmenter": "segments",
    "feature": "transform",
    "augment": "augment",
    "decoder": "feed",
}
WORKERS = ("copies", "probability")
"""Parameters of every augment stage that the worker reads."""


def test_the_pipeline_has_a_built_in_stage_of_every_kind():
    kinds = {s.kind for f in FOLDERS for s in read_manifest(f).stages}
    assert kinds >= {"importer", "segmenter", "window", "feature", "model", "convert", "evaluate"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_plugin_is_whole(stage, folder):
    manifest = read_manifest(folder)
    assert manifest.id == folder.name
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {folder.name}\n")
    code = "\n".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.py"))
    for row in manifest.stages:
        assert row.help
        loaded = stage(row.id)
        assert callable(getattr(loaded.code, METHODS.get(row.kind, "run")))
        for twin in row.csrc:
            assert (folder / twin).is_file()
        for param in row.params:
            assert param.help, param.key
            assert param.check(param.default) == param.default
            ours = row.kind == "augment" and param.key in WORKERS
            assert ours or f'"{param.key}"' in code, f"{param.key} is not used"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_plugin_imports_only_the_sdk_of_ours(folder):
    for path in folder.rglob("*.py"):
        ours = set(re.findall(r"(?:from|import) (motestudio[\w.]*)", path.read_text(encoding="utf-8")))
        assert ours <= {"motestudio.sdk"}, path


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_importing_a_stage_loads_no_heavy_library(folder, tmp_path):
    import subprocess
    import sys

    modules = ", ".join(sorted({s.entry.split(":")[0] for s in read_manifest(folder).stages}))
    heavy = "{'tensorflow', 'tf_keras', 'tensorflow_model_optimization', 'ai_edge_litert', 'scipy'}"
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}; print(*({heavy} & set(sys.modules)))"
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def augmenter(stage, bands, **changed):
    import importlib

    cnn = stage("mote-cnn/cnn", **changed)
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (20, 40, 6)).astype(np.float32)
    module = importlib.import_module("mote_cnn.augment")
    return module.Augmenter(features, bands, cnn.params, () if bands else (0, 3)), features


@pytest.mark.parametrize("bands", [True, False])
def test_augmentation_varies_by_seed_and_keeps_shape(stage, bands):
    vary, features = augmenter(stage, bands)
    before = features.copy()
    first, again, other = (vary(features, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(features, before)
    assert first.dtype == np.float32
    assert first.shape == features.shape
    assert np.abs(first - other).max() > 0.1


def test_no_strength_means_no_change(stage):
    nothing = dict.fromkeys(("noise", "shift", "warp", "gain", "mask", "colour", "hiss", "turn"), 0.0)
    for bands in (True, False):
        vary, features = augmenter(stage, bands, **nothing)
        np.testing.assert_array_equal(vary(features, np.random.default_rng(1)), features)


def test_turning_keeps_the_length_of_every_reading(stage):
    only = dict.fromkeys(("noise", "shift", "warp", "gain"), 0.0)
    vary, features = augmenter(stage, False, **only, turn=90.0)
    out = vary(features, np.random.default_rng(1))
    for first in (0, 3):
        part = slice(first, first + 3)
        lengths = [np.linalg.norm(x[:, :, part], axis=2) for x in (features, out)]
        np.testing.assert_allclose(lengths[0], lengths[1], rtol=1e-4)
    assert np.abs(out - features).max() > 0.5


def test_allocations_of_tflm_are_read(stage):
    import importlib

    stage("mote-evaluate/tflm")
    parse = importlib.import_module("mote_evaluate.interpreters").parse_allocations
    text = (
        "[RecordingMicroAllocator] Arena allocation total 24272 bytes\n"
        "[RecordingMicroAllocator] Arena allocation head 16000 bytes\n"
        "[RecordingMicroAllocator] Arena allocation tail 8272 bytes\n"
        "[RecordingMicroAllocator] 'Persistent buffer data' used 5556 bytes with alignment overhead (requested 5528)\n"
    )
    arena = parse(text)
    assert arena == {"total": 24272, "head": 16000, "tail": 8272, "items": [["Persistent buffer data", 5556]]}
    with pytest.raises(RuntimeError, match="did not say"):
        parse("Didn't find op for builtin opcode")


def test_figures_by_window_and_by_take(stage):
    import importlib

    stage("mote-evaluate/tflm")
    figures = importlib.import_module("mote_evaluate.figures")
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.6, 0.4]], np.float32)
    metrics = figures.summary(scores, np.array([0, 0, 1, 1]), np.array([5, 5, 9, 9]), ["a", "b"])
    assert metrics["accuracy"] == 0.5
    assert metrics["take_accuracy"] == 1.0
    assert metrics["confusion"] == [[1, 1], [1, 1]]
    assert metrics["per_class"][0] == {"class": "a", "windows": 2, "recall": 0.5, "precision": 0.5}
