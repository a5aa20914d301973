"""The stage: how strong a band of frequencies is over time, the classical view of bearings and gears.

Band-pass, rectify or square, low-pass, thin out; then either the series itself or the spectrum of it, in which the
rate of knocks stands as a line. Filters are biquads in single precision, direct form II transposed,
in the same order of operations as ``csrc/mote_feature_envelope.c``. Every window is filtered on its own, from the
state that its first sample would have settled to: what the board hears between windows plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value, dsp

from .bands import band_constants, band_edges, band_weights
from .units import gains, level, power_level

BLOCK_VALUES = 262_144
"""Samples of a block."""
LOWEST = 1.0 / 2000.0
"""Corner frequencies in parts of the rate, from which on single-precision coefficients keep a response within 1 %."""
NARROWEST = 3e-7
"""Lower edge times width of a band, in squared parts of the rate, likewise."""
SMOOTHING_ORDER = 2
FEWEST_POINTS, MOST_POINTS = 16, 4096
"""Of a series that a spectrum is taken of."""

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
        weights: how much of each bin of the series' spectrum lies in each band, float32, shape (bands, bins); None
            where the series itself is wanted.
    """

    low: float
    high: float
    cutoff: float
    step: int
    points: int
    sections: int
    weights: Floats | None

    @property
    def fft(self) -> int:
        """Length of the series' transform: a power of two."""
        return 1 << (self.points - 1).bit_length()


class Envelope:
    """Feature stage ``mote-imu/envelope``: axes (time, channel), or (channel, feature) where a spectrum is wanted."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Values over time by channel, or channels by bands.

        Raises:
            PluginError: frequencies or times do not suit the signal.
        """
        plan = _plan(signal, params)
        channels = signal.n_channels
        ram = 8 * (plan.sections + 1)
        flash = 20 * (plan.sections + 1) + 4 * channels
        macs = channels * (signal.window_samples * (5 * (plan.sections + 1) + 1) + 12 * plan.points)
        if plan.weights is None:
            return FeatureInfo((plan.points, channels), ("time", "channel"), ram, flash, macs)
        used = int(np.count_nonzero(plan.weights))
        ram += 4 * plan.fft
        flash += 4 * (plan.points + plan.fft + used + len(plan.weights))
        macs += channels * (int(1.25 * plan.fft * np.log2(plan.fft)) + plan.points + used)
        return FeatureInfo((channels, len(plan.weights)), ("channel", "feature"), ram, flash, macs)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Envelopes of windows, int16 (windows, samples, channels), as float32 (windows, *shape)."""
        plan = _plan(signal, params)
        band, smooth = _filters(plan, signal.group.rate_hz, int(params["order"]))
        samples, channels = windows.shape[1:]
        out = np.empty((len(windows), *self.infer_output(signal, params).shape), dtype=np.float32)
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
            # The low-pass swings below zero where a burst ends.
            strength = np.maximum(thin * scale[:, None], np.float32(0.0))
            if plan.weights is None:
                values = _as_feature(strength, squared, bool(params["log"])).transpose(0, 2, 1)
            else:
                values = _spectrum(_as_feature(strength, squared, False), plan.weights, plan.fft)
            out[first : first + len(block)] = values
        return out

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan = _plan(signal, params)
        sections = np.concatenate(_filters(plan, signal.group.rate_hz, int(params["order"])))
        constants: dict[str, Any] = {
            "ENVELOPE_SECTIONS": plan.sections,
            # Of a section: three of the numerator, two of the denominator, whose first is one.
            "ENVELOPE_FILTER": np.delete(sections, 3, axis=1).ravel(),
            "ENVELOPE_STEP": plan.step,
            "ENVELOPE_POINTS": plan.points,
            "ENVELOPE_SCALE": _scale(signal, params),
            "ENVELOPE_SQUARE": int(params["detector"] == "square"),
            "ENVELOPE_LOG": int(bool(params["log"]) and plan.weights is None),
            "ENVELOPE_BANDS": 0 if plan.weights is None else len(plan.weights),
        }
        if plan.weights is not None:
            window = dsp.window("hann", plan.points)
            constants |= {
                "ENVELOPE_FFT": plan.fft,
                "ENVELOPE_TABLE": dsp.fft_table(plan.fft),
                "ENVELOPE_WINDOW": window.astype(np.float32),
                "ENVELOPE_POWER": float(_spectrum_scale(window, plan.fft)),
            }
            constants |= {f"ENVELOPE_{k}": v for k, v in band_constants(plan.weights).items()}
        return constants


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
    points = signal.window_samples // step
    weights = _bands(points, rate / step, cutoff, int(params["bands"])) if params["output"] == "spectrum" else None
    return Plan(low, high, cutoff, step, points, sections, weights)


def _bands(points: int, rate: float, cutoff: float, bands: int) -> Floats:
    """Bands of a series at a rate, from just above its mean to where the smoothing ends."""
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        text = f"A series of {points} values does not suit a spectrum."
        hint = f"Set the interval so that a window has {FEWEST_POINTS} to {MOST_POINTS} values."
        raise PluginError("envelope.points", text, hint)
    length = 1 << (points - 1).bit_length()
    top = min(cutoff, rate / 2)
    lowest = rate / points
    if lowest >= top:
        text = f"Below the smoothing of {cutoff:g} Hz a window of {points / rate:.3g} s shows no spectrum."
        raise PluginError("envelope.spectrum", text, f"Set the smoothing above {lowest:.3g} Hz, or use longer windows.")
    return band_weights(rate, length, band_edges(lowest, top, bands, log=False))


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
    if log:
        return power_level(strength) if squared else level(strength)
    return np.sqrt(strength) if squared else strength


def _spectrum_scale(window: npt.NDArray[np.float64], length: int) -> np.float32:
    """What makes ``|X|**2`` the power in a bin."""
    return np.float32(2.0 / (length * np.square(window).sum()))


def _spectrum(series: Floats, weights: Floats, length: int) -> Floats:
    """Levels of bands of the spectrum of amplitudes (windows, channels, points), less their mean."""
    from scipy.fft import rfft

    window = dsp.window("hann", series.shape[2])
    tapered = (series - series.mean(axis=2, keepdims=True)) * window.astype(np.float32)
    spectrum = rfft(tapered, n=length, axis=2)
    powers = np.square(spectrum.real) + np.square(spectrum.imag)
    powers[:, :, -1] *= np.float32(0.5)
    return power_level((powers @ weights.T) * _spectrum_scale(window, length))
