"""Verbs about boards: ports, board, evaluate, live."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from motestudio.cli.state import state_of

if TYPE_CHECKING:
    from motestudio.devices.ports import PortInfo
    from motestudio.domain.signal import ChannelGroup

board_app = typer.Typer(
    no_args_is_help=True, help="Boards: list the known ones, describe a connected one, start a virtual one."
)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("ports")(ports)
    app.add_typer(board_app, name="board")
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
