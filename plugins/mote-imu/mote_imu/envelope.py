"""The stage: how strong a band of frequencies is over time, the classical view of bearings and gears.

Band-pass, rectify or square, low-pass, thin out. Filters are biquads in single precision, direct form II transposed,
in the same order of operations as ``csrc/mote_feature_envelope.c``. Every window is filtered on its own, from the
state that its first sample would have settled to: what the board hears between windows plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value

from .units import gains, level, power_level

BLOCK_VALUES = 262_144
"""Samples of a block."""
LOWEST = 1.0 / 2000.0
"""Corner frequencies in parts of the rate, from which on single-precision coefficients keep a response within 1 %."""
NARROWEST = 3e-7
"""Lower edge times width of a band, in squared parts of the rate, likewise."""
SMOOTHING_ORDER = 2

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plan:
    """Frequencies in hertz and sizes in samples.

    Attributes:
        low: lower edge of the band.
        high: its upper edge, or 0 where there is none.
        cutoff: of the low-pass.
        step: samples between values.
        points: values of a window.
        sections: biquads before the detector.
    """

    low: float
    high: float
    cutoff: float
    step: int
    points: int
    sections: int


class Envelope:
    """Feature stage ``mote-imu/envelope``: axes (time, channel)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Values over time by channel.

        Raises:
            PluginError: frequencies or times do not suit the signal.
        """
        plan = _plan(signal, params)
        channels = signal.n_channels
        ram = 8 * (plan.sections + 1)
        flash = 20 * (plan.sections + 1) + 4 * channels
        macs = channels * (signal.window_samples * (5 * (plan.sections + 1) + 1) + 12 * plan.points)
        return FeatureInfo((plan.points, channels), ("time", "channel"), ram, flash, macs)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Envelopes of windows, int16 (windows, samples, channels), as float32 (windows, points, channels)."""
        plan = _plan(signal, params)
        band, smooth = _filters(plan, signal.group.rate_hz, int(params["order"]))
        samples, channels = windows.shape[1:]
        out = np.empty((len(windows), plan.points, channels), dtype=np.float32)
        per_block = max(1, BLOCK_VALUES // (samples * channels))
        scale = _scale(signal, params)
        for first in range(0, len(windows), per_block):
            block = np.asarray(windows[first : first + per_block]).transpose(0, 2, 1)
            # A band-pass that settled to the first sample gives what one at rest gives without it; exact in integers.
            away = (block.astype(np.int32) - block[:, :, :1]).astype(np.float32)
            detected = _filtered(band, away)
            squared = params["detector"] == "square"
            detected = np.square(detected, out=detected) if squared else np.abs(detected, out=detected)
            thin = _filtered(smooth, detected)[:, :, plan.step - 1 :: plan.step][:, :, : plan.points]
            strength = thin.transpose(0, 2, 1) * scale
            out[first : first + len(block)] = _as_feature(strength, squared, bool(params["log"]))
        return out

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan = _plan(signal, params)
        sections = np.concatenate(_filters(plan, signal.group.rate_hz, int(params["order"])))
        return {
            "ENVELOPE_SECTIONS": plan.sections,
            # Of a section: three of the numerator, two of the denominator, whose first is one.
            "ENVELOPE_FILTER": np.delete(sections, 3, axis=1).ravel(),
            "ENVELOPE_STEP": plan.step,
            "ENVELOPE_POINTS": plan.points,
            "ENVELOPE_SCALE": _scale(signal, params),
            "ENVELOPE_SQUARE": int(params["detector"] == "square"),
            "ENVELOPE_LOG": int(bool(params["log"])),
        }


def _plan(signal: SignalInfo, params: Mapping[str, Value]) -> Plan:
    rate, order = signal.group.rate_hz, int(params["order"])
    low, high, cutoff = (float(params[k]) for k in ("low", "high", "cutoff"))
    if high and high <= low:
        text = f"A band from {low:g} Hz to {high:g} Hz is empty."
        raise PluginError("envelope.band", text, "Set the upper edge above the lower one, or to 0 for none.")
    for name, hertz in (("The lower edge", low), ("The upper edge", high), ("The smoothing", cutoff)):
        if hertz and not LOWEST * rate <= hertz < rate / 2:
            text = f"{name}, {hertz:g} Hz, does not suit a rate of {rate:g} Hz."
            raise PluginError("envelope.frequency", text, f"Use {LOWEST * rate:.3g} Hz to below {rate / 2:g} Hz.")
    if high and low * (high - low) < NARROWEST * rate * rate:
        text = f"A band from {low:g} Hz to {high:g} Hz is too narrow for single precision at {rate:g} Hz."
        hint = f"Make it at least {NARROWEST * rate * rate / low:.3g} Hz wide."
        raise PluginError("envelope.band", text, hint)
    step = max(1, round(float(params["step_ms"]) * rate / 1000.0))
    if step > signal.window_samples:
        text = f"A value every {step} samples does not fit a window of {signal.window_samples}."
        raise PluginError("envelope.step", text, f"Set it to {1000.0 * signal.window_samples / rate:.4g} ms or less.")
    sections = order if high else (order + 1) // 2
    return Plan(low, high, cutoff, step, signal.window_samples // step, sections)


def _filters(plan: Plan, rate: float, order: int) -> tuple[Floats, Floats]:
    """Second-order sections of band-pass (or high-pass) and low-pass, Butterworth, float32, shape (sections, 6)."""
    from scipy.signal import iirfilter

    edges = [plan.low, plan.high] if plan.high else plan.low
    band = iirfilter(order, edges, btype="bandpass" if plan.high else "highpass", fs=rate, output="sos")
    smooth = iirfilter(SMOOTHING_ORDER, plan.cutoff, btype="lowpass", fs=rate, output="sos")
    return band.astype(np.float32), smooth.astype(np.float32)


def _filtered(sections: Floats, values: Floats) -> Floats:
    """Values filtered from rest along the last axis; scipy stays in single precision where both arguments are."""
    from scipy.signal import sosfilt

    return np.asarray(sosfilt(sections, values, axis=-1), dtype=np.float32)


def _scale(signal: SignalInfo, params: Mapping[str, Value]) -> Floats:
    """What makes a sine's envelope its amplitude: its mean without sign is 2 / pi of it, its mean square a half."""
    per_count = gains(signal, params)
    if params["detector"] == "square":
        return np.float32(2.0) * np.square(per_count)
    return np.float32(np.pi / 2.0) * per_count


def _as_feature(strength: Floats, squared: bool, log: bool) -> Floats:
    # The low-pass swings below zero where a burst ends.
    strength = np.maximum(strength, np.float32(0.0))
    if log:
        return power_level(strength) if squared else level(strength)
    return np.sqrt(strength) if squared else strength
