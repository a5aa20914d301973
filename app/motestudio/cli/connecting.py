"""Options of every verb that connects to a board, and the connection itself, which says what a user should know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from motestudio.cli.state import State

if TYPE_CHECKING:
    from motestudio.project.store import Project
    from motestudio.studio.device_session import DeviceSession
    from motestudio.studio.home import Studio


def _baud(text: str | int) -> int:
    from motestudio.devices.baud import AUTO

    if text == "auto":
        return AUTO
    try:
        baud = int(text)
    except ValueError:
        baud = 0
    # 0 is what the studio itself writes for `auto`, and no rate that a user can mean.
    if baud <= 0:
        raise typer.BadParameter(f"{text!r} is neither a rate nor auto.")
    return baud


PortOption = Annotated[
    str,
    typer.Option(
        "--port", envvar="MOTE_PORT", help="Device, socket://host:port or virtual; the project's where empty."
    ),
]
BaudOption = Annotated[
    int, typer.Option("--baud", parser=_baud, metavar="RATE|auto", help="Of a serial port; auto tries the usual ones.")
]
DtrOption = Annotated[
    Literal["auto", "on", "off"],
    typer.Option("--dtr", help="DTR and RTS of a serial port: asserted, left alone, or as is good for its chip."),
]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0.0, help="Seconds to wait for a board that goes, and then go on.")
]
DecoderOption = Annotated[
    str,
    typer.Option(
        "--decoder", help="Who reads what the board sends: auto finds out, mote-link, or a decoder such as lines."
    ),
]
DecoderSetOption = Annotated[
    list[str] | None, typer.Option("--decoder-set", help="key=value of a parameter of the decoder; may be repeated.")
]


def pairs(items: list[str] | None) -> dict[str, str]:
    """``key=value`` items, not checked yet."""
    split = [item.partition("=") for item in items or ()]
    for key, sign, _ in split:
        if not key or not sign:
            raise typer.BadParameter(f"{key!r} is not key=value.")
    return {key: value for key, _, value in split}


@contextmanager
def connected(
    state: State,
    studio: Studio,
    project: Project,
    port: str,
    baud: int,
    dtr: Literal["auto", "on", "off"] = "auto",
    wait_s: float = 0.0,
    *,
    records: bool = False,
    decoder: str = "",
    decoder_set: list[str] | None = None,
) -> Iterator[DeviceSession]:
    """Connect for the length of a ``with`` block; says which baud rate was found, and when the board goes and comes.

    Args:
        state: where words go.
        studio: knows the boards.
        project: of the board.
        port: see `studio.connect.connect`, like the next.
        baud: of a serial port.
        dtr: what becomes of DTR and RTS.
        wait_s: how long to wait for a board that goes.
        records: warn where the port is too slow for the signal.
        decoder: who shall read what the port sends; see `studio.decoders.wish_for`.
        decoder_set: its parameters, ``key=value``.

    Raises:
        DeviceError: busy, gone, silent.
    """
    from motestudio.devices.baud import AUTO
    from motestudio.devices.decoder_messages import MOTE_LINK
    from motestudio.studio.connect import connect

    def tell(event: Any) -> None:
        kind = type(event).__name__
        if kind == "Lost":
            state.output.warn(f"{event.text} Waiting {event.wait_s:g} s for it.")
        elif kind == "Reconnected":
            state.output.warn(f"The board is back at {event.url} after {event.away_s:.1f} s.")

    params = pairs(decoder_set)
    with connect(
        studio, project, port, baud=baud, lines=dtr, wait_s=wait_s, decoder=decoder, decoder_params=params
    ) as session:
        session.on_event = tell
        if session.found.stage not in ("", MOTE_LINK):
            counted = " Its rate was counted." if session.found.measured_rate else ""
            state.output.note(f"Read as {session.found.words}.{counted}")
        if baud == AUTO and session.baud:
            state.output.say(f"The board speaks at {session.baud:,} baud.")
        slow = session.too_slow() if records and session.description.groups else None
        if slow is not None:
            state.output.warn(f"{slow.text} {slow.hint}")
        yield session
