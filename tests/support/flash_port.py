"""A chip's boot loader behind a pseudo-terminal, for the real flashing clients to meet."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from .fake_boards import Connection, TerminalCable, Wire


class UnpluggedError(Exception):
    """The chip is pulled out now."""


class BootLoader(Protocol):
    def serve(self, connection: Connection) -> None:
        """Speak until the port goes; `UnpluggedError` takes it away."""


class FlashPort(TerminalCable):
    """A boot loader's port; `plug` it again after the chip unplugged itself. What the chip keeps, it keeps."""

    def __init__(self, chip: BootLoader, link: Path) -> None:
        self._chip = chip
        self._puller: threading.Thread | None = None
        super().__init__(self._run, link)

    def _run(self, wire: Wire) -> None:
        try:
            self._chip.serve(wire.connection)
        except UnpluggedError:
            # Pulled from another thread: this one is waited for.
            self._puller = threading.Thread(target=self.unplug, name="puller")
            self._puller.start()

    def plug_again(self) -> None:
        """After it unplugged itself."""
        assert self._puller is not None
        self._puller.join(10)
        self._puller = None
        self.plug()

    def __enter__(self) -> FlashPort:
        return self

    def __exit__(self, *_: object) -> None:
        if self._puller is not None:
            self._puller.join(10)
        self.unplug()
