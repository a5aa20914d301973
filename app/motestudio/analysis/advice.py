"""The sentence at the peak: which operator sets it, what it holds, and a change that was computed to lower it."""

from __future__ import annotations

from collections.abc import Sequence

from motestudio.analysis.scratch import Scratch
from motestudio.analysis.what_if import best_change
from motestudio.domain.model_report import MemoryPlan, ModelGraph, OpInfo
from motestudio.domain.units import format_bytes

_WORTH = 0.05
"""A change is named only where it lowers the peak by this share."""


def advice(graph: ModelGraph, plan: MemoryPlan, scratch: Sequence[Scratch] = ()) -> str:
    """One to three sentences on the peak.

    Args:
        graph: as read.
        plan: of that graph with that scratch.
        scratch: the kernels' scratch buffers.

    Returns:
        Such as "Peak 20.0 KB at op 2: PW conv 24 holds its input and output whole. Stride 2 at op 1, not op 3, makes
        it 11.0 KB." Empty for a graph without operators.
    """
    if not plan.alive:
        return ""
    op = graph.ops[plan.peak_op]
    peak = plan.alive[plan.peak_op]
    parts = [f"Peak {format_bytes(peak)} at op {op.index}: {op.title} {_holds(plan, op)}."]
    change = best_change(graph, op, scratch)
    if change is not None and change.peak <= (1 - _WORTH) * peak:
        parts.append(f"{change.text} makes it {format_bytes(change.peak)}.")
    elif share := _input_share(graph, plan):
        parts.append(f"{format_bytes(share)} of it is the model's input: a shorter window or fewer features lower it.")
    waste = plan.head_bytes - plan.lower_bound
    if waste > _WORTH * plan.head_bytes:
        parts.append(
            f"The greedy planner takes {format_bytes(plan.head_bytes)}: a better placement could save up to"
            f" {format_bytes(waste)}."
        )
    return " ".join(parts)


def _holds(plan: MemoryPlan, op: OpInfo) -> str:
    alive = [p for p in plan.placements if p.first_op <= op.index <= p.last_op]
    ins = [p for p in alive if p.tensor in op.inputs and p.tensor >= 0]
    outs = [p for p in alive if p.tensor in op.outputs and p.tensor >= 0]
    plural = "s" if len(ins) > 1 else ""
    if ins and outs:
        text = f"holds its input{plural} and output whole"
    elif ins or outs:
        text = "holds its output whole" if outs else f"holds its input{plural} whole"
    else:
        text = "works while other tensors wait"
    if scratch := sum(p.nbytes for p in alive if p.tensor < 0):
        text += f", with {format_bytes(scratch)} of scratch"
    own = {p.tensor for p in (*ins, *outs)}
    if waiting := sum(p.nbytes for p in alive if p.tensor >= 0 and p.tensor not in own):
        text += f", and {format_bytes(waiting)} is kept for later ops"
    return text


def _input_share(graph: ModelGraph, plan: MemoryPlan) -> int:
    """Bytes of model input alive at the peak, where that is most of it."""
    alive = {p.tensor: p.nbytes for p in plan.placements if p.first_op <= plan.peak_op <= p.last_op}
    share = sum(alive.get(i, 0) for i in graph.inputs)
    return share if share >= 0.4 * plan.alive[plan.peak_op] else 0
