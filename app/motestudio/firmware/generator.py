"""The firmware project: writes ``<folder>/<board>/`` with core, features, model, port and the user's own part.

The same request gives the same bytes. ``user/`` is made once and never touched again; any other file that was edited
by hand is told of and kept with ``.orig`` added to its name. This module runs no compiler.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from motestudio import __version__
from motestudio.domain.board import BoardFile
from motestudio.errors import BuildError
from motestudio.firmware.esp32 import esp32_values
from motestudio.firmware.feature_code import folder_of
from motestudio.firmware.request import FirmwareRequest, fill, template_values, use_values
from motestudio.firmware.stm32 import stm32_values
from motestudio.shipped import resources_dir

PROJECT_FILE = "project.json"
TARGET = "target/"
"""What a target stage added."""
_TEMPLATES = {
    "CMakeLists.txt": "CMakeLists.txt.in",
    "README.md": "README.md.in",
    "model/model_slot.c": "model_slot.c.in",
    "model/model_slot.h": "model_slot.h.in",
    "model/model_ops.h": "model_ops.h.in",
    "model/labels.c": "labels.c.in",
    "model/mote_features.c": "mote_features.c.in",
    "model/mote_project.h": "mote_project.h.in",
    "model/mote_config.h": "mote_config.h.in",
    "model/mote_config.c": "mote_config.c.in",
}
_PORT_TEMPLATES = {
    "virtual": {},
    "stm32": {
        "port/stm32/memory.ld": "memory.ld.in",
        "port/stm32/board.h": "stm32_board.h.in",
        "port/stm32/port.cmake": "stm32_port.cmake.in",
    },
    "esp32": {
        "port/esp32/main/CMakeLists.txt": "esp32/main.cmake.in",
        "port/esp32/sdkconfig.defaults": "esp32/sdkconfig.defaults.in",
    },
}
"""By family of the board; every project has the port of this computer too."""
_PORT_VALUES: dict[str, Callable[[FirmwareRequest], dict[str, str]]] = {
    "virtual": lambda _: {},
    "stm32": stm32_values,
    "esp32": esp32_values,
}
_USE_TEMPLATE = "feature_params.h.in"
_NO_DIFF = {"model/model_slot.c", "model/slot.bin"}
"""Nothing but the model's bytes: that they changed says it all."""


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One file of the project.

    Attributes:
        path: relative, with forward slashes.
        sha256: of the new content.
        state: against what lay there: ``new``, ``unchanged``, ``changed``, ``edited`` (by hand since it was
            generated; kept as ``.orig``), ``removed`` (no longer part of the project) or ``kept`` (the user's own).
        diff: unified diff from the old content, empty where there is nothing to show.
        content: new content; not part of the representation.
    """

    path: str
    sha256: str
    state: Literal["new", "unchanged", "changed", "edited", "removed", "kept"]
    diff: str = ""
    content: bytes = field(default=b"", repr=False)

    @property
    def changed(self) -> bool:
        """Whether the file on disk is or will be another one than before."""
        return self.state not in ("unchanged", "kept")


@dataclass(frozen=True, slots=True)
class FirmwareProject:
    """A generated project.

    Attributes:
        folder: ``<folder>/<board>``.
        files: in order of their paths.
        request: what it was made from.
    """

    folder: Path
    files: tuple[GeneratedFile, ...]
    request: FirmwareRequest

    @property
    def changed(self) -> tuple[GeneratedFile, ...]:
        """Files that are not what they were."""
        return tuple(f for f in self.files if f.changed)

    @property
    def edited(self) -> tuple[GeneratedFile, ...]:
        """Generated files that were edited by hand."""
        return tuple(f for f in self.files if f.state == "edited")

    @property
    def diff(self) -> str:
        """All diffs, one after the other."""
        return "".join(f.diff for f in self.files)


def preview(folder: Path, request: FirmwareRequest) -> FirmwareProject:
    """Say what `generate` would do, without writing.

    Args:
        folder: of all firmware projects; the board's id is added.
        request: what to make it from.

    Raises:
        BuildError: the request cannot be firmware, or the folder cannot be read.
    """
    target = folder / request.board.id
    contents = _contents(request)
    recorded = _recorded(target)
    files = [_compare(target, path, data, recorded) for path, data in contents.items()]
    for path in sorted(set(recorded) - set(contents)):
        stays = path.startswith(TARGET) and not request.target
        if file := _leftover(target, path, recorded[path], stays=stays):
            files.append(file)
    return FirmwareProject(target, tuple(sorted(files, key=lambda f: f.path)), request)


def generate(folder: Path, request: FirmwareRequest) -> FirmwareProject:
    """Write the project, keeping what is the user's.

    Args:
        folder: of all firmware projects; the board's id is added.
        request: what to make it from.

    Returns:
        What was done, file by file.

    Raises:
        BuildError: ``firmware.write`` and those of `preview`.
    """
    project = preview(folder, request)
    try:
        for file in project.files:
            path = project.folder / file.path
            if file.state == "edited":
                path.replace(_orig(path))
            if file.state == "removed":
                path.unlink(missing_ok=True)
            elif file.changed:
                _write(path, file.content)
        _write(project.folder / PROJECT_FILE, _project_json(request, project.files))
    except OSError as error:
        text = f"The firmware project cannot be written: {error.strerror or error}."
        raise BuildError("firmware.write", text, "Free the disk or the folder and generate again.") from error
    return project


def _contents(request: FirmwareRequest) -> dict[str, bytes]:
    """Content of every file by path."""
    source = resources_dir() / "firmware"
    family = _port(request.board)
    parts = ["core", "sensors", "port/host", "user"] + ([f"port/{family}"] if family != "virtual" else [])
    try:
        values = template_values(request) | _PORT_VALUES[family](request)
        files = {
            name: fill((source / "templates" / template).read_text(encoding="utf-8"), values, template).encode()
            for name, template in (_TEMPLATES | _PORT_TEMPLATES[family]).items()
        }
        for part in parts:
            for path in sorted((source / part).rglob("*")):
                if path.is_file():
                    files[path.relative_to(source).as_posix()] = path.read_bytes()
        params = (source / "templates" / _USE_TEMPLATE).read_text(encoding="utf-8")
        for number, code in enumerate(request.features):
            folder = folder_of(number, code)
            files[f"{folder}/feature_params.h"] = fill(
                params, values | use_values(code, number), _USE_TEMPLATE
            ).encode()
            for path in code.sources:
                files[f"{folder}/{path.name}"] = path.read_bytes()
        if request.key is not None:
            public = (source / "templates" / "public_key.h.in").read_text(encoding="utf-8")
            files["model/public_key.h"] = fill(public, values, "public_key.h.in").encode()
        if family == "esp32":
            files["model/slot.bin"] = request.slot_image.to_bytes()
        files |= {f"{TARGET}{path}": data for path, data in request.target.items()}
    except OSError as error:
        text = f"A source of the firmware cannot be read: {error.filename}: {error.strerror}."
        raise BuildError("firmware.source", text, "Reinstall Mote Studio or the plugin.") from error
    return files


def _port(board: BoardFile) -> str:
    """Which port a board's project has; a user's board whose file does not tell what its port must know has none."""
    known = {"stm32": board.stm32 is not None, "esp32": bool(board.flashing.esptool_chip)}
    return board.family if known.get(board.family, True) else "virtual"


def _compare(target: Path, path: str, data: bytes, recorded: dict[str, str]) -> GeneratedFile:
    digest = hashlib.sha256(data).hexdigest()
    old = _read(target / path)
    if old is None:
        return GeneratedFile(path, digest, "new", "", data)
    if path.startswith("user/"):
        return GeneratedFile(path, hashlib.sha256(old).hexdigest(), "kept", "", old)
    if old == data:
        return GeneratedFile(path, digest, "unchanged", "", data)
    edited = recorded.get(path) != hashlib.sha256(old).hexdigest()
    return GeneratedFile(path, digest, "edited" if edited else "changed", _diff(path, old, data), data)


def _leftover(target: Path, path: str, recorded: str, *, stays: bool) -> GeneratedFile | None:
    """A file of an earlier generation that is no longer part of the project, or that stays as it is."""
    old = _read(target / path)
    if old is None or path.startswith("user/"):
        return None
    if hashlib.sha256(old).hexdigest() != recorded:
        return GeneratedFile(path, recorded, "kept", "", old)
    if stays:
        return GeneratedFile(path, recorded, "unchanged", "", old)
    return GeneratedFile(path, recorded, "removed", _diff(path, old, b""))


def _diff(path: str, old: bytes, new: bytes) -> str:
    if path in _NO_DIFF:
        return ""
    before, after = (data.decode(errors="replace").splitlines(keepends=True) for data in (old, new))
    return "".join(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"))


def _recorded(target: Path) -> dict[str, str]:
    """Hashes of the last generation by path; empty where there was none. The file is the user's to break."""
    data = _read(target / PROJECT_FILE)
    try:
        table: Any = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    files = table.get("files") if isinstance(table, dict) else None
    if not isinstance(files, dict):
        return {}
    return {k: v for k, v in files.items() if isinstance(v, str) and _inside(k)}


def _inside(path: str) -> bool:
    """Whether a recorded path stays in the project: nothing else is ever compared or removed."""
    pure = PurePosixPath(path)
    return (
        bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and "\\" not in path and "\0" not in path
    )


def _project_json(request: FirmwareRequest, files: tuple[GeneratedFile, ...]) -> bytes:
    deploy = request.deployable
    body = {
        "format": 1,
        "generator": f"motestudio {__version__}",
        "project": request.project_name,
        "board": request.board.id,
        "model_sha256": request.model_sha256,
        "arena_bytes": request.arena_bytes,
        "features": [{"stage": b.stage, "implementation": b.implementation} for b in deploy.blocks],
        "files": {
            f.path: f.sha256 for f in files if f.state not in ("removed", "kept") and not f.path.startswith("user/")
        },
    }
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _orig(path: Path) -> Path:
    """The name an edited file is kept under; an earlier one is not overwritten."""
    kept = path.with_name(path.name + ".orig")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.orig{number}")
    return kept


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        text = f"{path.name} of the firmware project cannot be read: {error.strerror}."
        raise BuildError("firmware.read", text, "Mend its permissions or delete the folder.") from error


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)
