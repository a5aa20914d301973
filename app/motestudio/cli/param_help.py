"""Parameters on the command line: in the help of `mote stage add` and `mote set`, and for completion by Tab.

All of it comes from the stages' tables. Whatever cannot be read gives no help and no proposals, never an error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from motestudio.cli.state import State

if TYPE_CHECKING:
    from motestudio.domain.params import Param
    from motestudio.domain.pipeline import StageUse
    from motestudio.plugins.registry import Registry


_WORDS = "motestudio.words"


def param_row(param: Param) -> tuple[str, str, str]:
    """(key, what it takes, default)."""
    unit = f" {param.unit}" if param.unit else ""
    takes = {"bool": "on or off", "text": "text", "run": "id of a run, or nothing"}.get(param.type, "")
    if param.type == "choice":
        takes = ", ".join(param.choices)
    elif not takes:
        whole = "whole number" if param.type == "int" else "number"
        low = "" if param.minimum is None else f"{param.minimum:.10g}"
        high = "" if param.maximum is None else f"{param.maximum:.10g}"
        takes = f"{low} to {high}{unit}" if low and high else f"{whole}{unit}"
    default = ("on" if param.default else "off") if isinstance(param.default, bool) else str(param.default)
    return param.key, takes, default


class StageCommand(TyperCommand):
    """A command that is given a stage's full id; its help lists that stage's parameters."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the words: --help is served before any argument is."""
        ctx.meta[_WORDS] = list(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """After the options."""
        super().format_epilog(ctx, formatter)
        stage = next((word for word in ctx.meta.get(_WORDS, ()) if "/" in word and word[0] != "-"), "")
        if not stage:
            return
        with contextlib.suppress(Exception):
            params = _registry(ctx).stage(stage).manifest.params
            _section(formatter, f"Parameters of {stage}", [("", p) for p in params])


class SetCommand(TyperCommand):
    """A command that sets parameters; its help lists those of the project's stages."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """After the options."""
        super().format_epilog(ctx, formatter)
        with contextlib.suppress(Exception):
            registry = _registry(ctx)
            for use in _uses(ctx):
                with contextlib.suppress(Exception):
                    params = registry.stage(use.stage).manifest.params
                    _section(formatter, f"Parameters of {use.key} ({use.stage})", [(f"{use.key}.", p) for p in params])


def _section(formatter: Any, title: str, params: list[tuple[str, Param]]) -> None:
    rows = []
    for prefix, param in params:
        key, takes, default = param_row(param)
        rows.append((f"{prefix}{key}", f"{param.help or param.title}  [{takes}; default: {default or 'none'}]"))
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def complete_stage(ctx: Any, incomplete: str) -> Iterator[tuple[str, str]]:
    """Full ids of stages."""
    with contextlib.suppress(Exception):
        for entry in _registry(ctx).stages():
            if entry.manifest.id.startswith(incomplete):
                yield entry.manifest.id, entry.manifest.title


def complete_key(ctx: Any, incomplete: str) -> Iterator[tuple[str, str]]:
    """Keys of the project's stages."""
    with contextlib.suppress(Exception):
        for use in _uses(ctx):
            if use.key.startswith(incomplete):
                yield use.key, use.stage


def complete_setting(ctx: Any, incomplete: str) -> Iterator[tuple[str, str]]:
    """``stage.param=`` of the project's stages, and the values of a choice."""
    with contextlib.suppress(Exception):
        registry = _registry(ctx)
        for use in _uses(ctx):
            for param in registry.stage(use.stage).manifest.params:
                name = f"{use.key}.{param.key}="
                proposals = [f"{name}{value}" for value in _values(param)] if incomplete.startswith(name) else [name]
                for proposal in proposals:
                    if proposal.startswith(incomplete):
                        yield proposal, param.help or param.title


def _values(param: Param) -> tuple[str, ...]:
    return ("on", "off") if param.type == "bool" else param.choices


def _state(ctx: Any) -> State:
    """The options that stand before the verb; completion has only what was typed of them."""
    from pathlib import Path

    found = ctx.find_object(State)
    if isinstance(found, State):
        return found
    given = ctx.find_root().params
    folders = tuple(Path(p) for p in given.get("plugin_dir") or ())
    return State(Path(given.get("project") or "."), False, folders, bool(given.get("safe_mode")))


def _registry(ctx: Any) -> Registry:
    from motestudio.plugins.registry import Registry

    state = _state(ctx)
    return Registry.discover(state.plugin_dirs, safe_mode=state.safe_mode)


def _uses(ctx: Any) -> tuple[StageUse, ...]:
    from motestudio.project.store import Project

    return Project.open(_state(ctx).folder, read_only=True).config.pipeline.stages
