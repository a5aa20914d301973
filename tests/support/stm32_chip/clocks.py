"""Reset and clock control: RM0351 6 (L4), RM0444 5 (G0), RM0091 6 (F0), RM0390 6 and 5.1.4 (F4 and its power control).

What drives the core is what the bits say; a source is ready some time after it is switched on and no earlier, and a
switch to one that is not is not made. A clock beyond what the manual allows, or too fast for the flash's wait states,
is a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from .device import SECOND, ChipFault, Device

if TYPE_CHECKING:
    from .machine import Machine

_MHZ = 1_000_000
_AHB = {**dict.fromkeys(range(8), 1), 8: 2, 9: 4, 10: 8, 11: 16, 12: 64, 13: 128, 14: 256, 15: 512}
_APB = {**dict.fromkeys(range(4), 1), 4: 2, 5: 4, 6: 8, 7: 16}


class Clocks(Device):
    """What the series have in common.

    Attributes:
        wait_states: of the flash; its controller sets it.
    """

    RESET: ClassVar[dict[int, int]]
    ENABLES: ClassVar[dict[str, tuple[int, int]]]  # register and bit
    READY: ClassVar[dict[str, tuple[int, int, int, int]]]  # register, bit that asks, bit that says, microseconds
    PER_WAIT_STATE: ClassVar[int]  # MHz
    MOST: ClassVar[int]  # MHz
    SWITCH: ClassVar[tuple[int, int]]  # register of SW, its width; SWS follows it

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, self.RESET)
        self.wait_states = 0
        self._ready_at: dict[str, int] = {}
        self._selected = 0
        self._follow()

    def ready(self, source: str) -> bool:
        register, asks, _, _ = self.READY[source]
        return self.flag(register, asks) and self.machine.now >= self._ready_at.get(source, 0)

    def runs(self, name: str) -> bool:
        """Whether a peripheral has its clock."""
        return self.flag(*self.ENABLES[name])

    def source_hz(self, selection: int) -> int | None:
        """The clock behind a value of SW; None: it is not running."""
        raise NotImplementedError

    def ahb(self) -> int:
        """What divides the system clock."""
        raise NotImplementedError

    def kernel_hz(self, name: str) -> int:
        """What a USART, an I2C or a timer counts by."""
        raise NotImplementedError

    def read(self, offset: int) -> int:
        self._follow()
        value = super().read(offset)
        for source, (register, _, says, _) in self.READY.items():
            if register == offset:
                value = value & ~(1 << says) | self.ready(source) << says
        register, width = self.SWITCH
        if offset == register:
            mask = (1 << width) - 1
            value = value & ~(mask << width) | self._selected << width
        return value

    def write(self, offset: int, value: int) -> None:
        before = {source: self.flag(r, asks) for source, (r, asks, _, _) in self.READY.items()}
        self.check_write(offset, value)
        super().write(offset, value)
        for source, (register, asks, _, time_us) in self.READY.items():
            if register == offset and self.flag(register, asks) and not before[source]:
                self._ready_at[source] = self.machine.now + SECOND // _MHZ * time_us
        self._follow()

    def check_write(self, offset: int, value: int) -> None:
        """Refuse what may not be written now."""

    def system_hz(self) -> int:
        hz = self.source_hz(self._selected)
        if hz is None:
            raise ChipFault("the clock that drives the core was switched off")
        return hz

    def _follow(self) -> None:
        register, width = self.SWITCH
        wanted = self.bits(register, 0, width)
        if self.source_hz(wanted) is not None:
            self._selected = wanted
        core = self.system_hz() // self.ahb()
        if core > self.MOST * _MHZ:
            raise ChipFault(f"the core would run at {core} Hz")
        if core > (self.wait_states + 1) * self.PER_WAIT_STATE * _MHZ:
            raise ChipFault(f"{self.wait_states} wait states are too few for the flash at {core} Hz")
        self.machine.set_core_hz(core)

    def pll(self, source_hz: int, m: int, n: int, r: int, limits: tuple[range, range, range]) -> int:
        """The frequency of a PLL's output. Limits: N, MHz at its input, MHz of its oscillator."""
        numbers, inputs, inner = limits
        into = source_hz / m / _MHZ
        if n not in numbers or not inputs[0] <= into <= inputs[-1] or not inner[0] <= into * n <= inner[-1]:
            raise ChipFault(f"the PLL cannot make {source_hz} / {m} * {n}")
        return source_hz // m * n // r


