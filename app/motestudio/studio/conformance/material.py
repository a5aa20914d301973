"""What the kit gives stages to read: windows, features, recordings, datasets, made of numbers drawn by a seed."""

from __future__ import annotations

import json
import wave
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import ChannelGroup
from motestudio.sdk.data import TEST, TRAIN, VALIDATION, FeatureBlock, FeatureSet, SignalInfo, WindowSet, write_json
from motestudio.sdk.testing import NATURAL, SIGNALS, edge_windows

CLASSES = ("circle", "idle", "wave")
_SPLITS = (TRAIN, TRAIN, TRAIN, VALIDATION, TEST)
Int16s = npt.NDArray[np.int16]


def save_windows(folder: Path, signal: SignalInfo, samples: Int16s) -> None:
    """A window set of these samples, shape (windows, window_samples, channels); labels and splits go round."""
    rows = np.arange(len(samples))
    WindowSet(
        np.ascontiguousarray(samples),
        (rows % len(CLASSES)).astype(np.int16),
        np.array([_SPLITS[i // len(CLASSES) % len(_SPLITS)] for i in rows], dtype=np.int8),
        rows.astype(np.int32),
        (rows * signal.step_samples).astype(np.int64),
        CLASSES,
        signal,
    ).save(folder)


def edge_samples(signal: SignalInfo) -> Int16s:
    """The hard windows of a signal, one after the other."""
    return np.stack(list(edge_windows(signal).values()))


def natural_samples(signal: SignalInfo) -> Int16s:
    """Windows that are like recordings: in every one there is some noise at every frequency."""
    found = edge_windows(signal)
    return np.stack([found[name] for name in NATURAL])


def many_windows(signal: SignalInfo, values: int) -> Int16s:
    """Windows of noise with about so many values in all; at least 20 windows."""
    count = max(20, values // (signal.window_samples * signal.n_channels))
    rng = np.random.default_rng(3)
    shape = (count, signal.window_samples, signal.n_channels)
    return rng.integers(-9000, 9000, shape, dtype=np.int16)


def save_signal(folder: Path, signal: SignalInfo) -> None:
    """Only what windows would be cut from, for stages that announce something."""
    write_json(folder / "signal.json", {"signal": signal.to_json()})


def feature_set(windows: int = 90, shape: tuple[int, ...] = (24, 3), seed: int = 1) -> FeatureSet:
    """Features of three classes that a small network tells apart, with every split.

    Args:
        windows: of all classes and splits together.
        shape: of one window, time first.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(windows) % len(CLASSES)
    time = np.linspace(0, 2 * np.pi, shape[0])
    values = rng.normal(0, 0.15, (windows, *shape))
    for row, label in enumerate(labels):
        shape_of = {0: np.sin(time + rng.uniform(0, 6)), 1: 0 * time, 2: np.sin(4 * time + rng.uniform(0, 6))}[
            int(label)
        ]
        values[row, ..., int(label) % shape[-1]] += shape_of.reshape(-1, *([1] * (len(shape) - 2)))
    axes = ("time", "channel") if len(shape) == 2 else ("time", "band", "channel")[: len(shape)]
    motion = SIGNALS["motion"]
    signal = SignalInfo(ChannelGroup("imu", 104.0, motion.group.channels[: shape[-1]]), shape[0], shape[0] // 2)
    block = FeatureBlock("features", "mote-imu/scale", 1, {"gain": 1.0, "remove_mean": True}, shape, axes)
    return FeatureSet(
        values.astype(np.float32),
        labels.astype(np.int16),
        np.array([_SPLITS[i // len(CLASSES) % len(_SPLITS)] for i in range(windows)], dtype=np.int8),
        (np.arange(windows) // len(CLASSES)).astype(np.int32),
        CLASSES,
        signal,
        (block,),
        axes,
    )


def recordings(folder: Path, group: ChannelGroup, samples: Mapping[str, Int16s]) -> list[dict[str, Any]]:
    """Write recordings as raw files; returns their rows for a request."""
    about = {"name": group.name, "rate_hz": group.rate_hz, "channels": [asdict(c) for c in group.channels]}
    rows: list[dict[str, Any]] = []
    for name, values in samples.items():
        path = folder / f"{name.replace(' ', '-')}.sigmf-data"
        np.ascontiguousarray(values, dtype="<i2").tofile(path)
        rows.append(
            {
                "name": name,
                "data": str(path),
                "n_samples": len(values),
                "label": "wave",
                "subject": "anna",
                "group": about,
            }
        )
    return rows


def save_request(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The request that segmenters and exporters get."""
    (folder / "recordings.json").write_text(json.dumps({"recordings": list(rows)}), encoding="utf-8")


def recorded_edges(signal: SignalInfo, seconds: float = 4.0) -> dict[str, Int16s]:
    """Recordings of the hard windows, repeated to a length; and one of no sample and one of a single one."""
    count = max(2, round(seconds * signal.group.rate_hz))
    repeats = -(-count // signal.window_samples)
    made = {name: np.tile(window, (repeats, 1))[:count] for name, window in edge_windows(signal).items()}
    return made | {"nothing": made["silence"][:0], "one sample": made["noise"][:1]}


def save_dataset(folder: Path, signal: SignalInfo) -> None:
    """A dataset of twelve takes of three classes, every split in each; one take is shorter than a window."""
    rng = np.random.default_rng(5)
    rate, channels = signal.group.rate_hz, signal.n_channels
    samples, takes = {}, []
    for number in range(12):
        count = round(rate * (0.3 if number == 0 else 3.0))
        samples[f"take-{number:02}"] = rng.integers(-9000, 9000, (count, channels), dtype=np.int16)
        label, split = CLASSES[number % 3], ("train", "train", "validation", "test")[number // 3]
        takes.append({"recording": f"take-{number:02}", "start": 0, "count": count, "label": label, "split": split})
    rows = recordings(folder, signal.group, samples)
    body = {
        "classes": list(CLASSES),
        "group": rows[0]["group"],
        "recordings": {r["name"]: {"data": r["data"], "n_samples": r["n_samples"]} for r in rows},
        "takes": takes,
    }
    (folder / "dataset.json").write_text(json.dumps(body), encoding="utf-8")


def save_files(folder: Path) -> None:
    """Files of usual formats, that any importer may know: a table and a sound."""
    rng = np.random.default_rng(6)
    rows = [f"{i / 100:.2f}," + ",".join(f"{v:.4f}" for v in rng.normal(0, 1, 3)) for i in range(400)]
    (folder / "wave.csv").write_text("\n".join(["time_s,ax,ay,az", *rows]) + "\n", encoding="utf-8")
    with wave.open(str(folder / "wave.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(rng.integers(-9000, 9000, 16_000, dtype=np.int16).tobytes())
