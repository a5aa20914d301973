"""What a model folder holds besides the network: which weights stay zero, which ranges were trained, what was done.

The network itself, ``model.keras``, is always a plain one: whatever training wraps around it is taken off again, so
that every stage and every other program loads it without knowing of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from motestudio.sdk.data import read_json, write_json


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The facts of a model folder.

    Attributes:
        framework: that wrote ``model.keras``.
        ranges: lowest and highest value of a layer's output, by its name, as quantisation-aware training found them
            (of the input, by the input layer's; of what a layer gives to its own softmax or the like, by its name
            and `BEFORE`); empty where the model was not trained so.
        masks: by layer name, bool in the shape of its kernel: False where a weight was pruned and must stay zero.
        steps: the compress stages that the model went through, in order, each with its figures.
    """

    FILE: ClassVar[str] = "model.keras"
    BEFORE: ClassVar[str] = "/before"

    framework: str = "tf_keras"
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    masks: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    steps: tuple[Mapping[str, Any], ...] = ()

    @property
    def quantisation_aware(self) -> bool:
        """Whether the model was trained with the rounding of 8-bit integers in view."""
        return bool(self.ranges)

    @property
    def sparsity(self) -> float:
        """Part of the masked layers' weights that is pruned, 0 where nothing is."""
        total = sum(m.size for m in self.masks.values())
        return 1.0 - sum(int(m.sum()) for m in self.masks.values()) / total if total else 0.0

    def after(self, step: Mapping[str, Any], **changed: Any) -> TrainedModel:
        """The facts after one more compress stage.

        Args:
            step: ``stage`` and what it says of itself; JSON values.
            changed: new `ranges` or `masks`.
        """
        return replace(self, steps=(*self.steps, dict(step)), **changed)

    def save(self, folder: Path) -> None:
        """Write ``model.json``, and ``masks.npz`` where there are any."""
        body = {
            "framework": self.framework,
            "quantisation_aware": self.quantisation_aware,
            "ranges": {name: [float(low), float(high)] for name, (low, high) in self.ranges.items()},
            "sparsity": self.sparsity,
            "steps": [dict(s) for s in self.steps],
        }
        write_json(folder / "model.json", body)
        if self.masks:
            np.savez_compressed(folder / "masks.npz", **self.masks)  # type: ignore[arg-type]  # numpy's keyword first

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Read what `save` wrote; a folder with nothing but ``model.keras`` gives a plain model's facts.

        Raises:
            PluginError: ``artifact.unreadable``.
        """
        if not (folder / "model.json").is_file():
            return cls()
        body = read_json(folder / "model.json")
        masks: dict[str, npt.NDArray[np.bool_]] = {}
        if (folder / "masks.npz").is_file():
            with np.load(folder / "masks.npz", allow_pickle=False) as file:
                masks = {name: file[name] for name in file.files}
        ranges = {str(name): (float(low), float(high)) for name, (low, high) in body.get("ranges", {}).items()}
        return cls(str(body.get("framework", "tf_keras")), ranges, masks, tuple(body.get("steps", ())))
