"""Which TensorFlow converted a model: its converter writes that into the model's metadata."""

from __future__ import annotations

from motestudio.analysis.flatbuffer import BrokenBufferError, Table

_ENTRY = "CONVERSION_METADATA"
_MAX_ENTRIES, _MAX_BUFFERS = 256, 20_000


def converter_version(data: bytes) -> str:
    """Version of TensorFlow, such as ``2.21.0``.

    Args:
        data: bytes of a .tflite file, untrusted.

    Returns:
        The version; empty where the file does not say, or is damaged.
    """
    try:
        model = Table.root(data)
        numbers = [e.scalar(1, "<I") for e in model.tables(6, _MAX_ENTRIES) if e.text(0) == _ENTRY]
        if not numbers:
            return ""
        buffers = list(model.tables(4, _MAX_BUFFERS))
        if numbers[0] >= len(buffers):
            return ""
        environment = Table.root(buffers[numbers[0]].array(0, "<u1").tobytes()).table(0)
        return environment.text(0, 32) if environment else ""
    except BrokenBufferError:
        return ""
