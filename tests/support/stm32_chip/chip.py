"""The chips of four boards, put together: STM32L476 and L475, G071, F072, F446, by their manuals and data sheets."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from unicorn import UC_PROT_EXEC, UC_PROT_READ
from unicorn import arm_const as arm

from .clocks import CLOCKS, ClocksF4, PowerF4
from .device import SECOND, Device, Gate
from .flash import ORIGIN, Controller, DoubleWordsG0, DoubleWordsL4, HalfWords, Memory, Sectors
from .i2c import Bus, Master, NewMaster, OldMaster
from .machine import Machine
from .ports import Port, Timer, Usart

RAM = 0x2000_0000


@dataclass(frozen=True, slots=True)
class Series:
    """What the manual of a series says.

    Attributes:
        cpu: Unicorn's number of the core.
        floats: whether it has a floating-point unit.
        core_hz: after a reset.
        clocks: address of reset and clock control.
        ports: address of the first GPIO port.
        port_reset: MODER of port A, of port B and of the others after a reset.
        flash: kind of controller, and its address.
        timer: the 32-bit timer, and its address.
        identity: address of DBGMCU_IDCODE, what enables its reading (empty: nothing), DEV_ID.
        unique: address of the unique device identifier.
        usart_irqs: of USART1 and USART2.
        i2c_irqs: of I2C1 and I2C2, events and errors.
        old: the F1's kind of USART and I2C.
        functions: signals of pins by their alternate function (data sheet).
    """

    cpu: int
    floats: bool
    core_hz: int
    clocks: int
    ports: int
    port_reset: tuple[int, int, int]
    flash: tuple[type[Controller], int]
    timer: tuple[str, int]
    identity: tuple[int, str, int]
    unique: int
    usart_irqs: tuple[int, int]
    i2c_irqs: tuple[tuple[int, int], tuple[int, int]]
    old: bool
    functions: dict[str, dict[int, str]]


def _functions(usart: int, i2c: int) -> dict[str, dict[int, str]]:
    return {
        "PA2": {usart: "USART2_TX"},
        "PA3": {usart: "USART2_RX"},
        "PB8": {i2c: "I2C1_SCL"},
        "PB9": {i2c: "I2C1_SDA"},
    }


_L4 = _functions(7, 4) | {
    "PB6": {7: "USART1_TX", 4: "I2C1_SCL"},
    "PB7": {7: "USART1_RX", 4: "I2C1_SDA"},
    "PB10": {4: "I2C2_SCL"},
    "PB11": {4: "I2C2_SDA"},
}
SERIES = {
    "l4": Series(
        cpu=arm.UC_CPU_ARM_CORTEX_M4,
        floats=True,
        core_hz=4_000_000,
        clocks=0x4002_1000,
        ports=0x4800_0000,
        port_reset=(0xABFF_FFFF, 0xFFFF_FEBF, 0xFFFF_FFFF),
        flash=(DoubleWordsL4, 0x4002_2000),
        timer=("TIM2", 0x4000_0000),
        identity=(0xE004_2000, "", 0x415),
        unique=0x1FFF_7590,
        usart_irqs=(37, 38),
        i2c_irqs=((31, 32), (33, 34)),
        old=False,
        functions=_L4,
    ),
    "g0": Series(
        cpu=arm.UC_CPU_ARM_CORTEX_M0,
        floats=False,
        core_hz=16_000_000,
        clocks=0x4002_1000,
        ports=0x5000_0000,
        port_reset=(0xEBFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF),
        flash=(DoubleWordsG0, 0x4002_2000),
        timer=("TIM2", 0x4000_0000),
        identity=(0x4001_5800, "DBG", 0x460),
        unique=0x1FFF_7590,
        usart_irqs=(27, 28),
        i2c_irqs=((23, 23), (24, 24)),
        old=False,
        functions=_functions(1, 6),
    ),
    "f0": Series(
        cpu=arm.UC_CPU_ARM_CORTEX_M0,
        floats=False,
        core_hz=8_000_000,
        clocks=0x4002_1000,
        ports=0x4800_0000,
        port_reset=(0x2800_0000, 0, 0),
        flash=(HalfWords, 0x4002_2000),
        timer=("TIM2", 0x4000_0000),
        identity=(0x4001_5800, "DBG", 0x448),
        unique=0x1FFF_F7AC,
        usart_irqs=(27, 28),
        i2c_irqs=((23, 23), (24, 24)),
        old=False,
        functions=_functions(1, 1),
    ),
    "f4": Series(
        cpu=arm.UC_CPU_ARM_CORTEX_M4,
        floats=True,
        core_hz=16_000_000,
        clocks=0x4002_3800,
        ports=0x4002_0000,
        port_reset=(0xA800_0000, 0x0000_0280, 0),
        flash=(Sectors, 0x4002_3C00),
        timer=("TIM5", 0x4000_0C00),
        identity=(0xE004_2000, "", 0x421),
        unique=0x1FFF_7A10,
        usart_irqs=(37, 38),
        i2c_irqs=((31, 32), (33, 34)),
        old=True,
        functions=_functions(7, 4),
    ),
}
UNIQUE = bytes.fromhex("214365870badc0fe55aa1234")


class _Constant(Device):
    """A register that can only be read."""

    def __init__(self, machine: Machine, value: int) -> None:
        super().__init__(machine, {0: value})

    def write(self, offset: int, value: int) -> None:
        pass


class Chip:
    """A chip between a power-up and the next.

    Attributes:
        machine: the core, and the time.
        memory: the flash, which a later chip can be given.
        usarts: by name.
        masters: of I2C, by name.
        ports: by letter.
    """

    def __init__(self, series: str, ram_bytes: int, memory: Memory) -> None:
        kind = self.series = SERIES[series]
        self.memory = memory
        machine = self.machine = Machine(kind.cpu, kind.floats, kind.core_hz)
        uc = machine.uc
        for base in (0, ORIGIN):  # the boot pins have it at 0 too
            uc.mem_map(base, len(memory.cells), UC_PROT_READ | UC_PROT_EXEC)
            uc.mem_write(base, bytes(memory.cells))
        machine.find_sleep(ORIGIN, bytes(memory.cells[: len(memory.cells) // 2]))
        uc.mem_map(RAM, -(-ram_bytes // 4096) * 4096)
        uc.mem_write(RAM, random.Random(2).randbytes(ram_bytes))
        uc.mem_map(kind.unique & ~0xFFF, 0x1000, UC_PROT_READ)
        uc.mem_write(kind.unique, UNIQUE)
        machine.map_bus((0x4000_0000, 0x3_0000), (0xE000_1000, 0x1000), (0xE000_E000, 0x1000), (0xE004_2000, 0x1000))
        if kind.ports >= 0x4800_0000:
            machine.map_bus((kind.ports, 0x2000))
        self.clocks = CLOCKS[series](machine)
        machine.attach(kind.clocks, 0x400, self.clocks)
        if isinstance(self.clocks, ClocksF4):
            self._gated("PWR", 0x4000_7000, PowerF4(machine, self.clocks))
        controller, at = kind.flash
        machine.attach(at, 0x400, controller(machine, memory, self.clocks))
        self.ports = {}
        for i, name in enumerate("ABCDEF"):
            port = Port(machine, name, kind.port_reset[min(i, 2)], kind.functions)
            self.ports[name] = port
            self._gated(f"GPIO{name}", kind.ports + 0x400 * i, port)
        self.usarts = {}
        for name, base, irq in (
            ("USART1", 0x4001_1000 if kind.old else 0x4001_3800, kind.usart_irqs[0]),
            ("USART2", 0x4000_4400, kind.usart_irqs[1]),
        ):
            usart = Usart(machine, kind.old, irq, self._kernel(name))
            usart.connected = self._carried(name)
            self.usarts[name] = usart
            self._gated(name, base, usart)
        self.masters: dict[str, Master] = {}
        for name, base, (scl, sda), irqs in (
            ("I2C1", 0x4000_5400, (("B", 8), ("B", 9)), kind.i2c_irqs[0]),
            ("I2C2", 0x4000_5800, (("B", 10), ("B", 11)), kind.i2c_irqs[1]),
        ):
            master = OldMaster if kind.old else NewMaster
            bus = Bus(self.ports, scl, sda)
            self.masters[name] = master(machine, name, bus, irqs, self._kernel(name))
            self._gated(name, base, self.masters[name])
        name, base = kind.timer
        self._gated(name, base, Timer(machine, self._kernel(name)))
        base, needs, number = kind.identity
        identity = _Constant(machine, 0x1000_0000 | number)
        machine.attach(base, 0x400, Gate(identity, lambda: not needs or self.clocks.runs(needs)))
        machine.reset(ORIGIN)

    def _kernel(self, name: str) -> Callable[[], int]:
        return lambda: self.clocks.kernel_hz(name)

    def _carried(self, name: str) -> Callable[[str], bool]:
        return lambda which: f"{name}_{which}" in self.signals()

    def _gated(self, name: str, base: int, device: Device) -> None:
        self.machine.attach(base, 0x400, Gate(device, lambda: self.clocks.runs(name)))

    def signals(self) -> set[str]:
        """What the pins carry."""
        return {port.signal(i) for port in self.ports.values() for i in range(16)} - {""}

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; see `Machine.run`."""
        return self.machine.run(self.machine.now + int(seconds * SECOND), done)
