"""Recorded clips come out sample for sample; between them there is only quiet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from motestudio.errors import DeviceError
from motestudio.virtualboard.replay import ReplaySensor


def write_clips(folder: Path, clips: list[np.ndarray], labels: list[str], rate: float = 100.0) -> Path:
    channels = clips[0].shape[1]
    np.save(folder / "clips.npy", np.concatenate([c.reshape(-1) for c in clips]))
    starts = np.cumsum([0, *(len(c) for c in clips)])
    body = {
        "group": {
            "name": "imu",
            "rate_hz": rate,
            "channels": [{"name": f"c{i}", "unit": "g", "scale": 0.001, "offset": 0.0} for i in range(channels)],
        },
        "clips": [
            {"name": f"n{i}", "label": label, "start": int(starts[i]), "count": len(clips[i])}
            for i, label in enumerate(labels)
        ],
    }
    (folder / "clips.json").write_text(json.dumps(body))
    return folder


@pytest.fixture
def clips() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.integers(-32768, 32767, (n, 3), dtype=np.int16, endpoint=True) for n in (50, 120, 7)]


def test_a_started_clip_is_the_clip(tmp_path: Path, clips: list[np.ndarray]) -> None:
    sensor = ReplaySensor(write_clips(tmp_path, clips, ["a", "b", "a"]))
    for index, clip in enumerate(clips):
        sensor.start({"clip": index})
        got = np.concatenate([sensor.read(5) for _ in range(-(-len(clip) // 5))])
        assert np.array_equal(got[: len(clip)], clip)
    assert sensor.gestures == ("a", "b")


def test_performed_clips_come_whole_one_after_the_other(tmp_path: Path, clips: list[np.ndarray]) -> None:
    sensor = ReplaySensor(write_clips(tmp_path, clips, ["a", "b", "a"]))
    sensor.start(None)
    sensor.read(30)
    first = sensor.perform({"clip": 0})
    second = sensor.perform({"clip": 1})
    stream = np.concatenate([sensor.read(13) for _ in range(30)])
    a, b = round(first * 100), round(second * 100)
    assert np.array_equal(stream[a - 50 : a], clips[0])
    assert np.array_equal(stream[b - 120 : b], clips[1])


def test_background_is_quiet_and_stays_where_the_clip_ended(tmp_path: Path) -> None:
    clip = (np.sin(np.linspace(0, 20, 300))[:, None] * [8000, 4000] + [0, 8000]).astype(np.int16)
    sensor = ReplaySensor(write_clips(tmp_path, [clip], ["a"]))
    sensor.start({"clip": 0})
    sensor.read(300)
    after = sensor.read(500).astype(float)
    assert np.abs(after.mean(axis=0) - clip[-1]).max() < 50
    assert 0 < after.std(axis=0).max() < 200


def test_a_label_plays_one_of_its_clips_the_same_for_the_same_seed(tmp_path: Path, clips: list[np.ndarray]) -> None:
    sensor = ReplaySensor(write_clips(tmp_path, clips, ["a", "b", "a"]))
    sensor.start({"gesture": "b", "seed": 9})
    assert np.array_equal(sensor.read(120), clips[1])


@pytest.mark.parametrize("what", [{"clip": 3}, {"clip": -1}, {"clip": "x"}, {"gesture": "z"}, {}])
def test_clips_that_are_not_there_are_refused(tmp_path: Path, clips: list[np.ndarray], what: dict[str, object]) -> None:
    sensor = ReplaySensor(write_clips(tmp_path, clips, ["a", "b", "a"]))
    with pytest.raises(DeviceError) as caught:
        sensor.start(what)
    assert caught.value.code == "perform.unknown"


@pytest.mark.parametrize("broken", ["no folder", "no json", "outside", "float"])
def test_folders_that_hold_no_clips_are_refused(tmp_path: Path, clips: list[np.ndarray], broken: str) -> None:
    folder = write_clips(tmp_path, clips, ["a", "b", "a"])
    if broken == "no folder":
        folder = tmp_path / "none"
    elif broken == "no json":
        (folder / "clips.json").write_text("{")
    elif broken == "outside":
        np.save(folder / "clips.npy", np.zeros(30, np.int16))
    else:
        np.save(folder / "clips.npy", np.zeros(1000, np.float32))
    with pytest.raises(DeviceError) as caught:
        ReplaySensor(folder)
    assert caught.value.code == "sensor.unreadable"
