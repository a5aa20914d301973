"""Target stages: what a plugin adds to a generated firmware project, in its ``target`` folder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motestudio.domain.params import complete
from motestudio.errors import PluginError
from motestudio.firmware.generator import generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

_MOST_FILES, _MOST_BYTES = 2000, 64 << 20


def files_of(
    studio: Studio, request: FirmwareRequest, stage: str, params: Mapping[str, Any], operation: Operation
) -> dict[str, bytes]:
    """Run a target stage on a copy of the project that a request gives.

    Args:
        studio: plugins and workers.
        request: of the firmware project.
        stage: full id.
        params: what differs from its defaults.
        operation: progress and cancel.

    Returns:
        What it wrote, by path inside the project's target folder.

    Raises:
        PluginError: the stage is absent or of another kind, a parameter is not allowed, or its files cannot be used.
        JobError: it failed.
    """
    entry = studio.registry.stage(stage)
    if entry.manifest.kind != "target":
        text = f"{entry.manifest.id} is a {entry.manifest.kind} stage."
        raise PluginError("target.kind", text, "Name a target stage: mote plugin list.")
    values = complete(entry.manifest.params, params)
    with tempfile.TemporaryDirectory(prefix="mote-target-") as scratch:
        folders = {name: Path(scratch, name) for name in ("deployable", "made", "project")}
        for folder in folders.values():
            folder.mkdir()
        request.deployable.save(folders["deployable"])
        made = generate(folders["project"], request)
        inputs = {"project": made.folder, "deployable": folders["deployable"]}
        run_stage(studio, entry, operation, params=values, inputs=inputs, workdir=folders["made"])
        return read_files(folders["made"])


def read_files(folder: Path) -> dict[str, bytes]:
    """The files that a target stage wrote, by path inside its folder.

    Raises:
        PluginError: ``target.files``: a link, a name that not every system can have, or far too much.
    """
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise _bad(f"{name} is a link")
        if not path.is_file():
            continue
        if any(c in name for c in '\\:*?"<>|') or any(part.endswith((".", " ")) for part in name.split("/")):
            raise _bad(f"{name!r} is no file name on every system")
        data = path.read_bytes()
        total += len(data)
        if len(found) >= _MOST_FILES or total > _MOST_BYTES:
            raise _bad(f"it wrote more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MB")
        found[name] = data
    return found


def _bad(why: str) -> PluginError:
    return PluginError(
        "target.files", f"What the target stage wrote cannot be used: {why}.", "Report it to its author."
    )
