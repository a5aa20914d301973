"""The studio's own stages, loaded as a worker loads them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import material
import numpy as np

from motestudio.domain.params import complete
from motestudio.plugins.manifest import StageManifest, read_manifest
from motestudio.sdk import Channel, ChannelGroup, SignalInfo
from motestudio.shipped import plugins_dir


def load(full_id: str, given: dict[str, Any]) -> tuple[StageManifest, Any, dict[str, Any]]:
    """A stage's manifest, its code and its complete parameters."""
    folder = plugins_dir() / full_id.partition("/")[0]
    row = next(s for s in read_manifest(folder).stages if s.id == full_id)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module, cls = row.entry.split(":")
    return row, getattr(importlib.import_module(module), cls)(), complete(row.params, given)


def stage(full_id: str, **given: Any) -> Callable[[np.ndarray, SignalInfo], np.ndarray]:
    """A stage as a function of windows and signal."""
    _, code, params = load(full_id, given)
    return lambda windows, signal: code.transform(windows, signal, params)


def front(settings: material.Front) -> dict[str, Any]:
    """Parameters of a front end, as the stages call them."""
    rate = material.RATE
    return {
        "frame_ms": 1000.0 * settings.frame / rate,
        "hop_ms": 1000.0 * settings.hop / rate,
        "n_fft": str(settings.n_fft),
        "bands": settings.bands,
        "fmin": settings.fmin,
        "fmax": settings.fmax,
        "preemphasis": 0.0,
        "normalise": "none",
        "floor": 10.0 * float(np.log10(material.FLOOR)),
    }


def audio(samples: int) -> SignalInfo:
    """The signal that clips of so many samples are cut from."""
    return SignalInfo(ChannelGroup("audio", float(material.RATE), (Channel("audio"),)), samples, samples)


def mfcc(settings: material.Front, clips: int, singly: bool = False) -> Callable[[], np.ndarray]:
    """Clips in one call, or one call each."""
    run = stage("mote-audio/mfcc", coefficients=settings.coefficients, lifter=0, **front(settings))
    windows = material.sound().reshape(clips, -1, 1)
    signal = audio(windows.shape[1])
    if singly:
        return lambda: np.concatenate([run(windows[i : i + 1], signal) for i in range(clips)])
    return lambda: run(windows, signal)


def logmel() -> Callable[[], np.ndarray]:
    """In log2 units above the floor."""
    run = stage("mote-audio/logmel", arithmetic="float32", range_db=0.0, **front(material.KEYWORD))
    windows = material.sound().reshape(1, -1, 1)
    signal = audio(windows.shape[1])
    return lambda: run(windows, signal)


def spectral() -> Callable[[], np.ndarray]:
    """Bands, entropy, centroid of all windows."""
    run = stage("mote-imu/spectral", segment=str(material.SEGMENT), bands=material.BANDS)
    channels = (
        *(Channel(f"a{x}", "g", 1 / 8192) for x in "xyz"),
        *(Channel(f"g{x}", "°/s", 125 / 8192) for x in "xyz"),
    )
    signal = SignalInfo(ChannelGroup("imu", material.MOTION_RATE, channels), material.SAMPLES, material.SAMPLES)
    windows = material.motion()
    return lambda: run(windows, signal)


CASES = {
    "mfcc_minute": lambda: mfcc(material.KEYWORD, 1),
    "logmel_minute": logmel,
    "mfcc_clips": lambda: mfcc(material.KEYWORD, material.SECONDS),
    "mfcc_clips_singly": lambda: mfcc(material.KEYWORD, material.SECONDS, True),
    "mfcc_speech": lambda: mfcc(material.SPEECH, 1),
    "spectral": spectral,
}
