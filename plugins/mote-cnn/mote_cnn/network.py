"""The networks. Every convolution has no activation of its own and is followed by batch norm and ReLU, which is
what quantisation-aware training needs and what the converter folds into one operator.

A convolution over time alone is a 2-D one with a width of one, since microcontroller kernels are 2-D.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from motestudio.sdk import PluginError

TIME_FILTERS = {"small": (8, 16, 16), "medium": (16, 24, 32), "large": (24, 32, 48)}
BAND_FILTERS = {"small": (16, 24, 32, 32), "medium": (24, 40, 56, 64), "large": (32, 64, 80, 96)}


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
    x = _over_bands(inputs, BAND_FILTERS[size]) if axes[1] == "band" else _over_time(inputs, TIME_FILTERS[size])
    x = layers.GlobalAveragePooling2D(name="average")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(classes, name="dense")(x)
    return tf_keras.Model(inputs, layers.Softmax(name="scores")(x), name="cnn")


def _normed(x: Any, name: str) -> Any:
    import tf_keras

    x = tf_keras.layers.BatchNormalization(name=f"{name}_norm", momentum=0.9)(x)
    return tf_keras.layers.ReLU(name=f"{name}_relu")(x)


def _over_time(x: Any, filters: Sequence[int]) -> Any:
    import tf_keras

    for i, (n, kernel) in enumerate(zip(filters, (7, 5, 3), strict=True), start=1):
        # Short windows keep their length, so that there is something left to look at.
        length, stride = min(kernel, x.shape[1]), 2 if x.shape[1] >= 16 else 1
        name = f"conv{i}"
        x = tf_keras.layers.Conv2D(n, (length, 1), (stride, 1), "same", use_bias=False, name=name)(x)
        x = _normed(x, name)
    return x


def _over_bands(x: Any, filters: Sequence[int]) -> Any:
    import tf_keras

    layers = tf_keras.layers
    stride = 2 if min(x.shape[1], x.shape[2]) >= 16 else 1
    x = layers.Conv2D(filters[0], (5, 5), (stride, stride), "same", use_bias=False, name="conv1")(x)
    x = _normed(x, "conv1")
    for i, n in enumerate(filters[1:], start=2):
        stride = 2 if i < 4 and min(x.shape[1], x.shape[2]) >= 8 else 1
        name = f"depthwise{i}"
        x = layers.DepthwiseConv2D((3, 3), (stride, stride), "same", use_bias=False, name=name)(x)
        x = _normed(x, name)
        x = layers.Conv2D(n, (1, 1), use_bias=False, name=f"conv{i}")(x)
        x = _normed(x, f"conv{i}")
    return x
