from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from motestudio.domain.board import BoardFile
from motestudio.firmware.boards import load_boards
from motestudio.firmware.flashers.images import Region
from motestudio.studio import flash_chip
from motestudio.studio.operation import Happening, Operation


class Flashing:
    """Flashes through a port and keeps what was told of it."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self.happenings: list[Happening] = []
        self.on_log: Callable[[str], None] = lambda _: None

    def __call__(self, board: BoardFile, regions: Sequence[Region], tool: flash_chip.Tool) -> flash_chip.ChipFlash:
        self.happenings.clear()
        operation = Operation(self._hear)
        return flash_chip.flash(board, regions, str(self.port), operation, tool)

    def _hear(self, happening: Happening) -> None:
        self.happenings.append(happening)
        if happening.kind == "log":
            self.on_log(happening.text)

    @property
    def log(self) -> list[str]:
        return [happening.text for happening in self.happenings if happening.kind == "log"]

    @property
    def progress(self) -> list[float]:
        return [happening.fraction for happening in self.happenings if happening.kind == "progress"]

    @property
    def words(self) -> list[str]:
        """What it was doing, without repetitions."""
        told = [happening.text for happening in self.happenings if happening.kind == "progress"]
        return [word for word, before in zip(told, ["", *told], strict=False) if word != before]


@pytest.fixture
def flashing(tmp_path: Path) -> Flashing:
    return Flashing(tmp_path / "port")


@pytest.fixture(scope="session")
def boards() -> dict[str, BoardFile]:
    return load_boards()
