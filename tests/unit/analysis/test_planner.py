"""The planner: the same head bytes as TFLM on every public model, and no overlap on any graph."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.analysis.planner import Buffer, place, plan
from motestudio.analysis.scratch import Scratch, reference_scratch
from motestudio.analysis.tflite_reader import read_graph
from motestudio.domain.model_report import ModelGraph, OpInfo, TensorInfo

ASK_TFLM = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=8_000_000).print_allocations()
"""


def tflm_head(path: Path) -> int | None:
    """Head bytes by TFLM in a process of its own, None where it refuses the model."""
    done = subprocess.run(
        [sys.executable, "-c", ASK_TFLM, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    found = re.search(r"Arena allocation head (\d+) bytes", done.stdout + done.stderr)
    return int(found[1]) if found else None


def test_head_equals_tflm(models: list[Path]):
    if importlib.util.find_spec("tflite_micro") is None:
        pytest.skip("the tflite-micro wheel is not installed")
    ours, theirs = {}, {}
    for path in models:
        if (head := tflm_head(path)) is not None:
            graph = read_graph(path.read_bytes())
            theirs[path.stem] = head
            ours[path.stem] = plan(graph, reference_scratch(graph, pointer_bytes=8)).head_bytes
    assert len(theirs) >= 20
    assert ours == theirs


def test_chain_by_hand(make_chain):
    made = plan(make_chain([100, 300, 40]))
    assert [(p.first_op, p.last_op, p.nbytes) for p in made.placements] == [(0, 0, 112), (0, 1, 304), (1, 1, 48)]
    assert made.alive == (416, 352)
    assert (made.peak_op, made.lower_bound, made.head_bytes) == (0, 416, 416)
    assert [p.offset for p in made.placements] == [304, 0, 304]


def test_scratch_lives_during_its_operator_only(make_chain):
    made = plan(make_chain([16, 16, 16]), [Scratch(1, 100)])
    scratch = made.placements[-1]
    assert (scratch.tensor, scratch.first_op, scratch.last_op, scratch.nbytes) == (-1, 1, 1, 112)
    assert made.alive == (32, 144)


def test_constants_variables_and_empty_tensors_have_no_place():
    tensors = (
        TensorInfo(0, "in", (1, 16), "int8", 16, False),
        TensorInfo(1, "w", (1, 16), "int8", 16, True),
        TensorInfo(2, "state", (1, 16), "int8", 16, False, variable=True),
        TensorInfo(3, "empty", (0,), "int8", 0, False),
        TensorInfo(4, "out", (1, 16), "int8", 16, False),
    )
    ops = (OpInfo(0, "SVDF", "SVDF", (0, 1, 2, 3, -1), (4,), 0, 16),)
    made = plan(ModelGraph(tensors, ops, (0,), (4,), 100, 3))
    assert [p.tensor for p in made.placements] == [0, 4]


def test_graph_without_operators():
    tensors = (TensorInfo(0, "in", (1, 16), "int8", 16, False),)
    made = plan(ModelGraph(tensors, (), (0,), (0,), 100, 3))
    assert made.alive == ()
    assert made.head_bytes == 16


def test_offline_offsets_are_kept_and_worked_around(make_chain):
    graph = make_chain([32, 32, 32])
    made = plan(ModelGraph(graph.tensors, graph.ops, graph.inputs, graph.outputs, 1, 3, 1, (-1, 48, -1)))
    assert [p.offset for p in made.placements] == [0, 48, 0]


lifetimes = st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=30)


@given(lifetimes)
def test_no_two_living_buffers_overlap(rows: list[tuple[int, int, int]]):
    buffers = [Buffer(i, str(i), (n + 15) // 16 * 16, first, first + more) for i, (n, first, more) in enumerate(rows)]
    offsets = place(buffers)
    for i, a in enumerate(buffers):
        assert offsets[i] % 16 == 0
        for j, b in enumerate(buffers[:i]):
            if a.first <= b.last and b.first <= a.last:
                assert offsets[i] + a.nbytes <= offsets[j] or offsets[j] + b.nbytes <= offsets[i]


@given(
    st.lists(st.integers(0, 3000), min_size=2, max_size=15),
    st.dictionaries(st.integers(1, 13), st.lists(st.integers(0, 12), max_size=3)),
    st.lists(st.tuples(st.integers(0, 13), st.integers(0, 500)), max_size=4),
)
def test_head_is_never_under_the_lower_bound(sizes, extra, scratch):
    tensors = tuple(TensorInfo(i, f"t{i}", (1, n), "int8", n, False) for i, n in enumerate(sizes))
    last = len(sizes) - 2
    ops = tuple(
        # An operator may also read any tensor that is there already, as a residual connection does.
        OpInfo(i, "ADD", "Add", (i, *(t for t in extra.get(i, []) if t <= i)), (i + 1,), 0, 0)
        for i in range(last + 1)
    )
    made = plan(
        ModelGraph(tensors, ops, (0,), (last + 1,), 1, 3), [Scratch(op, n) for op, n in scratch if op <= last and n]
    )
    assert made.lower_bound == max(made.alive)
    assert made.alive[made.peak_op] == made.lower_bound
    assert made.head_bytes >= made.lower_bound
    for p in made.placements:
        assert all(
            p is q
            or p.first_op > q.last_op
            or q.first_op > p.last_op
            or p.offset + p.nbytes <= q.offset
            or q.offset + q.nbytes <= p.offset
            for q in made.placements
        )
