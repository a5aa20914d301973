"""What flows between stages comes back from its files as it was, and broken files are said, not guessed at."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from motestudio import sdk
from motestudio.errors import PluginError
from motestudio.sdk import (
    Channel,
    ChannelGroup,
    Deployable,
    FeatureBlock,
    FeatureSet,
    SignalInfo,
    WindowSet,
    joined_shape,
    reduce_scores,
)

SIGNAL = SignalInfo(ChannelGroup("imu", 104.0, (Channel("ax", "g", 0.001, 0.1), Channel("ay", "g", 0.001))), 8, 4)


@pytest.fixture
def windows():
    rng = np.random.default_rng(1)
    samples = rng.integers(-32768, 32768, (9, 8, 2)).astype(np.int16)
    rows = np.arange(9)
    starts = rows.astype(np.int64) - 4
    labels, splits = (rows % 2).astype(np.int16), (rows % 3).astype(np.int8)
    return WindowSet(samples, labels, splits, rows.astype(np.int32), starts, ("wave", "idle"), SIGNAL)


@pytest.fixture
def features(windows):
    values = windows.samples.astype(np.float32)
    params = {"gain": 2.0}
    return FeatureSet(
        values,
        windows.labels,
        windows.splits,
        windows.takes,
        windows.classes,
        SIGNAL,
        (FeatureBlock("s", "p/s", 3, params, (8, 2), ("time", "channel")),),
        ("time", "channel"),
    )


def same(a, b):
    for name in a.__dataclass_fields__:
        one, two = getattr(a, name), getattr(b, name)
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, two), name
            assert one.dtype == two.dtype, name
        else:
            assert one == two, name


def test_windows_come_back(windows, tmp_path):
    meta = windows.save(tmp_path)
    same(windows, WindowSet.load(tmp_path))
    assert meta["windows"] == 9


def test_features_come_back_and_are_taken_apart_by_split(features, tmp_path):
    features.save(tmp_path)
    loaded = FeatureSet.load(tmp_path)
    same(features, loaded)
    assert loaded.shape == (8, 2)
    parts = [loaded.part(split) for split in (sdk.TRAIN, sdk.VALIDATION, sdk.TEST)]
    assert [len(labels) for _, labels in parts] == [3, 3, 3]
    assert np.array_equal(parts[2][0], features.values[2::3])


def test_a_deployable_comes_back(tmp_path):
    block = FeatureBlock("s", "p/s", 3, {"gain": 2.0}, (8, 2), ("time", "channel"))
    made = Deployable(b"\x1c\0\0\0TFL3", ("wave", "idle"), SIGNAL, (block,), (8, 2), 0.05, -3, 0.00390625, -128)
    made.save(tmp_path)
    same(made, Deployable.load(tmp_path))


def test_a_deployable_with_one_feature_stage_of_an_older_version_is_read(tmp_path):
    block = FeatureBlock("features", "p/s", 3, {"gain": 2.0}, (8, 2), ("time", "channel"))
    made = Deployable(b"TFL3", ("wave", "idle"), SIGNAL, (block,), (8, 2), 0.05, -3, 0.00390625, -128)
    made.save(tmp_path)
    body = json.loads((tmp_path / "deploy.json").read_text())
    del body["blocks"], body["input_type"]
    body |= {"feature_stage": "p/s", "feature_implementation": 3, "feature_params": {"gain": 2.0}}
    (tmp_path / "deploy.json").write_text(json.dumps(body))
    same(made, Deployable.load(tmp_path))


def test_soft_targets_and_altered_copies_come_back(windows, tmp_path):
    share = np.linspace(0, 1, 9, dtype=np.float32)
    targets = np.stack([share, 1 - share], axis=1)
    copies = np.arange(9) > 5
    soft = replace(windows, targets=targets, augmented=copies)
    meta = soft.save(tmp_path)
    loaded = WindowSet.load(tmp_path)
    same(soft, loaded)
    assert (meta["windows"], meta["augmented"]) == (6, 3)
    assert np.array_equal(loaded.targets_of(np.array([2, 4])), targets[[2, 4]])
    assert windows.targets_of(np.array([1])).tolist() == [[0.0, 1.0]]


def test_blocks_lie_beside_each_other_where_their_axes_agree_and_are_flattened_where_not():
    def block(shape, axes):
        return FeatureBlock("s", "p/s", 1, {}, shape, axes)

    time_band = ("time", "band")
    assert joined_shape([block((49, 12), time_band), block((49, 3), time_band)]) == ((49, 15), time_band)
    assert joined_shape([block((49, 12), time_band), block((48, 12), time_band)]) == (
        (49 * 12 + 48 * 12,),
        ("feature",),
    )
    assert joined_shape([block((7,), ("feature",)), block((4, 2), time_band)]) == ((15,), ("feature",))


def test_scores_of_sixteen_bits_are_rounded_to_eight():
    scores = np.array([-32768, -129, -128, 0, 127, 128, 32767], np.int16)
    assert reduce_scores(scores).tolist() == [-128, -1, 0, 0, 0, 1, 127]


@pytest.mark.parametrize("damage", ["missing", "text", "list"])
def test_a_damaged_file_is_an_error_for_the_user(windows, tmp_path, damage):
    windows.save(tmp_path)
    path = tmp_path / "windows.json"
    if damage == "missing":
        path.unlink()
    else:
        path.write_text({"text": "{", "list": "[]"}[damage])
    with pytest.raises(PluginError) as broken:
        WindowSet.load(tmp_path)
    assert broken.value.code == "artifact.unreadable"


def test_nothing_pickled_is_ever_loaded(windows, tmp_path):
    windows.save(tmp_path)
    np.save(tmp_path / "samples.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"[Pp]ython objects|allow_pickle"):
        WindowSet.load(tmp_path)


def test_every_name_that_plugins_may_use_is_there():
    assert not [name for name in sdk.__all__ if not hasattr(sdk, name)]
