"""Verbs about firmware: generate, build, run, flash."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from motestudio.cli.connecting import BaudOption, DtrOption, PortOption, connected
from motestudio.cli.model_verbs import RunOption
from motestudio.cli.params import SetOption, given
from motestudio.cli.state import State, state_of

if TYPE_CHECKING:
    from motestudio.firmware.chip_image import ChipImage
    from motestudio.studio.flash_chip import Tool

firmware_app = typer.Typer(no_args_is_help=True, help="Firmware: generate the project, build it, run it, flash it.")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(firmware_app, name="firmware")


@firmware_app.command("generate")
def firmware_generate(
    context: typer.Context,
    run_id: RunOption = "",
    target: Annotated[str, typer.Option(help="Target stage that adds to the project.")] = "",
    values: SetOption = None,
) -> None:
    """Write the firmware project of a run into the project's firmware folder."""
    from motestudio.studio import deploy
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        table = studio.registry.stage(target).manifest.params if target else ()
        params = given(table, values or ())
        made = deploy.generate(studio, project, latest(project, run_id), operation, target=target, params=params)
    changed = [str(f.path) for f in made.files if f.changed]
    facts = {"folder": str(made.folder), "files": [str(f.path) for f in made.files], "changed": changed}
    state.output.result(facts, [f"{len(made.files)} files in {made.folder}, {len(changed)} changed."])


@firmware_app.command("key")
def firmware_key(context: typer.Context, file: Annotated[Path, typer.Argument(help="The key's new file.")]) -> None:
    """Make a key and sign the project's models with it from now on; its firmware then takes no others."""
    from motestudio.firmware.signing import new_key

    state = state_of(context)
    with state.project() as project:
        path = file if file.is_absolute() else Path.cwd() / file
        key = new_key(path)
        inside = path.resolve().is_relative_to(project.folder.resolve())
        name = path.resolve().relative_to(project.folder.resolve()).as_posix() if inside else str(path)
        project.save(replace(project.config, key=name))
    state.output.result(
        {"key": str(path), "public": key.public.hex()},
        [f"{path}: keep it secret and safe. Flash the whole firmware once: boards must know its public half."],
    )


PackageOption = Annotated[bool, typer.Option("--package", help="What a virtual board is sent, whatever the board.")]


@firmware_app.command("build")
def firmware_build(context: typer.Context, run_id: RunOption = "", package: PackageOption = False) -> None:
    """Generate and build the whole firmware, by CMake or ESP-IDF; for the virtual board the package it is sent."""
    from motestudio.studio import chip, deploy
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        run = latest(project, run_id)
        if studio.board(project.config.board).family != "virtual" and not package:
            _tell_image(state, chip.build(studio, project, run, operation))
            return
        built = deploy.generate_and_build(studio, project, run, operation)
    facts = {"package": str(built.path), "sha256": built.package_sha256, "model_sha256": built.model_sha256}
    state.output.result(facts, [f"{built.path}, {built.path.stat().st_size} bytes."])


@firmware_app.command("run")
def firmware_run(context: typer.Context, run_id: RunOption = "") -> None:
    """Build, and run it in an emulator until Ctrl+C; other verbs connect to the port that it says."""
    from motestudio.firmware.chip_image import check_emulated
    from motestudio.studio import chip, deploy
    from motestudio.studio.connect import virtual_board
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        run, board = latest(project, run_id), studio.board(project.config.board)
        if board.family == "virtual":
            built = deploy.generate_and_build(studio, project, run, operation)
            with virtual_board(project) as url:
                with connected(state, studio, project, url, 115200) as session:
                    deploy.flash(session, built, operation)
                _wait(state, url, "as a virtual board")
            state.output.result({"package": str(built.path), "model_sha256": built.model_sha256})
            return
        check_emulated(board)
        image = chip.build(studio, project, run, operation)
        with chip.emulated(studio, project, image, operation) as url:
            _wait(state, url, "in QEMU")
    _tell_image(state, image)


def _wait(state: State, url: str, how: str) -> None:
    state.output.note(f"Running {how}. Connect with --port {url}. Ctrl+C ends it.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(0.2)


def _tell_image(state: State, image: ChipImage) -> None:
    if not image.has_model:
        state.output.warn("Built without TFLM (mote sdk get, or MOTE_TFLM_DIR): it streams, but infers nothing.")
    if image.note:
        state.output.warn(image.note)
    facts = {
        "image": str(image.path),
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "has_model": image.has_model,
        "note": image.note,
        "seconds": round(image.seconds, 2),
        "parts": {part.name: {"flash": part.flash_bytes, "ram": part.ram_bytes} for part in image.parts},
    }
    rows = [(part.name, f"{part.flash_bytes:,}", f"{part.ram_bytes:,}") for part in image.parts]
    state.output.table(("part", "flash", "RAM"), rows)
    words = f"{image.path}: {image.flash_bytes:,} bytes of flash, {image.ram_bytes:,} of RAM with the stack."
    state.output.result(facts, [words])


ToolOption = Annotated[str, typer.Option(help="What writes the chip: esptool, stm32loader or pyocd.")]
ModelOnlyOption = Annotated[
    bool, typer.Option("--model-only", help="Only the model, over the link, into the slot that is not in use.")
]


@firmware_app.command("flash")
def firmware_flash(
    context: typer.Context,
    run_id: RunOption = "",
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
    tool: ToolOption = "",
    model_only: ModelOnlyOption = False,
) -> None:
    """Build, write it to the board and verify.

    Through a serial port the chip's own loader writes it, with --tool pyocd a debug probe. The virtual board, any board
    behind a socket, and with --model-only any board, are sent the model over the link.
    """
    from motestudio.studio import chip, deploy
    from motestudio.studio.connect import VIRTUAL
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        run, board = latest(project, run_id), studio.board(project.config.board)
        link = (port or project.config.port or VIRTUAL).startswith((VIRTUAL, "socket://")) and not tool
        if board.family != "virtual" and not model_only and not link:
            with operation.within(0.0, 0.6) as part:
                image = chip.build(studio, project, run, part)
            with operation.within(0.6, 1.0) as part:
                wrote = chip.flash(studio, project, image, port, part, tool=cast("Tool", tool))
            facts = {"tool": wrote.tool, "bytes": wrote.nbytes, "verified": wrote.verified, "image": str(image.path)}
            words = f"{wrote.nbytes:,} bytes written by {wrote.tool}"
            state.output.result(facts, [words + (" and verified." if wrote.verified else ".")])
            return
        with connected(state, studio, project, port, baud, dtr) as session:
            if "slots" in session.description.capabilities:
                done = chip.load_model(studio, project, run, session, operation)
            else:
                done = deploy.flash(session, deploy.generate_and_build(studio, project, run, operation), operation)
    facts = {"package_sha256": done.package_sha256, "model_sha256": done.model_sha256, "bytes": done.n_bytes}
    state.output.result(facts, [f"Flashed and verified: SHA-256 {done.package_sha256}."])
