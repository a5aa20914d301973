"""Wraps a plain network in TFMOT's fake quantisation and takes weights and ranges out of the wrappers again.

Convolution, batch norm and ReLU are rounded as the one operator that the converter makes of them. Pools are not
rounded by themselves: the boards' kernels give their input's scale to their output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from motestudio.sdk import PluginError, TrainedModel

from .cost import kernel_of
from .data import Floats

Ranges = Mapping[str, tuple[float, float]]
_SAME_SCALE = {"AveragePooling2D", "AveragePooling1D", "MaxPooling2D", "MaxPooling1D"}
_ROUNDED_BEFORE = {"softmax", "sigmoid", "tanh", "gelu"}
"""Activations of convolutions and dense layers whose input TFMOT rounds."""
PREFIX = "quant_"


def calibrated(network: Any, values: Floats, batch: int = 128) -> dict[str, tuple[float, float]]:
    """Lowest and highest output of every layer over some windows, by name as `sdk.TrainedModel.ranges` has them.

    TFMOT's own start is -6 to 6, from which its slow averages would not come away in a few epochs.
    """
    found: dict[str, tuple[float, float]] = {}

    def see(name: str, tensor: Any) -> None:
        array = np.asarray(tensor)
        low, high = found.get(name, (np.inf, -np.inf))
        found[name] = min(low, float(array.min())), max(high, float(array.max()))

    for start in range(0, len(values), batch):
        _walk(network, values[start : start + batch], see)
    return found


def _walk(network: Any, values: Floats, see: Callable[[str, Any], None]) -> None:
    """Run a plain network layer by layer."""
    import tensorflow as tf

    known = {id(network.inputs[0]): tf.convert_to_tensor(values)}
    see(network.input_names[0], values)
    for layer in network.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        several = isinstance(layer.input, list)
        inputs = [known[id(t)] for t in (layer.input if several else [layer.input])]
        activation: Any = layer.activation if kernel_of(layer) is not None else None
        if getattr(activation, "__name__", "") in _ROUNDED_BEFORE:
            layer.activation = None
            before = layer(inputs[0])
            layer.activation = activation
            see(layer.name + TrainedModel.BEFORE, before)
            output = activation(before)
        else:
            output = layer(inputs if several else inputs[0])
        see(layer.name, output)
        known[id(layer.output)] = output


def wrapped(network: Any, ranges: Ranges) -> Any:
    """A copy of a plain network that rounds in training and inference, with the given ranges to begin with.

    Raises:
        PluginError: it has layers that quantisation-aware training does not know.
    """
    import tensorflow_model_optimization as tfmot  # type: ignore[import-untyped]
    import tf_keras

    tools = tfmot.quantization.keras
    output_only, nothing = _configs(tools)

    def annotate(layer: Any) -> Any:
        kind = type(layer).__name__
        if kind == "DepthwiseConv2D" and not layer.trainable:
            # Fixed scales of the inputs: TFMOT would round them with one scale, the converter has one for each.
            return tools.quantize_annotate_layer(layer, output_only())
        if kind in _SAME_SCALE:
            return tools.quantize_annotate_layer(layer, nothing())
        return layer if kind == "InputLayer" else tools.quantize_annotate_layer(layer)

    try:
        with tools.quantize_scope({c.__name__: c for c in (output_only, nothing)}):
            model = tools.quantize_apply(tf_keras.models.clone_model(network, clone_function=annotate))
    except (RuntimeError, ValueError, NotImplementedError) as error:
        text = f"The network cannot be trained for 8-bit integers: {str(error).splitlines()[0][:300]}"
        hint = "Use 2-D convolutions, batch norm, ReLU, pools and dense layers; or leave this stage out."
        raise PluginError("qat.layers", text, hint) from error
    _set_ranges(model, network, ranges)
    _copy(network, model, {v.name for v in network.weights})
    _set_scales(model)
    return model


def copy_weights(trained: Any, network: Any) -> None:
    """Give a plain network the weights of its wrapped copy."""
    _copy(trained, network, {v.name for v in network.weights})


def ranges_of(trained: Any, network: Any) -> dict[str, tuple[float, float]]:
    """Ranges that a wrapped copy found, by the plain network's layer names."""
    found: dict[str, dict[str, float]] = {}
    for layer, side, variable in _range_variables(trained, network):
        found.setdefault(layer, {})[side] = float(variable.numpy())
    return {name: (sides["min"], sides["max"]) for name, sides in found.items()}


def _copy(source: Any, target: Any, names: set[str]) -> None:
    values = {v.name: v for v in source.weights}
    for variable in target.weights:
        if variable.name in names:
            variable.assign(values[variable.name])


def _set_ranges(model: Any, network: Any, ranges: Ranges) -> None:
    for layer, side, variable in _range_variables(model, network):
        low, high = ranges.get(layer, (-6.0, 6.0))
        # Zero has to be a code of its own, and a range a range.
        low, high = min(low, 0.0), max(high, 0.0)
        variable.assign(low if side == "min" else max(high, low + 1e-6))


def _set_scales(model: Any) -> None:
    """Give weights the ranges they have: TFMOT finds them in training steps only, and rounds with -6 to 6 before."""
    for layer in model.layers:
        if type(layer).__name__ != "QuantizeWrapperV2":
            continue
        own = {v.name.split("/")[-1].split(":")[0]: v for v in layer.weights}
        for name, low in own.items():
            kernel = name.removesuffix("_min")
            if name == kernel or kernel not in own:
                continue
            values = np.abs(own[kernel].numpy())
            most = values.max(axis=tuple(range(values.ndim - 1))) if low.shape.rank else values.max()
            # All zeros have no range; any will do.
            most = np.where(most > 0, most, 1e-6).astype(np.float32)
            low.assign(-most)
            own[f"{kernel}_max"].assign(most)


def _range_variables(model: Any, network: Any) -> list[tuple[str, str, Any]]:
    """Layer of the plain network, side and variable of every range of an output."""
    rows = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in ("QuantizeLayer", "QuantizeWrapperV2"):
            continue
        name = network.input_names[0] if kind == "QuantizeLayer" else layer.name.removeprefix(PREFIX)
        for variable in layer.weights:
            last = variable.name.split("/")[-1].split(":")[0]
            if last.endswith(("_min", "_max")) and variable.shape.rank == 0 and "kernel" not in last:
                before = TrainedModel.BEFORE if last.startswith("pre_") else ""
                rows.append((name + before, last[-3:], variable))
    return rows


def _configs(tools: Any) -> tuple[Any, Any]:
    """Two kinds of TFMOT's configuration of a layer: only the output is rounded, and nothing is."""

    class NothingRounded(tools.QuantizeConfig):  # type: ignore[misc]
        """Leaves weights and output as they are."""

        def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
            return []

        def get_activations_and_quantizers(self, layer: Any) -> list[Any]:
            return []

        def set_quantize_weights(self, layer: Any, quantize_weights: Any) -> None:
            pass

        def set_quantize_activations(self, layer: Any, quantize_activations: Any) -> None:
            pass

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            return []

        def get_config(self) -> dict[str, Any]:
            return {}

    class OutputRounded(NothingRounded):
        """Leaves weights as they are."""

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            options = {"num_bits": 8, "per_axis": False, "symmetric": False, "narrow_range": False}
            return [tools.quantizers.MovingAverageQuantizer(**options)]

    return OutputRounded, NothingRounded
