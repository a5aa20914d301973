"""What cards and arrows say, made from what the studio knows. Words and numbers only; no widgets, no files."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from motestudio.domain.params import Param, Value, is_shown
from motestudio.gui.numbers import byte_size, count, duration, estimate
from motestudio.gui.widgets import CardFacts
from motestudio.sdk.stages import FeatureInfo, ModelInfo, WindowInfo
from motestudio.studio.outline import AugmentInfo, Outline, StageOutline
from motestudio.studio.pipeline_view import DatasetView, PipelineView, StageView

ICONS = {
    "window": "ph.selection",
    "augment": "ph.shuffle",
    "feature": "ph.waves",
    "model": "ph.brain",
    "compress": "ph.arrows-in",
    "convert": "ph.arrows-in-simple",
    "evaluate": "ph.circle-wavy-check",
}
DTYPES = {"windows": "int16", "features": "float32", "model": "float32", "deployable": "int8"}
_MAKES = {"model": "float32", "compress": "float32", "convert": "int8", "evaluate": "int8"}


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What an arrow says; `words` in full."""

    count: str = ""
    shape: str = ""
    size: str = ""
    stale: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The stage that is computed now, 0..1 (negative while it has not said), or that failed last.

    Attributes:
        hits: stages that the last run took from the cache.
    """

    running: str = ""
    fraction: float = -1.0
    failed: str = ""
    failure: str = ""
    hits: frozenset[str] = field(default_factory=frozenset)


def title(key: str, stage_title: str = "") -> str:
    """A stage's key as its card's title, spelt as the plugin spells it: "mfcc" of "MFCC" is "MFCC"."""
    name, _, number = key.rpartition("-")
    base = name if name and number.isdigit() else key
    words = stage_title.replace("(", " ").replace(")", " ").split()
    plain = "".join(c for c in base if c.isalnum()).lower()
    for first in range(len(words)):
        for last in range(first + 1, len(words) + 1):
            part = " ".join(words[first:last])
            if "".join(c for c in part if c.isalnum()).lower() == plain:
                shown = part[0].upper() + part[1:]
                return f"{shown} {number}" if base != key else shown
    return key.replace("_", " ").replace("-", " ").capitalize()


def touched_by(view: PipelineView, key: str) -> frozenset[str]:
    """What turns stale with a stage: all behind it, but not what stands beside it."""
    keys = [s.status.use.key for s in view.stages]
    if key not in keys:
        return frozenset(keys)
    beside = view.stages[keys.index(key)].kind == "feature"
    later = view.stages[keys.index(key) + 1 :]
    return frozenset([key, *(s.status.use.key for s in later if not (beside and s.kind == "feature"))])


def origin(stage: StageView) -> str:
    """ "sliding 1.0": the stage within its plugin, and the plugin's version."""
    name = stage.status.use.stage.partition("/")[2] or stage.status.use.stage
    entry = stage.status.entry
    return f"{name} {'.'.join(entry.plugin.version.split('.')[:2])}" if entry else name


def summary(params: Sequence[Param], values: Mapping[str, Value]) -> str:
    """The first parameters in few words: "1.25 s, step 0.25 s"."""
    if len(params) == 1 and not params[0].unit:
        return ""
    complete = {p.key: values.get(p.key, p.default) for p in params}
    parts = []
    for n, param in enumerate([p for p in params if is_shown(p, complete)][:3]):
        value = complete[param.key]
        unit = f" {param.unit}" if param.unit else ""
        name = (param.title or param.key).lower()
        if isinstance(value, bool):
            parts.append(name if value else f"{name} off")
        elif param.type == "run":
            parts.append(str(value) or f"{name} none")
        elif isinstance(value, str):
            parts.append(value if n == 0 else f"{name} {value}")
        else:
            parts.append(f"{value:g}{unit}" if n == 0 and unit else f"{name} {value:g}{unit}")
    return ", ".join(parts)


