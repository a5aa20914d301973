"""A firmware into a chip: by esptool, by ST's UART boot loader or by a debug probe, each in a process of its own.

The chip is asked what it is before anything of it is erased, and what was written is read back or its hash compared.
"""

from __future__ import annotations

import importlib.util
import shlex
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motestudio.devices.ports import holder_of
from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError, JobError, MissingError
from motestudio.firmware.flashers import esptool, pyocd, stm32loader
from motestudio.firmware.flashers.images import Region, flat
from motestudio.firmware.flashers.words import Follower, Silent, port_busy
from motestudio.jobs.environment import own_command
from motestudio.jobs.launcher import ProgramResult, run_program
from motestudio.studio.operation import Operation

Tool = Literal["esptool", "stm32loader", "pyocd"]
_TIMEOUT_S = 900.0
# Wide, so that no line is broken; the family would make stm32loader read what no one asked for.
_ENVIRONMENT = {"COLUMNS": "200", "NO_COLOR": "1", "STM32LOADER_FAMILY": ""}
_FILE = "firmware.bin"


@dataclass(frozen=True, slots=True)
class ChipFlash:
    """How a chip was flashed.

    Attributes:
        tool: what wrote it.
        nbytes: written.
        seconds: from beginning to end.
        verified: whether all was compared; False only where the chip is locked against it.
    """

    tool: Tool
    nbytes: int
    seconds: float
    verified: bool


def tools_for(board: BoardFile) -> tuple[Tool, ...]:
    """The tools that can flash a board, the one that needs least first; empty where there is none."""
    if board.flashing.esptool_chip:
        return ("esptool",)
    return ("stm32loader", "pyocd") if board.flashing.product_id else ()


def flash(
    board: BoardFile, regions: Sequence[Region], port: str, operation: Operation, tool: Tool | Literal[""] = ""
) -> ChipFlash:
    """Write a firmware into a board's chip, verify and start it.

    `stm32loader` erases the whole chip, models in it too; the others erase what the firmware needs. A flash that was
    interrupted leaves the boot loader whole: the next one works.

    Args:
        board: what it was built for.
        regions: as `images.read_image` gives them.
        port: serial port, which nobody may hold; for pyOCD the id of a probe, or empty for the only one.
        operation: progress and cancel; gets what the tool says.
        tool: one of `tools_for`; where empty the first, or pyOCD for an STM32 without a port.

    Raises:
        FlashError: ``flash.no_answer``, ``flash.wrong_chip``, ``flash.write_protected``, ``flash.verify``,
            ``flash.interrupted``, ``flash.no_port``, ``flash.permission``, ``flash.port_busy``, ``flash.no_probe``,
            ``flash.which_probe``, ``flash.no_target``, ``flash.no_tool`` or ``flash.failed``.
        MissingError: ``flash.tool_missing``.
        Cancelled: by the operation; the board's program is then not whole.
    """
    chosen = _choose(board, port, tool)
    if importlib.util.find_spec(chosen) is None:
        text = f"{chosen}, which flashes {board.name}, is not installed."
        raise MissingError("flash.tool_missing", text, f"Install it with: python -m pip install {chosen}", {})
    # Not every client locks a port: two at once would both fail half way.
    if chosen != "pyocd" and (holder := holder_of(port)) is not None:
        raise port_busy(port, str(holder))
    began = time.monotonic()
    operation.progress(0.0, "Connecting")
    write = {"esptool": _by_esptool, "stm32loader": _by_stm32loader, "pyocd": _by_pyocd}[chosen]
    with tempfile.TemporaryDirectory(prefix="mote-flash-") as scratch:
        verified = write(board, regions, port, _Runner(chosen, Path(scratch), operation))
    operation.progress(1.0, "Verified" if verified else "Written")
    return ChipFlash(chosen, sum(len(region.data) for region in regions), time.monotonic() - began, verified)


