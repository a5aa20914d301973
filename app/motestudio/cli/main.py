"""The command `mote`: options for all verbs, errors as exit codes. Each verb lives in a module of its own subject.

Exit codes: 0 done, 1 a goal or check is not met, 2 user error, 3 something is missing on this computer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from motestudio import __version__
from motestudio.cli import (
    board_verbs,
    data_verbs,
    demo_verbs,
    firmware_verbs,
    model_verbs,
    pipeline_verbs,
    plugin_verbs,
    project_verbs,
    record_verbs,
    review_verbs,
    sdk_verbs,
)
from motestudio.cli.state import State
from motestudio.errors import AppError, Cancelled

app = typer.Typer(
    name="mote",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a bare board to a board that recognises gestures, words or vibrations, offline.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mote {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    project: Annotated[
        Path, typer.Option("--project", "-p", help="Project folder.", envvar="MOTE_PROJECT", show_default="this folder")
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    plugin_dir: Annotated[list[Path] | None, typer.Option(help="Another folder of plugins; may be repeated.")] = None,
    safe_mode: Annotated[bool, typer.Option("--safe-mode", help="Built-in plugins only.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options for every verb."""
    del version
    context.obj = State(project, as_json=as_json, plugin_dirs=tuple(plugin_dir or ()), safe_mode=safe_mode)


for _verbs in (
    project_verbs,
    pipeline_verbs,
    record_verbs,
    data_verbs,
    review_verbs,
    model_verbs,
    board_verbs,
    firmware_verbs,
    plugin_verbs,
    sdk_verbs,
    demo_verbs,
):
    _verbs.register(app)


def run(args: list[str]) -> int:
    """Run one command line.

    Args:
        args: without the program's name.

    Returns:
        The exit status.
    """
    args = _json_anywhere(args)
    as_json = "--json" in args
    try:
        app(args=args, prog_name="mote")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except AppError as error:
        from motestudio.cli.console import Output

        Output(as_json=as_json).error(error)
        return error.exit_code
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("cancelled\n")
        return 130
    except BrokenPipeError:
        return 0
    return 0


def _json_anywhere(args: list[str]) -> list[str]:
    """`--json` may stand before or after the verb; `mote bench` has its own that names a file."""
    if "bench" in args or "--json" not in args:
        return args
    return ["--json", *(a for a in args if a != "--json")]
