"""Sliding windows: where they lie, what stands in them, and that every take keeps at least one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.errors import Cancelled, PluginError
from motestudio.sdk import TRAIN, WindowSet

GROUP = {"name": "imu", "rate_hz": 100.0, "channels": [{"name": "a", "unit": "g"}, {"name": "b", "unit": "g"}]}


def dataset(folder: Path, recordings: dict[str, np.ndarray], takes: list[tuple[str, int, int, str, str]]) -> Path:
    folder.mkdir(exist_ok=True)
    table = {}
    for name, samples in recordings.items():
        samples.astype("<i2").tofile(folder / f"{name}.sigmf-data")
        table[name] = {"data": str(folder / f"{name}.sigmf-data"), "n_samples": len(samples)}
    keys = ("recording", "start", "count", "label", "split")
    body = {
        "classes": sorted({t[3] for t in takes}),
        "group": GROUP,
        "recordings": table,
        "takes": [dict(zip(keys, t, strict=True)) for t in takes],
    }
    (folder / "dataset.json").write_text(json.dumps(body))
    return folder


def ramp(n: int) -> np.ndarray:
    return np.stack([np.arange(n), 1000 + np.arange(n)], axis=1).astype(np.int16)


def cut(stage, context, folder, seed=1, **params):
    sliding = stage("mote-window/sliding", **params)
    ctx = context(seed=seed)
    meta = sliding.code.run(ctx, {"dataset": folder}, sliding.params)
    return WindowSet.load(ctx.workdir), meta, ctx


def test_short_take_in_a_longer_recording_is_centred_on_real_neighbours(stage, context, tmp_path):
    takes = [("r", 150, 40, "wave", "test"), ("r", 250, 40, "idle", "train")]
    folder = dataset(tmp_path / "d", {"r": ramp(400)}, takes)
    windows, _, ctx = cut(stage, context, folder, positions=0)
    assert windows.starts.tolist() == [120, 220]
    np.testing.assert_array_equal(windows.samples[0, :, 0], np.arange(120, 220))
    assert windows.labels.tolist() == [windows.classes.index("wave"), windows.classes.index("idle")]
    assert ctx.fractions[-1] == 1.0


def test_short_take_without_neighbours_is_padded_with_its_edge_and_its_noise(stage, context, tmp_path):
    rng = np.random.default_rng(3)
    quiet = (8000 + rng.normal(0, 5, (40, 2))).astype(np.int16)
    folder = dataset(tmp_path / "d", {"r": quiet}, [("r", 0, 40, "x", "train")])
    windows, _, _ = cut(stage, context, folder, positions=0)
    assert windows.starts.tolist() == [-30]
    head, tail = windows.samples[0, :30], windows.samples[0, 70:]
    np.testing.assert_array_equal(windows.samples[0, 30:70], quiet)
    for pad in (head, tail):
        assert abs(pad.mean() - 8000) < 10
        assert 1 < pad.std() < 15


def test_zero_padding_is_zero(stage, context, tmp_path):
    folder = dataset(tmp_path / "d", {"r": ramp(40) + 5}, [("r", 0, 40, "x", "train")])
    windows, _, _ = cut(stage, context, folder, positions=0, pad="zero")
    assert not windows.samples[0, :30].any()
    assert not windows.samples[0, 70:].any()


def test_long_take_slides_and_stays_inside_the_recording(stage, context, tmp_path):
    folder = dataset(tmp_path / "d", {"r": ramp(500)}, [("r", 100, 300, "x", "test")])
    windows, _, _ = cut(stage, context, folder, step_s=0.5, min_overlap=0.75)
    assert windows.starts.tolist() == [100, 150, 200, 250, 300]
    whole = dataset(tmp_path / "e", {"r": ramp(300)}, [("r", 0, 300, "x", "test")])
    windows, _, _ = cut(stage, context, whole, step_s=0.4, min_overlap=0.5)
    assert windows.starts.tolist() == [0, 40, 80, 120, 160, 200]
    assert windows.samples[-1, -1, 0] == 299


def test_only_training_takes_get_random_positions_and_the_seed_decides_them(stage, context, tmp_path):
    takes = [("r", 200, 50, "x", "train"), ("r", 200, 50, "x", "validation"), ("r", 200, 50, "x", "test")]
    folder = dataset(tmp_path / "d", {"r": ramp(500)}, takes)
    first, meta, _ = cut(stage, context, folder, positions=6)
    again, _, _ = cut(stage, context, folder, positions=6)
    other, _, _ = cut(stage, context, folder, seed=2, positions=6)
    assert meta["by_split"]["validation"] == meta["by_split"]["test"] == 1
    assert meta["by_split"]["train"] == int(np.sum(first.splits == TRAIN)) > 3
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.starts.tolist() != other.starts.tolist()
    for start in first.starts[first.splits == TRAIN]:
        assert min(start + 100, 250) - max(start, 200) >= 0.75 * 50 - 1


@given(
    start=st.integers(0, 300),
    count=st.integers(1, 400),
    after=st.integers(0, 200),
    window=st.integers(1, 200),
    step=st.integers(1, 250),
    overlap=st.floats(0.05, 1.0),
    extra=st.integers(0, 5),
)
def test_every_take_keeps_a_window_that_overlaps_enough(start, count, after, window, step, overlap, extra):
    positions_of = _positions_of()
    total = start + count + after
    rng = np.random.default_rng(1)
    starts = positions_of(start, count, total, window=window, step=step, min_overlap=overlap, extra=extra, rng=rng)
    assert starts
    assert len(set(starts)) == len(starts)
    for at in starts:
        shared = min(at + window, start + count) - max(at, start)
        assert shared >= int(overlap * min(window, count))
        if count > window:
            assert 0 <= at <= total - window


def _positions_of():
    import importlib
    import sys

    folder = str(Path(__file__).resolve().parents[3] / "plugins" / "mote-window")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module("mote_window.sliding").positions_of


def test_cancel_is_heard_and_bad_datasets_say_so(stage, context, tmp_path):
    folder = dataset(tmp_path / "d", {"r": ramp(5000)}, [("r", 0, 5000, "x", "train")])
    sliding = stage("mote-window/sliding", step_s=0.01)
    with pytest.raises(Cancelled):
        sliding.code.run(context(cancel_at=2), {"dataset": folder}, sliding.params)
    (folder / "r.sigmf-data").write_bytes(b"12")
    with pytest.raises(PluginError, match="cannot be read"):
        sliding.code.run(context(), {"dataset": folder}, sliding.params)
    (folder / "dataset.json").write_text("{")
    with pytest.raises(PluginError):
        sliding.code.run(context(), {"dataset": folder}, sliding.params)
