"""The core's own registers: SysTick, the interrupt controller, priorities, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .device import SECOND, ChipFault, Device

if TYPE_CHECKING:
    from .machine import Machine

SYSTICK, NMI, EXTERNAL = 15, 2, 16
_CSR, _RVR, _CVR = 0x10, 0x14, 0x18
_ISER, _ICER, _ISPR, _ICPR, _IPR = 0x100, 0x180, 0x200, 0x280, 0x400
_SHPR1, _AIRCR, _DEMCR = 0xD18, 0xD0C, 0xDFC


class CycleCounter(Device):
    """DWT_CTRL and DWT_CYCCNT, which count once DEMCR has tracing on; the cores of ARMv6-M have none."""

    def __init__(self, machine: Machine, exists: bool) -> None:
        super().__init__(machine)
        self._exists = exists
        self._since: int | None = None

    def read(self, offset: int) -> int:
        if offset == 4 and self._since is not None:
            return (self.machine.now - self._since) * self.machine.core_hz // SECOND & 0xFFFF_FFFF
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if not self._exists:
            raise ChipFault("this core has no cycle counter")
        if self.machine.system.flag(_DEMCR, 24):
            super().write(offset, value)
            if offset == 0:
                self._since = self.machine.now if value & 1 else None


class SystemControl(Device):
    """At 0xE000E000. Priorities are of two bits, as every Cortex-M has at least."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._enabled: set[int] = set()
        self._pending: set[int] = set()
        self._lines: set[int] = set()
        self._zero_at: int | None = None  # when SysTick counts from 1 to 0
        self._stopped = 0  # what it shows when it does not run
        self._counted = False

    # SysTick

    def _period(self) -> int:
        return (self.registers.get(_RVR, 0) & 0xFFFFFF) + 1

    def _cycle(self) -> int:
        divider = 1 if self.flag(_CSR, 2) else 8
        return SECOND // self.machine.core_hz * divider

    def next_event(self) -> int | None:
        return self._zero_at if self.flag(_CSR, 1) else None

    def advance(self) -> None:
        if self._zero_at is None or self.machine.now < self._zero_at:
            return
        self._counted = True
        if self.flag(_CSR, 1):
            self._pending.add(SYSTICK)
        period = self._period() * self._cycle()
        passed = (self.machine.now - self._zero_at) // period + 1
        self._zero_at = self._zero_at + passed * period if self._period() > 1 else None

    def rebase(self) -> None:
        """The core's clock changed."""
        if self._zero_at is not None:
            raise ChipFault("the core's clock changes while SysTick runs")

    def _count(self) -> int:
        if self._zero_at is None:
            return self._stopped
        self.advance()
        left = -(-(self._zero_at - self.machine.now) // self._cycle())
        return 0 if left >= self._period() else left

    def _start(self) -> None:
        first = self._stopped or self._period()  # from 0 it takes a cycle to load
        self._zero_at = self.machine.now + first * self._cycle()

    # Registers

    def read(self, offset: int) -> int:
        if offset == _CSR:
            self.advance()
            value = self.registers.get(_CSR, 0) & 7 | self._counted << 16
            self._counted = False
            return value
        if offset == _CVR:
            return self._count()
        if _ISER <= offset < _ISPR:
            return self._word(self._enabled, offset)
        if _ISPR <= offset < 0x300:
            return self._word(self._pending, offset)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == _CSR:
            self._stopped, was = self._count(), self._zero_at
            self.registers[_CSR] = value & 7
            if not value & 1:
                self._zero_at = None
            elif was is None:
                self._start()
        elif offset == _CVR:
            self._stopped, self._counted = 0, False
            if self._zero_at is not None:
                self._start()
        elif _ISER <= offset < _ICER:
            self._enabled |= self._numbers(offset, value)
        elif _ICER <= offset < _ISPR:
            self._enabled -= self._numbers(offset, value)
        elif _ISPR <= offset < _ICPR:
            self._pending |= self._numbers(offset, value)
        elif _ICPR <= offset < 0x300:
            self._pending -= self._numbers(offset, value)
        elif offset == _AIRCR:
            self.machine.stop_with(ChipFault("the program restarts the chip: a fault, or the end of main"))
        else:
            super().write(offset, value)

    def _numbers(self, offset: int, value: int) -> set[int]:
        return {EXTERNAL + (offset & 0x7F) * 8 + i for i in range(32) if value >> i & 1}

    def _word(self, numbers: set[int], offset: int) -> int:
        first = EXTERNAL + (offset & 0x7F) * 8
        return sum(1 << i for i in range(32) if first + i in numbers)

    # Interrupts

    def priority(self, number: int) -> int:
        if number < 4:
            return -number
        offset, place = (_SHPR1 - 4 + number, number) if number < EXTERNAL else (_IPR + number - EXTERNAL, number)
        return self.registers.get(offset & ~3, 0) >> place % 4 * 8 + 6 & 3

    def pend(self, number: int) -> None:
        self._pending.add(number)

    def set_lines(self, lines: set[int]) -> None:
        """Lines are levels: as long as one is up, its interrupt is pending again after the handler."""
        self._lines = {EXTERNAL + line for line in lines}

    def _ready(self) -> list[int]:
        asked = {n for n in self._pending | self._lines if n < EXTERNAL or n in self._enabled}
        return sorted(asked, key=lambda n: (self.priority(n), n))

    def pending(self) -> int | None:
        """The exception that would be taken next."""
        ready = self._ready()
        return ready[0] if ready else None

    def take(self) -> int:
        number = self._ready()[0]
        self._pending.discard(number)
        return number
