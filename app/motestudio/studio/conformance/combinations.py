"""Which parameters a stage is tried with: each at its bounds, every choice, and some at random."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from motestudio.domain.params import Param, Value, complete

_TEXTS = ("", "x", "Ångström ½ 'quoted', a:b/c\\d", "z" * 300)


@dataclass(frozen=True, slots=True)
class Combination:
    """One set of parameters.

    Attributes:
        name: what is special about it.
        params: complete.
    """

    name: str
    params: dict[str, Value]


def combinations(
    table: Sequence[Param], base: Mapping[str, Value] | None = None, *, seed: int = 1, random: int = 12
) -> list[Combination]:
    """Default, every bound and choice alone, and random ones; none twice.

    Args:
        table: the stage's parameters.
        base: values that stand where nothing else is tried; the defaults where None.
        seed: of the random ones.
        random: how many of them.
    """
    rng = np.random.default_rng(seed)
    usual = dict(base or {})
    made = [Combination("defaults", complete(table, usual))]
    for param in table:
        shown = {param.shown_if.key: param.shown_if.equals} if param.shown_if else {}
        for value in _values(param):
            made.append(
                Combination(f"{param.key} = {_short(value)}", complete(table, {**usual, **shown, param.key: value}))
            )
    for number in range(random if table else 0):
        drawn = usual | {p.key: v for p in table if p.key not in usual for v in _drawn(p, rng)}
        made.append(Combination(f"random {number + 1}", complete(table, drawn)))
    unique: dict[str, Combination] = {}
    for one in made:
        unique.setdefault(repr(sorted(one.params.items())), one)
    return list(unique.values())


def _values(param: Param) -> Iterator[Value]:
    if param.type == "bool":
        yield not param.default
    elif param.type == "choice":
        yield from (c for c in param.choices if c != param.default)
    elif param.type == "text":
        yield from (t for t in _TEXTS if t != param.default)
    elif param.type == "run":
        yield ""
    elif param.type in ("int", "float"):
        yield from (_number(param, bound) for bound in (param.minimum, param.maximum) if bound is not None)


def _drawn(param: Param, rng: np.random.Generator) -> Iterator[Value]:
    if param.type == "bool":
        yield bool(rng.integers(2))
    elif param.type == "choice":
        yield param.choices[int(rng.integers(len(param.choices)))]
    elif param.type in ("int", "float") and param.minimum is not None and param.maximum is not None:
        yield _number(param, _between(param.minimum, param.maximum, rng))


def _between(low: float, high: float, rng: np.random.Generator) -> float:
    """Evenly, or by its logarithm where the range spans decades."""
    if low >= 0 and high > 1000 * max(low, 1e-9):
        least = max(low, high * 1e-6)
        return float(np.clip(math.exp(rng.uniform(math.log(least), math.log(high))), low, high))
    return float(rng.uniform(low, high))


def _number(param: Param, value: float) -> Value:
    if param.type == "float":
        return float(value)
    low = -math.inf if param.minimum is None else math.ceil(param.minimum)
    high = math.inf if param.maximum is None else math.floor(param.maximum)
    return int(min(max(round(value), low), high))


def _short(value: Value) -> str:
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 24 else text[:21] + "..."
