"""librosa, called as its documentation calls it; clips one after the other, as recordings come."""

from __future__ import annotations

from collections.abc import Callable

import librosa
import material
import numpy as np

TO_NATURAL = np.float32(np.log(10) / 10)
"""The others take natural logarithms."""


def mel(settings: material.Front, y: np.ndarray) -> np.ndarray:
    """Mel energies in decibels, shape (bands, frames)."""
    energy = librosa.feature.melspectrogram(
        y=y,
        sr=material.RATE,
        n_fft=settings.n_fft,
        win_length=settings.frame,
        hop_length=settings.hop,
        center=False,
        n_mels=settings.bands,
        fmin=settings.fmin,
        fmax=settings.fmax,
        htk=True,
        norm=None,
    )
    return librosa.power_to_db(energy, amin=material.FLOOR, top_db=None)


def padded(settings: material.Front, clips: int) -> np.ndarray:
    """librosa puts a short window into the middle of the transform: with this much around, frames are the same."""
    sound = settings.scaled(material.sound()).reshape(clips, -1)
    before = (settings.n_fft - settings.frame) // 2
    return np.pad(sound, ((0, 0), (before, settings.n_fft - settings.frame - before)))


def mfcc(settings: material.Front, clips: int) -> Callable[[], np.ndarray]:
    """Clips one after the other, shape (clips, frames, coefficients)."""
    rows = padded(settings, clips)

    def run() -> np.ndarray:
        found = [librosa.feature.mfcc(S=mel(settings, y), n_mfcc=settings.coefficients).T for y in rows]
        return np.stack(found) * TO_NATURAL

    return run


def logmel() -> Callable[[], np.ndarray]:
    """In log2 units above the floor, shape (1, frames, bands)."""
    (y,) = padded(material.KEYWORD, 1)
    to_levels = np.float32(TO_NATURAL / np.log(2))
    base = np.float32(np.log2(material.FLOOR))
    return lambda: (mel(material.KEYWORD, y).T * to_levels - base)[None]


CASES = {
    "mfcc_minute": lambda: mfcc(material.KEYWORD, 1),
    "logmel_minute": logmel,
    "mfcc_clips": lambda: mfcc(material.KEYWORD, material.SECONDS),
    "mfcc_speech": lambda: mfcc(material.SPEECH, 1),
}
