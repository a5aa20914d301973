"""Makes the smaller network: the same graph with fewer channels, and the weights of those that stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import ChannelGraph, Space, indices

Kept = Mapping[Space, npt.NDArray[np.intp]]
Masks = Mapping[str, npt.NDArray[np.bool_]]


def rebuilt(
    network: Any, graph: ChannelGraph, kept: Kept, masks: Masks
) -> tuple[Any, dict[str, npt.NDArray[np.bool_]]]:
    """The network without the channels that are not kept, and its masks.

    Args:
        network: a plain tf_keras model; not changed.
        graph: of it.
        kept: channels that remain, of every space of which some go.
        masks: of its kernels, by layer name.
    """
    config = network.get_config()
    for row in config["layers"]:
        # What a layer was built for is no longer so.
        row.pop("build_config", None)
        _shrink(row["class_name"], row["config"], graph, kept)
    smaller = type(network).from_config(config)
    if not smaller.built:
        smaller.build(network.input_shape)
    left = {}
    for layer in network.layers:
        if layer.weights:
            weights = _chosen(layer, layer.get_weights(), graph, kept)
            smaller.get_layer(layer.name).set_weights(weights)
        if layer.name in masks:
            left[layer.name] = _kernel(masks[layer.name], layer.name, graph, kept)
    return smaller, left


def _shrink(kind: str, config: dict[str, Any], graph: ChannelGraph, kept: Kept) -> None:
    name = config["name"]
    if name not in graph.writes:
        return
    count = len(indices(graph.writes[name], kept))
    if kind in ("Conv1D", "Conv2D"):
        config["filters"] = count
    elif kind == "Dense":
        config["units"] = count
    elif kind == "Reshape":
        config["target_shape"] = (*config["target_shape"][:-1], count)


def _chosen(layer: Any, weights: list[Any], graph: ChannelGraph, kept: Kept) -> list[Any]:
    out = indices(graph.writes[layer.name], kept)
    kind = type(layer).__name__
    if kind in ("Conv1D", "Conv2D", "Dense"):
        return [_kernel(weights[0], layer.name, graph, kept), *(w[out] for w in weights[1:])]
    if kind in ("DepthwiseConv1D", "DepthwiseConv2D"):
        return [weights[0][..., out, :], *(w[out] for w in weights[1:])]
    return [w[out] for w in weights]


def _kernel(kernel: Any, name: str, graph: ChannelGraph, kept: Kept) -> Any:
    return kernel[..., indices(graph.reads[name], kept), :][..., indices(graph.writes[name], kept)]
