"""Puts figures and plots of one board-to-board run onto a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.classes import class_series
from motestudio.domain.detection import Detection, Score
from motestudio.domain.model_report import ModelReport
from motestudio.domain.signal import ChannelGroup
from motestudio.domain.units import format_bytes
from motestudio.project.files import write_text
from motestudio.shipped import resources_dir
from motestudio.studio.evaluate import BoardCheck, agreement
from motestudio.studio.report import svg


@dataclass(frozen=True, slots=True)
class LiveTrace:
    """A live session, for its plot.

    Attributes:
        group: of the streamed signal.
        samples: int16, shape (n, channels), from the first sample of the session.
        times_s: end of each inference's window, seconds since that sample.
        scores: shape (inferences, classes).
        detections: what fired.
        performed: (start, end, label), seconds.
        score: how the detections compare with what was performed.
    """

    group: ChannelGroup
    samples: npt.NDArray[np.int16]
    times_s: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    detections: tuple[Detection, ...]
    performed: tuple[tuple[float, float, str], ...]
    score: Score


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything on the page."""

    title: str
    result: Mapping[str, Any]
    steps: Sequence[tuple[str, str, float]]
    classes: tuple[str, ...]
    examples: Sequence[tuple[str, ChannelGroup, npt.NDArray[np.int16]]]
    history: Mapping[str, Sequence[float]]
    model: ModelReport
    check: BoardCheck
    live: LiveTrace | None


def write_report(path: Path, data: ReportData) -> None:
    """Write the page, atomically."""
    sections = [
        _verdict(data),
        _section("Steps", _steps(data.steps)),
        _section("What was recorded", _examples(data.examples), "One take of each class, as it lies in the project."),
        _section("Training", _training(data.history)),
        _section("Held-out windows on the board", _check(data)),
        _section("Arena", _arena(data.model), data.model.advice),
        _section("Layers", _layers(data.model)),
    ]
    if data.live is not None:
        sections.append(_section("Live", _live(data.live, data.classes), _live_text(data.live)))
    body = "".join(sections)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(data.title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_style()}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )
    write_text(path, page)


def _style() -> str:
    tokens = json.loads((resources_dir() / "theme" / "tokens.json").read_text(encoding="utf-8"))["themes"]

    def variables(theme: Mapping[str, Any]) -> str:
        rows = {"bg": "surface", "text": "text", "muted": "text_muted", "line": "line", "ok": "ok", "bad": "bad"}
        named = "".join(f"--{k}:{theme[v]};" for k, v in rows.items()) + f"--soft:{theme['chrome']};"
        return named + "".join(f"--s{n}:{c};" for n, c in theme["series"].items())

    css = (resources_dir() / "report.css").read_text(encoding="utf-8")
    dark = f"@media(prefers-color-scheme:dark){{:root{{{variables(tokens['dark'])}}}}}"
    return f":root{{{variables(tokens['light'])}}}{dark}{css}"


def _section(title: str, body: str, text: str = "") -> str:
    lead = f"<p>{escape(text)}</p>" if text else ""
    return f"<section><h2>{escape(title)}</h2>{lead}{body}</section>"


