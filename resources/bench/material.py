"""What every side is given: sound, motion, and the parameters that all use.

Peers get what suits them best, made before the clock starts: float32 in the right scale, the same mel weights and
cosine transform. Ours gets the raw counts that a project has, and converts them itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motestudio.sdk import dsp

RATE, SECONDS = 16_000, 60
FLOOR = 1e-12
WINDOWS, SAMPLES, CHANNELS, MOTION_RATE = 10_000, 128, 6, 100.0


@dataclass(frozen=True)
class Front:
    """Frames, mel bands and coefficients."""

    frame: int
    hop: int
    n_fft: int
    bands: int
    fmin: float
    fmax: float
    coefficients: int

    @property
    def window(self) -> np.ndarray:
        """Hann, float64, shape (frame,)."""
        return dsp.window("hann", self.frame)

    @property
    def weights(self) -> np.ndarray:
        """Mel weights, float32, shape (bins, bands)."""
        hz = np.arange(self.n_fft // 2 + 1) * RATE / self.n_fft
        return dsp.triangles(dsp.mel_edges(self.bands, self.fmin, self.fmax), hz).T.astype(np.float32)

    @property
    def cosine(self) -> np.ndarray:
        """Cosine transform, float32, shape (bands, coefficients)."""
        return np.ascontiguousarray(dsp.dct_matrix(self.coefficients, self.bands).T.astype(np.float32))

    def scaled(self, counts: np.ndarray) -> np.ndarray:
        """Counts as float32 in which a sine of full scale has power 1 after this window."""
        return (counts / (32768.0 * self.window.sum() / 2.0)).astype(np.float32)


KEYWORD = Front(480, 320, 512, 40, 20.0, 4000.0, 10)
"""The front end of MLPerf Tiny's keyword spotting: 30 ms every 20 ms."""
SPEECH = Front(400, 160, 512, 40, 20.0, 8000.0, 13)
"""The front end of speech recognition: 25 ms every 10 ms."""


def sound() -> np.ndarray:
    """A minute of something like speech: int16, shape (RATE * SECONDS,): voiced stretches, noise, pauses."""
    rng = np.random.default_rng(20)
    t = np.arange(RATE * SECONDS) / RATE
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    voice = sum(np.sin(k * pitch) / k for k in range(1, 25))
    loud = np.clip(np.sin(2 * np.pi * 1.3 * t) + 0.3, 0, None)
    return (3000 * loud * voice + 400 * rng.standard_normal(len(t))).clip(-32768, 32767).astype(np.int16)


def motion() -> np.ndarray:
    """Windows of six axes: int16, shape (WINDOWS, SAMPLES, CHANNELS), 1 g = 8192 and 125 degrees/s = 8192."""
    rng = np.random.default_rng(21)
    t = np.arange(SAMPLES)[None, :, None] / MOTION_RATE
    tone = np.sin(
        2 * np.pi * rng.uniform(0.5, 20, (WINDOWS, 1, CHANNELS)) * t + rng.uniform(0, 6, (WINDOWS, 1, CHANNELS))
    )
    values = (
        4000 * tone
        + 600 * rng.standard_normal((WINDOWS, SAMPLES, CHANNELS))
        + rng.normal(0, 4000, (WINDOWS, 1, CHANNELS))
    )
    return values.clip(-32768, 32767).astype(np.int16)


# ---- spectral features: Welch, 8 bands in octaves, entropy, centroid ---------------------------------------------

SEGMENT, OVERLAP, BANDS = 64, 32, 8
FIRST_BIN, LAST_BIN = 1, SEGMENT // 2 - 1


def band_weights() -> np.ndarray:
    """The part of every bin that lies in each band, float32, shape (bins, bands); bands are equally wide in octaves."""
    distance = MOTION_RATE / SEGMENT
    edges = np.geomspace(distance / 2, MOTION_RATE / 2, BANDS + 1)
    centres = np.arange(SEGMENT // 2 + 1) * distance
    left, right = np.maximum(centres - distance / 2, 0), np.minimum(centres + distance / 2, MOTION_RATE / 2)
    overlap = np.minimum(right, edges[1:, None]) - np.maximum(left, edges[:-1, None])
    return np.clip(overlap / (right - left), 0, 1).T.astype(np.float32)


def motion_scaled() -> np.ndarray:
    """Motion as float32 in feature units, shape (WINDOWS, CHANNELS, SAMPLES), time last as transforms like it."""
    return np.ascontiguousarray((motion() / 8192.0).astype(np.float32).transpose(0, 2, 1))
