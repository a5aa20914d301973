"""Verbs about plugins: list, validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from motestudio.cli.state import state_of

plugin_app = typer.Typer(no_args_is_help=True, help="Plugins: list what was found, check a manifest.")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(plugin_app, name="plugin")


@plugin_app.command("list")
def plugin_list(context: typer.Context) -> None:
    """List every plugin with its state and, where it is not usable, the reason."""
    state = state_of(context)
    with state.studio() as studio:
        rows = studio.registry.rows
    table, facts = [], []
    for row in rows:
        name = row.manifest.id if row.manifest else row.folder.name
        stages = ", ".join(f"{s.id.partition('/')[2]} ({s.kind})" for s in row.manifest.stages) if row.manifest else ""
        table.append((name, row.manifest.version if row.manifest else "", row.state, stages or row.reason))
        facts.append(
            {"id": name, "state": row.state, "reason": row.reason, "origin": row.origin, "folder": str(row.folder)}
        )
    state.output.table(("plugin", "version", "state", "stages"), table)
    state.output.result(facts)


@plugin_app.command("validate")
def plugin_validate(context: typer.Context, folder: Annotated[Path, typer.Argument(help="Plugin folder.")]) -> None:
    """Check a plugin's manifest without running its code."""
    from motestudio.plugins.manifest import read_manifest

    manifest = read_manifest(folder)
    stages = [{"id": s.id, "kind": s.kind, "params": [p.key for p in s.params]} for s in manifest.stages]
    lines = [f"{manifest.name} {manifest.version}: {len(stages)} stage(s), the manifest is good."]
    state_of(context).output.result({"id": manifest.id, "version": manifest.version, "stages": stages}, lines)
