"""Verdict, estimates and advice: against published figures, against limits, and in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.analysis.costs import energy_mj, latency_ms, op_ms
from motestudio.analysis.memory import arena_on_board, flash_bytes
from motestudio.analysis.planner import plan
from motestudio.analysis.scratch import reference_scratch
from motestudio.analysis.tflite_reader import read_graph
from motestudio.analysis.verdict import Limits, assess, report, verdict_line
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ArenaUse, ModelGraph
from motestudio.domain.units import format_bytes
from motestudio.sdk.stages import FeatureInfo

L4R5 = BoardFile("l4r5", "L4R5", "x", "cortex-m4f", 120_000_000, 655_360, 2_097_152, "cmsis-nn", 0.0, 40.5, "stm32")
SMALL = replace(L4R5, id="small", name="Small", ram_bytes=16_384, flash_bytes=65_536)


def model(models: list[Path], name: str) -> ModelGraph:
    return read_graph(next(p for p in models if p.stem == name).read_bytes())


@pytest.mark.parametrize(
    ("name", "milliseconds", "microjoules"),
    [
        ("kws_ref_model", 181.9, 7374),
        ("pretrainedResnet_quant", 704, 29_207),
        ("vww_96_int8", 601, 24_313),
        ("ad01_int8", 10.05, 416),
    ],
)
def test_published_runs_lie_within_the_estimate(models, name: str, milliseconds: float, microjoules: float):
    latency = latency_ms(model(models, name), L4R5)
    assert abs(latency.value - milliseconds) <= latency.plus_minus
    energy = energy_mj(latency, L4R5)
    assert abs(energy.value * 1000 - microjoules) <= energy.plus_minus * 1000


@pytest.mark.parametrize(
    ("core", "clock", "milliseconds"),
    [("xtensa-lx7", 240_000_000, 54), ("xtensa-lx6", 240_000_000, 380), ("rv32imc", 160_000_000, 426)],
)
def test_published_esp_nn_runs_lie_within_the_estimate(models, core: str, clock: int, milliseconds: float):
    board = replace(L4R5, core=core, clock_hz=clock, kernels="esp-nn")
    latency = latency_ms(model(models, "person_detect"), board)
    assert abs(latency.value - milliseconds) <= latency.plus_minus
    slow = latency_ms(model(models, "person_detect"), replace(board, kernels="reference"))
    assert slow.value > 5 * latency.value


def test_arena_is_corrected_for_narrow_pointers(models):
    graph = model(models, "micro_speech_quantized")
    made = plan(graph, reference_scratch(graph))
    host = ArenaUse(
        7584, 5968, 1616,
        (
            ("TfLiteEvalTensor data", 240), ("Persistent TfLiteTensor data", 128),
            ("Persistent TfLiteTensor quantization data", 64), ("Persistent buffer data", 340),
            ("NodeAndRegistration struct", 256),
        ),
        "tflite-micro x86-64",
    )  # fmt: skip
    on_cortex_m4 = 6788
    for arena in (host, None):
        estimate = arena_on_board(graph, made, arena)
        assert abs(estimate.value - on_cortex_m4) <= estimate.plus_minus
    assert sum(amount for _, amount in estimate.parts) == estimate.value


@pytest.mark.parametrize(("kernels", "text"), [("cmsis-nn", 80_716), ("reference", 56_648)])
def test_flash_of_micro_speech(models, kernels: str, text: int):
    estimate = flash_bytes(model(models, "micro_speech_quantized"), replace(L4R5, kernels=kernels))
    parts = dict(estimate.parts)
    runtime = next(amount for name, amount in parts.items() if name.startswith("TFLM"))
    assert parts["Model"] == 18_800
    assert abs(runtime + parts["Model"] - text) < 2000


def test_budgets_add_up_and_honour_the_smaller_limit(small: bytes):
    graph = read_graph(small)
    made = plan(graph)
    feature = FeatureInfo((8, 8, 1), ("time", "channel"), ram_bytes=500, flash_bytes=900, macs=1000)
    verdict = assess(graph, made, None, L4R5, Limits(ram_bytes=20_000, latency_ms=5), feature, 1536, 768)
    for budget in verdict.budgets:
        assert sum(amount for _, amount in budget.parts) == pytest.approx(budget.used)
        assert budget.plus_minus > 0
        assert not budget.measured
    assert verdict.budget("ram").limit == 20_000
    assert verdict.budget("flash").limit == L4R5.flash_bytes
    assert verdict.budget("latency").limit == 5
    assert dict(verdict.budget("ram").parts)["Sample ring"] == 1536 + 768
    assert dict(verdict.budget("ram").parts)["Window and features"] == 1536 + 500
    assert verdict.fits
    bare = assess(graph, made, None, L4R5)
    assert dict(bare.budget("latency").parts)["Features"] == 0
    assert bare.budget("latency").used < verdict.budget("latency").used


def test_model_that_does_not_fit(models):
    made = report(model(models, "vww_96_int8"), SMALL)
    assert not made.verdict.fits
    assert not made.verdict.budget("ram").fits
    assert verdict_line(made.verdict).startswith("does not fit: RAM")
    assert "(too much)" in verdict_line(made.verdict)
    assert made.arena.measured_on == "plan"
    assert made.arena.head == made.plan.head_bytes


def test_advice_names_the_peak_and_a_computed_change(models):
    made = report(model(models, "vww_96_int8"), L4R5)
    assert made.advice == (
        "Peak 54.0 KB at op 2: PW conv 16 holds its input and output whole. Stride 2 at op 1, not op 3, makes it"
        " 45.0 KB. The greedy planner takes 72.0 KB: a better placement could save up to 18.0 KB."
    )
    resnet = report(model(models, "pretrainedResnet_quant"), L4R5)
    assert "16.0 KB is kept for later ops" in resnet.advice
    assert "Half of its 16 channels makes it 40.0 KB." in resnet.advice


def test_advice_never_promises_more_than_the_plan_gives(models):
    for path in models:
        made = report(read_graph(path.read_bytes()), L4R5)
        assert made.advice.startswith(f"Peak {format_bytes(made.plan.lower_bound)} at op {made.plan.peak_op}: ")


def test_time_of_an_operator_is_part_of_the_whole(small: bytes):
    graph = read_graph(small)
    assert sum(op_ms(graph, op, L4R5) for op in graph.ops) == pytest.approx(latency_ms(graph, L4R5).value)
    floating = replace(graph, tensors=tuple(replace(t, dtype="float32") for t in graph.tensors))
    no_fpu = replace(L4R5, core="cortex-m0+")
    assert latency_ms(floating, no_fpu).value > 5 * latency_ms(graph, no_fpu).value


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (640, "640 B"), (1023, "1023 B"), (1023.7, "1.0 KB"), (1024, "1.0 KB"), (12_400, "12.1 KB"),
        (1_048_575, "1.00 MB"), (1_048_576, "1.00 MB"), (1_500_000, "1.43 MB"), (98_304, "96.0 KB"),
    ],
)  # fmt: skip
def test_format_bytes(count: float, text: str):
    assert format_bytes(count) == text