def _verdict(data: ReportData) -> str:
    check, verdict = data.check, data.model.verdict
    fits = f"fits {verdict.board_name}" if verdict.fits else f"does not fit {verdict.board_name}"
    equal = f"Board against host: {agreement(check)}."
    cards = [
        ("Accuracy on the board", f"{check.board_accuracy:.1%}", f"by window; {check.board_take_accuracy:.1%} by take"),
        ("Accuracy on the host", f"{check.host_accuracy:.1%}", "int8, reference kernels"),
    ]
    for budget in verdict.budgets:
        used = format_bytes(budget.used) if budget.unit == "B" else f"{budget.used:.3g} {budget.unit}"
        if budget.plus_minus:
            extra = format_bytes(budget.plus_minus) if budget.unit == "B" else f"{budget.plus_minus:.2g} {budget.unit}"
            used += f" ± {extra}"
        limit = ""
        if budget.limit:
            limit = "of " + (format_bytes(budget.limit) if budget.unit == "B" else f"{budget.limit:g} {budget.unit}")
        name = {"ram": "RAM", "flash": "Flash"}.get(budget.name, budget.name.capitalize())
        cards.append((name, used, f"{limit}{'' if budget.measured else ', estimate'}".strip(", ")))
    boxes = "".join(
        f"<div><b>{escape(a)}</b><strong>{escape(b)}</strong><span>{escape(c)}</span></div>" for a, b, c in cards
    )
    tone = "ok" if verdict.fits and check.passed else "bad"
    return (
        f'<header><h1>{escape(data.title)}</h1><p class="{tone}">The model {escape(fits)}. {escape(equal)}</p>'
        f'<div class="cards">{boxes}</div></header>'
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    def cell(tag: str, index: int, text: str) -> str:
        return f"<{tag}{' class=n' if index in numbers else ''}>{escape(text)}</{tag}>"

    top = "".join(cell("th", i, t) for i, t in enumerate(head))
    lines = "".join("<tr>" + "".join(cell("td", i, t) for i, t in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _steps(steps: Sequence[tuple[str, str, float]]) -> str:
    rows = [(name, text, f"{seconds:.1f}") for name, text, seconds in steps]
    rows.append(("total", "", f"{sum(s for _, _, s in steps):.1f}"))
    return _table(("step", "what it did", "seconds"), rows, (2,))


def _by_unit(group: ChannelGroup) -> list[tuple[str, list[int]]]:
    units: dict[str, list[int]] = {}
    for index, channel in enumerate(group.channels):
        units.setdefault(channel.unit, []).append(index)
    return list(units.items())


def _examples(examples: Sequence[tuple[str, ChannelGroup, npt.NDArray[np.int16]]]) -> str:
    parts = []
    for label, group, samples in examples:
        seconds = np.arange(len(samples)) / group.rate_hz
        physical = group.to_physical(samples)
        plots = "".join(
            svg.lines(
                seconds,
                [physical[:, i] for i in columns],
                [f"{group.channels[i].name} {unit}".strip() for i in columns],
                unit="s",
                width=420,
                height=120,
            )
            for unit, columns in _by_unit(group)
        )
        parts.append(f'<div class="example"><h3>{escape(label)}</h3><div class="row">{plots}</div></div>')
    return "".join(parts)


def _training(history: Mapping[str, Sequence[float]]) -> str:
    figures = []
    for names in (("loss", "val_loss"), ("accuracy", "val_accuracy")):
        have = [n for n in names if history.get(n)]
        if have:
            x = np.arange(1, 1 + len(history[have[0]]), dtype=float)
            columns = [np.asarray(history[n], dtype=float) for n in have]
            figures.append(svg.lines(x, columns, have, unit="epoch", width=420, colors=[3, 1]))
    return f'<div class="row">{"".join(figures)}</div>'


def _check(data: ReportData) -> str:
    check = data.check
    text = (
        f"{check.tested} windows of {len(data.result.get('held_out', ()))} held-out group(s) were sent to the board as "
        f"raw samples; it computed features and inferred: {agreement(check)}. "
        f"Median {check.latency_us / 1000:.2f} ms on this board."
    )
    return f"<p>{escape(text)}</p>{svg.matrix(check.confusion, check.classes)}"


def _arena(model: ModelReport) -> str:
    text = f"{format_bytes(model.arena.total)}: {format_bytes(model.arena.head)} of tensors and scratch, "
    text += f"{format_bytes(model.arena.tail)} held for the whole run, measured on {model.arena.measured_on or 'plan'}."
    picture = svg.arena(model.plan.placements, model.graph, model.plan.head_bytes, model.arena.tail)
    return f"<p>{escape(text)} The y axis is in KB.</p>{picture}"


def _layers(model: ModelReport) -> str:
    shapes = {t.index: "×".join(str(n) for n in t.shape[1:]) for t in model.graph.tensors}
    rows = [
        (
            str(op.index),
            op.title,
            op.kernel,
            shapes.get(op.outputs[0], "") if op.outputs else "",
            f"{op.macs:,}",
            format_bytes(model.plan.alive[op.index]),
            format_bytes(op.weight_bytes),
        )
        for op in model.graph.ops
    ]
    return _table(("op", "layer", "kernel", "output", "MAC", "arena alive", "weights"), rows, (0, 4, 5, 6))


def _live_text(live: LiveTrace) -> str:
    return (
        f"{len(live.performed)} performed that were never recorded: {live.score.found} detected under their name, "
        f"{live.score.missed} missed, {live.score.repeated} detected twice, {live.score.wrong} wrong."
    )


def _live(live: LiveTrace, classes: Sequence[str]) -> str:
    seconds = np.arange(len(live.samples)) / live.group.rate_hz
    physical = live.group.to_physical(live.samples)
    unit, columns = _by_unit(live.group)[0]
    color = class_series(classes)
    marks = [(d.time_s, f"{d.label} {d.score:.2f}", color[d.label]) for d in live.detections]
    names = [f"{live.group.channels[i].name} {unit}".strip() for i in columns]
    signal = svg.lines(seconds, [physical[:, i] for i in columns], names, unit="s", marks=marks)
    scores = svg.lines(
        live.times_s,
        [live.scores[:, i] for i in range(len(classes))],
        list(classes),
        unit="s",
        y_range=(0.0, 1.0),
        colors=[color[c] for c in classes],
    )
    return signal + scores
