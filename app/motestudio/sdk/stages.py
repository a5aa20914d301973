"""One Protocol per kind of stage.

Feature stages, the ones people write most, are pure functions on arrays: the worker does their files, batches,
progress and cancel. The other kinds get folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from motestudio.domain.labels import Segment
from motestudio.domain.params import Value
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.sdk.context import RunContext
from motestudio.sdk.data import Clip, SignalInfo

Params = Mapping[str, Value]
Constants = Mapping[str, "int | float | npt.NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """What a feature stage will give, known before anything runs.

    Attributes:
        shape: of one window's features.
        axes: name of each axis: ``time``, ``channel``, ``band``, ``feature``.
        ram_bytes: working memory of the C twin, beside its input window; 0 where it has none.
        flash_bytes: constants of the C twin.
        macs: multiply-accumulates per window, roughly, for the latency estimate.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    ram_bytes: int = 0
    flash_bytes: int = 0
    macs: int = 0


class WindowStage(Protocol):
    """Cuts takes into windows; the board's ring buffer does the same."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Read ``inputs["dataset"]`` (dataset.json and the recordings it names), save a `WindowSet`."""


class FeatureStage(Protocol):
    """Turns windows into features, with the same arithmetic as its C twin in ``csrc/``."""

    def infer_output(self, signal: SignalInfo, params: Params) -> FeatureInfo:
        """Shape and cost, without computing.

        Raises:
            PluginError: the parameters make no sense for this signal.
        """

    def transform(self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Params) -> npt.NDArray[np.float32]:
        """Compute features.

        Args:
            windows: int16, shape (windows, window_samples, channels), raw counts.
            signal: rate, scales and units of the channels.
            params: complete.

        Returns:
            float32, shape (windows, *infer_output(...).shape).
        """

    def c_constants(self, signal: SignalInfo, params: Params) -> Constants:
        """Names and values for the C twin's ``feature_params.h``: integers, floats and integer or float32 arrays."""


class ModelStage(Protocol):
    """Trains a model."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Load a `FeatureSet` from ``inputs["features"]``, train, save ``model.keras`` and ``history.json``."""


class ConvertStage(Protocol):
    """Turns a trained model into one that a board can run."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Read ``inputs["model"]`` and ``inputs["features"]`` (for calibration), save a `Deployable`."""


class EvaluateStage(Protocol):
    """Runs a deployable model on the held-out windows and says how good it is."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Read ``inputs["deployable"]`` and ``inputs["features"]``; save ``outputs.npy`` (int8, windows x classes)
        for the test windows in order, return accuracy, confusion and what else is known.
        """


class ImporterStage(Protocol):
    """Reads other people's files."""

    def clips(self, ctx: RunContext, source: Path, params: Params) -> Iterator[Clip]:
        """Yield clips one by one; a file that cannot be read is logged and left out, not fatal."""


class SegmenterStage(Protocol):
    """Proposes labels for a recording."""

    def segments(self, samples: Samples, group: ChannelGroup, label: str, params: Params) -> tuple[Segment, ...]:
        """Propose segments.

        Args:
            samples: int16, shape (samples, channels).
            group: of the recording.
            label: what the whole take is said to be, or empty.
            params: complete.
        """
