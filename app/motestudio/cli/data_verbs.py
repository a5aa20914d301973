"""Verbs about data: import, export, label, segment, dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from motestudio.cli.params import SetOption, given
from motestudio.cli.state import state_of

SplitBy = Literal["take", "subject", "session", "device"]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("import")(import_files)
    app.command("export")(export)
    app.command("label")(label)
    app.command("segment")(segment)
    app.command("dataset")(dataset)


def import_files(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="File or folder.")],
    importer: Annotated[str, typer.Option(help="Importer stage to ask; by the files' names where empty.")] = "",
    decoder: Annotated[str, typer.Option(help="Decoder stage, for bytes captured from a board; auto finds out.")] = "",
    values: SetOption = None,
) -> None:
    """Import CSV or WAV files, labelled as their names or folders say; or what a plugin's stage reads."""
    from dataclasses import replace

    from motestudio.errors import PluginError
    from motestudio.project.schema import ClassConfig
    from motestudio.studio.detect import detect_file
    from motestudio.studio.importing import import_recordings, importer_for

    if importer and decoder:
        raise PluginError("import.stage", "Both an importer and a decoder are named.", "Name one of them.")
    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        lines, said = [], {}
        if decoder == "auto":
            with operation.within(0.0, 0.1) as part:
                best = detect_file(studio, source, part)
            decoder, said = best.stage, dict(best.params)
            lines.append(f"Read as {best.title} ({best.stage}): {best.reason}.")
        stage = importer or decoder or importer_for(source)
        params = said | given(studio.registry.stage(stage).manifest.params, values or ())
        names = import_recordings(studio, project, source, operation, stage=stage, params=params)
        found = {s.label for n in names for s in project.recordings.load(n).segments}
        known = {c.name for c in project.config.classes}
        new = tuple(ClassConfig(label, 20) for label in sorted(found - known))
        if new:
            project.save(replace(project.config, classes=(*project.config.classes, *new)))
    lines.append(f"{len(names)} recordings imported; new classes: {', '.join(c.name for c in new) or 'none'}.")
    facts = {"recordings": names, "new_classes": [c.name for c in new], "stage": stage, "params": params}
    state.output.result(facts, lines)


def export(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="Folder to write to.")],
    names: Annotated[list[str] | None, typer.Argument(help="Recordings; all where none.")] = None,
    stage: Annotated[str, typer.Option("--format", help="csv, or an exporter stage.")] = "csv",
    values: SetOption = None,
) -> None:
    """Write recordings as CSV with time, physical units and a label column, or as an exporter stage does."""
    from motestudio.studio.exporting import export_csv, export_with

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        chosen = names or project.recordings.names()
        table = () if stage == "csv" else studio.registry.stage(stage).manifest.params
        params = given(table, values or ())
        if stage == "csv":
            files = export_csv(project, target, chosen, operation)
        else:
            files = export_with(studio, project, target, chosen, operation, stage=stage, params=params)
    state.output.result({"files": [str(f) for f in files]}, [f"{len(files)} files in {target}."])


def label(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Recording.")],
    text: Annotated[str, typer.Argument(help="Class name.")],
    start: Annotated[float, typer.Option(help="Seconds.")] = 0.0,
    end: Annotated[float, typer.Option(help="Seconds; the recording's end where 0.")] = 0.0,
) -> None:
    """Label a stretch of a recording; it replaces what it overlaps."""
    from motestudio.domain.labels import Segment
    from motestudio.errors import ProjectError
    from motestudio.studio.label import set_segments

    state = state_of(context)
    with state.project() as project:
        recording = project.recordings.load(name)
        rate = recording.group.rate_hz
        first, last = round(start * rate), round(end * rate) if end else recording.n_samples
        if not 0 <= first < last <= recording.n_samples:
            raise ProjectError(
                "label.extent", f"{start:g} to {end:g} s is not inside {name}.", f"It has {recording.seconds:.2f} s."
            )
        mine = Segment(first, last - first, text, "mine", "mote label")
        kept = [s for s in recording.segments if not s.overlaps(mine)]
        set_segments(project, name, [*kept, mine])
    state.output.result({"recording": name, "start": first, "count": last - first, "label": text}, [f"{name}: {text}."])


def segment(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Recordings; all that carry one whole label where none.")
    ] = None,
    stage: Annotated[str, typer.Option(help="Segmenter to ask.")] = "mote-segment/energy",
) -> None:
    """Trim whole-take labels to where something happens; background classes stay whole."""
    from motestudio.domain.classes import is_background
    from motestudio.studio.label import trim

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        recordings = [project.recordings.load(n) for n in names] if names else project.recordings.all()
        chosen = [r.name for r in recordings if not any(is_background(s.label) for s in r.segments)]
        changed = trim(studio, project, chosen, operation, segmenter=stage)
    state.output.result({"changed": changed}, [f"{changed} takes trimmed."])


def dataset(
    context: typer.Context,
    split_by: Annotated[SplitBy | None, typer.Option(help="Change what the split keeps together.")] = None,
    hold_out: Annotated[
        list[str] | None, typer.Option(help="Change which subject, session or device is tested on; may be repeated.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Change which channel group is learnt from, such as imu; the lead where empty.")
    ] = None,
) -> None:
    """Say which takes train, validate and test, and check that nothing leaks."""
    from motestudio.studio.dataset import build
    from motestudio.studio.pipeline_edit import set_dataset

    state = state_of(context)
    changes: dict[str, Any] = {"split_by": split_by, "hold_out": ()} if split_by else {}
    if hold_out:
        changes["hold_out"] = tuple(hold_out)
    if group is not None:
        changes["group"] = group
    with state.project() as project:
        if changes:
            set_dataset(project, **changes)
        data, _ = build(project)
    counts = data.counts()
    rows = [(c, *(str(counts[s][c]) for s in counts)) for c in data.classes]
    state.output.table(("class", *counts), rows)
    facts = {
        "counts": {s: dict(c) for s, c in counts.items()},
        "split_by": data.split_by,
        "held_out": list(data.held_out),
        "sha256": data.sha256,
    }
    state.output.result(facts, [f"Split by {data.split_by}; no {data.split_by} is in the test split and in another."])
