"""The checks as data: what each proves, in the order they are made; and which errors are a stage's own fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from motestudio.domain.pipeline import StageKind


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        id: stable, for scripts.
        title: for people.
        proves: what is known where it passed; the reference shows it.
        kinds: that it is made for; all where empty.
    """

    id: str
    title: str
    proves: str
    kinds: tuple[StageKind, ...] = ()


_FEATURE: tuple[StageKind, ...] = ("feature",)

CHECKS: tuple[Check, ...] = (
    Check("manifest", "manifest", "plugin.toml can be read to its last key, and every number has bounds."),
    Check(
        "protocol",
        "imports and signatures",
        "The entry class, and that of every older implementation, imports without a training library and has the "
        "methods of its kind.",
    ),
    Check(
        "params",
        "parameters",
        "At the smallest, largest and default value of every parameter, every choice and random combinations, the "
        "stage works or says with text and hint why it does not.",
    ),
    Check(
        "signals",
        "announced shape",
        "What infer_output announces is what transform gives, for every signal that the stage takes.",
        _FEATURE,
    ),
    Check(
        "edges",
        "edge inputs",
        "Silence, full scale, constants, a pulse, saturated noise, one window and none give finite values of the "
        "right type.",
        ("feature", "augment"),
    ),
    Check("alone", "windows by themselves", "A window's features do not depend on the windows beside it.", _FEATURE),
    Check(
        "deterministic",
        "same seed, same bytes",
        "Two runs in two processes with one seed give the same files.",
    ),
    Check("cancel", "cancel", "A run that is cancelled ends by itself within a second."),
    Check("compiles", "C compiles", "The C twin compiles with -Wall -Wextra -Werror -Wconversion.", _FEATURE),
    Check("symbols", "no heap, no libm", "The C twin calls nothing but what copies and fills memory.", _FEATURE),
    Check("ram", "static RAM", "The C twin has no more static memory than ram_bytes announces.", _FEATURE),
    Check(
        "parity",
        "desk and board agree",
        "Python and C give the same features: within 1e-4 in float for noise and recordings, within one step after "
        "quantisation to 8 bits for every window.",
        _FEATURE,
    ),
    Check(
        "streaming",
        "stream and windows agree",
        "A streaming twin that gets samples in odd pieces gives what it gives for whole windows.",
        _FEATURE,
    ),
    Check(
        "sanitised",
        "no undefined behaviour",
        "The C twin runs clean under the address and undefined-behaviour checkers.",
        _FEATURE,
    ),
    Check(
        "golden",
        "golden vectors",
        "The features are those kept in tests/golden, also of older implementations.",
        _FEATURE,
    ),
    Check("segments", "segments", "Segments lie inside the recording, in order, and touch nothing.", ("segmenter",)),
    Check(
        "examples",
        "example files",
        "The files that the plugin brings in tests/data give samples.",
        ("importer", "decoder"),
    ),
    Check("garbage", "bad bytes", "Files of garbage, cut short or empty, end no import.", ("importer", "decoder")),
    Check(
        "chunks",
        "pieces",
        "A decoder gives the same samples, times and counts however the bytes are cut, and none before its groups.",
        ("decoder",),
    ),
    Check("guess", "detection", "A decoder knows its own examples, and takes no noise for its own.", ("decoder",)),
    Check("files", "files", "What is written lies in the work folder, and nothing is written twice.", ("exporter",)),
    Check("laid", "files", "Files stay inside the target folder and have plain names.", ("target",)),
    Check("memory", "memory", "The most memory of all runs stays under the kind's bound."),
    Check(
        "writes",
        "no writes elsewhere",
        "Nothing was written outside of the work folder: the plugin's folder and all inputs are as they were.",
    ),
)

FAULTS = frozenset(
    {
        *("feature.shape", "feature.type", "feature.finite", "feature.constant", "window.info", "model.info"),
        *("augment.answer", "augment.windows", "augment.targets", "decoder.answer", "import.clip", "disk.full"),
    }
)
"""Codes by which the worker says that a stage is not what it must be; `stage.*` and `job.*` are such too."""

_MB = 1 << 20
MEMORY: Mapping[StageKind, int] = {
    "decoder": 512 * _MB,
    "importer": 768 * _MB,
    "exporter": 768 * _MB,
    "segmenter": 512 * _MB,
    "window": 768 * _MB,
    "augment": 768 * _MB,
    "feature": 768 * _MB,
    "model": 4096 * _MB,
    "compress": 4096 * _MB,
    "convert": 4096 * _MB,
    "evaluate": 2048 * _MB,
    "target": 512 * _MB,
}
"""Most memory of one run on the kit's small inputs, by kind."""

TIME_LIMIT: Mapping[StageKind, float] = {"model": 12.0, "compress": 30.0, "convert": 30.0, "evaluate": 20.0}
"""Seconds after which a run with one combination of parameters is stopped and counted as working."""
USUAL_LIMIT = 10.0
DEAF = frozenset({"convert"})
"""Kinds whose work is one long call into a library: a cancel ends their process, within the second all the same."""


def check(name: str) -> Check:
    """A check by its id."""
    return next(c for c in CHECKS if c.id == name)


def is_fault(code: str) -> bool:
    """Whether an error's code says that the stage is broken, rather than that it refused something."""
    return code in FAULTS or code.startswith(("stage.", "job."))
