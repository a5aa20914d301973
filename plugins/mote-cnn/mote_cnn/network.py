"""The networks. Every convolution but the last has no activation of its own and is followed by batch norm and ReLU,
which is what quantisation-aware training needs and what the converter folds into one operator.

A convolution over time alone is a 2-D one with a width of one, since microcontroller kernels are 2-D. The head is an
average pool and a 1x1 convolution: with MEAN and FULLY_CONNECTED there, desk and microcontroller differed by a step in
a few windows of a thousand; with these two, in none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from motestudio.sdk import PluginError

TIME_FILTERS = {"small": (8, 16, 16), "medium": (16, 24, 32), "large": (24, 32, 48)}
BAND_FILTERS = {"small": (8, 16, 24, 32), "medium": (16, 24, 40, 48), "large": (24, 32, 56, 64)}


def input_shape(axes: Sequence[str], shape: Sequence[int]) -> tuple[int, int, int]:
    """Shape of the network's input: the features in their own order, so that the board copies nothing.

    Raises:
        PluginError: features that a convolution over time makes no sense of.
    """
    if tuple(axes) == ("time", "band"):
        return int(shape[0]), int(shape[1]), 1
    if tuple(axes) == ("time", "channel"):
        return int(shape[0]), 1, int(shape[1])
    text = f"Features with the axes {', '.join(axes)} do not suit a convolutional network."
    raise PluginError("model.axes", text, "Use a feature stage that gives time by channel, or time by band.")


def build(axes: Sequence[str], shape: Sequence[int], classes: int, size: str, dropout: float) -> Any:
    """An untrained tf_keras model that ends in a softmax."""
    import tf_keras

    layers = tf_keras.layers
    inputs = tf_keras.Input(input_shape(axes, shape), name="features")
    if axes[1] == "band":
        x = _convolutions(inputs, BAND_FILTERS[size], ((5, 5), (3, 3), (3, 3), (3, 3)))
    else:
        x = _convolutions(inputs, TIME_FILTERS[size], ((7, 1), (5, 1), (3, 1)))
    x = layers.AveragePooling2D((x.shape[1], x.shape[2]), name="average")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(classes, (1, 1), name="classes")(x)
    x = layers.Reshape((classes,), name="flat")(x)
    return tf_keras.Model(inputs, layers.Softmax(name="scores")(x), name="cnn")


def _convolutions(x: Any, filters: Sequence[int], kernels: Sequence[tuple[int, int]]) -> Any:
    import tf_keras

    layers = tf_keras.layers
    for i, (count, kernel) in enumerate(zip(filters, kernels, strict=True), start=1):
        time, width = int(x.shape[1]), int(x.shape[2])
        # Three halvings at most, and short axes keep their length, so that there is something left to look at.
        strides = (2 if i < 4 and time >= 12 else 1, 2 if i < 4 and width >= 3 else 1)
        # What lies beyond twice an axis less one would only ever see padding.
        fitting = (min(kernel[0], 2 * time - 1), min(kernel[1], 2 * width - 1))
        name = f"conv{i}"
        x = layers.Conv2D(count, fitting, strides, "same", use_bias=False, name=name)(x)
        x = layers.BatchNormalization(name=f"{name}_norm", momentum=0.9)(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
    return x
