"""What cards and arrows say, made from what the studio knows. Words and numbers only; no widgets, no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motestudio.domain.params import Param, Value
from motestudio.gui.numbers import byte_size, count, duration, significant
from motestudio.gui.widgets import CardFacts
from motestudio.studio.pipeline_view import DatasetView, PipelineView, StageView

ICONS = {
    "window": "ph.selection",
    "feature": "ph.waves",
    "model": "ph.brain",
    "compress": "ph.arrows-in",
    "convert": "ph.arrows-in-simple",
    "evaluate": "ph.circle-wavy-check",
}
DTYPES = {"windows": "int16", "features": "float32", "model": "float32", "deployable": "int8"}


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What an arrow says."""

    count: str = ""
    shape: str = ""
    size: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The stage that is computed now, 0..1 (negative while it has not said), or that failed last."""

    running: str = ""
    fraction: float = -1.0
    failed: str = ""
    failure: str = ""


def title(key: str) -> str:
    """A stage's key as its card's title."""
    return key.replace("_", " ").replace("-", " ").capitalize()


def origin(stage: StageView) -> str:
    """ "sliding 1.0": the stage within its plugin, and the plugin's version."""
    name = stage.status.use.stage.partition("/")[2] or stage.status.use.stage
    entry = stage.status.entry
    return f"{name} {'.'.join(entry.plugin.version.split('.')[:2])}" if entry else name


def summary(params: tuple[Param, ...], values: Mapping[str, Value]) -> str:
    """The first parameters in few words: "1.25 s, step 0.25 s"."""
    if len(params) == 1 and not params[0].unit:
        return ""
    parts = []
    for n, param in enumerate(params[:3]):
        value = values.get(param.key, param.default)
        unit = f" {param.unit}" if param.unit else ""
        name = (param.title or param.key).lower()
        if isinstance(value, bool):
            parts.append(name if value else f"{name} off")
        elif isinstance(value, str):
            parts.append(value if n == 0 else f"{name} {value}")
        else:
            parts.append(f"{value:g}{unit}" if n == 0 and unit else f"{name} {value:g}{unit}")
    return ", ".join(parts)


def state_of(stage: StageView, progress: Progress, upstream_stale: bool = False) -> tuple[str, str]:
    """(state of the dot, words beside it)."""
    key = stage.status.use.key
    if key == progress.running:
        return "running", f"{progress.fraction * 100:.0f} %" if progress.fraction >= 0 else "running"
    if stage.status.state == "absent":
        return "failed", "absent"
    if stage.status.state == "invalid":
        return "failed", "invalid"
    if stage.missing and stage.status.state != "fresh":
        return "failed", "missing"
    if key == progress.failed:
        return "failed", "failed"
    if upstream_stale:
        return "stale", "stale"
    return (stage.status.state, stage.status.state) if stage.shown else ("none", "not run")


def reason_of(stage: StageView, progress: Progress) -> str:
    """Why a stage cannot run or did not, empty where all is well."""
    if stage.status.reason:
        return stage.status.reason
    if stage.missing and stage.status.state != "fresh":
        return f"Not installed: {', '.join(stage.missing)}."
    return progress.failure if progress.failed == stage.status.use.key else ""


def card(stage: StageView, progress: Progress, *, touched: bool = False) -> CardFacts:
    """A stage's card; `touched` while it or one before it was just changed."""
    state, words = state_of(stage, progress, touched)
    entry = stage.status.entry
    params = entry.manifest.params if entry else ()
    fraction = max(0.0, progress.fraction) if state == "running" else -1.0
    return CardFacts(
        title(stage.status.use.key),
        summary(params, stage.status.params or stage.status.use.params) or stage.status.title,
        origin(stage),
        state,
        words,
        ICONS.get(stage.kind, "ph.cube"),
        _figures(stage),
        fraction,
        stage.status.title,
    )


def _figures(stage: StageView) -> tuple[tuple[str, str, str], ...]:
    if stage.shown is None:
        return ()
    number, _, unit = short_time(stage.shown.seconds).partition(" ")
    host = ("host", number, unit)
    second = _second(stage)
    return (host, second) if second else (host,)


def short_time(seconds: float) -> str:
    """A stretch of time in one number: "47 ms", "0.4 s", "4:10 min"."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return duration(seconds)
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def _second(stage: StageView) -> tuple[str, str, str] | None:
    meta = stage.meta
    if stage.latency is not None:
        return ("board", significant(stage.latency.value, 2), "ms")
    if stage.kind == "window":
        return ("host only", "", "")
    if stage.kind == "model" and "parameters" in meta:
        return ("weights", count(int(meta["parameters"])), "")
    if stage.kind == "evaluate" and "accuracy" in meta:
        return ("right", f"{float(meta['accuracy']) * 100:.1f}", "%")
    if stage.nbytes:
        return ("size", *byte_size(stage.nbytes))
    return None


def dataset_flow(dataset: DatasetView) -> FlowFacts:
    """What flows out of the dataset."""
    if dataset.data is None or dataset.group is None:
        return FlowFacts("no takes", stale=True)
    shape = f"{len(dataset.group.channels)} × int16"
    return FlowFacts(f"{count(len(dataset.data.takes))} takes", shape, " ".join(byte_size(dataset.nbytes)))


def flow(stage: StageView, *, stale: bool) -> FlowFacts:
    """What flows out of a stage."""
    size = " ".join(byte_size(stage.nbytes)) if stage.shown else ""
    meta: Mapping[str, Any] = stage.meta
    if stage.shown is None:
        return FlowFacts(stale=True)
    if stage.kind == "window" and "windows" in meta:
        signal = meta.get("signal", {})
        shape = f"{signal.get('window_samples', 0)} × {len(signal.get('group', {}).get('channels', ()))}"
        return FlowFacts(count(int(meta["windows"])), shape, size, stale)
    if stage.kind == "feature" and "shape" in meta:
        shape = "×".join(str(n) for n in meta["shape"])
        return FlowFacts(count(int(meta.get("windows", 0))), shape, size, stale)
    return FlowFacts("1 model", DTYPES.get(stage.shown.key.kind, ""), size, stale)


def counts(view: PipelineView, progress: Progress, touched: int) -> list[str]:
    """The facts in the page's bar: "5 stages: 2 fresh, 1 running, 2 stale"."""
    table: dict[str, int] = {}
    for n, stage in enumerate(view.stages):
        state, words = state_of(stage, progress, touched <= n)
        name = state if state in ("running", "fresh", "stale") else words
        table[name] = table.get(name, 0) + 1
    order: list[str] = [n for n in ("fresh", "running", "stale") if n in table]
    order += [n for n in table if n not in order]
    total = len(view.stages)
    return [f"{total} stage{'s' if total != 1 else ''}: " + ", ".join(f"{table[n]} {n}" for n in order)]


__all__ = [
    "CardFacts",
    "FlowFacts",
    "Progress",
    "card",
    "counts",
    "dataset_flow",
    "flow",
    "reason_of",
    "short_time",
    "title",
]
