"""Runs the checks of a plugin, stage by stage, and turns whatever happens into rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from motestudio.domain.pipeline import StageKind
from motestudio.errors import MissingError, PluginError
from motestudio.plugins.code import code_hash
from motestudio.plugins.compatibility import missing
from motestudio.plugins.manifest import Manifest, StageManifest, read_manifest
from motestudio.plugins.places import user_packages
from motestudio.plugins.registry import StageEntry
from motestudio.studio.conformance import common, feature, golden, recordings, targets, training, twin, windows
from motestudio.studio.conformance.bench import Bench, Recorded
from motestudio.studio.conformance.catalogue import CHECKS, Check, check
from motestudio.studio.conformance.common import CheckFunction, KindKit
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped, Report, Row
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation

KITS: Mapping[StageKind, KindKit] = {
    "decoder": recordings.DECODER,
    "importer": recordings.IMPORTER,
    "exporter": recordings.EXPORTER,
    "segmenter": recordings.SEGMENTER,
    "window": windows.WINDOW,
    "augment": windows.AUGMENT,
    "feature": feature.KIT,
    "model": training.MODEL,
    "compress": training.COMPRESS,
    "convert": training.CONVERT,
    "evaluate": training.EVALUATE,
    "target": targets.TARGET,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the kit.

    Attributes:
        stages: names of stages (full ids or short ones); all where empty.
        checks: ids of checks; all where empty.
        recorded: recordings to test feature stages with.
        update_golden: write golden vectors anew before they are compared.
        tell: gets every row as soon as it is known.
        operation: cancels.
    """

    stages: Sequence[str] = ()
    checks: Sequence[str] = ()
    recorded: Sequence[Recorded] = ()
    update_golden: bool = False
    tell: Callable[[Row], None] = lambda _row: None
    operation: Operation = field(default_factory=Operation)


def check_plugin(folder: Path, wanted: Wanted | None = None, studio: Studio | None = None) -> Report:
    """Run the conformance kit over a plugin.

    Args:
        folder: of the plugin; it need not be installed.
        wanted: which stages and checks, and what with.
        studio: whose workers to use and whose plugins give stages their inputs; a fresh one where None.

    Returns:
        A row for every check; nothing is raised for a plugin that is bad.

    Raises:
        PluginError: a stage or check was asked for that there is not.
        Cancelled: the caller cancelled.
    """
    wanted = wanted or Wanted()
    if studio is None:
        with Studio() as own:
            return check_plugin(folder, wanted, own)
    if unknown := sorted(set(wanted.checks) - {c.id for c in CHECKS}):
        known = ", ".join(c.id for c in CHECKS)
        raise PluginError("check.unknown", f"There is no check {unknown[0]!r}.", f"Checks: {known}.")
    rows: list[Row] = []
    name = folder.resolve().name
    for row in _plugin_rows(folder.resolve(), wanted, studio):
        rows.append(row)
        wanted.tell(row)
        name = row.stage.split("/")[0]
    return Report(name, tuple(rows))


def _plugin_rows(folder: Path, wanted: Wanted, studio: Studio) -> Iterator[Row]:
    began = time.monotonic()
    try:
        manifest = read_manifest(folder)
    except PluginError as error:
        yield _row(folder.name, check("manifest"), "failed", str(error), began)
        return
    packages = user_packages().resolve()
    paths = (packages,) if packages.is_dir() else ()
    yield _try(manifest.id, check("manifest"), lambda: _manifest(manifest, folder), began)
    for stage in _chosen(manifest, wanted.stages):
        lacking = missing(stage.requires, paths)
        entry = StageEntry(stage, manifest, folder, code_hash(folder), lacking, paths)
        yield from _stage_rows(entry, wanted, studio)


def _chosen(manifest: Manifest, names: Sequence[str]) -> tuple[StageManifest, ...]:
    known = {s.id: s for s in manifest.stages} | {s.id.rpartition("/")[2]: s for s in manifest.stages}
    for name in names:
        if name not in known:
            have = ", ".join(s.id for s in manifest.stages)
            raise PluginError("plugin.absent", f"{manifest.id} has no stage {name!r}.", f"It has {have}.")
    chosen = {known[name].id for name in names} or {s.id for s in manifest.stages}
    return tuple(s for s in manifest.stages if s.id in chosen)


def _manifest(manifest: Manifest, folder: Path) -> str:
    for stage in manifest.stages:
        for param in stage.params:
            at = f"{stage.id}, parameter {param.key}"
            if param.type in ("int", "float") and (param.minimum is None or param.maximum is None):
                raise CheckFailed(f"{at}: a number needs min and max, for its form and for these checks")
            if not param.help:
                raise CheckFailed(f"{at}: it has no help; people choose by it")
    if not any((folder / name).is_file() for name in ("README.md", "README.rst", "README.txt", "README")):
        raise CheckFailed("there is no README")
    count = sum(len(s.params) for s in manifest.stages)
    return f"{len(manifest.stages)} stage(s), {count} parameters"


def _stage_rows(entry: StageEntry, wanted: Wanted, studio: Studio) -> Iterator[Row]:
    stage = entry.manifest
    checks = [c for c in CHECKS if c.id != "manifest" and (not c.kinds or stage.kind in c.kinds)]
    if wanted.checks:
        checks = [c for c in checks if c.id in wanted.checks]
    if entry.missing:
        reason = f"{', '.join(entry.missing)} is not installed"
        for one in checks:
            yield _row(stage.id, one, "skipped", reason, time.monotonic())
        return
    with tempfile.TemporaryDirectory(prefix="mote-conformance-") as scratch:
        if wanted.update_golden and stage.kind == "feature":
            began = time.monotonic()
            first = Bench(studio, entry, Path(scratch, "golden"), wanted.operation)
            written = _try(stage.id, check("golden"), lambda: f"{len(golden.update(first))} file(s) written", began)
            if written.state == "failed":
                yield written
        bench = Bench(studio, entry, Path(scratch), wanted.operation, wanted.recorded)
        functions = _functions(stage.kind)
        usable = True
        for one in checks:
            began = time.monotonic()
            if not usable:
                yield _row(stage.id, one, "skipped", "the stage cannot be imported", began)
                continue
            row = _try(stage.id, one, lambda f=functions[one.id]: f(bench), began)  # type: ignore[misc]
            usable = usable and (one.id != "protocol" or row.state != "failed")
            yield row


def _functions(kind: StageKind) -> dict[str, CheckFunction]:
    kit = KITS[kind]
    usual: dict[str, CheckFunction] = {
        "protocol": common.protocol,
        "params": lambda bench: common.params(bench, kit),
        "deterministic": lambda bench: common.deterministic(bench, kit),
        "cancel": lambda bench: common.cancel(bench, kit),
        "memory": common.memory,
        "writes": common.writes,
    }
    if kind == "feature":
        usual |= twin.CHECKS | {"golden": golden.check}
    return usual | dict(kit.own)


def _try(stage: str, about: Check, work: Callable[[], str], began: float) -> Row:
    try:
        return _row(stage, about, "passed", work(), began)
    except CheckFailed as failure:
        return _row(stage, about, "failed", str(failure), began)
    except (CheckSkipped, MissingError) as reason:
        return _row(stage, about, "skipped", str(reason), began)


def _row(stage: str, about: Check, state: str, text: str, began: float) -> Row:
    return Row(stage, about.id, about.title, state, text, time.monotonic() - began)  # type: ignore[arg-type]
