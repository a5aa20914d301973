"""The main job from end to end: from a bare board to a board that recognises, with a report of every step.

It does what a user would do verb by verb, in the same order, through the same verbs.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from motestudio.domain.classes import is_background
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import analyse, create, deploy, evaluate, label, live, train
from motestudio.studio.connect import VIRTUAL, connect
from motestudio.studio.demo_source import DemoSource, from_files, gestures
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.report import LiveTrace, ReportData, write_report
from motestudio.studio.run_store import Run
from motestudio.studio.take_runs import Pace, record_all

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the demo shall do.

    Attributes:
        report: folder of the report; the project lies in it, too.
        source: recorded files to play through the virtual board, or None for simulated gestures.
        board: id of the board file; the template's where empty.
        port: where the board is: ``virtual`` starts one.
        takes: per class, of simulated gestures.
        hold_out: groups that are never trained on; by rule where empty.
        transport: of the virtual board: ``socket`` or ``pty``.
    """

    report: Path
    source: Path | None = None
    board: str = ""
    port: str = VIRTUAL
    takes: int = 20
    hold_out: tuple[str, ...] = ()
    transport: str = "socket"


@dataclass
class _Steps:
    """Times and tells the steps."""

    operation: Operation
    rows: list[tuple[str, str, float]] = field(default_factory=list)

    def run(self, key: str, title: str, work: Callable[[Operation], tuple[T, str]]) -> T:
        """Do one step; `work` returns its result and what to say of it."""
        self.operation.part(key, title)
        began = time.monotonic()
        result, text = work(Operation(self.operation.on_happening, self.operation.cancel))
        seconds = time.monotonic() - began
        self.rows.append((key, text, seconds))
        self.operation.done(key, text, seconds)
        return result


def run(studio: Studio, options: DemoOptions, operation: Operation) -> dict[str, Any]:
    """Do the whole job.

    Returns:
        What ``result.json`` holds.

    Raises:
        AppError: a step failed; its text says which and what to do.
        Cancelled: the caller cancelled.
    """
    steps = _Steps(operation)
    report = options.report.resolve()
    folder = _clean(report)
    source = steps.run("source", "Sensor", lambda op: _source(studio, options, report, op))
    template = source.template
    project = steps.run("create", "Create the project", lambda _: _create(folder, template, source, options))
    with (
        project,
        connect(studio, project, options.port, sensor=source.sensor, transport=options.transport) as session,
    ):
        return _job(studio, project, session, source, steps, report)


def _clean(report: Path) -> Path:
    """An empty place for the project; only what an earlier demo made is removed."""
    report.mkdir(parents=True, exist_ok=True)
    marker = report / "result.json"
    folder = report / "project"
    if folder.exists():
        if not (folder / "project.toml").is_file():
            raise ProjectError("demo.folder", f"{folder} is not a demo's project.", "Choose another --report folder.")
        shutil.rmtree(folder)
    marker.unlink(missing_ok=True)
    return folder


def _source(studio: Studio, options: DemoOptions, report: Path, operation: Operation) -> tuple[DemoSource, str]:
    if options.source is None:
        return gestures(options.takes), "simulated hand with a 6-axis IMU"
    clips = report / "clips"
    shutil.rmtree(clips, ignore_errors=True)
    clips.mkdir()
    source = from_files(studio, options.source, clips, operation)
    return source, source.text


def _create(folder: Path, template: str, source: DemoSource, options: DemoOptions) -> tuple[Project, str]:
    project = create.create(folder, template_id=template, name=source.name, board=options.board)
    config = source.configure(project.config)
    if options.hold_out:
        config = source.hold_out(config, options.hold_out)
    project.save(config)
    return project, f"{len(config.classes)} classes for {config.board}, from the {template} template"


