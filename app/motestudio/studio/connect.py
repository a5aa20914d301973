"""Connecting to a board by what the user calls it: a port, a socket, or ``virtual``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from motestudio.devices.transports import LinePolicy
from motestudio.project.store import Project
from motestudio.studio.create import templates
from motestudio.studio.decoders import wish_for
from motestudio.studio.device_session import WAIT_SECONDS, DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.virtual import start_virtual_board

VIRTUAL = "virtual"
"""The port name that starts a virtual board for as long as the connection lasts."""


def flash_folder(project: Project) -> Path:
    """Where a virtual board of this project keeps its flash: it survives a restart like the real one."""
    return project.mote_dir / "virtual" / project.config.board


def sensor_of(project: Project) -> str:
    """What a virtual board of this project senses: what its template is about, a moving hand where it has none."""
    known = {t.id: t.sensor for t in templates()}
    return known.get(project.config.template) or "imu"


@contextmanager
def connect(
    studio: Studio,
    project: Project,
    port: str = "",
    *,
    baud: int = 115200,
    sensor: str = "",
    transport: str = "socket",
    lines: LinePolicy = "auto",
    wait_s: float = WAIT_SECONDS,
    decoder: str = "",
    decoder_params: Mapping[str, Any] | None = None,
) -> Iterator[DeviceSession]:
    """Connect for the length of a ``with`` block.

    Args:
        studio: knows the boards.
        project: its board file is what a virtual board poses as; live tails lie in its ``.mote`` folder.
        port: device path, ``socket://host:port`` or ``virtual``; the project's own where empty.
        baud: of a serial port; `devices.baud.AUTO` finds it out.
        sensor: of a virtual board: ``imu``, ``microphone``, ``vibration`` or ``replay:<folder>`` of imported clips;
            what suits the project where empty.
        transport: of a virtual board: ``socket`` or ``pty``.
        lines: what becomes of a serial port's DTR and RTS.
        wait_s: how long to wait for a board that goes; a virtual board that ends does not come back.
        decoder: who shall read what the port sends; see `studio.decoders.wish_for`, like the next.
        decoder_params: likewise.

    Raises:
        DeviceError: busy, gone, silent.
    """
    url = port or project.config.port or VIRTUAL
    tails = project.mote_dir / "tails"
    if url != VIRTUAL:
        wish = wish_for(studio.registry, decoder, decoder_params)
        spare = studio.spare_recorder()
        with DeviceSession(url, baud, tail_dir=tails, lines=lines, wait_s=wait_s, wish=wish, recorder=spare) as session:
            yield session
        return
    with virtual_board(project, sensor, transport) as here:
        spare = studio.spare_recorder()
        with DeviceSession(here, baud, tail_dir=tails, wait_s=0, recorder=spare) as session:
            yield session


@contextmanager
def virtual_board(project: Project, sensor: str = "", transport: str = "socket") -> Iterator[str]:
    """Run a virtual board of a project for the length of a ``with`` block; its address."""
    virtual = start_virtual_board(
        project.config.board,
        sensor=sensor or sensor_of(project),
        flash_dir=flash_folder(project),
        transport=transport,
    )
    try:
        yield virtual.url
    finally:
        virtual.close()