def state_of(
    stage: StageView, progress: Progress, upstream_stale: bool = False, told: StageOutline | None = None
) -> tuple[str, str]:
    """(state of the dot, words beside it)."""
    key = stage.status.use.key
    if key == progress.running:
        return "running", f"{progress.fraction * 100:.0f} %" if progress.fraction >= 0 else "running"
    if stage.status.state == "absent":
        return "failed", "absent"
    fresh = stage.status.state == "fresh" and not upstream_stale
    if told is not None and told.refused and not fresh:
        return "failed", "refused"
    if stage.status.state == "invalid" and not upstream_stale:
        return "failed", "invalid"
    if stage.missing and stage.status.state != "fresh":
        return "failed", "missing"
    if key == progress.failed:
        return "failed", "failed"
    if upstream_stale:
        return "stale", "stale"
    if fresh and key in progress.hits:
        return "fresh", "cached"
    return (stage.status.state, stage.status.state) if stage.shown else ("none", "not run")


def reason_of(stage: StageView, progress: Progress, told: StageOutline | None = None) -> str:
    """Why a stage cannot run or did not, empty where all is well or its form says it at a field."""
    error = told.error if told is not None else None
    if stage.status.state == "absent":
        return f"{stage.status.reason} {error.hint if error is not None else ''}".strip()
    if told is not None and error is not None and told.refused and stage.status.state != "fresh":
        return "" if error.data.get("param") else f"{error.text} {error.hint}".strip()
    if stage.status.reason:
        return stage.status.reason
    if stage.missing and stage.status.state != "fresh":
        return f"Not installed: {', '.join(stage.missing)}."
    return progress.failure if progress.failed == stage.status.use.key else ""


def card(
    stage: StageView,
    progress: Progress,
    *,
    touched: bool = False,
    told: StageOutline | None = None,
    params: Mapping[str, Value] | None = None,
) -> CardFacts:
    """A stage's card.

    Args:
        stage: as it stands.
        progress: of a run.
        touched: it or one before it was just changed.
        told: what it says it will give.
        params: what is set and not saved yet.
    """
    state, words = state_of(stage, progress, touched, told)
    entry = stage.status.entry
    table = entry.manifest.params if entry else ()
    fraction = max(0.0, progress.fraction) if state == "running" else -1.0
    values = {**stage.status.use.params, **(stage.status.params or {}), **(params or {})}
    return CardFacts(
        title(stage.status.use.key, stage.status.title),
        summary(table, values) or stage.status.title,
        origin(stage),
        state,
        words,
        ICONS.get(stage.kind, "ph.cube"),
        _figures(stage, told, fresh=state == "fresh", cached=words == "cached"),
        fraction,
        stage.status.title,
    )


def _figures(
    stage: StageView, told: StageOutline | None, *, fresh: bool, cached: bool
) -> tuple[tuple[str, str, str], ...]:
    """At most two: what the last output took and cost, or what is told before there is one."""
    rows: list[tuple[str, str, str]] = []
    if stage.shown is not None and (fresh or told is None or told.info is None):
        number, _, unit = short_time(stage.shown.seconds).partition(" ")
        rows.append(("saved" if cached else "host", number, unit))
        second = _second(stage)
        return (*rows, second) if second else tuple(rows)
    if told is None or told.info is None:
        return ()
    info = told.info
    if isinstance(info, WindowInfo):
        rows = [("train", count(info.windows.get("train", 0)), ""), ("host only", "", "")]
    elif isinstance(info, AugmentInfo):
        rows = [("copies", f"+{count(info.added)}", "")] if info.added or not info.altered else []
        rows += [("altered", count(info.altered), "")] if info.altered else []
        rows.append(("host only", "", ""))
    else:
        if isinstance(info, ModelInfo):
            rows.append(("weights", count(info.parameters), ""))
        elif told.ram:
            rows.append(("RAM", *byte_size(told.ram)))
        if told.latency is not None:
            rows.append(("board", *estimate(told.latency.value, told.latency.plus_minus, "ms")))
    return tuple(rows[:2])


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
        return ("board", *estimate(stage.latency.value, stage.latency.plus_minus, "ms"))
    if stage.kind == "augment" and "augmented" in meta:
        return ("copies", f"+{count(int(meta['augmented']))}", "")
    if stage.kind in ("window", "augment"):
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
        return FlowFacts("no dataset" if dataset.recordings else "no takes", stale=True)
    shape = f"{len(dataset.group.channels)} × int16"
    return FlowFacts(f"{count(len(dataset.data.takes))} takes", shape, " ".join(byte_size(dataset.nbytes)))


