"""Verbs about boards: ports, board, firmware, evaluate, live."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from msgspec import to_builtins

from motestudio.cli.connecting import (
    BaudOption,
    DecoderOption,
    DecoderSetOption,
    DtrOption,
    PortOption,
    connected,
    pairs,
)
from motestudio.cli.model_verbs import RunOption
from motestudio.cli.params import SetOption, given
from motestudio.cli.state import State, state_of

if TYPE_CHECKING:
    from motestudio.devices.ports import PortInfo
    from motestudio.domain.signal import ChannelGroup
    from motestudio.firmware.chip_image import ChipImage
    from motestudio.studio.flash_chip import Tool

board_app = typer.Typer(
    no_args_is_help=True, help="Boards: list the known ones, describe a connected one, start a virtual one."
)
firmware_app = typer.Typer(no_args_is_help=True, help="Firmware: generate the project, build its package, flash it.")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("ports")(ports)
    app.add_typer(board_app, name="board")
    app.add_typer(firmware_app, name="firmware")
    app.command("evaluate")(evaluate)
    app.command("live")(live)


def ports(context: typer.Context) -> None:
    """List serial ports: what hangs on each, and who holds it."""
    from motestudio.devices.ports import list_ports

    state = state_of(context)
    found = list_ports()
    rows = [(p.path, p.title, p.ids, p.serial_number, p.location, str(p.holder) if p.holder else "free") for p in found]
    state.output.table(("port", "what", "USB id", "serial number", "plugged in at", "held by"), rows)
    lines = [] if found else ["No serial port. Use the virtual board: --port virtual."]
    state.output.result([_port_facts(p) for p in found], lines)


def _port_facts(port: PortInfo) -> dict[str, Any]:
    return {
        "path": port.path,
        "description": port.description,
        "chip": port.chip.name if port.chip else "",
        "note": port.chip.note if port.chip else "",
        "vid": port.vid,
        "pid": port.pid,
        "serial_number": port.serial_number,
        "manufacturer": port.manufacturer,
        "location": port.location,
        "uart": port.uart,
        "lines": port.chip.lines if port.chip else "on",
        "holder": str(port.holder or ""),
        "holder_pid": port.holder.pid if port.holder else 0,
        "holder_name": port.holder.name if port.holder else "",
    }


@board_app.command("list")
def board_list(context: typer.Context) -> None:
    """List the board files."""
    from motestudio.domain.units import format_bytes

    state = state_of(context)
    with state.studio() as studio:
        boards = list(studio.boards.values())
    rows = [
        (b.id, b.name, b.core, f"{b.clock_hz / 1e6:g} MHz", format_bytes(b.ram_bytes), format_bytes(b.flash_bytes))
        for b in boards
    ]
    state.output.table(("id", "name", "core", "clock", "RAM", "flash"), rows)
    state.output.result(
        [{"id": b.id, "name": b.name, "ram_bytes": b.ram_bytes, "flash_bytes": b.flash_bytes} for b in boards]
    )


@board_app.command("use")
def board_use(
    context: typer.Context, board: Annotated[str, typer.Argument(help="Board file id, see: mote board list.")]
) -> None:
    """Make a board the project's target."""
    from motestudio.studio.analyse import use_board

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        name = use_board(studio, project, board)
    state.output.result({"board": board, "name": name}, [f"The project's board is {name}."])


@board_app.command("describe")
def board_describe(
    context: typer.Context,
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
    decoder: DecoderOption = "auto",
    decoder_set: DecoderSetOption = None,
) -> None:
    """Ask a board what it is."""
    from motestudio.devices.link.description import description_to_map

    state = state_of(context)
    with (
        state.project() as project,
        state.studio() as studio,
        connected(state, studio, project, port, baud, dtr, decoder=decoder, decoder_set=decoder_set) as session,
    ):
        about = session.description
    firmware = f" ({about.firmware})" if about.firmware else ""
    lines = [f"{about.name}{firmware}{', virtual' if about.virtual else ''}"]
    lines += map(_group_line, about.groups)
    lines.append(f"  model: {about.model.name if about.model else 'none'}")
    state.output.result(description_to_map(about), lines)


def _group_line(group: ChannelGroup) -> str:
    names = ", ".join(f"{c.name} {c.unit}".strip() for c in group.channels)
    return f"  {group.name}: {group.rate_hz:g} Hz, {names}"


@board_app.command("microphones")
def board_microphones(context: typer.Context) -> None:
    """List the computer's microphones, which are recorded from as a board is: --port mic: or --port mic:NAME."""
    from motestudio.devices.microphones import microphones

    state = state_of(context)
    found = microphones()
    state.output.table(("port", ""), [(m.url, "preferred" if m.default else "") for m in found])
    lines = [] if found else ["This computer has no microphone."]
    state.output.result([{"port": m.url, "name": m.name, "preferred": m.default} for m in found], lines)


