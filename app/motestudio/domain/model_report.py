"""What a model costs: tensors, operators, the arena over time, and the verdict against a board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor of a .tflite file.

    Attributes:
        index: in the subgraph.
        name: as the converter wrote it.
        shape: with the batch dimension.
        dtype: ``int8``, ``int16``, ``int32``, ``float32`` ...
        nbytes: of the whole tensor.
        constant: True for weights.
        scale: of a per-tensor quantisation, 0 where there is none.
        zero_point: likewise.
        variable: True for state that outlives an inference; it has no place in the arena's planned part.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    constant: bool
    scale: float = 0.0
    zero_point: int = 0
    variable: bool = False


@dataclass(frozen=True, slots=True)
class OpInfo:
    """An operator of a .tflite file.

    Attributes:
        index: in execution order.
        kernel: ``CONV_2D``, ``FULLY_CONNECTED`` ...
        title: for people: ``Conv 3×3, 16``.
        inputs: tensor indices, -1 for an absent optional one.
        outputs: tensor indices.
        macs: multiply-accumulates.
        weight_bytes: of its constant inputs.
    """

    index: int
    kernel: str
    title: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    macs: int
    weight_bytes: int


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """The first subgraph of a .tflite file.

    Attributes:
        inputs: tensor indices.
        outputs: tensor indices.
        file_bytes: of the whole file.
        version: schema version.
        subgraphs: how many there are.
        offline_offsets: an offline memory plan, one offset a tensor, -1 for the planner to choose; empty without.
    """

    tensors: tuple[TensorInfo, ...]
    ops: tuple[OpInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    file_bytes: int
    version: int
    subgraphs: int = 1
    offline_offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """A tensor's (or scratch buffer's) place in the arena's head.

    Attributes:
        tensor: tensor index, -1 for scratch.
        name: for people.
        first_op: first operator during which it is alive.
        last_op: last one, inclusive.
        offset: bytes from the arena's start.
        nbytes: rounded up to the planner's alignment.
    """

    tensor: int
    name: str
    first_op: int
    last_op: int
    offset: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The arena's planned part.

    Attributes:
        placements: every tensor that lives in the arena.
        head_bytes: highest end of a placement.
        alive: bytes alive at each operator.
        peak_op: operator with the most bytes alive.
        lower_bound: the largest of `alive`: no plan can be smaller.
    """

    placements: tuple[Placement, ...]
    head_bytes: int
    alive: tuple[int, ...]
    peak_op: int
    lower_bound: int


@dataclass(frozen=True, slots=True)
class ArenaUse:
    """The arena as TFLM itself accounts for it.

    Attributes:
        total: head plus tail.
        head: planned tensors and scratch.
        tail: persistent: operator state, quantisation, tensor table.
        items: (what, bytes) itemised by the allocator.
        measured_on: ``tflite-micro x86-64`` or ``plan``: a 64-bit host overstates the tail of a 32-bit board.
        needed: smallest arena that works: while kernels prepare, TFLM takes more than it accounts for; 0 where unknown.
    """

    total: int
    head: int
    tail: int
    items: tuple[tuple[str, int], ...] = ()
    measured_on: str = ""
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """A named figure against its limit.

    Attributes:
        used: best estimate or measurement.
        limit: 0 where there is none.
        plus_minus: uncertainty of an estimate, 0 for what is exact.
        parts: (what, amount), adding up to `used`.
        measured: False where it is an estimate.
    """

    name: Literal["ram", "flash", "latency", "energy"]
    unit: str
    used: float
    limit: float
    plus_minus: float = 0.0
    parts: tuple[tuple[str, float], ...] = ()
    measured: bool = False

    @property
    def fits(self) -> bool:
        """Whether the best estimate is within the limit."""
        return not self.limit or self.used <= self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model fits a board, and by what figures."""

    board_id: str
    board_name: str
    budgets: tuple[Budget, ...]

    @property
    def fits(self) -> bool:
        """All budgets hold."""
        return all(b.fits for b in self.budgets)

    def budget(self, name: str) -> Budget:
        """The budget with this name."""
        return next(b for b in self.budgets if b.name == name)


@dataclass(frozen=True, slots=True)
class ModelReport:
    """All that the Analyse page shows of one deployable model."""

    graph: ModelGraph
    plan: MemoryPlan
    arena: ArenaUse
    verdict: Verdict
    advice: str = ""
