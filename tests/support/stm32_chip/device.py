"""What every part of the emulated chip is: registers that answer, events that come, an interrupt line that is up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine

SECOND = 20_160_000_000
"""Parts of a second that time is counted in: whole for a cycle of 48, 64, 80, 168 and 180 MHz."""


class ChipFault(AssertionError):  # noqa: N818 - as the manuals call it
    """The program did what the manual forbids or what ends in a fault on the chip."""


class PowerCut(Exception):  # noqa: N818 - it is no error, the test asked for it
    """The power failed at the operation on the flash that was asked for."""


class Device:
    """Registers at an address.

    Attributes:
        machine: whose time it lives in.
        registers: words by offset; what a plain register was last given.
    """

    def __init__(self, machine: Machine, reset: dict[int, int] | None = None) -> None:
        self.machine = machine
        self.registers: dict[int, int] = dict(reset or {})

    def read(self, offset: int) -> int:
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        self.registers[offset] = value

    def next_event(self) -> int | None:
        """When something happens by itself; None: nothing will."""
        return None

    def advance(self) -> None:
        """Catch up with the machine's time."""

    def lines(self) -> tuple[int, ...]:
        """Numbers of the interrupts that it asks for now."""
        return ()

    def bits(self, offset: int, shift: int, width: int) -> int:
        return self.registers.get(offset, 0) >> shift & ((1 << width) - 1)

    def flag(self, offset: int, bit: int) -> bool:
        return bool(self.bits(offset, bit, 1))


class Gate(Device):
    """A device behind its clock: without it, reads are 0 and writes are lost."""

    def __init__(self, inner: Device, runs: Callable[[], bool]) -> None:
        super().__init__(inner.machine)
        self.inner = inner
        self._runs = runs

    def read(self, offset: int) -> int:
        return self.inner.read(offset) if self._runs() else 0

    def write(self, offset: int, value: int) -> None:
        if self._runs():
            self.inner.write(offset, value)
