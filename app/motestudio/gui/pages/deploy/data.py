"""What the Deploy page shows, read beside the window. No Qt, nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from motestudio.devices.ports import PortInfo, list_ports
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import Verdict
from motestudio.project.store import Project
from motestudio.studio import analyse, checks, evaluate, run_store
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio

MANY_LINES = 400
"""Of a file's content; the rest is for an editor."""

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
class DeployData:
    """A run on its way to the project's board.

    Attributes:
        runs: ids, oldest first.
        run: what is deployed.
        board: the project's.
        verdict: whether it fits.
        blocked: why it cannot be flashed, or empty.
        held: whether the connected board holds this run's model.
        checks: programs and packages.
        ports: serial ports of this computer.
    """

    runs: tuple[str, ...]
    run: run_store.Run
    board: BoardFile
    verdict: Verdict
    blocked: str
    held: bool
    checks: tuple[checks.Check, ...]
    ports: tuple[PortInfo, ...]


def load(studio: Studio, project: Project, run_id: str, session: DeviceSession | None) -> DeployData | None:
    """Read all but the generated project; None where nothing has been trained.

    Raises:
        ProjectError: the run's model cannot be read.
    """
    runs = run_store.runs(project)
    if not runs:
        return None
    run = next((r for r in runs if r.id == run_id), runs[-1])
    verdict = analyse.analyse(studio, project, run).verdict
    short = [b for b in verdict.budgets if b.name in ("ram", "flash") and not b.fits]
    return DeployData(
        tuple(r.id for r in runs),
        run,
        studio.board(project.config.board),
        verdict,
        analyse.shortfall(replace(verdict, budgets=tuple(short))),
        session is not None and session.connected and evaluate.holds(session, run),
        _tools(studio.board(project.config.board)),
        tuple(list_ports()),
    )


def _tools(board: BoardFile) -> tuple[checks.Check, ...]:
    """What counts for this target: what is missing and needed first, what only others need left out."""
    others = {"stm32": ("ESP-IDF",), "esp32": ("Arm GCC", "QEMU for Arm")}.get(board.family, ())
    rows = [c for c in checks.checks() if c.name not in others]
    return tuple(sorted(rows, key=lambda c: (c.found or not c.needed, not c.found)))


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
