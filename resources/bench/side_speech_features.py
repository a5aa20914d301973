"""python_speech_features, with the mel weights of the others in place of its own, whose edges are rounded to bins."""

from __future__ import annotations

from collections.abc import Callable

import material
import numpy as np
import python_speech_features
from python_speech_features import base


def fbank(settings: material.Front, y: np.ndarray, count: int) -> np.ndarray:
    """Mel energies, shape (frames, bands); it adds a padded frame at the end, which the others do not have."""
    weights = settings.weights.T
    base.get_filterbanks = lambda *_: weights
    energy, _ = python_speech_features.fbank(
        y,
        material.RATE,
        settings.frame / material.RATE,
        settings.hop / material.RATE,
        settings.bands,
        settings.n_fft,
        settings.fmin,
        settings.fmax,
        preemph=0,
        winfunc=lambda _: settings.window,
    )
    return np.log(np.maximum(energy[:count], material.FLOOR))


def prepared(settings: material.Front, clips: int) -> tuple[np.ndarray, int]:
    """Clips in its scale, float32, and the frames that lie wholly inside one."""
    # It divides powers by the transform's length.
    rows = settings.scaled(material.sound()).reshape(clips, -1) * np.float32(np.sqrt(settings.n_fft))
    return rows, 1 + (rows.shape[1] - settings.frame) // settings.hop


def mfcc(settings: material.Front, clips: int) -> Callable[[], np.ndarray]:
    """Clips one after the other, shape (clips, frames, coefficients)."""
    rows, count = prepared(settings, clips)
    n = settings.coefficients

    def run() -> np.ndarray:
        return np.stack([base.dct(fbank(settings, y, count), type=2, axis=1, norm="ortho")[:, :n] for y in rows])

    return run


def logmel() -> Callable[[], np.ndarray]:
    """In log2 units above the floor, shape (1, frames, bands)."""
    rows, count = prepared(material.KEYWORD, 1)
    return lambda: (fbank(material.KEYWORD, rows[0], count) / np.log(2) - np.log2(material.FLOOR))[None]


CASES = {
    "mfcc_minute": lambda: mfcc(material.KEYWORD, 1),
    "logmel_minute": logmel,
    "mfcc_clips": lambda: mfcc(material.KEYWORD, material.SECONDS),
    "mfcc_speech": lambda: mfcc(material.SPEECH, 1),
}