def _job(
    studio: Studio, project: Project, session: DeviceSession, source: DemoSource, steps: _Steps, report: Path
) -> dict[str, Any]:
    steps.run("describe", "Ask the board what it is", lambda _: (None, _describe(session)))
    takes = steps.run("record", "Record", lambda op: _record(project, session, source, op))
    if source.trim:
        steps.run("label", "Label", lambda op: _trim(studio, project, takes, op))
    else:
        steps.run("label", "Label", lambda _: (None, f"{len(takes)} takes labelled by their source"))
    trained = steps.run("train", "Train and compress", lambda op: _train(studio, project, op))
    model = steps.run("analyse", "Analyse", lambda _: _analyse(studio, project, trained))
    built = steps.run("generate", "Generate the firmware", lambda op: _generate(studio, project, trained, op))
    flashed = steps.run("flash", "Flash", lambda op: _flash(session, built, op))
    check = steps.run("evaluate", "Held-out windows on the board", lambda op: _check(project, session, trained, op))
    trace = steps.run("live", "Live", lambda op: _live(session, source, project, trained, op))
    result = {
        "board": project.config.board,
        "classes": list(check.classes),
        "held_out": list(trained.facts["held_out"]),
        "windows_tested": check.tested,
        "windows_equal": check.equal,
        "host_accuracy": round(check.host_accuracy, 4),
        "board_accuracy": round(check.board_accuracy, 4),
        "board_accuracy_by_take": round(check.board_take_accuracy, 4),
        "arena_bytes": model.arena.total,
        "flash_bytes": int(model.verdict.budget("flash").used),
        "fits": model.verdict.fits,
        "model_sha256": built.model_sha256,
        "board_sha256": flashed.model_sha256,
        "package_sha256": built.package_sha256,
        "live_performed": len(trace.performed),
        "live_found": trace.score.found,
        "live_repeated": trace.score.repeated,
        "live_wrong": trace.score.wrong,
        "split_by": trained.facts["split_by"],
    }
    began = time.monotonic()
    data = ReportData(
        title=f"{project.config.name} on {studio.board(project.config.board).name}",
        result=result,
        steps=steps.rows,
        classes=check.classes,
        examples=_examples(project, check.classes),
        history=analyse.history(trained),
        model=model,
        check=check,
        live=trace,
    )
    write_report(report / "report.html", data)
    steps.rows.append(("report", "report.html", time.monotonic() - began))
    result["seconds"] = {key: round(seconds, 2) for key, _, seconds in steps.rows}
    (report / "result.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    steps.operation.done("report", str(report / "report.html"), steps.rows[-1][2])
    return result


def _describe(session: DeviceSession) -> str:
    about = session.description
    group = about.groups[0]
    return f"{about.name}, {len(group.channels)} channels at {group.rate_hz:g} Hz, {about.firmware}"


def _record(
    project: Project, session: DeviceSession, source: DemoSource, operation: Operation
) -> tuple[list[str], str]:
    recordings = record_all(project, session, source.takes, operation, Pace(rate=0.0))
    seconds = sum(r.seconds for r in recordings)
    lost = sum(r.health.lost_samples for r in recordings)
    return [r.name for r in recordings], f"{len(recordings)} takes, {seconds:.0f} s of signal, {lost} samples lost"


def _trim(studio: Studio, project: Project, takes: list[str], operation: Operation) -> tuple[int, str]:
    store = project.recordings
    moving = [n for n in takes if not is_background(store.load(n).segments[0].label)]
    changed = label.trim(studio, project, moving, operation)
    return changed, f"{changed} takes trimmed to where the motion is, {len(takes) - changed} kept whole"


def _train(studio: Studio, project: Project, operation: Operation) -> tuple[Run, str]:
    trained = train.train(studio, project, operation)
    accuracy = trained.metrics.get("accuracy", 0.0)
    size = trained.metrics.get("model_bytes", 0)
    counts: Mapping[str, Mapping[str, int]] = trained.facts["counts"]
    takes = ", ".join(f"{sum(c.values())} {s}" for s, c in counts.items())
    return trained, f"{takes} takes; int8 {size / 1024:.1f} KB, {accuracy:.1%} on held-out windows"


def _analyse(studio: Studio, project: Project, trained: Run) -> tuple[analyse.ModelReport, str]:
    model = analyse.analyse(studio, project, trained)
    verdict = "fits" if model.verdict.fits else "does not fit"
    return model, f"{verdict} {model.verdict.board_name}: {analyse.one_line(model)}"


def _generate(studio: Studio, project: Project, trained: Run, operation: Operation) -> tuple[deploy.BuiltPackage, str]:
    built = deploy.generate_and_build(studio, project, trained, operation)
    return built, f"{len(built.files)} files, package of {built.path.stat().st_size / 1024:.1f} KB"


def _flash(session: DeviceSession, built: deploy.BuiltPackage, operation: Operation) -> tuple[deploy.FlashResult, str]:
    flashed = deploy.flash(session, built, operation)
    return flashed, f"verified: the board read back SHA-256 {flashed.package_sha256[:12]}…"


def _check(
    project: Project, session: DeviceSession, trained: Run, operation: Operation
) -> tuple[evaluate.BoardCheck, str]:
    check = evaluate.on_board(project, session, trained, operation)
    text = f"{check.equal} of {check.tested} equal bit for bit, {check.board_accuracy:.1%} right"
    return check, text


def _live(
    session: DeviceSession, source: DemoSource, project: Project, trained: Run, operation: Operation
) -> tuple[LiveTrace, str]:
    performances = source.performances(project, trained)
    trace = live.play(session, performances, operation)
    return trace, f"{trace.score.found} of {len(trace.performed)} never recorded found, {trace.score.wrong} wrong"


def _examples(project: Project, classes: tuple[str, ...]) -> list[tuple[str, Any, Any]]:
    found: dict[str, tuple[str, Any, Any]] = {}
    for recording in project.recordings.all():
        for segment in recording.segments:
            if segment.label in classes and segment.label not in found:
                found[segment.label] = (segment.label, recording.group, project.recordings.samples(recording))
        if len(found) == len(classes):
            break
    return [found[c] for c in classes if c in found]
