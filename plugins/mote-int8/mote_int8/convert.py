"""From a plain tf_keras model to the bytes of a ``.tflite``.

Converts a concrete function with a batch of one: anything else drags shape arithmetic into the graph that a
microcontroller would have to run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, TrainedModel

_SAME_SCALE = {"AveragePooling2D", "MaxPooling2D", "Reshape", "Flatten", "Softmax"}


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a model's numbers become integers.

    Attributes:
        title: for people.
        activations: type of what flows between layers, ``int8`` or ``int16``.
        per_channel: whether every output channel's weights have a scale of their own.
    """

    title: str
    activations: str = "int8"
    per_channel: bool = True

    @property
    def keeps_ranges(self) -> bool:
        """Whether ranges of quantisation-aware training are those of this scheme: it is what TFMOT trains for."""
        return self.activations == "int8" and self.per_channel


SCHEMES = {
    "int8 per channel": Scheme("8 bits, a scale per channel"),
    "int8 per tensor": Scheme("8 bits, a scale per layer", per_channel=False),
    "16x8": Scheme("16-bit activations, 8-bit weights", activations="int16"),
}


def convert(
    model: Any,
    values: npt.NDArray[np.float32],
    rows: npt.NDArray[np.intp],
    scheme: Scheme,
    ranges: Mapping[str, tuple[float, float]],
) -> bytes:
    """Convert.

    Args:
        model: a plain tf_keras model.
        values: features, float32, shape (windows, ...).
        rows: windows to calibrate with, where `ranges` are not given.
        scheme: of the integers.
        ranges: lowest and highest output by layer name, from quantisation-aware training, or empty.

    Raises:
        PluginError: the converter cannot.
    """
    import tensorflow as tf

    shape = (1, *model.input_shape[1:])
    scores = rounding(model, ranges) if ranges else (lambda features: model(features, training=False))
    signature = [tf.TensorSpec(shape, tf.float32, name="features")]
    concrete = tf.function(scores, input_signature=signature, autograph=False).get_concrete_function()

    def representative() -> Iterator[list[npt.NDArray[np.float32]]]:
        for row in rows:
            yield [np.asarray(values[row], dtype=np.float32).reshape(shape)]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    integer = tf.int16 if scheme.activations == "int16" else tf.int8
    converter.inference_input_type = converter.inference_output_type = integer
    if not ranges:
        sets = tf.lite.OpsSet
        wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [wide if integer == tf.int16 else sets.TFLITE_BUILTINS_INT8]
    # The only switch that the converter has for it.
    converter._experimental_disable_per_channel = not scheme.per_channel
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter raises what it likes
        text = f"The model cannot be converted: {str(error).strip().splitlines()[-1][:400]}"
        raise PluginError("convert.failed", text, "Use layers that have integer kernels.") from error


def rounding(model: Any, ranges: Mapping[str, tuple[float, float]]) -> Any:
    """The model as a function whose layers' outputs are marked with ranges, which the converter takes over.

    Weights need no mark: their scales follow from the weights. Layers that pass their input's scale on get none.
    """
    import tensorflow as tf

    def marked(name: str, tensor: Any, kind: str = "") -> Any:
        if name not in ranges or kind in _SAME_SCALE:
            return tensor
        low, high = ranges[name]
        return tf.quantization.fake_quant_with_min_max_args(tensor, low, high, num_bits=8)

    def through(layer: Any, inputs: list[Any]) -> Any:
        if layer.name + TrainedModel.BEFORE in ranges:
            activation, layer.activation = layer.activation, None
            before = layer(inputs[0])
            layer.activation = activation
            return activation(marked(layer.name + TrainedModel.BEFORE, before))
        # A layer that behaves otherwise in training does not here: no training phase is set.
        return marked(layer.name, layer(inputs if len(inputs) > 1 else inputs[0]), type(layer).__name__)

    def scores(features: Any) -> Any:
        known = {id(model.inputs[0]): marked(model.input_names[0], features)}
        for layer in model.layers:
            if type(layer).__name__ != "InputLayer":
                inputs = layer.input if isinstance(layer.input, list) else [layer.input]
                known[id(layer.output)] = through(layer, [known[id(t)] for t in inputs])
        return known[id(model.outputs[0])]

    return scores
