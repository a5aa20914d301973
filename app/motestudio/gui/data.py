"""Gathers what the start page shows: templates, recent projects, what this computer has and lacks, boards.

Blocking and Qt-free: called in an operation's thread. A project that cannot be read is a row that says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motestudio.errors import AppError
from motestudio.gui.numbers import byte_size, count
from motestudio.shipped import resources_dir

if TYPE_CHECKING:
    from motestudio.domain.model_report import Verdict
    from motestudio.studio.home import Studio

THUMB_POINTS = 96


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A template: `facts` are two short lines, `art` names its picture."""

    id: str
    title: str
    text: str
    facts: tuple[str, str]
    art: str


@dataclass(frozen=True, slots=True)
class RecentCard:
    """A project opened before.

    Attributes:
        place: where it lies, short.
        verdict: "fits, 96.1 %", "not trained", or what is wrong with it.
        verdict_ink: role of the verdict's text.
        stages: state of the seven stages, for the dots.
        ram: (used, limit) in bytes, or None.
        when: opened, short.
        thumb: up to three channels of 96 values in -1..1 each.
    """

    folder: Path
    name: str
    place: str
    board: str
    takes: str
    verdict: str
    verdict_ink: str
    stages: tuple[str, ...]
    ram: tuple[float, float] | None
    when: str
    thumb: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCard:
    """A program or package: found with its version, or missing with its fix."""

    name: str
    purpose: str
    version: str
    fix: str


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A board or port: `port` is what to connect to, `busy` why that cannot be done now."""

    name: str
    note: str
    port: str
    busy: str = ""


@dataclass(frozen=True, slots=True)
class StartData:
    """Everything on the start page."""

    templates: tuple[TemplateCard, ...] = ()
    recent: tuple[RecentCard, ...] = ()
    missing: tuple[ToolCard, ...] = ()
    found: tuple[ToolCard, ...] = ()
    boards: tuple[BoardCard, ...] = ()
    ports: int = 0


def templates() -> tuple[TemplateCard, ...]:
    """The shipped templates, for the first paint.

    Reads the files itself: `studio.create` brings the project store and numpy with it, half the time of a start.
    """
    cards = []
    for path in (resources_dir() / "templates").glob("*.toml"):
        body = tomllib.loads(path.read_text("utf-8"))
        classes = len(body.get("class", ()))
        facts = (str(body.get("needs", "")), f"{classes} classes to start with" if classes else "import, then label")
        cards.append(
            TemplateCard(path.stem, str(body.get("title", path.stem)), str(body.get("text", "")), facts, path.stem)
        )
    known = ("gesture", "keyword", "vibration", "own")
    return tuple(sorted(cards, key=lambda c: (known.index(c.id) if c.id in known else len(known), c.id)))


def load() -> StartData:
    """Everything; reads project folders and asks the system for ports."""
    from motestudio.studio.checks import checks, found, missing

    rows = checks()
    boards, ports = _boards()
    return StartData(
        templates(),
        tuple(_recent()),
        tuple(ToolCard(c.name, c.purpose, c.version, c.fix) for c in missing(rows)),
        tuple(ToolCard(c.name, c.purpose, c.version, "") for c in found(rows)),
        boards,
        ports,
    )


def _boards() -> tuple[tuple[BoardCard, ...], int]:
    from motestudio.devices.ports import list_ports

    cards = [BoardCard("Virtual board", "poses as the project's board, moves", "virtual")]
    ports = list_ports()
    for port in ports:
        name = Path(port.path).name
        maker = port.description or port.manufacturer or "serial port"
        busy = f"{port.holder} holds {name}." if port.holder else ""
        cards.append(BoardCard(name, f"{maker}, in use" if busy else maker, port.path, busy))
    return tuple(cards), len(ports)


def _recent() -> list[RecentCard]:
    from motestudio.project.recent import RecentProjects
    from motestudio.studio.home import Studio

    with Studio() as studio:
        return [_card(studio, Path(r.folder), r.name, r.opened) for r in RecentProjects().entries() if r.exists]


def _card(studio: Studio, folder: Path, name: str, opened: str) -> RecentCard:
    place = _short(folder.parent)
    try:
        return _read(studio, folder, place, opened)
    except (AppError, OSError) as error:
        text = error.text if isinstance(error, AppError) else str(error)
        return RecentCard(folder, name, place, "", "", text, "bad", ("none",) * 7, None, _when(opened))


def _read(studio: Studio, folder: Path, place: str, opened: str) -> RecentCard:
    from motestudio.gui.page import WORK_PAGES
    from motestudio.project.store import Project
    from motestudio.studio import analyse, overview, run_store

    with Project.open(folder, read_only=True) as project:
        names = project.recordings.names()
        runs = run_store.runs(project)
        fit = analyse.analyse(studio, project, runs[-1]).verdict if runs else None
        accuracy = runs[-1].metrics.get("accuracy") if runs else None
        verdict, ink, ram = _verdict(fit, accuracy)
        dots = {**overview.states(studio, project, fits=fit.fits if fit else None), "live": "none"}
        return RecentCard(
            folder,
            project.config.name,
            place,
            project.config.board.upper() if project.config.board.startswith("nucleo") else project.config.board,
            f"{count(len(names))} takes",
            verdict,
            ink,
            tuple(dots[spec.key] for spec in WORK_PAGES),
            ram,
            _when(opened),
            _thumb(project, names),
        )


def _verdict(fit: Verdict | None, accuracy: float | None) -> tuple[str, str, tuple[float, float] | None]:
    if fit is None:
        return "not trained", "text_muted", None
    ram = fit.budget("ram")
    if fit.fits:
        score = f", {accuracy * 100:.1f} %" if accuracy is not None else ""
        return f"fits{score}", "text_secondary", (ram.used, ram.limit)
    if ram.fits:
        over = next(b.name for b in fit.budgets if not b.fits)
        return f"over its {over} budget", "bad", (ram.used, ram.limit)
    number, unit = byte_size(ram.used - ram.limit)
    return f"RAM {number} {unit} short", "bad", (ram.used, ram.limit)


def _thumb(project: Any, names: list[str]) -> tuple[tuple[float, ...], ...]:
    """Up to three channels of one recording, each around its own mean, in one common scale."""
    import numpy as np

    if not names:
        return ()
    recording = project.recordings.load(names[len(names) // 2])
    samples = project.recordings.samples(recording)
    if len(samples) < 2:
        return ()
    picked = np.linspace(0, len(samples) - 1, min(THUMB_POINTS, len(samples))).astype(int)
    values = samples[picked, :3].astype(np.float64)
    values -= values.mean(axis=0)
    peak = float(np.abs(values).max()) or 1.0
    return tuple(tuple(float(v) for v in column / peak) for column in values.T)


def _short(folder: Path) -> str:
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


def _when(opened: str) -> str:
    try:
        at = datetime.fromisoformat(opened).astimezone()
    except ValueError:
        return ""
    days = (datetime.now().astimezone().date() - at.date()).days
    if days == 0:
        return f"today {at:%H:%M}"
    return "yesterday" if days == 1 else f"{at.day} {at:%b}"
