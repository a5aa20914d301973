"""Verbs about what firmware is built with: status, get and build of TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motestudio.cli.state import state_of

if TYPE_CHECKING:
    from motestudio.firmware.toolchain import Tool
    from motestudio.studio.sdk import SdkState

sdk_app = typer.Typer(no_args_is_help=True, help="TensorFlow Lite Micro and the tools that build firmware.")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(sdk_app, name="sdk")


@sdk_app.command("status")
def sdk_status(context: typer.Context) -> None:
    """Say where TensorFlow Lite Micro is, which version, for which cores it is built, and which tools are here."""
    from motestudio.firmware import toolchain
    from motestudio.studio import sdk

    output = state_of(context).output
    found = sdk.find()
    tools = [toolchain.tool(program) for program in toolchain.TOOLS]
    facts = _facts(found)
    lines = [f"{name}: {value}" for name, value in _lines(facts)]
    for line in lines:
        output.say(line)
    output.say("")
    output.table(("tool", "here", "it"), [(t.program, "yes" if t.found else "no", t.purpose) for t in tools])
    output.say("")
    for missing in (t for t in tools if not t.found):
        output.say(f"{missing.program} is not here. {missing.hint}.")
    output.result({"tflm": facts, "tools": [_tool(t) for t in tools]})


@sdk_app.command("get")
def sdk_get(
    context: typer.Context,
    source: Annotated[
        Path | None, typer.Option("--from", help="An archive or folder on this computer, instead of a download.")
    ] = None,
    url: Annotated[str, typer.Option(help="Another place to download the same archive from.")] = "",
) -> None:
    """Get the version of TensorFlow Lite Micro that goes with the converter; a download goes on where it stopped."""
    from motestudio.firmware.tflm import check_tree
    from motestudio.studio import sdk_get as verbs

    output = state_of(context).output
    with output.operation() as operation:
        tree = verbs.get(operation, url=url, source=source)
    for note in check_tree(tree):
        output.warn(note)
    facts = {"folder": str(tree.folder), "commit": tree.commit, "pinned": tree.pinned}
    output.result(facts, [f"TensorFlow Lite Micro is in {tree.folder}.", "Build it with: mote sdk build"])


@sdk_app.command("build")
def sdk_build(
    context: typer.Context,
    core: Annotated[
        list[str] | None, typer.Option(help="Core to build for, such as cortex-m4f; may be repeated.")
    ] = None,
    board: Annotated[str, typer.Option(help="Build for the core of this board, see: mote board list.")] = "",
) -> None:
    """Build TensorFlow Lite Micro for a core, by its own Makefile; once. The project's board where none is named."""
    from motestudio.studio import sdk

    state = state_of(context)
    cores = list(core or [])
    if board:
        with state.studio() as studio:
            cores.append(studio.board(board).core)
    elif not cores:
        with state.project() as project, state.studio() as studio:
            cores.append(studio.board(project.config.board).core)
    libraries = {}
    with state.output.operation() as operation:
        for one in dict.fromkeys(cores):
            libraries[one] = str(sdk.build(one, operation))
    state.output.result({"libraries": libraries}, [f"{one}: {path}" for one, path in libraries.items()])


def _facts(found: SdkState) -> dict[str, Any]:
    from motestudio.errors import BuildError
    from motestudio.firmware import tflm

    tree = found.tree
    wanted = {"commit": tflm.TFLM_PIN.commit, "date": tflm.TFLM_PIN.date, "tensorflow": tflm.TFLM_PIN.tensorflow}
    if tree is None:
        return {"folder": "", "wanted": wanted}
    problem = ""
    try:
        tflm.check_tree(tree)
    except BuildError as error:
        problem = str(error)
    return {
        "folder": str(tree.folder),
        "named_by": found.source,
        "commit": tree.commit,
        "pinned": tree.pinned,
        "schema": tree.schema,
        "operators": len(tree.operators),
        "libraries": {core: [str(path) for path in paths] for core, paths in tree.libraries.items()},
        "problem": problem,
        "wanted": wanted,
    }


_NAMED = {
    "environment": "named by MOTE_TFLM_DIR",
    "setting": "named in the window's settings",
    "own": "got by mote sdk get",
}


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    wanted = facts["wanted"]
    version = f"{wanted['commit'][:12]} of {wanted['date']}, with TensorFlow {wanted['tensorflow']}"
    if not facts["folder"]:
        return [("TensorFlow Lite Micro", "not here; get it with: mote sdk get"), ("Version in use", version)]
    commit = facts["commit"][:12] or "unknown"
    rows = [
        ("TensorFlow Lite Micro", f"{facts['folder']}, {_NAMED[facts['named_by']]}"),
        ("Its version", f"{commit}{', the one in use' if facts['pinned'] else ''}"),
        ("Version in use", version),
    ]
    built = [f"{core} ({len(paths)})" if len(paths) > 1 else core for core, paths in facts["libraries"].items()]
    rows.append(("Built for", ", ".join(built) or "no core; build it with: mote sdk build"))
    if facts["problem"]:
        rows.append(("Problem", facts["problem"]))
    return rows


def _tool(tool: Tool) -> dict[str, Any]:
    return {"program": tool.program, "purpose": tool.purpose, "found": tool.found, "hints": dict(tool.hints)}
