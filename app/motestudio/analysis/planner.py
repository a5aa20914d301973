"""The arena's planned part as TFLM plans it: greedy by size, over lifetimes counted in operators.

The algorithm is that of TFLM's GreedyMemoryPlanner with its AllocationInfoBuilder: buffers in order of falling size (in
the reverse order of appearance where sizes are equal), each at the first gap among those that live at the same time;
16-byte alignment; tensors with an offline offset come first and stay where they are. Only the first subgraph is
planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motestudio.analysis.scratch import Scratch
from motestudio.domain.model_report import MemoryPlan, ModelGraph, Placement

ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Buffer:
    """Something to place.

    Attributes:
        tensor: tensor index, -1 for scratch.
        name: for people.
        nbytes: aligned.
        first: first operator during which it is alive; -1 for before the first operator.
        last: last one, inclusive.
        offset: fixed by an offline plan, or -1.
    """

    tensor: int
    name: str
    nbytes: int
    first: int
    last: int
    offset: int = -1


def plan(graph: ModelGraph, scratch: Sequence[Scratch] = ()) -> MemoryPlan:
    """Plan a graph.

    Args:
        graph: as read.
        scratch: the kernels' scratch buffers (`reference_scratch` for the reference kernels).

    Returns:
        Placements in the order of tensors, then scratch. A model input that no operator reads is alive only before
        the first operator (-1).
    """
    buffers = buffers_of(graph, scratch)
    offsets = place(buffers)
    placements = tuple(
        Placement(b.tensor, b.name, b.first, b.last, offset, b.nbytes)
        for b, offset in zip(buffers, offsets, strict=True)
    )
    alive = _alive(buffers, len(graph.ops))
    peak = max(range(len(alive)), key=alive.__getitem__, default=0)
    head = max((p.offset + p.nbytes for p in placements), default=0)
    return MemoryPlan(placements, head, alive, peak, max(alive, default=0))


def buffers_of(graph: ModelGraph, scratch: Sequence[Scratch] = ()) -> list[Buffer]:
    """What has to be placed, with lifetimes: tensors that are neither constant nor variable nor empty, and scratch."""
    first: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    last: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    for op in graph.ops:
        for tensor in op.outputs:
            first.setdefault(tensor, op.index)
        for tensor in (*op.inputs, *op.outputs):
            last[tensor] = op.index
    end = len(graph.ops) - 1
    for tensor in graph.outputs:
        first.setdefault(tensor, end)
        last[tensor] = end
    offline = graph.offline_offsets or (-1,) * len(graph.tensors)
    buffers = []
    for info, offset in zip(graph.tensors, offline, strict=True):
        planned = not info.constant and (not info.variable or offset >= 0) and info.nbytes > 0
        if planned and info.index in last:
            begin = first.get(info.index, -1)
            # A model input that is read is there while the first operator runs; before it, nothing else is.
            begin = max(begin, 0) if last[info.index] >= 0 else begin
            buffers.append(Buffer(info.index, info.name, _aligned(info.nbytes), begin, last[info.index], offset))
    return buffers + [Buffer(-1, f"scratch of op {s.op}", _aligned(s.nbytes), s.op, s.op) for s in scratch]


def place(buffers: Sequence[Buffer]) -> list[int]:
    """Offsets by TFLM's greedy algorithm, in the order of `buffers`."""
    fixed = [i for i, b in enumerate(buffers) if b.offset >= 0]
    free = [i for i, b in enumerate(buffers) if b.offset < 0]
    offsets = [0] * len(buffers)
    placed: list[int] = []
    # TFLM fills its list from the back and then sorts stably: among equal sizes, the later one comes first.
    for i in fixed + sorted(free, key=lambda i: (-buffers[i].nbytes, -i)):
        wanted = buffers[i]
        offset = wanted.offset
        if offset < 0:
            offset = 0
            for other in placed:
                held = buffers[other]
                if held.first > wanted.last or wanted.first > held.last:
                    continue
                if offsets[other] - offset >= wanted.nbytes:
                    break
                offset = max(offset, offsets[other] + held.nbytes)
        offsets[i] = offset
        # Kept in order of offsets; an equal offset goes behind those that are there.
        at = len(placed)
        while at and offsets[placed[at - 1]] > offset:
            at -= 1
        placed.insert(at, i)
    return offsets


def _alive(buffers: Sequence[Buffer], ops: int) -> tuple[int, ...]:
    """Bytes alive at each operator."""
    change = [0] * (ops + 1)
    for buffer in buffers:
        if buffer.last >= 0:
            change[max(buffer.first, 0)] += buffer.nbytes
            change[buffer.last + 1] -= buffer.nbytes
    alive, now = [], 0
    for delta in change[:ops]:
        now += delta
        alive.append(now)
    return tuple(alive)


def _aligned(nbytes: int) -> int:
    return (nbytes + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
