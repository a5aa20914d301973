"""What tests of feature stages with an exact C twin share: hard windows, and the comparison bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from motestudio.sdk import SignalInfo, quantise


def extreme(samples: int, channels: int) -> np.ndarray:
    """Random, tiny, full-scale, alternating, single-pulse, constant and silent windows."""
    rng = np.random.default_rng(5)
    shape = (samples, channels)
    alternating = np.where(np.arange(samples)[:, None] % 2, 32767, -32768) * np.ones((1, channels))
    pulse = np.zeros(shape)
    pulse[samples // 2] = -32768
    slow = 32767 * np.sin(2 * np.pi * np.arange(samples)[:, None] / 40) * np.ones((1, channels))
    rows = [rng.integers(-32768, 32768, shape) for _ in range(20)]
    rows += [rng.integers(-2, 3, shape) for _ in range(5)]
    rows += [(32767 * rng.random() ** 6 * rng.standard_normal(shape)).clip(-32768, 32767) for _ in range(20)]
    rows += [alternating, pulse, slow, np.zeros(shape)]
    rows += [np.full(shape, value) for value in (-32768, 32767, -1)]
    return np.stack(rows).astype(np.int16)


def same_bits(
    twin: Callable[..., Any],
    stage: Any,
    signal: SignalInfo,
    windows: np.ndarray,
    scale: float = 0.05,
    zero_point: int = -3,
) -> np.ndarray:
    """Assert that desk and twin agree in float and in 8 bits; returns the desk's values."""
    values = stage.code.transform(windows, signal, stage.params)
    assert values.dtype == np.float32
    assert values.shape[1:] == stage.code.infer_output(signal, stage.params).shape
    compiled = twin(stage, signal, scale, zero_point)
    np.testing.assert_array_equal(compiled.floats(windows), values)
    np.testing.assert_array_equal(compiled.codes(windows), quantise(values, scale, zero_point))
    return values
