"""How much a network would miss each of its channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, RunContext

from .data import Data, class_weights
from .graph import ChannelGraph, Space

Scores = npt.NDArray[np.float64]
TAYLOR_BATCHES = 32
TAYLOR_BATCH = 32


def ranked(ctx: RunContext, network: Any, graph: ChannelGraph, data: Data, by: str) -> dict[Space, Scores]:
    """A figure per channel of every space that may lose some; the smallest go first.

    Args:
        ctx: its seed draws the windows for ``Taylor``.
        network: a plain tf_keras model.
        graph: of it.
        data: training windows.
        by: ``L1``, ``L2``, ``batch norm`` or ``Taylor``.

    Raises:
        PluginError: channels without batch norm are to be ranked by it.
    """
    gradients = _gradients(ctx, network, data) if by == "Taylor" else {}
    out: dict[Space, Scores] = {}
    for space in graph.prunable():
        total = np.zeros(space.size)
        for name in space.producers:
            norm = graph.norm_of.get(name)
            if by == "Taylor":
                total += gradients[norm or name]
            elif by == "batch norm":
                total += _scale(network, norm, name)
            else:
                total += _norm(network, name, norm, 1 if by == "L1" else 2)
        out[space] = total
    return out


def _norm(network: Any, name: str, norm: str | None, order: int) -> Scores:
    """Norm of the weights that write a channel, times what batch norm makes of it."""
    kernel = network.get_layer(name).kernel.numpy().astype(np.float64)
    size = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), ord=order, axis=0)
    if norm is not None:
        layer = network.get_layer(norm)
        gamma = layer.gamma.numpy() if layer.scale else 1.0
        size *= np.abs(gamma) / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
    result: Scores = size
    return result


def _scale(network: Any, norm: str | None, name: str) -> Scores:
    layer = network.get_layer(norm) if norm is not None else None
    if layer is None or not layer.scale:
        text = f"The layer {name} has no batch norm with a scale to rank its channels by."
        raise PluginError("channels.rank", text, "Rank by L2 or Taylor.")
    gamma: Scores = np.abs(layer.gamma.numpy()).astype(np.float64)
    return gamma


def _gradients(ctx: RunContext, network: Any, data: Data) -> dict[str, Scores]:
    """Expected square of the loss's change if a channel were zero, to first order, by layer.

    Molchanov et al., "Importance estimation for neural network pruning", 2019: the product of gradient and weight,
    summed over a channel's weights, squared and averaged over batches; of the batch norm's weights where there is one.
    """
    import tensorflow as tf

    layers = [x for x in network.layers if type(x).__name__ in ("Conv1D", "Conv2D", "Dense", "BatchNormalization")]
    variables = [v for x in layers for v in x.trainable_variables]
    weights = (data.targets @ class_weights(data.targets)).astype(np.float32)

    def slopes(values: Any, targets: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            scores = network(values, training=False)
            losses = -tf.reduce_sum(targets * tf.math.log(tf.maximum(scores, 1e-7)), axis=1) * weight
            loss = tf.reduce_mean(losses)
        return tape.gradient(loss, variables)

    shapes = ((None, *network.input_shape[1:]), (None, network.output_shape[-1]), (None,))
    signature = [tf.TensorSpec(s, tf.float32) for s in shapes]
    compiled = tf.function(slopes, input_signature=signature, autograph=False).get_concrete_function()
    order = np.random.default_rng([ctx.seed, 7]).permutation(len(data.train))
    sums: dict[str, Scores] = {}
    for start in range(0, min(len(order), TAYLOR_BATCHES * TAYLOR_BATCH), TAYLOR_BATCH):
        ctx.check_cancelled()
        rows = np.sort(order[start : start + TAYLOR_BATCH])
        given = (data.train[rows], data.targets[rows], weights[rows])
        found = iter(compiled(*(tf.convert_to_tensor(array) for array in given)))
        for layer in layers:
            change: Any = 0.0
            for variable in layer.trainable_variables:
                product = (next(found) * variable).numpy().astype(np.float64)
                change = change + product.reshape(-1, product.shape[-1]).sum(axis=0)
            sums[layer.name] = sums.get(layer.name, 0.0) + np.square(change)
    return sums
