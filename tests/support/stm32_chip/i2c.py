"""Both kinds of I2C as masters, and the bus: RM0351 39 (as RM0444 and RM0091 have it), RM0390 24."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from .device import SECOND, ChipFault, Device
from .ports import Port

if TYPE_CHECKING:
    from .machine import Machine
    from .sensors import Sensor


class Bus:
    """Two lines and who is on them.

    Attributes:
        sensors: by address.
        clock_held: a device holds the clock low: nothing goes on.
        clocks_owed: a device holds the data line until it gets so many clocks.
        hz: of the last transfer.
    """

    def __init__(self, pins: dict[str, Port], scl: tuple[str, int], sda: tuple[str, int]) -> None:
        self.sensors: dict[int, Sensor] = {}
        self.clock_held = False
        self.clocks_owed = 0
        self.hz = 0.0
        self._scl = (pins[scl[0]], scl[1])
        self._sda = (pins[sda[0]], sda[1])
        self._was_low = False
        pins[scl[0]].watchers.append(self._watch)
        pins[sda[0]].levels[sda[1]] = lambda: self.clocks_owed == 0
        pins[scl[0]].levels[scl[1]] = lambda: not self.clock_held

    def _watch(self) -> None:
        port, number = self._scl
        low = port.driven_low(number)
        if low and not self._was_low:
            self.clocks_owed = max(0, self.clocks_owed - 1)
        self._was_low = low

    def free(self, name: str) -> bool:
        """Whether a master can begin: its pins are on the bus, open drain, and nobody holds it."""
        for (port, number), line in ((self._scl, "SCL"), (self._sda, "SDA")):
            if port.signal(number) != f"{name}_{line}" or not port.open_drain(number):
                return False
        return not self.clock_held and not self.clocks_owed

    def leave(self, reading: bool) -> None:
        """The master goes away in the middle of a byte: whoever was sending goes on holding the line."""
        if reading:
            self.clocks_owed = 9


class Master(Device):
    """What both kinds share: a byte takes nine clocks."""

    def __init__(
        self, machine: Machine, name: str, bus: Bus, irqs: tuple[int, int], kernel_hz: Callable[[], int]
    ) -> None:
        super().__init__(machine)
        self.name = name
        self.bus = bus
        self.irqs = irqs
        self.kernel_hz = kernel_hz
        self._next: tuple[int, Callable[[], None]] | None = None
        self.sensor: Sensor | None = None
        self.reading = False

    def period(self) -> int:
        """Of the clock, in parts of a second."""
        raise NotImplementedError

    def after(self, clocks: int, what: Callable[[], None]) -> None:
        self.bus.hz = SECOND / self.period()
        if self.bus.hz > 401_000:
            raise ChipFault(f"the bus would run at {self.bus.hz:.0f} Hz")
        self._next = self.machine.now + clocks * self.period(), what

    def next_event(self) -> int | None:
        return None if self._next is None or self.bus.clock_held else self._next[0]

    def advance(self) -> None:
        while self._next is not None and self._next[0] <= self.machine.now and not self.bus.clock_held:
            (_, what), self._next = self._next, None
            what()

    def address(self, byte: int) -> bool:
        """Whether a sensor answers."""
        self.reading = bool(byte & 1)
        self.sensor = self.bus.sensors.get(byte >> 1)
        if self.sensor is not None and not self.sensor.answers(self.reading):
            self.sensor = None
        return self.sensor is not None

    def drop(self) -> None:
        if self.sensor is not None:
            self.bus.leave(self.reading)
        self.sensor = self._next = None


class NewMaster(Master):
    """Of the L4, G0 and F0."""

    TXIS, RXNE, NACKF, STOPF, TC = 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6
    _ENABLES: ClassVar = {1: TXIS, 2: RXNE, 4: NACKF, 5: STOPF, 6: TC}

    def __init__(
        self, machine: Machine, name: str, bus: Bus, irqs: tuple[int, int], kernel_hz: Callable[[], int]
    ) -> None:
        super().__init__(machine, name, bus, irqs, kernel_hz)
        self._flags = 0
        self._left = 0
        self._data = 0
        self._held: int | None = None

    def period(self) -> int:
        presc, low, high = self.bits(0x10, 28, 4), self.bits(0x10, 0, 8), self.bits(0x10, 8, 8)
        steps = (presc + 1) * (low + 1 + high + 1)
        return steps * SECOND // self.kernel_hz() + SECOND * 3 // 4_000_000  # filters, rise and fall: 750 ns

    def _start(self, value: int) -> None:
        self._flags &= ~self.TC
        self._left = value >> 16 & 0xFF
        byte = value & 0xFE | (value >> 10 & 1)
        if self.sensor is not None or self.bus.free(self.name):
            self.after(11, lambda: self._addressed(byte))

    def _addressed(self, byte: int) -> None:
        if not self.address(byte):
            self._flags |= self.NACKF | self.STOPF
        elif self.reading:
            self.after(9, self._received)
        else:
            self._flags |= self.TXIS

    def _ended(self) -> None:
        if self.flag(0x04, 25):
            self._flags |= self.STOPF
            self.sensor = None
        else:
            self._flags |= self.TC

    def _sent(self) -> None:
        assert self.sensor is not None
        self.sensor.write(self._data)
        self._left -= 1
        if self._left:
            self._flags |= self.TXIS
        else:
            self._ended()

    def _received(self) -> None:
        assert self.sensor is not None
        self._left -= 1
        byte = self.sensor.read()
        if self._flags & self.RXNE:
            self._held = byte
            return
        self._give(byte)

    def _give(self, byte: int) -> None:
        self._data = byte
        self._flags |= self.RXNE
        if self._left:
            self.after(9, self._received)
        else:
            self._ended()

    def read(self, offset: int) -> int:
        self.advance()
        if offset == 0x18:
            return self._flags | (self.sensor is not None) << 15
        if offset == 0x24:
            byte = self._data
            self._flags &= ~self.RXNE
            if self._held is not None:
                held, self._held = self._held, None
                self._give(held)
            return byte
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self.advance()
        if offset == 0x00:
            super().write(offset, value)
            if not value & 1:
                self.drop()
                self._flags, self._held = 0, None
        elif offset == 0x04:
            super().write(offset, value & ~(1 << 13))
            if value >> 13 & 1 and self.flag(0x00, 0):
                self._start(value)
        elif offset == 0x10 and self.flag(0x00, 0):
            raise ChipFault("TIMINGR is written while the I2C is on")
        elif offset == 0x1C:
            self._flags &= ~(value & (self.NACKF | self.STOPF))
        elif offset == 0x28:
            self._data = value & 0xFF
            self._flags &= ~self.TXIS
            self.after(9, self._sent)
        else:
            super().write(offset, value)

    def lines(self) -> tuple[int, ...]:
        return (self.irqs[0],) if any(self.flag(0, bit) and self._flags & f for bit, f in self._ENABLES.items()) else ()


class OldMaster(Master):
    """Of the F4."""

    SB, ADDR, BTF, RXNE, TXE, AF = 1 << 0, 1 << 1, 1 << 2, 1 << 6, 1 << 7, 1 << 10
    START, STOP, ACK = 1 << 8, 1 << 9, 1 << 10

    def __init__(
        self, machine: Machine, name: str, bus: Bus, irqs: tuple[int, int], kernel_hz: Callable[[], int]
    ) -> None:
        super().__init__(machine, name, bus, irqs, kernel_hz)
        self._flags = 0
        self._data = 0
        self._shift: int | None = None  # a byte that waits behind the one in DR
        self._shifting = False
        self._acked = False
        self._seen = 0  # SR1 as it was read last

    def period(self) -> int:
        mhz = self.kernel_hz() // 1_000_000
        if self.bits(0x04, 0, 6) != mhz or self.bits(0x20, 0, 6) != mhz * 300 // 1000 + 1:
            raise ChipFault("FREQ or TRISE does not fit the bus's clock")
        if not self.flag(0x1C, 15) or self.flag(0x1C, 14):
            raise ChipFault("this model knows fast mode with DUTY 0 only")
        return 3 * self.bits(0x1C, 0, 12) * SECOND // self.kernel_hz()

    def _control(self, clear: int) -> None:
        self.registers[0x00] = self.registers.get(0x00, 0) & ~clear

    def _started(self) -> None:
        self._control(self.START)
        self._flags = self._flags & ~(self.BTF | self.TXE) | self.SB

    def _addressed(self, byte: int) -> None:
        self._flags |= self.ADDR if self.address(byte) else self.AF

    def _sent(self, byte: int) -> None:
        assert self.sensor is not None
        self._shifting = False
        self.sensor.write(byte)
        if self._flags & self.TXE:
            self._flags |= self.BTF
        else:
            self._shift_out(self._data)

    def _shift_out(self, byte: int) -> None:
        self._shifting = True
        self._flags = self._flags & ~self.BTF | self.TXE
        self.after(9, lambda: self._sent(byte))

    def _received(self) -> None:
        if self.sensor is None:
            return
        byte = self.sensor.read()
        self._acked = self.flag(0x00, 10)
        if self._flags & self.RXNE:
            self._shift = byte
            self._flags |= self.BTF
        else:
            self._give(byte)
        if not self._acked and self.flag(0x00, 9):
            self._stopped()

    def _give(self, byte: int) -> None:
        self._data = byte
        self._flags |= self.RXNE
        if self._acked:
            self.after(9, self._received)

    def _stopped(self) -> None:
        self._control(self.STOP)
        self._flags &= ~(self.TXE | (self.BTF if not self.reading else 0))
        if self.sensor is not None and self.reading and self._acked:
            self.bus.leave(True)  # it was told that more is wanted
        self.sensor = None

    def read(self, offset: int) -> int:
        self.advance()
        if offset == 0x14:
            self._seen = self._flags
            return self._flags
        if offset == 0x18:
            if self._seen & self._flags & self.ADDR:
                self._flags &= ~self.ADDR
                if self.reading:
                    self.after(9, self._received)
                else:
                    self._flags |= self.TXE
            return (self.sensor is not None) << 1 | (self.sensor is not None)
        if offset == 0x10:
            byte = self._data
            self._flags &= ~(self.RXNE | self.BTF)
            if self._shift is not None:
                shifted, self._shift = self._shift, None
                self._give(shifted)
            return byte
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self.advance()
        if offset == 0x00:
            self._set_control(value)
        elif offset == 0x14:
            self._flags &= value | ~0xFF00
        elif offset == 0x10 and self._flags & self.SB:
            if self._seen & self.SB:
                self._flags &= ~self.SB
                self.after(9, lambda: self._addressed(value & 0xFF))
        elif offset == 0x10:
            self._data = value & 0xFF
            if self._shifting:
                self._flags &= ~self.TXE
            elif self.sensor is not None:
                self._shift_out(self._data)
        else:
            super().write(offset, value)

    def _set_control(self, value: int) -> None:
        if value >> 15 & 1 or not value & 1:
            self.drop()
            self._flags, self._shift, self._shifting = 0, None, False
            self.registers = {} if value >> 15 & 1 else self.registers
            self.registers[0x00] = value & ~(self.START | self.STOP)
            return
        before = self.registers.get(0x00, 0)
        self.registers[0x00] = value
        if value & self.START and not before & self.START and (self._next is not None or self._flags & self.SB):
            raise ChipFault("a start is asked for in the middle of a byte")
        if value & self.START and not before & self.START and (self.sensor is not None or self.bus.free(self.name)):
            self.after(1, self._started)
        if value & self.STOP and not before & self.STOP and self._next is None:
            self.after(1, self._stopped)

    def lines(self) -> tuple[int, ...]:
        events = self.SB | self.ADDR | self.BTF | (self.TXE | self.RXNE if self.flag(0x04, 10) else 0)
        up = [self.irqs[0]] if self.flag(0x04, 9) and self._flags & events else []
        return (*up, *([self.irqs[1]] if self.flag(0x04, 8) and self._flags & 0xFF00 else []))
