"""The C side of a model's features: one use of a feature stage each, and the code that puts them side by side.

Computes text; writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motestudio.sdk.data import FeatureBlock, joined_shape


@dataclass(frozen=True, slots=True)
class FeatureCode:
    """One use of a feature stage on the board.

    Attributes:
        block: stage, parameters and shape of its values.
        constants: what its ``c_constants`` gave.
        sources: its C files and headers.
        hop_samples: 0 where its twin works on whole windows.
    """

    block: FeatureBlock
    constants: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    hop_samples: int = 0

    @property
    def count(self) -> int:
        """Values of one window."""
        return math.prod(self.block.shape)


def folder_of(number: int, code: FeatureCode) -> str:
    """Folder of a use in the generated project."""
    return f"features/{number}_{code.block.stage.rpartition('/')[2].replace('-', '_')}"


def source_files(features: Sequence[FeatureCode]) -> list[str]:
    """The C files of all uses, relative to the generated project, in order."""
    return [
        f"{folder_of(i, code)}/{path.name}"
        for i, code in enumerate(features)
        for path in code.sources
        if path.suffix == ".c"
    ]


def streaming(features: Sequence[FeatureCode], window: int, step: int) -> bool:
    """Whether the board can compute features as samples come, sharing what overlapping windows have in common."""
    return step <= window and all(code.hop_samples > 0 and step % code.hop_samples == 0 for code in features)


def step_note(features: Sequence[FeatureCode], window: int, step: int) -> str:
    """What a step costs that makes features start anew for every window though they need not; empty where none does.

    Args:
        features: of the model.
        window: in samples, like the next.
        step: between two windows.
    """
    if streaming(features, window, step) or step > window or not all(code.hop_samples for code in features):
        return ""
    hop = math.lcm(*(code.hop_samples for code in features))
    better = " or ".join(f"{n:,}" for n in (step // hop * hop, (step // hop + 1) * hop) if 0 < n <= window)
    return (
        f"A window begins every {step:,} samples, which is no multiple of the features' hop of {hop:,}: the board keeps"
        f" whole windows in RAM and computes them anew." + (f" With {better} it would not." if better else "")
    )


def layout(features: Sequence[FeatureCode]) -> list[tuple[int, int, int]]:
    """Base, width and stride of each use's values in the model's input."""
    _, axes = joined_shape([code.block for code in features])
    places, base = [], 0
    beside = all(code.block.axes == axes for code in features)
    stride = sum(code.block.shape[-1] for code in features)
    for code in features:
        if beside:
            width = code.block.shape[-1]
            places.append((base, width, stride))
            base += width
        else:
            places.append((base, 1, 1))
            base += code.count
    return places


def glue_values(features: Sequence[FeatureCode]) -> dict[str, str]:
    """Text for the places of ``mote_features.c``."""
    declared, ran, reset, pushed, emitted = [], [], [], [], []
    for i, (code, (base, width, stride)) in enumerate(zip(features, layout(features), strict=True)):
        sink = f"part(sink, {base}, {width}, {stride})"
        name = f"mote_feature_{i}"
        if code.hop_samples:
            declared += [
                f"void {name}_reset(void);",
                f"void {name}_push(const int16_t *samples, size_t count);",
                f"void {name}_emit(mote_sink *sink);",
            ]
            ran += [f"  {name}_reset();", f"  {name}_push(window, MOTE_WINDOW_SAMPLES);", f"  {name}_emit({sink});"]
        else:
            declared.append(f"void {name}_run(const int16_t *window, mote_sink *sink);")
            ran.append(f"  {name}_run(window, {sink});")
        reset.append(f"  {name}_reset();")
        pushed.append(f"  {name}_push(samples, count);")
        emitted.append(f"  {name}_emit({sink});")
    parts = {"DECLARATIONS": declared, "RUN": ran, "RESET": reset, "PUSH": pushed, "EMIT": emitted}
    return {key: "\n".join(lines) for key, lines in parts.items()}