class ClocksL4(Clocks):
    """RM0351; in voltage range 1, as after a reset."""

    RESET: ClassVar = {0x00: 0x63, 0x0C: 0x1000}
    ENABLES: ClassVar = {
        **{f"GPIO{port}": (0x4C, i) for i, port in enumerate("ABCDEFGH")},
        "TIM2": (0x58, 0),
        "USART2": (0x58, 17),
        "I2C1": (0x58, 21),
        "I2C2": (0x58, 22),
        "PWR": (0x58, 28),
        "USART1": (0x60, 14),
    }
    READY: ClassVar = {"MSI": (0, 0, 1, 5), "HSI": (0, 8, 10, 4), "PLL": (0, 24, 25, 40)}
    PER_WAIT_STATE, MOST, SWITCH = 16, 80, (0x08, 2)
    _LIMITS = (range(8, 87), range(4, 17), range(64, 345))
    _SELECT: ClassVar = {"USART1": 0, "USART2": 2, "I2C1": 12, "I2C2": 14}

    def source_hz(self, selection: int) -> int | None:
        if selection == 3:
            return self._pll_hz()
        source, hz = {0: ("MSI", 4), 1: ("HSI", 16), 2: ("", 0)}[selection]
        return hz * _MHZ if source and self.ready(source) else None

    def _pll_hz(self) -> int | None:
        from_ = {1: ("MSI", 4), 2: ("HSI", 16)}.get(self.bits(0x0C, 0, 2))
        if not self.ready("PLL") or not self.flag(0x0C, 24) or from_ is None or not self.ready(from_[0]):
            return None
        m, n, r = self.bits(0x0C, 4, 3) + 1, self.bits(0x0C, 8, 7), 2 * self.bits(0x0C, 25, 2) + 2
        return self.pll(from_[1] * _MHZ, m, n, r, self._LIMITS)

    def ahb(self) -> int:
        return _AHB[self.bits(0x08, 4, 4)]

    def check_write(self, offset: int, value: int) -> None:
        if offset == 0x0C and self.flag(0, 24):
            raise ChipFault("the PLL is set while it runs")

    def kernel_hz(self, name: str) -> int:
        core = self.machine.core_hz
        divider = _APB[self.bits(0x08, 11 if name == "USART1" else 8, 3)]
        if name.startswith("TIM"):
            return core if divider == 1 else core // divider * 2
        source = self.bits(0x88, self._SELECT[name], 2)
        return (core // divider, self.system_hz(), 16 * _MHZ, 32_768)[source]


class ClocksG0(Clocks):
    """RM0444; in voltage range 1."""

    RESET: ClassVar = {0x00: 0x500, 0x0C: 0x1000}
    ENABLES: ClassVar = {
        **{f"GPIO{port}": (0x34, i) for i, port in enumerate("ABCDEF")},
        "TIM2": (0x3C, 0),
        "USART2": (0x3C, 17),
        "I2C1": (0x3C, 21),
        "I2C2": (0x3C, 22),
        "DBG": (0x3C, 27),
        "USART1": (0x40, 14),
    }
    READY: ClassVar = {"HSI": (0, 8, 10, 4), "PLL": (0, 24, 25, 40)}
    PER_WAIT_STATE, MOST, SWITCH = 24, 64, (0x08, 3)
    _LIMITS = (range(8, 87), range(3, 17), range(64, 345))
    _SELECT: ClassVar = {"USART1": 0, "USART2": 2, "I2C1": 12}

    def source_hz(self, selection: int) -> int | None:
        if selection == 2:
            return self._pll_hz()
        return 16 * _MHZ >> self.bits(0, 11, 3) if selection == 0 and self.ready("HSI") else None

    def _pll_hz(self) -> int | None:
        if not self.ready("PLL") or not self.flag(0x0C, 28) or self.bits(0x0C, 0, 2) != 2 or not self.ready("HSI"):
            return None
        m, n, r = self.bits(0x0C, 4, 3) + 1, self.bits(0x0C, 8, 7), self.bits(0x0C, 29, 3) + 1
        if r == 1:
            raise ChipFault("PLLR 0 is reserved")
        return self.pll(16 * _MHZ, m, n, r, self._LIMITS)

    def ahb(self) -> int:
        return _AHB[self.bits(0x08, 8, 4)]

    def check_write(self, offset: int, value: int) -> None:
        if offset == 0x0C and self.flag(0, 24):
            raise ChipFault("the PLL is set while it runs")

    def kernel_hz(self, name: str) -> int:
        core = self.machine.core_hz
        divider = _APB[self.bits(0x08, 12, 3)]
        if name.startswith("TIM"):
            return core if divider == 1 else core // divider * 2
        source = self.bits(0x54, self._SELECT[name], 2) if name in self._SELECT else 0
        return (core // divider, self.system_hz(), 16 * _MHZ, 32_768)[source]


class ClocksF0(Clocks):
    """RM0091."""

    RESET: ClassVar = {0x00: 0x83, 0x14: 0x14, 0x34: 0x80}
    ENABLES: ClassVar = {
        **{f"GPIO{port}": (0x14, 17 + i) for i, port in enumerate("ABCDEF")},
        "TIM2": (0x1C, 0),
        "USART2": (0x1C, 17),
        "I2C1": (0x1C, 21),
        "I2C2": (0x1C, 22),
        "USART1": (0x18, 14),
        "DBG": (0x18, 22),
    }
    READY: ClassVar = {"HSI": (0, 0, 1, 2), "PLL": (0, 24, 25, 200), "HSI48": (0x34, 16, 17, 6)}
    PER_WAIT_STATE, MOST, SWITCH = 24, 48, (0x04, 2)

    def source_hz(self, selection: int) -> int | None:
        source, hz = {0: ("HSI", 8), 1: ("", 0), 2: ("", 0), 3: ("HSI48", 48)}[selection]
        return hz * _MHZ if source and self.ready(source) else None

    def ahb(self) -> int:
        return _AHB[self.bits(0x04, 4, 4)]

    def kernel_hz(self, name: str) -> int:
        core = self.machine.core_hz
        divider = _APB[self.bits(0x04, 8, 3)]
        if name.startswith("TIM"):
            return core if divider == 1 else core // divider * 2
        if name == "I2C1":
            return self.system_hz() if self.flag(0x30, 4) else 8 * _MHZ
        source = self.bits(0x30, 0 if name == "USART1" else 16, 2) if name.startswith("USART") else 0
        return (core // divider, self.system_hz(), 32_768, 8 * _MHZ)[source]


class ClocksF4(Clocks):
    """RM0390: the F446; above 168 MHz it wants the over-drive of its power control."""

    RESET: ClassVar = {0x00: 0x83, 0x04: 0x2400_3010, 0x30: 0x0010_0000}
    ENABLES: ClassVar = {
        **{f"GPIO{port}": (0x30, i) for i, port in enumerate("ABCDEFGH")},
        "TIM5": (0x40, 3),
        "USART2": (0x40, 17),
        "I2C1": (0x40, 21),
        "I2C2": (0x40, 22),
        "PWR": (0x40, 28),
        "USART1": (0x44, 4),
    }
    READY: ClassVar = {"HSI": (0, 0, 1, 2), "PLL": (0, 24, 25, 200)}
    PER_WAIT_STATE, MOST, SWITCH = 30, 180, (0x08, 2)
    _LIMITS = (range(50, 433), range(1, 3), range(100, 433))

    def __init__(self, machine: Machine) -> None:
        self.power: PowerF4 | None = None
        super().__init__(machine)

    def source_hz(self, selection: int) -> int | None:
        if selection == 0:
            return 16 * _MHZ if self.ready("HSI") else None
        if selection != 2 or not self.ready("PLL") or self.flag(0x04, 22):
            return None
        m, n, p = self.bits(0x04, 0, 6), self.bits(0x04, 6, 9), 2 * self.bits(0x04, 16, 2) + 2
        if m < 2 or self.bits(0x04, 24, 4) < 2 or self.bits(0x04, 28, 3) < 2:
            raise ChipFault("PLLM, PLLQ and PLLR below 2 are wrong")
        hz = self.pll(16 * _MHZ, m, n, p, self._LIMITS)
        if hz > 168 * _MHZ and not (self.power and self.power.over_drive()):
            raise ChipFault(f"{hz} Hz need the over-drive")
        return hz

    def ahb(self) -> int:
        return _AHB[self.bits(0x08, 4, 4)]

    def check_write(self, offset: int, value: int) -> None:
        if offset == 0x04 and self.flag(0, 24):
            raise ChipFault("the PLL is set while it runs")

    def kernel_hz(self, name: str) -> int:
        fast = name == "USART1"
        divider = _APB[self.bits(0x08, 13 if fast else 10, 3)]
        hz = self.machine.core_hz // divider
        if hz > (90 if fast else 45) * _MHZ:
            raise ChipFault(f"the bus of {name} would run at {hz} Hz")
        return 2 * hz if name.startswith("TIM") and divider > 1 else hz


class PowerF4(Device):
    """PWR of the F446: the over-drive gets ready only once the PLL is on (RM0390 5.1.4)."""

    def __init__(self, machine: Machine, clocks: ClocksF4) -> None:
        super().__init__(machine, {0x00: 0xC000})
        self._clocks = clocks
        clocks.power = self

    def over_drive(self) -> bool:
        return self._on(16) and self._on(17)

    def _on(self, bit: int) -> bool:
        return self.flag(0, bit) and self._clocks.flag(0, 24) and (bit == 16 or self.flag(0, 16))

    def read(self, offset: int) -> int:
        return self._on(16) << 16 | self._on(17) << 17 if offset == 4 else super().read(offset)


CLOCKS: dict[str, Callable[[Machine], Clocks]] = {"l4": ClocksL4, "g0": ClocksG0, "f0": ClocksF0, "f4": ClocksF4}
