"""Which channels of a network belong together: removing one means removing it wherever it is read or added.

Every tensor's last axis is told as segments, each a `Space` of channels. A convolution reads its input's segments and
opens a space of its own; an addition makes two spaces one; a flattening repeats segments. Channels of the input and
of the output cannot be removed. Works on sequential and functional graphs; what it does not understand it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError

_OWN = {"Conv1D", "Conv2D", "Dense"}
_PER_CHANNEL = {"BatchNormalization", "DepthwiseConv1D", "DepthwiseConv2D"}
_PASSING = {
    "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise",
    "AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D", "ZeroPadding1D", "ZeroPadding2D",
    "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D",
}  # fmt: skip
_MERGING = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"}
_HINT = (
    "Leave channel pruning out, or build the network of convolutions, dense layers, batch norm, pools and additions."
)


@dataclass(eq=False, slots=True)
class Space:
    """Channels that can only be removed together.

    Attributes:
        size: how many.
        fixed: whether they must all stay.
        producers: layers that write them.
    """

    size: int
    fixed: bool = False
    producers: list[str] = field(default_factory=list)
    joined: Space | None = None

    def root(self) -> Space:
        """The space that this one became a part of."""
        space = self
        while space.joined is not None:
            space = space.joined
        return space


Segments = tuple[Space, ...]


class ChannelGraph:
    """Reads a network.

    Attributes:
        reads: by layer name, the segments of its input.
        writes: likewise of its output.
        norm_of: name of the batch norm that is the only reader of a layer's output.

    Args:
        network: a plain tf_keras model.

    Raises:
        PluginError: it has a layer whose channels cannot be followed.
    """

    def __init__(self, network: Any) -> None:
        self.reads: dict[str, Segments] = {}
        self.writes: dict[str, Segments] = {}
        self.norm_of: dict[str, str] = {}
        self._at: dict[int, Segments] = {}
        for tensor in network.inputs:
            self._at[id(tensor)] = (Space(int(tensor.shape[-1]), fixed=True),)
        for layer in network.layers:
            if type(layer).__name__ != "InputLayer":
                self._visit(layer)
        for tensor in network.outputs:
            for space in self._at[id(tensor)]:
                space.root().fixed = True
        self._find_norms(network)

    def prunable(self) -> list[Space]:
        """Spaces of which channels may be removed, in the order of the network."""
        found = []
        for segments in self.writes.values():
            for space in (s.root() for s in segments):
                if not space.fixed and space.producers and space not in found:
                    found.append(space)
        return found

    def _visit(self, layer: Any) -> None:
        kind = type(layer).__name__
        if len(layer.inbound_nodes) != 1 or isinstance(layer.output, list):
            raise _refused(layer, "is used more than once or has several outputs")
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        if any(id(t) not in self._at for t in inputs):
            raise _refused(layer, "reads something that is not in the graph")
        segments = [self._at[id(t)] for t in inputs]
        self.reads[layer.name] = segments[0] if kind != "Concatenate" else tuple(s for x in segments for s in x)
        out = self._through(layer, kind, inputs, segments)
        self.writes[layer.name] = self._at[id(layer.output)] = out

    def _through(self, layer: Any, kind: str, inputs: Sequence[Any], segments: Sequence[Segments]) -> Segments:
        if getattr(layer, "data_format", "channels_last") != "channels_last" or getattr(layer, "groups", 1) != 1:
            raise _refused(layer, "works in groups or on channels that are not its last axis")
        if kind in _OWN:
            return (Space(int(layer.output.shape[-1]), producers=[layer.name]),)
        if kind in _PER_CHANNEL:
            if getattr(layer, "depth_multiplier", 1) != 1:
                raise _refused(layer, "multiplies its channels")
            return segments[0]
        if kind in _PASSING:
            return segments[0]
        if kind == "Softmax":
            return _fixed(segments[0])
        if kind in _MERGING:
            return _merged(segments)
        if kind == "Concatenate":
            last = layer.axis in (-1, len(layer.output.shape) - 1)
            return tuple(s for x in segments for s in x) if last else _merged(segments)
        if kind in ("Flatten", "Reshape"):
            return _reshaped(segments[0], inputs[0].shape, layer.output.shape)
        raise _refused(layer, f"is a {kind}, whose channels cannot be followed")

    def _find_norms(self, network: Any) -> None:
        readers: dict[int, list[Any]] = {}
        for layer in network.layers:
            for tensor in layer.input if isinstance(layer.input, list) else [layer.input]:
                readers.setdefault(id(tensor), []).append(layer)
        for layer in network.layers:
            after = readers.get(id(layer.output), [])
            if len(after) == 1 and type(after[0]).__name__ == "BatchNormalization":
                self.norm_of[layer.name] = after[0].name


def indices(segments: Segments, kept: Mapping[Space, npt.NDArray[np.intp]]) -> npt.NDArray[np.intp]:
    """Positions along a tensor's last axis that remain, rising.

    Args:
        segments: of the tensor.
        kept: channels that remain, of every space of which some go.
    """
    parts, start = [], 0
    for space in (s.root() for s in segments):
        parts.append(start + kept.get(space, np.arange(space.size)))
        start += space.size
    return np.concatenate(parts)


def _fixed(segments: Segments) -> Segments:
    for space in segments:
        space.root().fixed = True
    return segments


def _merged(segments: Sequence[Segments]) -> Segments:
    """The same channels read from several tensors; those whose parts do not match must all stay."""
    sizes = {tuple(s.root().size for s in x) for x in segments}
    if len(sizes) > 1:
        for x in segments:
            _fixed(x)
        return max(segments, key=lambda x: sum(s.root().size for s in x))
    for spaces in zip(*segments, strict=True):
        first = spaces[0].root()
        for other in (s.root() for s in spaces[1:]):
            if other is not first:
                first.fixed |= other.fixed
                first.producers += other.producers
                other.joined = first
    return segments[0]


def _reshaped(segments: Segments, before: Sequence[Any], after: Sequence[Any]) -> Segments:
    channels, total = int(before[-1]), math.prod(int(n) for n in before[1:])
    if int(after[-1]) == channels:
        return segments
    if len(after) == 2:
        return segments * (total // channels)
    _fixed(segments)
    return (Space(int(after[-1]), fixed=True),)


def _refused(layer: Any, why: str) -> PluginError:
    return PluginError("channels.layer", f"Channels cannot be removed: the layer {layer.name} {why}.", _HINT)
