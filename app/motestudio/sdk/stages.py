"""One Protocol per kind of stage.

The kinds that people write most (features, augmentation, decoders) are pure functions on arrays: the worker does
their files, batches, progress and cancel. The other kinds get folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from motestudio.domain.labels import Segment
from motestudio.domain.params import Value
from motestudio.domain.pipeline import StageKind
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.sdk.context import RunContext
from motestudio.sdk.data import SignalInfo
from motestudio.sdk.deployable import Clip, Deployable

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
        hop_samples: 0 where the C twin works on whole windows (``mote_feature_run``); else it takes samples as they
            come (``mote_feature_push``) and computes something new every so many samples.
        exact: desk and board compute the same bits, by integers or single operations in the same order; else the
            twin agrees within 1e-4 and one step of the model's input.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    ram_bytes: int = 0
    flash_bytes: int = 0
    macs: int = 0
    hop_samples: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class WindowInfo:
    """What a window stage will give, known before anything runs.

    Attributes:
        signal: of the windows.
        windows: how many, by split: ``train``, ``validation``, ``test``.
    """

    signal: SignalInfo
    windows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model will cost, known before it is trained.

    Attributes:
        parameters: trained numbers.
        macs: multiply-accumulates of one inference.
        flash_bytes: of the 8-bit model, roughly.
        ram_bytes: of its largest two neighbouring 8-bit activations, a lower bound of the arena.
    """

    parameters: int
    macs: int
    flash_bytes: int = 0
    ram_bytes: int = 0


@dataclass(frozen=True, slots=True)
class AugmentContext:
    """What an augment stage may draw from.

    Attributes:
        signal: of the windows.
        classes: names, in the order of the targets' columns.
        rng: the only source of chance: the same seed gives the same windows.
        pool: int16, shape (windows, window_samples, channels): the original windows of the training split.
        pool_labels: int16, shape (windows,), index into `classes`.
    """

    signal: SignalInfo
    classes: tuple[str, ...]
    rng: np.random.Generator
    pool: npt.NDArray[np.int16]
    pool_labels: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Consecutive samples of one channel group that a decoder read, none missing among them.

    Attributes:
        samples: int16, shape (samples, channels of the group); may be empty.
        times_us: int64, shape (samples,): the board's clock in microseconds; empty where it says none.
        skipped: bytes that were no samples.
        group: index in `DecoderStage.groups`.
        lost: samples that the stream's own numbering says are missing before these.
    """

    samples: Samples
    times_us: npt.NDArray[np.int64]
    skipped: int = 0
    group: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class StreamGuess:
    """Whether a decoder knows a stream.

    Attributes:
        score: 0 (no) to 1 (certain: checksums or a description of itself); 0.9 for text of this format and no other,
            0.5 for what could be it.
        params: what the bytes say of the decoder's parameters; defaults hold for the rest.
        reason: a few words for people: what was found, or what was missing.
        samples: samples in these bytes, of the group with the most; by it who listened with a clock tells the rate of a
            stream that says none (``rate_hz`` 0 in `params`).
    """

    score: float
    params: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    samples: int = 0


class DecoderStage(Protocol):
    """Reads samples from the bytes of a board that does not speak Mote Link.

    One object serves one stream: it keeps an unfinished rest for the next call, and no more memory than a bound of its
    own whatever comes. Bytes are never an error: boards print, lines are noisy. What is no sample is counted as
    skipped, and a good frame beside a bad one is read. However a stream is cut into pieces, the same comes out.
    """

    def groups(self, params: Params) -> tuple[ChannelGroup, ...] | None:
        """Channels and rates; None while they are not known. Once told they stay as they are.

        Raises:
            PluginError: the stream does not say what a parameter must, such as its rate.
        """

    def greeting(self, params: Params) -> bytes:
        """What must be sent to the board after its port was opened for samples to come; empty for nothing."""

    def guess(self, data: bytes) -> StreamGuess:
        """Say how sure it is to know a stream from its first bytes, cut anywhere. Pure: `feed` knows nothing of it."""

    def feed(self, data: bytes, params: Params) -> Sequence[Decoded]:
        """Read on; must never raise for bad bytes. No samples come before `groups` are known.

        Args:
            data: the next bytes, any number of them.
            params: complete, the same in every call.
        """

    def finish(self, params: Params) -> Sequence[Decoded]:
        """The stream ended: what was held back until more is known, and the unfinished rest as skipped."""


class ImporterStage(Protocol):
    """Reads other people's files."""

    def clips(self, ctx: RunContext, source: Path, params: Params) -> Iterator[Clip]:
        """Yield clips one by one; a file that cannot be read is logged and left out, not fatal."""


