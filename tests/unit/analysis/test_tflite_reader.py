"""The graph reader: what it says of real models, and that garbage never gets past it."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.analysis.tflite_reader import read_graph
from motestudio.domain.model_report import ModelGraph
from motestudio.errors import AppError

SECONDS = 2.0
"""The longest that any input may take to be refused."""


def survive(data: bytes) -> ModelGraph | None:
    """Read bytes; the graph, or None where they were refused with the right error."""
    started = time.monotonic()
    graph, refusal = None, None
    try:
        graph = read_graph(data)
    except AppError as error:
        refusal = error
    assert refusal is None or (refusal.code == "model.broken" and refusal.hint)
    assert time.monotonic() - started < SECONDS
    return graph


def test_small_model(small: bytes):
    graph = read_graph(small)
    assert (len(graph.tensors), len(graph.ops), graph.inputs, graph.outputs, graph.version) == (3, 1, (0,), (2,), 3)
    op = graph.ops[0]
    assert (op.kernel, op.title, op.macs, op.weight_bytes) == ("CONV_2D", "Conv 3×3, 4", 8 * 8 * 4 * 9, 36)
    assert op.inputs == (0, 1, -1)
    first, weights, out = graph.tensors
    assert (first.name, first.dtype, first.nbytes, first.constant) == ("in", "int8", 64, False)
    assert (first.scale, first.zero_point) == (0.5, -3)
    assert weights.constant
    assert out.shape == (1, 8, 8, 4)
    assert graph.file_bytes == len(small)


def test_known_figures_of_real_models(models: list[Path]):
    graphs = {p.stem: read_graph(p.read_bytes()) for p in models}
    macs = {name: sum(op.macs for op in graph.ops) for name, graph in graphs.items()}
    # MLPerf Tiny's published counts: KWS 2.66 M, VWW 7.49 M, IC 12.5 M, AD 0.264 M.
    assert macs["kws_ref_model"] == 2_664_768
    assert macs["vww_96_int8"] == 7_491_968
    assert macs["pretrainedResnet_quant"] == 12_534_400
    assert macs["ad01_int8"] == 264_192
    kws = graphs["kws_ref_model"]
    assert [op.title for op in kws.ops[:3]] == ["Conv 10×4, 64 /2", "DW conv 3×3", "PW conv 64"]
    assert kws.ops[-1].kernel == "SOFTMAX"
    assert kws.tensors[kws.inputs[0]].dtype == "int8"
    assert any(t.variable for t in graphs["keyword_scrambled"].tensors)
    assert len(graphs["person_detect_vela"].offline_offsets) == len(graphs["person_detect_vela"].tensors)
    for name, graph in graphs.items():
        assert sum(op.weight_bytes for op in graph.ops) <= graph.file_bytes, name


@pytest.mark.parametrize(
    "data", [b"", b"TFL3", bytes(100), b"\x18\0\0\0TFL3", b"\xff" * 64, b"\x10\0\0\0TFL3" + bytes(50)]
)
def test_not_a_model(data: bytes):
    assert survive(data) is None


def test_small_model_cut_everywhere(small: bytes):
    for end in range(len(small)):
        survive(small[:end])


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_small_model_with_any_bytes_changed(small: bytes, data: st.DataObject):
    broken = bytearray(small)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(small) - 1))] = data.draw(st.integers(0, 255))
    survive(bytes(broken))


def test_every_word_made_huge_or_negative(small: bytes):
    for at in range(0, len(small) - 3, 4):
        for word in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0"):
            survive(small[:at] + word + small[at + 4 :])


def test_real_models_cut_and_flipped(models: list[Path]):
    rng = np.random.default_rng(7)
    for path in (p for p in models if p.stat().st_size < 60_000):
        data = path.read_bytes()
        # The tables stand at both ends; between them are weights, where a cut says little.
        for end in [*range(0, len(data), 97)][:: max(1, len(data) // 97 // 150)]:
            survive(data[:end])
        for _ in range(60):
            broken = bytearray(data)
            for at in rng.integers(0, len(data), 8):
                broken[at] ^= 1 << rng.integers(8)
            survive(bytes(broken))
