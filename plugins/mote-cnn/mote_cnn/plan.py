"""Networks as plain data: what they cost is arithmetic, without a training library.

`network.build` makes the tf_keras model of a plan; the two agree in parameters and multiply-accumulates exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from motestudio.sdk import ModelInfo, PluginError

TIME_FILTERS = {"small": (8, 16, 16), "medium": (16, 24, 32), "large": (24, 32, 48)}
BAND_FILTERS = {"small": (8, 16, 24, 32), "medium": (16, 24, 40, 48), "large": (24, 32, 56, 64)}
TIME_KERNELS = ((7, 1), (5, 1), (3, 1))
BAND_KERNELS = ((5, 5), (3, 3), (3, 3), (3, 3))
BYTES_PER_CHANNEL = 28
"""Of a convolution's output channel in the file: bias, and two scales with their zero points."""
BYTES_PER_CONV = 516
"""Of a convolution and its tensors in the file, beside weights and channels; measured on the converter's files."""
BYTES_OF_FILE = 1440
"""Of all the rest: header, operators without weights."""

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Conv:
    """One convolution.

    Attributes:
        name: of its layer.
        shape: of its input: height, width, channels.
        filters: channels of its output.
        kernel: height and width.
        strides: likewise.
        norm: batch norm and ReLU follow it and it has no bias; else it has a bias and nothing follows.
    """

    name: str
    shape: Shape
    filters: int
    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    norm: bool = True

    @property
    def output(self) -> Shape:
        """Shape of the output, padded as ``same``."""
        height, width = (math.ceil(n / s) for n, s in zip(self.shape[:2], self.strides, strict=True))
        return height, width, self.filters

    @property
    def weights(self) -> int:
        """Numbers of the kernel."""
        return math.prod(self.kernel) * self.shape[2] * self.filters

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, those on padding too."""
        height, width, _ = self.output
        return height * width * self.weights


@dataclass(frozen=True, slots=True)
class Plan:
    """A network: an optional scaling of each input, convolutions, an average over what is left, classes.

    Attributes:
        name: of the model.
        shape: of the input: height, width, channels.
        convs: in order.
        classes: outputs.
        normalise: whether each input channel is scaled and shifted first, by a convolution of its own.
    """

    name: str
    shape: Shape
    convs: tuple[Conv, ...]
    classes: int
    normalise: bool = False

    @property
    def head(self) -> Conv:
        """The convolution that gives the classes, after the average."""
        return Conv("classes", (1, 1, self._last[2]), self.classes, norm=False)

    @property
    def pools(self) -> bool:
        """Whether there is anything to average over before the head."""
        return self._last[0] * self._last[1] > 1

    @property
    def _last(self) -> Shape:
        return self.convs[-1].output if self.convs else self.shape

    def info(self) -> ModelInfo:
        """Parameters (trained ones only), multiply-accumulates, and roughly flash and RAM of the 8-bit model."""
        convs = (*self.convs, self.head)
        scaled = self.shape[2] if self.normalise else 0
        trained = sum(c.weights + (2 if c.norm else 1) * c.filters for c in convs)
        macs = sum(c.macs for c in convs) + (math.prod(self.shape) if self.normalise else 0)
        channels = scaled + sum(c.filters for c in convs)
        layers = len(convs) + self.normalise
        flash = BYTES_OF_FILE + scaled + sum(c.weights for c in convs)
        flash += BYTES_PER_CHANNEL * channels + BYTES_PER_CONV * layers
        sizes = [math.prod(self.shape)] * (2 if self.normalise else 1) + [math.prod(c.output) for c in self.convs]
        sizes += [self._last[2], self.classes]
        ram = max(a + b for a, b in pairwise(sizes))
        return ModelInfo(parameters=trained, macs=macs, flash_bytes=flash, ram_bytes=ram)


def cnn_plan(shape: Sequence[int], axes: Sequence[str], classes: int, size: str) -> Plan:
    """Convolutions over time, or over time and bands.

    Raises:
        PluginError: features that a convolution over time makes no sense of.
    """
    image = input_shape(axes, shape)
    if is_image(axes):
        return Plan("cnn", image, _convolutions(image, BAND_FILTERS[size], BAND_KERNELS), classes)
    return Plan("cnn", image, _convolutions(image, TIME_FILTERS[size], TIME_KERNELS), classes)


def dense_plan(
    shape: Sequence[int], axes: Sequence[str], classes: int, units: int, layers: int, standardise: bool
) -> Plan:
    """Layers in which every input counts for every unit, as 1x1 convolutions of one pixel.

    Features of one axis are of different kinds, so each may be scaled by itself; those of several are of one kind.
    """
    count = math.prod(int(n) for n in shape)
    convs, inputs = [], count
    for i in range(1, layers + 1):
        convs.append(Conv(f"dense{i}", (1, 1, inputs), units))
        inputs = units
    return Plan("dense", (1, 1, count), tuple(convs), classes, normalise=standardise and len(axes) == 1)


def is_image(axes: Sequence[str]) -> bool:
    """Whether the second axis of features is a neighbourhood, such as frequency."""
    return tuple(axes) in (("time", "band"), ("time", "band", "channel"))


def input_shape(axes: Sequence[str], shape: Sequence[int]) -> Shape:
    """Shape of a convolutional network's input: the features in their own order, so that the board copies nothing.

    Raises:
        PluginError: features that a convolution over time makes no sense of.
    """
    if is_image(axes):
        return int(shape[0]), int(shape[1]), int(shape[2]) if len(shape) == 3 else 1
    if len(axes) > 1 and axes[0] == "time":
        return int(shape[0]), 1, math.prod(int(n) for n in shape[1:])
    text = f"Features with the axes {', '.join(axes)} do not suit a convolutional network."
    hint = "Use the dense network, or a feature stage that gives time by channel or time by band."
    raise PluginError("model.axes", text, hint)


def _convolutions(shape: Shape, filters: Sequence[int], kernels: Sequence[tuple[int, int]]) -> tuple[Conv, ...]:
    convs: list[Conv] = []
    for i, (count, kernel) in enumerate(zip(filters, kernels, strict=True), start=1):
        time, width, _ = shape
        # Three halvings at most, and short axes keep their length, so that there is something left to look at.
        strides = (2 if i < 4 and time >= 12 else 1, 2 if i < 4 and width >= 3 else 1)
        # What lies beyond twice an axis less one would only ever see padding.
        fitting = (min(kernel[0], 2 * time - 1), min(kernel[1], 2 * width - 1))
        convs.append(Conv(f"conv{i}", shape, count, fitting, strides))
        shape = convs[-1].output
    return tuple(convs)
