"""Whether a stage's class has the methods of its kind, looked at where plugin code may be imported; calls none."""

from __future__ import annotations

import inspect
import sys
from typing import Any, get_args

from motestudio.domain.pipeline import StageKind
from motestudio.sdk.stages import PROTOCOLS

_HEAVY = ("tensorflow", "tf_keras", "keras", "torch", "jax", "sklearn", "ai_edge_litert", "scipy.signal")
"""Libraries that a stage may import inside its functions, not at the top: the window asks stages for shapes."""


def check_protocol(stage: Any, kind: str) -> dict[str, Any]:
    """Compare a stage with the Protocol of its kind.

    Returns:
        ``problems``: sentences, none where all is well; ``heavy``: libraries that the import loaded.
    """
    protocol = next(PROTOCOLS[one] for one in get_args(StageKind) if one == kind)
    wanted = {
        name: function
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    problems = [p for name, function in wanted.items() if (p := _problem(stage, name, function))]
    return {"problems": problems, "heavy": [name for name in _HEAVY if name in sys.modules]}


def _problem(stage: Any, name: str, protocol: Any) -> str:
    method = getattr(stage, name, None)
    names = [p.name for p in list(inspect.signature(protocol).parameters.values())[1:]]
    shown = f"{name}({', '.join(names)})"
    if method is None:
        return f"{type(stage).__name__} has no method {shown}"
    if not callable(method):
        return f"{type(stage).__name__}.{name} is not a method"
    if inspect.iscoroutinefunction(method):
        return f"{type(stage).__name__}.{name} is a coroutine; the worker calls it as a plain function"
    try:
        signature = inspect.signature(method)
        signature.bind(*names)
    except (TypeError, ValueError) as error:
        return f"{type(stage).__name__}.{name} cannot be called as {shown}: {error}"
    own = [p.name for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    if sorted(own) == sorted(names) and own != names:
        return f"{type(stage).__name__}.{name} has its parameters in another order than {shown}"
    return ""
