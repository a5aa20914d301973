"""Reads ``plugin.toml``: what a plugin says of itself, checked to the last key, without importing any of its code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from motestudio.domain.params import Param, ParamType, ShownIf
from motestudio.domain.pipeline import StageKind
from motestudio.errors import PluginError
from motestudio.plugins.compatibility import check_api

MANIFEST = "plugin.toml"
_MAX_BYTES = 1_000_000
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


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


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a plugin says of itself.

    Attributes:
        id: unique; begins every stage's id.
        name: for people.
        version: of the plugin.
        api: version of the plugin API that it was written for.
        stages: at least one.
    """

    id: str
    name: str
    version: str
    api: str
    stages: tuple[StageManifest, ...]


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
    param: tuple[_Param, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    version: str
    api: str
    stage: tuple[_Stage, ...]
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
    _require(folder, bool(body.stage), "stage", "there must be at least one")
    ids = [s.id for s in body.stage]
    _require(folder, len(set(ids)) == len(ids), "stage.id", "two stages have the same one")
    stages = tuple(_stage(folder, body.id, s, f"stage[{i}]") for i, s in enumerate(body.stage))
    return Manifest(body.id, body.name, body.version, body.api, stages)


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
    _require(folder, bool(_ENTRY.fullmatch(row.entry)), f"{at}.entry", f"{row.entry!r} must be module:Class")
    module = folder.joinpath(*row.entry.split(":")[0].split("."))
    there = module.with_name(module.name + ".py").is_file() or (module / "__init__.py").is_file()
    _require(folder, there, f"{at}.entry", f"there is no module {row.entry.split(':')[0]} in the plugin's folder")
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
    )


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
    return param if default is row.default else _with_default(param, default)


def _with_default(param: Param, default: Any) -> Param:
    from dataclasses import replace

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