def flow(stages: Sequence[StageView], outline: Outline, *, stale: bool) -> FlowFacts:
    """What flows out of a stage, or of several feature stages side by side joined."""
    stage = stages[-1]
    told = outline.stages.get(stage.status.use.key)
    kind = stage.kind or (told.kind if told else "")
    if kind in ("window", "augment") and outline.signal is not None and stage.status.use.key in outline.windows:
        many = outline.windows[stage.status.use.key]
        shape: tuple[int, ...] = (outline.signal.window_samples, outline.signal.n_channels)
        return _windows(many, shape, 2, "windows", stale)
    if kind in ("window", "augment") and stage.shown is not None and "signal" in stage.meta:
        signal = stage.meta["signal"]
        shape = (int(signal["window_samples"]), len(signal["group"]["channels"]))
        return _windows(_rows(stage.meta), shape, 2, "windows", stale)
    if kind == "feature" and outline.shape:
        return _windows(outline.total_windows, outline.shape, 4, "windows of features", stale)
    if kind == "feature" and stage.shown is not None and len(stages) == 1 and "shape" in stage.meta:
        return _windows(_rows(stage.meta), tuple(stage.meta["shape"]), 4, "windows of features", stale)
    if kind in _MAKES and stage.shown is not None:
        size = " ".join(byte_size(stage.nbytes))
        return FlowFacts("1 model", DTYPES.get(stage.shown.key.kind, ""), size, stale)
    if kind in _MAKES:
        info = told.info if told else None
        size = f"~{' '.join(byte_size(4 * info.parameters))}" if isinstance(info, ModelInfo) else ""
        return FlowFacts("1 model", _MAKES[kind], size, stale=True)
    return FlowFacts(stale=True)


def _rows(meta: Mapping[str, Any]) -> int:
    return int(meta.get("windows", 0)) + int(meta.get("augmented", 0))


def _windows(many: int, shape: Sequence[int], item: int, what: str, stale: bool) -> FlowFacts:
    size = " ".join(byte_size(many * math.prod(shape) * item))
    sides = [count(n) for n in shape]
    tight = (" × " if len(shape) < 3 else "×").join(sides)
    spoken = f"{count(many)} {what}, {' × '.join(sides)}, {size}"
    return FlowFacts(count(many), tight, size, stale, spoken)


def counts(
    view: PipelineView, progress: Progress, touched: Collection[str], outline: Outline, *, running: bool = False
) -> list[str]:
    """The facts in the page's bar: "5 stages: 2 fresh, 1 running, 2 stale", "2.4 s saved by the cache"."""
    table: dict[str, int] = {}
    saved = 0.0
    for stage in view.stages:
        key = stage.status.use.key
        state, words = state_of(stage, progress, key in touched, outline.stages.get(key))
        name = state if state in ("running", "fresh", "stale") else words
        table[name] = table.get(name, 0) + 1
        artifact = stage.status.artifact
        if state == "fresh" and artifact is not None and (not running or key in progress.hits):
            saved += artifact.seconds
    order: list[str] = [n for n in ("fresh", "running", "stale") if n in table]
    order += [n for n in table if n not in order]
    total = len(view.stages)
    if not total:
        return ["no stages"]
    facts = [f"{total} stage{'s' if total != 1 else ''}: " + ", ".join(f"{table[n]} {n}" for n in order)]
    if saved >= 0.05 and (table.get("fresh", 0) < total or progress.hits):
        facts.append(f"cache saves {short_time(saved)}")
    return facts


def cost_words(told: StageOutline | None) -> str:
    """What a stage that is not there yet would cost: "0.24 ± 0.15 ms, 1.0 KB RAM"; or why it does not suit."""
    if told is None:
        return ""
    if told.error is not None:
        return told.error.text
    parts = []
    if isinstance(told.info, FeatureInfo):
        parts.append("×".join(str(n) for n in told.info.shape))
    if isinstance(told.info, AugmentInfo):
        parts.append(f"+{count(told.info.added)} windows" if told.info.added else "alters copies")
    if isinstance(told.info, ModelInfo):
        parts.append(f"{count(told.info.parameters)} weights")
    if told.latency is not None:
        parts.append(" ".join(estimate(told.latency.value, told.latency.plus_minus, "ms")))
    if told.ram:
        parts.append(f"{' '.join(byte_size(told.ram))} RAM")
    return ", ".join(parts)


__all__ = [
    "CardFacts",
    "FlowFacts",
    "Progress",
    "card",
    "cost_words",
    "counts",
    "dataset_flow",
    "flow",
    "reason_of",
    "short_time",
    "title",
]
