"""What the Deploy page shows, read beside the window. No Qt, nothing is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from motestudio.devices.ports import PortInfo, list_ports
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import Verdict
from motestudio.project.store import Project
from motestudio.studio import analyse, deploying, evaluate, flash_chip, run_store
from motestudio.studio.deploying import Needs, Way
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio

MANY_LINES = 400
"""Of a file's content; the rest is for an editor."""

PROBE = "probe"
"""In place of a serial port: a debug probe writes the chip."""

STATES = {
    "new": ("new", "ok"),
    "changed": ("changed", "accent"),
    "edited": ("edited by hand", "warn"),
    "removed": ("removed", "bad"),
    "kept": ("yours", "text_muted"),
    "unchanged": ("", "text_muted"),
}
"""Word and ink of a generated file's state."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user chose; empty is what suits.

    Attributes:
        way: from the run to something that runs it.
        through: what writes the chip: a serial port, or `PROBE`.
    """

    way: str = ""
    through: str = ""


@dataclass(frozen=True, slots=True)
class DeployData:
    """A run on its way to the project's board.

    Attributes:
        runs: ids, oldest first.
        run: what is deployed.
        board: the project's.
        verdict: whether it fits.
        blocked: why it cannot be flashed, or empty.
        held: whether the connected board holds this run's model.
        ports: serial ports of this computer.
        way: the one that is gone.
        closed: the ways that cannot be gone now, with why.
        needs: what the way needs on this computer.
        places: what can write the chip, by serial port or `PROBE`, with what is shown of it.
        through: the one of `places` that is used, or empty where there is none.
        tool: what writes through it.
    """

    runs: tuple[str, ...]
    run: run_store.Run
    board: BoardFile
    verdict: Verdict
    blocked: str
    held: bool
    ports: tuple[PortInfo, ...]
    way: Way
    closed: Mapping[Way, str]
    needs: Needs
    places: Mapping[str, str]
    through: str
    tool: flash_chip.Tool

    @property
    def lacking(self) -> bool:
        """Whether something that this computer lacks stands in the way."""
        tflm = self.needs.tflm
        return bool(self.needs.missing) or (tflm is not None and bool(tflm.folder) and not tflm.ready)

    @property
    def obstacle(self) -> str:
        """Why it cannot begin, in a sentence; empty where it can."""
        tflm = self.needs.tflm
        if self.blocked:
            return f"{self.blocked}: nothing is built or sent."
        if missing := self.needs.missing:
            return f"{missing[0].name} is missing: see This computer for how to get it."
        if tflm is not None and tflm.problem:
            return tflm.problem
        if self.lacking and tflm is not None:
            return f"TensorFlow Lite Micro is not built for {tflm.core} yet: see This computer."
        if self.way == "chip" and not self.places:
            return "No serial port is here to write the chip through: plug the board in."
        return ""


def load(studio: Studio, project: Project, run_id: str, session: DeviceSession | None, wish: Wish) -> DeployData | None:
    """Read all but the generated project; None where nothing has been trained.

    Raises:
        ProjectError: the run's model cannot be read.
    """
    runs = run_store.runs(project)
    if not runs:
        return None
    run, board = next((r for r in runs if r.id == run_id), runs[-1]), studio.board(project.config.board)
    verdict = analyse.analyse(studio, project, run).verdict
    short = [b for b in verdict.budgets if b.name in ("ram", "flash") and not b.fits]
    ports = tuple(list_ports())
    reasons = {way: deploying.blocked(way, board, session) for way in deploying.WAYS}
    open_ways = [way for way, reason in reasons.items() if not reason]
    way = next((w for w in open_ways if w == wish.way), deploying.suggested(board, session))
    places = _places(board, ports)
    liked = (wish.through, session.url if session is not None else "", *places)
    through = next((place for place in liked if place in places), "")
    tool = _tool(board, through)
    return DeployData(
        runs=tuple(r.id for r in runs),
        run=run,
        board=board,
        verdict=verdict,
        blocked=analyse.shortfall(replace(verdict, budgets=tuple(short))),
        held=session is not None and session.connected and evaluate.holds(session, run),
        ports=ports,
        way=way,
        closed={w: reason for w, reason in reasons.items() if reason},
        needs=deploying.needs(way, board, tool),
        places=places,
        through=through,
        tool=tool,
    )


def _places(board: BoardFile, ports: tuple[PortInfo, ...]) -> dict[str, str]:
    tools = flash_chip.tools_for(board)
    serial = {p.path: f"{p.path} {p.description}".strip() for p in ports} if tools else {}
    return serial | ({PROBE: "Debug probe"} if "pyocd" in tools else {})


def _tool(board: BoardFile, through: str) -> flash_chip.Tool:
    tools = flash_chip.tools_for(board)
    return "pyocd" if through == PROBE or not tools else tools[0]


def shown_text(path: str, state: str, diff: str, content: bytes) -> str:
    """What the right half shows of a file: its diff, or its content where there is none to show."""
    if diff:
        return diff
    if b"\0" in content[:4096]:
        return f"{len(content):,} bytes that are not text."
    lines = content.decode("utf-8", errors="replace").splitlines()
    more = len(lines) - MANY_LINES
    tail = [f"… {more:,} more lines; open the folder to see them."] if more > 0 else []
    head = ["It changes, and is too long to compare here.", ""] if state == "changed" else []
    return "\n".join([*head, *lines[:MANY_LINES], *tail])
