"""Verbs about plugins: new, list, validate, test, reference, trust."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motestudio.cli.state import State, state_of

if TYPE_CHECKING:
    from motestudio.plugins.registry import PluginRow
    from motestudio.studio.conformance import Row
    from motestudio.studio.home import Studio

plugin_app = typer.Typer(no_args_is_help=True, help="Plugins: begin one, list what was found, check them.")
_VALIDATING = ("manifest", "protocol", "compiles")
_MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(plugin_app, name="plugin")


@plugin_app.command("new")
def plugin_new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Id of the plugin: words joined by dashes.")],
    kind: Annotated[str, typer.Option(help="Of its stage: feature, model, decoder and so on.")] = "feature",
    place: Annotated[
        Path | None, typer.Option("--in", help="Folder to make its folder in; your own plugins where not given.")
    ] = None,
) -> None:
    """Write a plugin to begin with: a working stage of its kind, with parameters and tests."""
    from motestudio.studio.plugin_scaffold import new_plugin

    folder = new_plugin(name, kind, place)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    lines = [f"{folder}", *(f"  {file}" for file in files), f"Check it with: mote plugin test {folder}"]
    state_of(context).output.result({"id": folder.name, "folder": str(folder), "kind": kind, "files": files}, lines)


@plugin_app.command("list")
def plugin_list(context: typer.Context) -> None:
    """List every plugin with its state and, where it is not usable, the reason."""
    state = state_of(context)
    with state.studio() as studio:
        rows = studio.registry.rows
    table = [
        (row.id, row.manifest.version if row.manifest else "", row.origin, row.state, _stages(row)) for row in rows
    ]
    state.output.table(("plugin", "version", "origin", "state", "stages, or the reason"), table)
    state.output.result([_facts(row) for row in rows])


def _stages(row: PluginRow) -> str:
    found = ", ".join(f"{s.id.partition('/')[2]} ({s.kind})" for s in row.manifest.stages) if row.manifest else ""
    return "; ".join(text for text in (found if row.usable else "", row.reason, *row.notes) if text)


def _facts(row: PluginRow) -> dict[str, Any]:
    manifest = row.manifest
    found = manifest.stages if manifest else ()
    stages = [{"id": s.id, "kind": s.kind, "implementation": s.implementation} for s in found]
    return {
        "id": row.id,
        "version": manifest.version if manifest else "",
        "origin": row.origin,
        "state": row.state,
        "reason": row.reason,
        "notes": list(row.notes),
        "folder": str(row.folder),
        "stages": stages,
    }


@plugin_app.command("validate")
def plugin_validate(
    context: typer.Context, plugins: Annotated[list[str], typer.Argument(help="Plugin folders, or ids.")]
) -> None:
    """Check manifests, imports, signatures and that C compiles. Exit code 1 where anything is wrong."""
    from motestudio.studio.conformance import Wanted

    state = state_of(context)
    with state.studio() as studio:
        _check(state, studio, plugins, Wanted(checks=_VALIDATING, tell=lambda row: _show(state, row)))


@plugin_app.command("test")
def plugin_test(
    context: typer.Context,
    plugins: Annotated[list[str], typer.Argument(help="Plugin folders, or ids.")],
    stages: Annotated[list[str] | None, typer.Option("--stage", help="Only this stage; may be repeated.")] = None,
    checks: Annotated[list[str] | None, typer.Option("--check", help="Only this check; may be repeated.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Recordings to test features with: a project, or files that can be imported.")
    ] = None,
    update_golden: Annotated[bool, typer.Option(help="Write the golden vectors of feature stages anew.")] = False,
) -> None:
    """Run the conformance kit: everything that a plugin's stages must keep. Exit code 1 where a check fails."""
    from motestudio.studio.conformance import Wanted
    from motestudio.studio.conformance.recorded import load
    from motestudio.studio.operation import Operation

    state = state_of(context)
    with state.studio() as studio:
        wanted = Wanted(
            stages=stages or (),
            checks=checks or (),
            recorded=load(studio, data, Operation()) if data else (),
            update_golden=update_golden,
            tell=lambda row: _show(state, row),
        )
        _check(state, studio, plugins, wanted)


def _check(state: State, studio: Studio, plugins: Sequence[str], wanted: Any) -> None:
    from motestudio.studio.conformance import check_plugin

    reports = [check_plugin(_folder(studio, plugin), wanted, studio) for plugin in plugins]
    failed = sum(len(report.failures) for report in reports)
    count = sum(row.state == "passed" for report in reports for row in report.rows)
    skipped = sum(row.state == "skipped" for report in reports for row in report.rows)
    seconds = sum(report.seconds for report in reports)
    lines = [f"{count} checks passed, {failed} failed, {skipped} skipped, in {seconds:.1f} s."]
    facts = {"passed": not failed, "plugins": [report.to_json() for report in reports]}
    state.output.result(facts, lines)
    if failed:
        raise typer.Exit(1)


def _folder(studio: Studio, plugin: str) -> Path:
    """A folder, or that of a plugin that was found.

    Raises:
        PluginError: neither.
    """
    from motestudio.errors import PluginError

    if Path(plugin).is_dir():
        return Path(plugin)
    found = next((row.folder for row in studio.registry.rows if row.id == plugin), None)
    if found is None:
        text = f"{plugin} is neither a folder nor the id of a plugin that was found."
        raise PluginError("plugin.absent", text, "mote plugin list says what was found.")
    return found


def _show(state: State, row: Row) -> None:
    """A row as soon as it is known; a name before the first of each stage."""
    if row.check in ("manifest", "protocol"):
        state.output.say(row.stage)
    state.output.say(f"  {_MARKS[row.state]} {row.title}: {row.text}  {row.seconds:.1f} s")


@plugin_app.command("reference")
def plugin_reference(
    context: typer.Context,
    write: Annotated[Path | None, typer.Option(help="Write it to this file instead of the screen.")] = None,
) -> None:
    """Everything that a plugin may say and must do, as Markdown, from the program itself."""
    from motestudio.studio.plugin_reference import render

    text = render()
    output = state_of(context).output
    if write is None:
        output.result({"markdown": text}, text.splitlines())
        return
    write.write_text(text, encoding="utf-8", newline="\n")
    output.result({"file": str(write)}, [f"{write}, {len(text.splitlines())} lines."])


@plugin_app.command("trust")
def plugin_trust(
    context: typer.Context, off: Annotated[bool, typer.Option("--off", help="Take it back.")] = False
) -> None:
    """Let the plugins in the project's own plugins folder run: you have looked at them."""
    from motestudio.errors import ProjectError
    from motestudio.plugins import trust

    state = state_of(context)
    if not (state.folder / "project.toml").is_file():
        raise ProjectError("project.none", f"{state.folder} is no project.", "Name one with --project.")
    (trust.untrust if off else trust.trust)(state.folder)
    words = "are no longer trusted" if off else "may run"
    state.output.result({"project": str(state.folder.resolve()), "trusted": not off}, [f"Its plugins {words}."])