class ExporterStage(Protocol):
    """Writes recordings for other people's tools."""

    def export(self, ctx: RunContext, clips: Iterator[Clip], params: Params) -> Mapping[str, Any] | None:
        """Write files into ``ctx.workdir``, where the user's folder gets them from.

        Args:
            ctx: of the run.
            clips: the recordings with their segments, one at a time; samples are memory-mapped.
            params: complete.
        """


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


class WindowStage(Protocol):
    """Cuts takes into windows; the board's ring buffer does the same."""

    def infer_output(self, dataset: Mapping[str, Any], params: Params, seed: int) -> WindowInfo:
        """What `run` will give, without reading a sample.

        Args:
            dataset: what ``dataset.json`` holds: ``group``, ``classes``, ``takes`` and ``recordings``.
            params: complete.
            seed: of the pipeline.

        Raises:
            PluginError: the parameters make no sense for this dataset.
        """

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Read ``inputs["dataset"]`` (dataset.json and the recordings it names), save a `WindowSet`."""


class AugmentStage(Protocol):
    """Makes altered copies of training windows. Which windows, and how many copies, is the worker's part."""

    def augment(
        self,
        windows: npt.NDArray[np.int16],
        targets: npt.NDArray[np.float32],
        context: AugmentContext,
        params: Params,
    ) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
        """Alter windows.

        Args:
            windows: int16, shape (windows, window_samples, channels), raw counts; not to be written to.
            targets: float32, shape (windows, classes): class memberships, each row's sum 1.
            context: where to draw from.
            params: complete.

        Returns:
            Windows and targets of the same shapes and types.
        """


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

    def infer_output(self, shape: tuple[int, ...], axes: tuple[str, ...], n_classes: int, params: Params) -> ModelInfo:
        """Size and cost, without training and without loading a training library.

        Args:
            shape: of one window's features.
            axes: name of each of them.
            n_classes: outputs.
            params: complete.

        Raises:
            PluginError: the model cannot be made for these features.
        """

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Load a `FeatureSet` from ``inputs["features"]``, train, save ``model.keras`` and ``history.json``."""


class CompressStage(Protocol):
    """Makes a trained model smaller or fitter for integers; any number of them follow each other in any order."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Params) -> dict[str, Any]:
        """Read ``inputs["model"]`` and ``inputs["features"]``, save a model as a model stage does."""


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


class TargetStage(Protocol):
    """Makes a generated firmware project fit somebody's own build or tool."""

    def generate(self, ctx: RunContext, project: Path, deployable: Deployable, params: Params) -> None:
        """Write files into ``ctx.workdir``; they are laid into the generated project's ``target`` folder.

        Args:
            ctx: of the run.
            project: folder of the generated project: core, features, model; only to read.
            deployable: what it was made from.
            params: complete.
        """


PROTOCOLS: Mapping[StageKind, type] = {
    "decoder": DecoderStage,
    "importer": ImporterStage,
    "exporter": ExporterStage,
    "segmenter": SegmenterStage,
    "window": WindowStage,
    "augment": AugmentStage,
    "feature": FeatureStage,
    "model": ModelStage,
    "compress": CompressStage,
    "convert": ConvertStage,
    "evaluate": EvaluateStage,
    "target": TargetStage,
}
"""What the class of each kind of stage must follow."""
