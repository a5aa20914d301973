"""What the worker's adapters share: the run of a stage, and how much of its data they hold at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from motestudio.domain.params import Value
from motestudio.errors import PluginError
from motestudio.worker.context import WorkerContext

BATCH_VALUES = 1 << 20
"""Raw values of one batch of windows: a few megabytes, and a batch takes well under a second."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """What an adapter needs besides the stage.

    Attributes:
        ctx: of the job.
        stage: full id.
        implementation: number.
        params: complete.
        inputs: folder by name.
    """

    ctx: WorkerContext
    stage: str
    implementation: int
    params: Mapping[str, Value]
    inputs: Mapping[str, Path]

    @property
    def generator(self) -> str:
        """Who made a proposal, as labels say it."""
        return f"{self.stage} {self.implementation}"

    def input(self, name: str) -> Path:
        """The folder of an input.

        Raises:
            PluginError: the job has none of that name.
        """
        try:
            return self.inputs[name]
        except KeyError:
            text = f"{self.stage} needs the input {name}, which the job does not have."
            raise PluginError("stage.input", text, "Report it.") from None