@board_app.command("listen")
def board_listen(
    context: typer.Context,
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
    decoder: DecoderOption = "auto",
    decoder_set: DecoderSetOption = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=60.0, help="How long to listen.")] = 2.0,
) -> None:
    """Hear what a port sends, and say which decoder knows it and which channels it would give."""
    from motestudio.studio.decoders import wish_for
    from motestudio.studio.listening import listen

    state = state_of(context)
    with state.studio() as studio:
        wish = wish_for(studio.registry, decoder, pairs(decoder_set))
        heard = listen(studio, port, wish, baud=baud, lines=dtr, seconds=seconds)
    lines = [f"{heard.bytes_heard:,} bytes{f' at {heard.baud:,} baud' if heard.baud else ''}:"]
    lines += [f"  {line}" for line in heard.preview]
    lines += [f"{f.score:.0%} {f.stage}: {f.reason}" for f in heard.found] or ["Nobody knows what that is."]
    lines += map(_group_line, heard.groups)
    state.output.result(to_builtins(heard), lines)


@board_app.command("virtual")
def board_virtual(
    context: typer.Context,
    board: Annotated[str, typer.Option(help="Board file to pose as.")] = "nucleo-l476rg",
    sensor: Annotated[
        str,
        typer.Option(help="imu, microphone, vibration, or replay:FOLDER of imported clips; several as imu+microphone."),
    ] = "imu",
    transport: Annotated[str, typer.Option(help="socket or pty.")] = "socket",
    flash: Annotated[Path, typer.Option(help="Folder that holds its flash.")] = Path(".mote-virtual"),
) -> None:
    """Start a virtual board and keep it until Ctrl+C; other verbs and the window connect to the port it names."""
    from motestudio.studio.virtual import start_virtual_board

    state = state_of(context)
    with state.studio() as studio:
        chosen = studio.board(board)
    virtual = start_virtual_board(chosen.id, sensor=sensor, flash_dir=flash, transport=transport)
    try:
        state.output.result(
            {"url": virtual.url, "board": chosen.id}, [f"{chosen.name}, virtual, at {virtual.url}", "Ctrl+C ends it."]
        )
        while virtual.child.poll() is None:
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        virtual.close()


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
    facts = {
        "image": str(image.path),
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "has_model": image.has_model,
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


def evaluate(
    context: typer.Context,
    run_id: RunOption = "",
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
) -> None:
    """Run the held-out windows on the board. Exit code 1 where an output differs from the host's.

    With features in floating point, where their last bit may differ, exit code 1 where a decision does.
    """
    from motestudio.studio import evaluate as verbs
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with (
        state.project() as project,
        state.studio() as studio,
        connected(state, studio, project, port, baud, dtr) as session,
        state.output.operation() as operation,
    ):
        chosen = latest(project, run_id)
        check = verbs.on_board(project, session, chosen, operation)
        verbs.keep(chosen, session, check)
    facts = {
        "windows_tested": check.tested,
        "windows_equal": check.equal,
        "windows_alike": check.alike,
        "furthest": check.furthest,
        "exact": check.exact,
        "host_accuracy": check.host_accuracy,
        "board_accuracy": check.board_accuracy,
        "board_accuracy_by_take": check.board_take_accuracy,
        "latency_us": check.latency_us,
        "confusion": check.confusion,
        "classes": check.classes,
    }
    lines = [f"{verbs.agreement(check)}; {check.board_accuracy:.1%} right on the board."]
    state.output.result(facts, lines)
    if not check.passed:
        raise typer.Exit(1)


def live(
    context: typer.Context,
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
    seconds: Annotated[float, typer.Option(help="How long to watch.")] = 10.0,
    perform: Annotated[
        list[str] | None,
        typer.Option(help="What a virtual board performs, such as a gesture or word; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the performances.")] = 900_001,
) -> None:
    """Watch a board infer."""
    from motestudio.studio import live as verbs

    state = state_of(context)
    with (
        state.project() as project,
        state.studio() as studio,
        connected(state, studio, project, port, baud, dtr) as session,
    ):
        if perform:
            plan = [verbs.Performance(g, {"gesture": g, "seed": seed + i}, 2.0) for i, g in enumerate(perform)]
            with state.output.operation() as operation:
                trace = verbs.play(session, plan, operation)
            seen = [{"time_s": d.time_s, "label": d.label, "score": d.score} for d in trace.detections]
            facts = {
                "performed": len(trace.performed),
                "found": trace.score.found,
                "wrong": trace.score.wrong,
                "detections": seen,
            }
            lines = [f"{d.time_s:8.2f} s  {d.label}  {d.score:.2f}" for d in trace.detections]
            state.output.result(
                facts, [*lines, f"{trace.score.found} of {len(trace.performed)} found, {trace.score.wrong} wrong."]
            )
            return
        monitor = verbs.LiveMonitor(
            session, None, lambda d: state.output.say(f"{d.time_s:8.2f} s  {d.label}  {d.score:.2f}")
        )
        monitor.start()
        session.request("start", count=0, rate=1.0)
        try:
            time.sleep(seconds)
        finally:
            session.request("stop")
            monitor.stop()
        frames, detections = monitor.snapshot()
    seen = [{"time_s": d.time_s, "label": d.label, "score": d.score} for d in detections]
    state.output.result({"inferences": len(frames), "detections": seen}, [f"{len(frames)} inferences."])