def _choose(board: BoardFile, port: str, tool: Tool | Literal[""]) -> Tool:
    known = tools_for(board)
    if not known or (tool and tool not in known):
        text = f"{tool or 'No tool here'} cannot flash {board.name}."
        hint = f"Use {' or '.join(known)}." if known else "Use the tool of its maker."
        raise FlashError("flash.no_tool", text, hint, {"board": board.id})
    if tool:
        return tool
    return "pyocd" if not port and "pyocd" in known else known[0]


@dataclass
class _Runner:
    """Runs one tool's command lines and tells how far they are.

    Attributes:
        tool: which.
        folder: where it runs and files for it lie.
        operation: of the caller.
    """

    tool: Tool
    folder: Path
    operation: Operation

    def run(self, args: Sequence[str], follower: Follower, low: float, high: float) -> ProgramResult:
        """Run it to its end in a part of the progress bar; lines that say no more than how far it is are not logged."""
        operation, reached = self.operation, low

        def heard(line: str) -> None:
            nonlocal reached
            step = follower.line(line)
            if step is None:
                operation.log(line)
                return
            reached = max(reached, low + (high - low) * step[0])
            operation.report(reached, step[1])

        operation.log(f"{self.tool} {shlex.join(args)}")
        try:
            return run_program(
                own_command("flash-tool", [self.tool, *args]),
                cwd=self.folder,
                timeout_s=_TIMEOUT_S,
                on_line=heard,
                cancel=operation.cancel,
                env=_ENVIRONMENT,
            )
        except JobError as error:
            if error.code != "program.timed_out":
                raise
            text = f"{self.tool} did not end within {_TIMEOUT_S:g} s."
            raise FlashError("flash.interrupted", text, "Reset the board and flash again.") from error

    def file(self, region: Region, name: str = _FILE) -> Path:
        """A file with a region's bytes."""
        path = self.folder / name
        path.write_bytes(region.data)
        return path


def _by_esptool(board: BoardFile, regions: Sequence[Region], port: str, runner: _Runner) -> bool:
    files = [(region.address, runner.file(region, f"{region.address:08x}.bin")) for region in regions]
    done = runner.run(esptool.command(board, port, files), esptool.Progress(regions), 0.0, 1.0)
    if done.exit_code:
        raise esptool.explain(board, port, done.output, done.exit_code)
    return esptool.verified(done.output, regions)


def _by_stm32loader(board: BoardFile, regions: Sequence[Region], port: str, runner: _Runner) -> bool:
    asked = runner.run(stm32loader.identify_command(port), Silent("Connecting"), 0.0, 0.05)
    found = stm32loader.product_id(asked.output)
    if asked.exit_code or found is None:
        raise stm32loader.explain(board, port, asked.output, asked.exit_code)
    stm32loader.check_chip(board, found)
    region = flat(regions)
    args = stm32loader.write_command(port, region, runner.file(region))
    done = runner.run(args, stm32loader.Progress(region), 0.05, 1.0)
    if done.exit_code:
        raise stm32loader.explain(board, port, done.output, done.exit_code)
    return True


def _by_pyocd(board: BoardFile, regions: Sequence[Region], probe: str, runner: _Runner) -> bool:
    asked = runner.run(pyocd.identify_command(board, probe), Silent("Connecting"), 0.0, 0.05)
    found = pyocd.product_id(board, asked.output)
    if asked.exit_code or found is None:
        raise pyocd.explain(board, asked.output, asked.exit_code)
    stm32loader.check_chip(board, found)
    region = flat(regions)
    path = runner.file(region)
    done = runner.run(pyocd.write_command(board, probe, region, path), pyocd.Progress(), 0.05, 0.8)
    if done.exit_code:
        raise pyocd.explain(board, done.output, done.exit_code)
    compared = runner.run(pyocd.verify_command(board, probe, region, path.name), pyocd.Comparing(region), 0.8, 1.0)
    if compared.exit_code or not pyocd.verified(compared.output, region):
        raise pyocd.explain(board, compared.output, compared.exit_code)
    return True
