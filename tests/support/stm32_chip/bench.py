"""A chip on the desk: the firmware in its flash, the studio's end of the link at its UART."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from motestudio.devices.link.protocol import Reply
from motestudio.devices.link.session import Incoming, LinkSession
from motestudio.domain.board import BoardFile
from motestudio.firmware.elf import read_segments

from .chip import Chip
from .device import SECOND
from .flash import ORIGIN, Memory
from .sensors import Motion, Sensor


def still(time: float) -> tuple[float, ...]:
    """On the desk."""
    return (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


class Bench:
    """One board; it can lose its power and come back.

    Attributes:
        chip: the one that is running.
        bus: of the board's I2C.
        sensor: on it, if there is one.
        session: the studio's end of the link, new with each power-up.
        incoming: what came from it.
    """

    def __init__(
        self, board: BoardFile, elf: bytes, sensor: type[Sensor] | None = None, motion: Motion = still
    ) -> None:
        assert board.stm32 is not None
        self.board = board
        self.memory = Memory(board.flash_bytes)
        for address, data in read_segments(elf):
            self.memory.cells[address - ORIGIN : address - ORIGIN + len(data)] = data
        self._kind, self._motion = sensor, motion
        self.power_up()

    def power_up(self) -> None:
        """Also a reset: RAM and registers are new, the flash is not."""
        assert self.board.stm32 is not None
        self.chip = Chip(self.board.stm32.series, self.board.ram_bytes, self.memory)
        self.uart = self.chip.usarts[self.board.stm32.uart]
        self.bus = self.chip.masters[self.board.stm32.i2c].bus
        self.sensor: Sensor | None = None
        if self._kind is not None:
            machine = self.chip.machine
            self.sensor = self._kind(lambda: machine.now / SECOND, self._motion)
            self.bus.sensors[self.sensor.ADDRESS] = self.sensor
        self.session = LinkSession()
        self.incoming: list[Incoming] = []
        self._taken = 0
        self.run(0.02)  # it listens by then

    def _listen(self) -> None:
        new = bytes(self.uart.sent[self._taken :])
        self._taken += len(new)
        self.incoming += self.session.feed(new)

    def run(self, seconds: float) -> None:
        self.chip.run(seconds)
        self._listen()

    def wait_for(self, wanted: type, seconds: float = 20.0) -> Any:
        """The next message of a kind."""
        seen = len(self.incoming)

        def came() -> bool:
            self._listen()
            return any(isinstance(m, wanted) for m in self.incoming[seen:])

        assert self.chip.run(seconds, came), f"no {wanted.__name__} in {seconds} s; {self.session.stats}"
        return next(m for m in self.incoming[seen:] if isinstance(m, wanted))

    def request(self, op: str, **args: Any) -> Reply:
        _, data = self.session.request(op, args)
        self.uart.feed(data)
        reply: Reply = self.wait_for(Reply)
        return reply

    def carry_out(self, exchange: Generator[tuple[str, dict[str, Any]], Reply, dict[str, Any]]) -> dict[str, Any]:
        """A conversation of `devices.exchanges`."""
        op, args = next(exchange)
        while True:
            reply = self.request(op, **args)
            try:
                op, args = exchange.send(reply)
            except StopIteration as end:
                return dict(end.value)
