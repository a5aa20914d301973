"""What the inspector tells of a stage's last output and of its cost: names, numbers, units. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motestudio.domain.model_report import Budget
from motestudio.gui.numbers import byte_size, count, duration, estimate, significant
from motestudio.gui.pages.pipeline.cards import short_time
from motestudio.sdk.stages import FeatureInfo, ModelInfo, WindowInfo
from motestudio.studio.outline import AugmentInfo, StageOutline
from motestudio.studio.pipeline_view import PipelineView, StageView

Fact = tuple[str, str, str]
"""(name, number, unit)."""

_KINDS = {"ram": "RAM", "flash": "Flash", "latency": "Time", "energy": "Energy"}
_HEADS = {
    "window": "Window stage",
    "augment": "Augment stage",
    "feature": "Feature stage",
    "model": "Model stage",
    "compress": "Compression stage",
    "convert": "Conversion stage",
    "evaluate": "Evaluation stage",
}


def head(stage: StageView) -> str:
    """What kind of stage it is."""
    return _HEADS.get(stage.kind, "Stage")


def origin_line(stage: StageView) -> str:
    """ "mote-imu 1.0.0, ships C for the board"."""
    entry = stage.status.entry
    if entry is None:
        return stage.status.use.stage
    ships = ", ships C for the board" if entry.manifest.csrc else ""
    return f"{entry.plugin.id} {entry.plugin.version}{ships}"


def output(stage: StageView) -> list[Fact]:
    """The last output."""
    if stage.shown is None:
        return []
    number, _, unit = short_time(stage.shown.seconds).partition(" ")
    rows: list[Fact] = [("Time on this computer", number, unit)]
    if stage.nbytes:
        rows.append(("Size", *byte_size(stage.nbytes)))
    return rows + _by_kind(stage.kind, stage.meta)


def expected(told: StageOutline | None) -> list[Fact]:
    """What the stage will give, told before it runs."""
    info = told.info if told is not None else None
    if told is not None and told.fault:
        return [("It does not say", "", "")]
    if isinstance(info, WindowInfo):
        names = {"train": "Windows for training", "validation": "for validation", "test": "held out"}
        signal = info.signal
        rows: list[Fact] = [(name, count(info.windows.get(split, 0)), "") for split, name in names.items()]
        return [*rows, ("Samples × channels", f"{signal.window_samples} × {signal.n_channels}", "")]
    if isinstance(info, AugmentInfo):
        rows = [("Windows for training", count(info.originals), "")]
        if info.altered:
            return [*rows, ("Copies altered in place", count(info.altered), "")]
        return [*rows, ("Altered copies", f"+{count(info.added)}", "")]
    if isinstance(info, FeatureInfo):
        rows = [("Shape", " × ".join(str(n) for n in info.shape), "")]
        if info.hop_samples:
            rows.append(("Computes every", count(info.hop_samples), "samples"))
        return rows
    if isinstance(info, ModelInfo):
        return [("Weights", count(info.parameters), "")]
    return []


def _by_kind(kind: str, meta: Mapping[str, Any]) -> list[Fact]:
    rows: list[Fact] = []
    splits = {"train": "training", "validation": "validation", "test": "held out"}
    if kind == "window":
        for split, name in splits.items():
            if split in meta.get("by_split", {}):
                rows.append((f"Windows for {name}", count(int(meta["by_split"][split])), ""))
    elif kind == "augment" and "altered" in meta:
        rows.append(("Windows altered", count(int(meta["altered"])), ""))
    elif kind == "feature" and "shape" in meta:
        rows.append(("Shape", " × ".join(str(n) for n in meta["shape"]), ""))
    elif kind == "model":
        rows += _numbers(meta, (("Weights", "parameters"), ("Epochs", "epochs"), ("Best epoch", "best_epoch")))
        rows += _shares(meta, (("Right on validation", "val_accuracy"),))
    elif kind == "convert":
        rows += _numbers(meta, (("Calibrated with windows", "calibration_windows"),))
        if "operators" in meta:
            rows.append(("Operators", count(len(meta["operators"])), ""))
    elif kind == "evaluate":
        rows += _shares(meta, (("Windows right", "accuracy"), ("Takes right", "take_accuracy")))
        if meta.get("tflm_windows"):
            rows.append(("Same as TFLM", f"{meta['tflm_equal']} of {meta['tflm_windows']}", ""))
    return rows


def _numbers(meta: Mapping[str, Any], keys: tuple[tuple[str, str], ...]) -> list[Fact]:
    return [(name, count(int(meta[key])), "") for name, key in keys if isinstance(meta.get(key), int | float)]


def _shares(meta: Mapping[str, Any], keys: tuple[tuple[str, str], ...]) -> list[Fact]:
    return [(name, f"{meta[key] * 100:.1f}", "%") for name, key in keys if isinstance(meta.get(key), int | float)]


def cost(view: PipelineView, stage: StageView, told: StageOutline | None) -> list[Fact]:
    """What the board pays: of the stage, or of the whole firmware where the stage ends in it."""
    rows: list[Fact] = []
    if stage.kind in ("convert", "evaluate"):
        return [(_KINDS[b.name], *_budget(b)) for b in view.budgets if b.used]
    if told is None or told.info is None or stage.kind not in ("feature", "model"):
        return []
    if told.latency is not None:
        rows.append(("Time", *estimate(told.latency.value, told.latency.plus_minus, "ms")))
    model = stage.kind == "model"
    if told.ram:
        rows.append(("RAM at least" if model else "RAM", *byte_size(told.ram)))
    if told.flash:
        rows.append(("Flash, roughly" if model else "Flash", *byte_size(told.flash)))
    info = told.info
    if isinstance(info, FeatureInfo | ModelInfo) and info.macs:
        rows.append(("Multiplications", count(info.macs), ""))
    return rows


def cost_title(view: PipelineView, stage: StageView) -> str:
    """The heading over `cost`."""
    return f"Whole firmware on {view.board}" if stage.kind in ("convert", "evaluate") else f"Cost on {view.board}"


def _budget(budget: Budget) -> tuple[str, str]:
    return estimate(budget.used, budget.plus_minus, budget.unit)


def dataset_rows(view: PipelineView) -> list[Fact]:
    """What the dataset holds."""
    dataset = view.dataset
    rows: list[Fact] = [("Recordings", count(dataset.recordings), "")]
    if dataset.data is None or dataset.group is None:
        return rows
    names = {"train": "Takes for training", "validation": "Takes for validation", "test": "Takes held out"}
    for split, of_class in dataset.data.counts().items():
        rows.append((names[split], count(of_class.total()), ""))
    samples = dataset.nbytes / dataset.group.frame_bytes
    number, _, unit = duration(samples / dataset.group.rate_hz).partition(" ")
    rows.append(("Length of all takes", number, unit))
    rows.append(("Size", *byte_size(dataset.nbytes)))
    rows.append(("Channels", count(len(dataset.group.channels)), ""))
    rows.append(("Rate", significant(dataset.group.rate_hz), "Hz"))
    return rows
