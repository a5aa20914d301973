"""The networks in tf_keras. Every convolution but the last has no activation of its own and is followed by batch norm
and ReLU, which is what quantisation-aware training needs and what the converter folds into one operator.

A convolution over time alone is a 2-D one with a width of one, since microcontroller kernels are 2-D. The head is an
average pool and a 1x1 convolution: with MEAN and FULLY_CONNECTED there, desk and microcontroller differed by a step in
a few windows of a thousand; with these two, in none. For the same reason a dense layer is a 1x1 convolution too.
"""

from __future__ import annotations

import os
from typing import Any

from .plan import Plan


def keras(seed: int) -> Any:
    """tf_keras, repeatable from this seed on."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import tf_keras

    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return tf_keras


def build(plan: Plan, dropout: float) -> Any:
    """An untrained tf_keras model that ends in a softmax."""
    import tf_keras

    layers = tf_keras.layers
    inputs = x = tf_keras.Input(plan.shape, name="features")
    if plan.normalise:
        # One weight a channel: 8-bit weights of one tensor could not hold scales that lie far apart.
        x = layers.DepthwiseConv2D((1, 1), name="normalise", trainable=False)(x)
    for conv in plan.convs:
        x = layers.Conv2D(conv.filters, conv.kernel, conv.strides, "same", use_bias=False, name=conv.name)(x)
        x = layers.BatchNormalization(name=f"{conv.name}_norm", momentum=0.9)(x)
        x = layers.ReLU(name=f"{conv.name}_relu")(x)
    if plan.pools:
        x = layers.AveragePooling2D((x.shape[1], x.shape[2]), name="average")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(plan.classes, (1, 1), name="classes")(x)
    x = layers.Reshape((plan.classes,), name="flat")(x)
    return tf_keras.Model(inputs, layers.Softmax(name="scores")(x), name=plan.name)


def trained_parameters(model: Any) -> int:
    """Numbers that training changes."""
    return sum(int(v.shape.num_elements()) for v in model.trainable_variables)
