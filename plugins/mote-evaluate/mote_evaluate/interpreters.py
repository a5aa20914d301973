"""The two interpreters: the reference kernels of LiteRT, and TFLM itself where its package is installed.

LiteRT's optimised kernels round otherwise than TFLM in rare cases (seen: by one step, in 4 of 519 windows of speech).
Its reference kernels agreed on all of them for convolutions, average pools and softmax, though not for a dense layer.

TFLM can end the process on a bad model or a small arena: the studio runs this stage in a process of its own.
"""

from __future__ import annotations

import faulthandler
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
ARENA_STEP = 128
"""How close the smallest arena that works is searched for, in bytes."""
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
        Outputs, shape (windows, classes), and the arena: ``total``, ``head``, ``tail`` and ``items`` in bytes as TFLM
        accounts for them, and ``needed``: the smallest that works.

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
    arena = parse_allocations(text)
    return out, arena | {"needed": smallest_arena(model, arena["total"])}


def smallest_arena(model: bytes, total: int) -> int:
    """The smallest arena in which TFLM sets the model up and runs it, within `ARENA_STEP` bytes.

    While kernels prepare, TFLM copies the quantisation of a node's tensors into the arena: four bytes per channel and
    tensor, which its own account leaves out. In an arena that is too small it may end its process, so every try is
    a process of its own.

    Args:
        model: the ``.tflite`` bytes.
        total: as TFLM accounts for it.
    """
    fails, works = total - ARENA_STEP, total
    while not _works_in(model, works) and works < ARENA_LIMIT:
        fails, works = works, works + max(ARENA_STEP, works // 4)
    while works - fails > ARENA_STEP:
        middle = (works + fails) // 2
        works, fails = (middle, fails) if _works_in(model, middle) else (works, middle)
    return works


def _works_in(model: bytes, size: int) -> bool:
    return _try(model, size) == 0


def _try(model: bytes, size: int) -> int:
    """Wait status of a process that sets the model up in an arena of this size and runs it."""
    import resource

    from tflite_micro.python.tflite_micro import runtime

    # The package exists for Linux only, so there is fork: a process in no time, with everything loaded.
    child = os.fork()
    if child == 0:
        try:
            # It may die: without a word, and without a file of its memory.
            faulthandler.disable()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            runtime.Interpreter.from_bytes(model, arena_size=size).invoke()
        except BaseException:  # noqa: BLE001 - whatever it is, it does not work
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _with_enough_arena(runtime: Any, model: bytes) -> tuple[Any, str]:
    size = FIRST_ARENA
    while os.WIFSIGNALED(_try(model, size)) and size < ARENA_LIMIT:
        size *= 2
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
