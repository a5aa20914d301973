"""GPIO, USART and the 32-bit timer: RM0351 8, 40, 31; RM0390 7, 25, 17; the same in RM0444 and RM0091."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from .device import SECOND, ChipFault, Device

if TYPE_CHECKING:
    from .machine import Machine

BIT_RATE = 115_200
"""Of whoever is at the other end of the UART."""


class Port(Device):
    """One port's registers; `what` tells which signal a pin's alternate function carries."""

    def __init__(self, machine: Machine, name: str, reset: int, functions: dict[str, dict[int, str]]) -> None:
        super().__init__(machine, {0x00: reset})
        self._name = name
        self._functions = functions
        self.watchers: list[Callable[[], None]] = []
        self.levels: dict[int, Callable[[], bool]] = {}  # of pins that others pull

    def signal(self, number: int) -> str:
        """What the pin carries now; empty: nothing but its own level."""
        if self.bits(0x00, 2 * number, 2) != 2:
            return ""
        function = self.bits(0x20 + number // 8 * 4, number % 8 * 4, 4)
        return self._functions.get(f"P{self._name}{number}", {}).get(function, f"AF{function}")

    def open_drain(self, number: int) -> bool:
        return self.flag(0x04, number)

    def pulled_up(self, number: int) -> bool:
        return self.bits(0x0C, 2 * number, 2) == 1

    def driven_low(self, number: int) -> bool:
        """An output, and low."""
        return self.bits(0x00, 2 * number, 2) == 1 and not self.flag(0x14, number)

    def level(self, number: int) -> bool:
        return not self.driven_low(number) and self.levels.get(number, lambda: True)()

    def read(self, offset: int) -> int:
        if offset == 0x10:
            return sum(self.level(i) << i for i in range(16))
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == 0x18:  # BSRR: set wins
            self.registers[0x14] = self.registers.get(0x14, 0) & ~(value >> 16) | value & 0xFFFF
        elif offset == 0x28:
            self.registers[0x14] = self.registers.get(0x14, 0) & ~value
        else:
            super().write(offset, value)
        for watcher in self.watchers:
            watcher()


class Usart(Device):
    """Both kinds; what the pins do not carry does not arrive.

    Attributes:
        sent: bytes that reached the other end, which listens at `BIT_RATE`.
        baud: what the last of them was sent with.
        overruns: bytes that were lost because nobody had read the one before.
    """

    def __init__(self, machine: Machine, old: bool, irq: int, kernel_hz: Callable[[], int]) -> None:
        super().__init__(machine)
        self._old = old
        self._irq = irq
        self._kernel_hz = kernel_hz
        self.connected: Callable[[str], bool] = lambda which: False
        self.sent = bytearray()
        self.baud = 0.0
        self.overruns = 0
        self._coming: deque[tuple[int, int]] = deque()
        self._received: int | None = None
        self._last = 0
        self._overrun = False
        self._waiting: int | None = None
        self._shifting: tuple[int, int] | None = None  # when it is out, which byte

    def feed(self, data: bytes) -> None:
        """The other end sends."""
        at = max([self.machine.now, *(when for when, _ in self._coming)])
        for i, byte in enumerate(data):
            self._coming.append((at + (i + 1) * 10 * SECOND // BIT_RATE, byte))

    def idle(self) -> bool:
        return not self._coming and self._received is None and self._shifting is None

    def _control(self) -> int:
        return self.registers.get(0x0C if self._old else 0x00, 0)

    def _on(self, what: int) -> bool:
        enable = 13 if self._old else 0
        return bool(self._control() >> enable & self._control() >> what & 1)

    def _actual_baud(self) -> float:
        divider = self.registers.get(0x08 if self._old else 0x0C, 0)
        if divider < 16:
            raise ChipFault(f"BRR is {divider}")
        return self._kernel_hz() / divider

    def _garbled(self, byte: int) -> int:
        """What the receiver makes of it: nothing good where the clocks are 2 % apart."""
        return byte if abs(self._actual_baud() / BIT_RATE - 1) < 0.02 else byte ^ 0x5A

    def next_event(self) -> int | None:
        times = [self._coming[0][0]] if self._coming else []
        if self._shifting is not None:
            times.append(self._shifting[0])
        return min(times, default=None)

    def advance(self) -> None:
        while self._coming and self._coming[0][0] <= self.machine.now:
            byte = self._coming.popleft()[1]
            if not self._on(2) or not self.connected("RX"):
                continue
            if self._received is not None:
                self._overrun = True
                self.overruns += 1
            else:
                self._received = self._last = self._garbled(byte)
        while self._shifting is not None and self._shifting[0] <= self.machine.now:
            at, byte = self._shifting
            if self.connected("TX"):
                self.sent.append(self._garbled(byte))
            self._shifting = None
            if self._waiting is not None:
                self._shift(at, self._waiting)
                self._waiting = None

    def _shift(self, at: int, byte: int) -> None:
        self.baud = self._actual_baud()
        self._shifting = at + int(10 * SECOND / self.baud), byte

    def _status(self) -> int:
        idle = self._waiting is None
        state = self._overrun << 3 | (self._received is not None) << 5 | idle << 7
        return state | (idle and self._shifting is None) << 6

    def read(self, offset: int) -> int:
        self.advance()
        if offset == (0x00 if self._old else 0x1C):
            self._seen = self._overrun
            return self._status()
        if offset == (0x04 if self._old else 0x24):
            byte, self._received = self._last, None
            if self._old and getattr(self, "_seen", False):  # read of SR, then of DR
                self._overrun = self._seen = False
            return byte
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self.advance()
        if offset == (0x04 if self._old else 0x28):
            if not self._on(3):
                return
            if self._shifting is None:
                self._shift(self.machine.now, value & 0xFF)
            elif self._waiting is None:
                self._waiting = value & 0xFF
            else:
                raise ChipFault("a byte is written over one that was not sent")
        elif not self._old and offset == 0x20:
            self._overrun = self._overrun and not value >> 3 & 1
        elif not self._old and offset == 0x0C and self._control() & 1:
            raise ChipFault("BRR is written while the USART is on")
        else:
            super().write(offset, value)

    def lines(self) -> tuple[int, ...]:
        state, control = self._status(), self._control()
        wants = control >> 7 & state >> 7 & 1 or (control >> 5 & 1 and state & (1 << 5 | 1 << 3))
        return (self._irq,) if wants and self._on(5 if control >> 5 & 1 else 7) else ()


class Timer(Device):
    """Counts up; the prescaler takes effect with an update."""

    def __init__(self, machine: Machine, kernel_hz: Callable[[], int]) -> None:
        super().__init__(machine, {0x2C: 0xFFFF_FFFF})
        self._kernel_hz = kernel_hz
        self._divider = 1
        self._count = 0
        self._since: int | None = None

    def _now(self) -> int:
        if self._since is None:
            return self._count
        passed = (self.machine.now - self._since) * self._kernel_hz() // (self._divider * SECOND)
        return (self._count + passed) % (self.registers[0x2C] + 1)

    def _set(self, count: int) -> None:
        self._count = count
        self._since = self.machine.now if self.flag(0x00, 0) else None

    def read(self, offset: int) -> int:
        return self._now() if offset == 0x24 else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == 0x24:
            self._set(value)
        elif offset == 0x14:
            if value & 1:
                self._divider = self.registers.get(0x28, 0) + 1
                self._set(0)
        elif offset == 0x00:
            count = self._now()
            super().write(offset, value)
            self._set(count)
        else:
            super().write(offset, value)
