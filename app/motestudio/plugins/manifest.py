"""Reads ``plugin.toml``: what a plugin says of itself, checked to the last key, without importing any of its code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import msgspec

from motestudio.domain.params import Param, ParamType, ShownIf
from motestudio.domain.pipeline import StageKind
from motestudio.errors import PluginError
from motestudio.plugins.compatibility import check_api

MANIFEST = "plugin.toml"
BOARDS = "boards"
"""Folder of a plugin's board files."""
_MAX_BYTES = 1_000_000
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class OlderImplementation:
    """Code that still computes what an older number of a stage did."""

    implementation: int
    entry: str


@dataclass(frozen=True, slots=True)
class StageManifest:
    """One stage of a plugin.

    Attributes:
        id: full, ``plugin/stage``.
        kind: of the stage.
        title: for people.
        entry: ``module:Class``, the module inside the plugin's folder.
        implementation: number of the newest implementation.
        help: one sentence.
        requires: modules that must be installed.
        csrc: C sources, relative to the plugin's folder.
        params: in the order of the form.
        consumes: further inputs than those of its kind.
        produces: further outputs than that of its kind.
        icon: name of an icon, or empty.
        older: implementations that projects may still name.
    """

    id: str
    kind: StageKind
    title: str
    entry: str
    implementation: int = 1
    help: str = ""
    requires: tuple[str, ...] = ()
    csrc: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    icon: str = ""
    older: tuple[OlderImplementation, ...] = ()

    def at(self, implementation: int) -> StageManifest:
        """This stage with the code of one of its implementations; 0 for the newest.

        Raises:
            PluginError: ``plugin.implementation``: this version of the plugin has no such code.
        """
        if implementation in (0, self.implementation):
            return self
        for older in self.older:
            if older.implementation == implementation:
                return replace(self, implementation=implementation, entry=older.entry)
        newer = implementation > self.implementation
        have = ", ".join(str(n) for n in sorted([o.implementation for o in self.older] + [self.implementation]))
        raise PluginError(
            "plugin.implementation",
            f"The project was made with implementation {implementation} of {self.id}; this plugin has {have}.",
            "Update the plugin." if newer else "Choose the stage anew to go on with its newest implementation.",
            {"stage": self.id, "implementation": implementation},
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a plugin says of itself.

    Attributes:
        id: unique; begins every stage's id.
        name: for people.
        version: of the plugin.
        api: version of the plugin API that it was written for.
        stages: any number; a plugin may also bring board files only.
        description: what it is for, a sentence.
        author: who wrote it.
        license: under which it may be used, as SPDX says it.
        homepage: where there is more.
    """

    id: str
    name: str
    version: str
    api: str
    stages: tuple[StageManifest, ...]
    description: str = ""
    author: str = ""
    license: str = ""
    homepage: str = ""


class _ShownIf(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    equals: int | float | bool | str


class _Param(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    type: str
    default: int | float | bool | str
    title: str = ""
    minimum: float | None = msgspec.field(name="min", default=None)
    maximum: float | None = msgspec.field(name="max", default=None)
    step: float = 0.0
    choices: tuple[str, ...] = ()
    unit: str = ""
    group: str = ""
    help: str = ""
    shown_if: _ShownIf | None = None


class _Older(msgspec.Struct, forbid_unknown_fields=True):
    implementation: int
    entry: str


class _Stage(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: str
    title: str
    entry: str
    implementation: int = 1
    help: str = ""
    requires: tuple[str, ...] = ()
    csrc: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    icon: str = ""
    older: tuple[_Older, ...] = ()
    param: tuple[_Param, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    version: str
    api: str
    stage: tuple[_Stage, ...] = ()
    description: str = ""
    author: str = ""
    license: str = ""
    homepage: str = ""


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a plugin.

    Args:
        folder: of the plugin.

    Raises:
        PluginError: ``plugin.api`` where it was written for another API, ``plugin.broken`` with the line or the key
            where anything is wrong with it.
    """
    plain = _read_toml(folder)
    if isinstance(plain.get("api"), str):
        # Before the rest: a manifest for a newer API may say things that are unknown here.
        check_api(plain["api"], str(plain.get("id", folder.name)))
    try:
        body = msgspec.convert(plain, _File)
    except msgspec.ValidationError as error:
        raise _broken(folder, _readable(str(error))) from error
    _require(folder, bool(_ID.fullmatch(body.id)), "id", f"{body.id!r} must be lower-case words joined by -")
    _require(folder, bool(body.stage) or (folder / BOARDS).is_dir(), "stage", "there must be at least one, or boards")
    ids = [s.id for s in body.stage]
    _require(folder, len(set(ids)) == len(ids), "stage.id", "two stages have the same one")
    stages = tuple(_stage(folder, body.id, s, f"stage[{i}]") for i, s in enumerate(body.stage))
    facts = (body.description, body.author, body.license, body.homepage)
    return Manifest(body.id, body.name, body.version, body.api, stages, *facts)


def _read_toml(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _broken(folder, "it is larger than a manifest can be")
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise _broken(folder, "it does not exist") from None
    except UnicodeDecodeError as error:
        raise _broken(folder, f"it is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise _broken(folder, f"{error.strerror}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise _broken(folder, str(error), int(found.group(1)) if found else 0) from error


def _stage(folder: Path, plugin: str, row: _Stage, at: str) -> StageManifest:
    kind = next((k for k in get_args(StageKind) if k == row.kind), None)
    _require(folder, bool(_ID.fullmatch(row.id)), f"{at}.id", f"{row.id!r} must be lower-case words joined by -")
    _require(folder, row.implementation >= 1, f"{at}.implementation", "it must be 1 or more")
    if kind is None:
        raise _broken(folder, f"{at}.kind: {row.kind!r} is none of {', '.join(get_args(StageKind))}")
    _check_entry(folder, row.entry, f"{at}.entry")
    numbers = [row.implementation]
    for older in row.older:
        _check_entry(folder, older.entry, f"{at}.older.entry")
        numbers.append(older.implementation)
    good = len(set(numbers)) == len(numbers) and min(numbers) >= 1 and max(numbers) == row.implementation
    _require(folder, good, f"{at}.older", "its numbers must differ and lie below implementation")
    for source in row.csrc:
        path = (folder / source).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
        _require(folder, inside, f"{at}.csrc", f"there is no file {source} in the plugin's folder")
    params = tuple(_param(folder, p, f"{at}.param[{i}]") for i, p in enumerate(row.param))
    keys = [p.key for p in params]
    _require(folder, len(set(keys)) == len(keys), f"{at}.param.key", "two parameters have the same one")
    for param in params:
        known = param.shown_if is None or param.shown_if.key in keys
        _require(folder, known, f"{at}.param.{param.key}.shown_if", "its key is no parameter of this stage")
    return StageManifest(
        id=f"{plugin}/{row.id}",
        kind=kind,
        title=row.title,
        entry=row.entry,
        implementation=row.implementation,
        help=row.help,
        requires=row.requires,
        csrc=row.csrc,
        params=params,
        consumes=row.consumes,
        produces=row.produces,
        icon=row.icon,
        older=tuple(OlderImplementation(o.implementation, o.entry) for o in row.older),
    )


def _check_entry(folder: Path, entry: str, at: str) -> None:
    _require(folder, bool(_ENTRY.fullmatch(entry)), at, f"{entry!r} must be module:Class")
    name = entry.split(":", maxsplit=1)[0]
    module = folder.joinpath(*name.split("."))
    there = module.with_name(module.name + ".py").is_file() or (module / "__init__.py").is_file()
    _require(folder, there, at, f"there is no module {name} in the plugin's folder")


def _param(folder: Path, row: _Param, at: str) -> Param:
    at = f"{at} ({row.key})"
    type_ = next((t for t in get_args(ParamType) if t == row.type), None)
    if type_ is None:
        raise _broken(folder, f"{at}.type: {row.type!r} is none of {', '.join(get_args(ParamType))}")
    _require(folder, bool(_KEY.fullmatch(row.key)), f"{at}.key", f"{row.key!r} must be a lower-case identifier")
    ordered = row.minimum is None or row.maximum is None or row.minimum <= row.maximum
    _require(folder, ordered, f"{at}.min", "it is above max")
    _require(folder, type_ != "choice" or bool(row.choices), f"{at}.choices", "a choice needs at least one")
    param = Param(
        key=row.key,
        type=type_,
        default=row.default,
        title=row.title,
        minimum=row.minimum,
        maximum=row.maximum,
        step=row.step,
        choices=row.choices,
        unit=row.unit,
        group=row.group,
        help=row.help,
        shown_if=ShownIf(row.shown_if.key, row.shown_if.equals) if row.shown_if else None,
    )
    try:
        default = param.check(row.default)
    except PluginError as error:
        raise _broken(folder, f"{at}.default: {error}") from error
    return replace(param, default=default)


def _require(folder: Path, good: bool, key: str, reason: str) -> None:
    if not good:
        raise _broken(folder, f"{key}: {reason}")


def _readable(text: str) -> str:
    """msgspec's ``... - at `$.stage[0].kind` `` with the key first."""
    what, _, where = text.partition(" - at `$")
    return f"{where.strip('`.')}: {what}" if where.strip("`.") else what


def _broken(folder: Path, reason: str, line: int = 0) -> PluginError:
    return PluginError(
        "plugin.broken",
        f"{folder.name}/{MANIFEST}: {reason}.",
        "Mend the manifest, or remove the plugin's folder.",
        {"folder": str(folder), "reason": reason, "line": line},
    )
