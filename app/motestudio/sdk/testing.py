"""For the tests of a plugin: signals, windows that are hard on a stage, and a run context that remembers.

The conformance kit (``mote plugin test``) uses the same signals and windows. Stages themselves must not import this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import RAW_MAX, RAW_MIN, Channel, ChannelGroup
from motestudio.errors import Cancelled
from motestudio.sdk.data import SignalInfo


def signal(rate_hz: float, window_samples: int, step_samples: int, channels: Sequence[Channel]) -> SignalInfo:
    """A signal to test with.

    Args:
        rate_hz: samples per second.
        window_samples: of a window.
        step_samples: between the starts of two windows.
        channels: at least one.
    """
    return SignalInfo(ChannelGroup("test", rate_hz, tuple(channels)), window_samples, step_samples)


_ACCELEROMETER = [Channel(f"a{axis}", "g", 0.000122) for axis in "xyz"]
_GYROSCOPE = [Channel(f"g{axis}", "°/s", 0.0175) for axis in "xyz"]

SIGNALS: Mapping[str, SignalInfo] = {
    "motion": signal(104.0, 128, 32, [*_ACCELEROMETER, *_GYROSCOPE]),
    "sound": signal(16_000.0, 8000, 1600, [Channel("audio", "", 1 / 32768)]),
    "vibration": signal(4000.0, 1024, 256, [Channel("az", "g", 0.000488)]),
    "slow": signal(10.0, 25, 5, [Channel("pressure", "hPa", 0.01, 1000.0), Channel("temperature", "°C", 0.01)]),
    "single sample": signal(100.0, 1, 1, [Channel("level")]),
}
"""What boards send, and two signals that are awkward; a stage may refuse any of them, with a `PluginError`."""


NATURAL = ("noise", "coloured noise", "full noise", "burst")
"""Those of `edge_windows` that are like recordings: there is some noise at every frequency."""


def edge_windows(about: SignalInfo, seed: int = 1) -> dict[str, npt.NDArray[np.int16]]:
    """Windows that find mistakes: silence, full scale, constants, one pulse, saturated noise and more.

    Args:
        about: length and channels of the windows.
        seed: of the random ones.

    Returns:
        By name, each int16, shape (window_samples, channels).
    """
    rng = np.random.default_rng(seed)
    shape = (about.window_samples, about.n_channels)
    time = np.arange(about.window_samples)[:, None]
    phase = np.arange(about.n_channels)[None, :]
    pulse = np.zeros(shape)
    pulse[about.window_samples // 2] = RAW_MIN
    burst = rng.normal(0, 30, shape)
    burst[about.window_samples // 3 : 2 * about.window_samples // 3] *= 200
    made = {
        "silence": np.zeros(shape),
        "highest": np.full(shape, RAW_MAX),
        "lowest": np.full(shape, RAW_MIN),
        "minus one": np.full(shape, -1),
        "alternating": np.where(time % 2, RAW_MAX, RAW_MIN) * np.ones(shape),
        "pulse": pulse,
        "ramp": np.linspace(RAW_MIN, RAW_MAX, about.window_samples)[:, None] * np.ones(shape),
        "sine": 20_000 * np.sin(2 * np.pi * time / 17 + phase),
        "offset": 12_000 + 100 * np.sin(2 * np.pi * time / 23 + phase),
        "faint noise": rng.integers(-2, 3, shape),
        "noise": rng.normal(0, 3000, shape),
        "coloured noise": rng.normal(0, 300, shape) + 6000 * np.sin(np.cumsum(rng.normal(0, 0.2, shape), axis=0)),
        "full noise": rng.integers(RAW_MIN, RAW_MAX + 1, shape),
        "saturated noise": rng.normal(0, 90_000, shape),
        "burst": burst,
    }
    return {name: np.clip(np.rint(rows), RAW_MIN, RAW_MAX).astype(np.int16) for name, rows in made.items()}


@dataclass
class Context:
    """A `motestudio.sdk.RunContext` for tests, which remembers what it was told.

    Attributes:
        workdir: an empty folder.
        seed: of the run.
        cancel_at: number of the call that cancels, or 0 for none.
        fractions: of all `progress` calls.
        metrics: name, value and step of all `metric` calls.
        lines: of all `log` calls.
        calls: of `progress` and `check_cancelled` so far.
    """

    workdir: Path
    seed: int = 1
    cancel_at: int = 0
    fractions: list[float] = field(default_factory=list)
    metrics: list[tuple[str, float, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    calls: int = 0

    def progress(self, fraction: float, text: str = "") -> None:
        """Remember the fraction."""
        del text
        self.fractions.append(fraction)
        self.check_cancelled()

    def metric(self, name: str, value: float, step: int) -> None:
        """Remember the figure."""
        self.metrics.append((name, value, step))

    def log(self, text: str) -> None:
        """Remember the line."""
        self.lines.append(text)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` at the call that was asked for, and at every one after it."""
        self.calls += 1
        if self.cancel_at and self.calls >= self.cancel_at:
            raise Cancelled
