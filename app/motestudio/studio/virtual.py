"""Starting a virtual board: a process that poses as a board file and speaks Mote Link. It does not talk to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from motestudio.errors import DeviceError
from motestudio.jobs.channel import ChannelClosed
from motestudio.jobs.launcher import Child, spawn

_START_SECONDS = 20.0


@dataclass(slots=True)
class VirtualBoard:
    """A running virtual board; close it, or use it in a ``with`` block.

    Attributes:
        url: to connect to.
        child: its process.
    """

    url: str
    child: Child

    def close(self) -> None:
        """End it; its flash stays."""
        self.child.close()

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ignore(_: str) -> None:
    return None


def start_virtual_board(
    board_id: str,
    *,
    sensor: str = "imu",
    flash_dir: Path,
    rate: float = 1.0,
    transport: str = "socket",
    seed: int = 1,
    board_dirs: tuple[Path, ...] = (),
    on_log: Callable[[str], None] = _ignore,
) -> VirtualBoard:
    """Start a virtual board and wait until it can be connected to.

    Args:
        board_id: board file whose name, flash and RAM it takes on.
        sensor: ``imu`` for the simulated hand, ``microphone`` for words, ``vibration`` for a pump, or
            ``replay:<folder>`` of imported clips; several on one clock with ``+``, such as ``imu+microphone``.
        flash_dir: where its flash is kept; the same folder gives the same package after a restart.
        rate: of streams whose ``start`` does not say; times real time, 0 for as fast as it can.
        transport: ``socket`` or ``pty``.
        seed: of its sensor's bias, its clock and its serial number.
        board_dirs: further folders of board files.
        on_log: gets each line that it prints.

    Raises:
        DeviceError: it does not start; the reason is its own.
        JobError: the process does not start.
    """
    args = ["--board", board_id, "--sensor", sensor, "--listen", transport, "--flash", str(flash_dir)]
    args += ["--seed", str(seed), "--rate", str(rate)]
    for folder in board_dirs:
        args += ["--boards", str(folder)]
    child = spawn("virtual-board", args, on_log=on_log)
    try:
        assert child.channel is not None
        data = child.channel.recv(_START_SECONDS)
        said = {} if data is None else json.loads(data)
    except (ChannelClosed, ValueError):
        said = {}
    if "url" in said:
        return VirtualBoard(str(said["url"]), child)
    child.close(0.0)
    last = child.last_lines[-1:] or ("it said nothing",)
    raise DeviceError(
        said.get("code", "board.start"),
        said.get("text", f"The virtual board does not start: {last[0]}"),
        said.get("hint", "Try again; see the log."),
    )
