"""The stage: where in frequency a window's power lies.

The C twin, ``csrc/mote_feature_spectral.c``, computes the same in single precision as samples arrive; the two agree
within 1e-4, not to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, SignalInfo, Value, dsp

from .bands import Design, band_constants, design
from .units import log2, power_level
from .welch import Welch, columns_of, per_block

Floats = npt.NDArray[np.float32]

_TINY = np.finfo(np.float32).tiny


class Spectral:
    """Feature stage ``mote-imu/spectral``: axes (channel, feature)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Channels by bands, peaks, entropy and centroid; the hop is that of the segments.

        Raises:
            PluginError: segment or frequencies do not suit the signal, or nothing is to be computed.
        """
        plan = design(signal, params)
        n, channels = plan.segment, signal.n_channels
        ram = 4 * n + 2 * n * channels + 4 * panes(plan, signal.step_samples) * plan.bins * channels
        used = int(np.count_nonzero(plan.weights))
        flash = 8 * n + 4 * used + 4 * len(plan.weights) + 4 * channels
        # A real transform of n values takes about 1.25 n log2(n) products.
        per_segment = 3 * n + int(1.25 * n * np.log2(n))
        shape_of = (plan.last_bin - plan.first_bin + 1) * 12 if plan.entropy else 0
        macs = channels * (plan.segments * per_segment + used + shape_of)
        return FeatureInfo((channels, plan.features), ("channel", "feature"), ram, flash, macs, plan.hop)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Spectral features of windows, int16 (windows, samples, channels), as float32 (windows, channels, n)."""
        plan = design(signal, params)
        samples, channels = windows.shape[1:]
        welch = Welch(plan.window, plan.hop, samples)
        out = np.empty((len(windows), channels, plan.features), dtype=np.float32)
        size = per_block(samples, channels)
        for first in range(0, len(windows), size):
            block = np.asarray(windows[first : first + size])
            rows = _features(welch.powers(columns_of(block)), np.tile(plan.power, len(block)), plan)
            out[first : first + len(block)] = rows.T.reshape(len(block), channels, plan.features)
        return out

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan = design(signal, params)
        shape_bins = plan.last_bin - plan.first_bin + 1
        constants: dict[str, Any] = {
            "SPECTRAL_SEGMENT": plan.segment,
            "SPECTRAL_HOP": plan.hop,
            "SPECTRAL_WINDOW": plan.window.astype(np.float32),
            "SPECTRAL_TABLE": dsp.fft_table(plan.segment),
            "SPECTRAL_BANDS": len(plan.weights),
            "SPECTRAL_POWER": plan.power,
            "SPECTRAL_HEIGHT": float(plan.height),
            "SPECTRAL_FIRST_BIN": plan.first_bin,
            "SPECTRAL_LAST_BIN": plan.last_bin,
            "SPECTRAL_PEAKS": plan.peaks,
            "SPECTRAL_ENTROPY": int(plan.entropy),
            "SPECTRAL_ENTROPY_SCALE": float(np.float32(4.0 / np.log2(max(2, shape_bins)))),
            "SPECTRAL_CENTROID": int(plan.centroid),
        }
        if len(plan.weights):
            constants |= {f"SPECTRAL_{k}": v for k, v in band_constants(plan.weights).items()}
        return constants


def panes(plan: Design, step_samples: int) -> int:
    """Sums of periodograms that the twin keeps, so that overlapping windows share them.

    A window begins and ends where one of these stretches of segments does: every step, and where the last window's
    remainder ends.
    """
    aligned = step_samples > 0 and step_samples % plan.hop == 0
    per_step = step_samples // plan.hop if aligned else plan.segments
    whole, rest = divmod(plan.segments, per_step)
    return 2 * whole + 1 if rest else whole


def _features(powers: Floats, scale: Floats, plan: Design) -> Floats:
    """Features of periodogram sums, shape (bins, signals), as (features, signals)."""
    rows = [power_level((plan.weights @ powers) * scale)]
    rows += _peaks(powers, scale, plan)
    part = powers[plan.first_bin : plan.last_bin + 1]
    total = np.maximum(part.sum(axis=0), _TINY)
    if plan.entropy:
        mean_log = (part * log2(np.maximum(part, _TINY))).sum(axis=0) / total
        entropy = (log2(total) - mean_log) * np.float32(4.0 / np.log2(len(part)))
        rows.append(np.where(total > _TINY, entropy, np.float32(0.0))[None])
    if plan.centroid:
        places = np.arange(plan.first_bin, plan.last_bin + 1, dtype=np.float32)
        rows.append(((places @ part) / total * np.float32(8.0 / plan.segment))[None])
    return np.concatenate(rows)


def _peaks(powers: Floats, scale: Floats, plan: Design) -> list[Floats]:
    """Frequency and height of the highest local maxima, highest first, by a parabola through the levels."""
    if not plan.peaks:
        return []
    centre = powers[plan.first_bin : plan.last_bin + 1]
    before = powers[plan.first_bin - 1 : plan.last_bin]
    after = powers[plan.first_bin + 1 : plan.last_bin + 2]
    left = np.where((centre > before) & (centre >= after), centre, np.float32(0.0))
    columns = np.arange(powers.shape[1])
    rows = []
    for _ in range(plan.peaks):
        at = left.argmax(axis=0)
        found = left[at, columns] > 0
        left[at, columns] = 0
        at += plan.first_bin
        a, b, c = (log2(np.maximum(powers[at + i, columns], _TINY)) for i in (-1, 0, 1))
        bend = a - np.float32(2.0) * b + c
        # A flat top has no bend, and nowhere to move to.
        offset = np.float32(0.5) * (a - c) / np.where(bend < 0, bend, np.float32(1.0))
        offset = np.where(bend < 0, offset, np.float32(0.0))
        octaves = b - np.float32(0.25) * (a - c) * offset + log2(scale * plan.height)
        frequency = (at.astype(np.float32) + offset) * np.float32(8.0 / plan.segment)
        height = np.maximum(np.float32(0.25) * octaves + np.float32(2.0), np.float32(-4.0))
        rows.append(np.where(found, frequency, np.float32(0.0))[None])
        rows.append(np.where(found, height, np.float32(-4.0))[None])
    return rows
