"""The two interpreters: the reference kernels of LiteRT, and TFLM itself where its package is installed.

LiteRT's optimised kernels round otherwise than TFLM in rare cases (seen: by one step, in 4 of 519 windows of speech).
Its reference kernels agreed on all of them for convolutions, average pools and softmax, though not for a dense layer.

TFLM can end the process on a bad model or a small arena: the studio runs this stage in a process of its own.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[Any]
"""int8 or int16, as the model has it."""

ARENA_LIMIT = 16 * 1024 * 1024
FIRST_ARENA = 64 * 1024
_LINE = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")
_ITEM = re.compile(r"'([^']+)' used (\d+) bytes")


def reference(model: bytes, codes: Codes, tick: Callable[[int], None]) -> Codes:
    """Outputs of the reference kernels, none of them optimised and none delegated.

    Args:
        model: the ``.tflite``.
        codes: features in the type of the model's input, shape (windows, ...).
        tick: called with the number of windows done.

    Returns:
        In the type of the model's output, shape (windows, classes).
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    out = np.empty((len(codes), int(np.prod(target["shape"]))), dtype=target["dtype"])
    for i, row in enumerate(codes):
        tick(i)
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        out[i] = interpreter.get_tensor(target["index"]).reshape(-1)
    return out


def why_no_tflm() -> str:
    """Empty where TFLM's package is installed, else the reason."""
    if importlib.util.find_spec("tflite_micro") is not None:
        return ""
    return "The package tflite-micro is not installed on this computer: the arena is not measured."


def tflm(model: bytes, codes: Codes, tick: Callable[[int], None]) -> tuple[Codes, dict[str, Any]]:
    """Outputs and arena of TFLM.

    Returns:
        Outputs, shape (windows, classes), and the arena: ``total``, ``head``, ``tail`` and ``items`` in bytes.

    Raises:
        RuntimeError: an operator has no kernel, or no arena up to `ARENA_LIMIT` is enough.
    """
    from tflite_micro.python.tflite_micro import runtime

    interpreter, text = _with_enough_arena(runtime, model)
    shape, target = interpreter.get_input_details(0)["shape"], interpreter.get_output_details(0)
    out = np.empty((len(codes), int(np.prod(target["shape"]))), dtype=target["dtype"])
    for i, row in enumerate(codes):
        tick(i)
        interpreter.set_input(row.reshape(shape), 0)
        interpreter.invoke()
        out[i] = interpreter.get_output(0).reshape(-1)
    return out, parse_allocations(text)


def _with_enough_arena(runtime: Any, model: bytes) -> tuple[Any, str]:
    size = FIRST_ARENA
    while True:
        with _StderrText() as caught:
            try:
                interpreter = runtime.Interpreter.from_bytes(model, arena_size=size)
                interpreter.print_allocations()
            except RuntimeError as error:
                problem: RuntimeError | None = error
            else:
                problem = None
        if problem is None:
            return interpreter, caught.text
        if size >= ARENA_LIMIT or "Didn't find op" in caught.text:
            raise RuntimeError(f"{problem}: {caught.text.strip()[-400:]}")
        size *= 2


def parse_allocations(text: str) -> dict[str, Any]:
    """Read what ``print_allocations`` wrote.

    Raises:
        RuntimeError: it holds no arena figures.
    """
    totals = {name: int(count) for name, count in _LINE.findall(text)}
    if set(totals) != {"total", "head", "tail"}:
        raise RuntimeError(f"the interpreter did not say its arena: {text.strip()[-400:]}")
    return {**totals, "items": [[name, int(count)] for name, count in _ITEM.findall(text)]}


class _StderrText:
    """Catches what native code writes to file descriptor 2."""

    def __enter__(self) -> _StderrText:
        self.text = ""
        sys.stderr.flush()
        self._kept = os.dup(2)
        self._file = tempfile.TemporaryFile()
        os.dup2(self._file.fileno(), 2)
        return self

    def __exit__(self, *_: object) -> None:
        os.dup2(self._kept, 2)
        os.close(self._kept)
        self._file.seek(0)
        self.text = self._file.read().decode("utf-8", errors="replace")
        self._file.close()
