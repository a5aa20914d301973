"""A Cortex-M on the Unicorn engine with what that lacks: time, exceptions, SysTick, the interrupt controller, `wfi`.

From the ARMv7-M and ARMv6-M architecture reference manuals. Time passes by instructions, a cycle for each half word of
code and two for each access to a register; asleep it leaps to the next event.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from unicorn import UC_ARCH_ARM, UC_HOOK_BLOCK, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm

from .device import SECOND, ChipFault, Device, Gate
from .system import NMI, CycleCounter, SystemControl

_FRAME = tuple(getattr(arm, f"UC_ARM_REG_{name}") for name in ("R0", "R1", "R2", "R3", "R12", "LR"))
_FLOATS = (*(arm.UC_ARM_REG_S0 + i for i in range(16)), arm.UC_ARM_REG_FPSCR)
_NO_EXIT = 0xFFFF_FFF0
_WFI = b"\x30\xbf"
_PAGE = 0x1000


class Machine:
    """Processor, bus and time.

    Attributes:
        uc: the processor.
        system: its own registers.
        jitter: where given, each interrupt is taken up to so many instructions late, at random.
        entries: how often each exception was taken.
    """

    def __init__(self, cpu: int, floats: bool, core_hz: int) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(cpu)
        self.system = SystemControl(self)
        self.devices: dict[int, Device] = {}
        self._bases: dict[int, int] = {}
        self._each: list[Device] = []
        self.jitter: tuple[random.Random, int] | None = None
        self.entries: dict[int, int] = {}
        self.core_hz = core_hz
        self._floats = floats
        self._cycle = SECOND // core_hz
        self._base = 0  # time at which `_spent` was 0
        self._spent = 0  # bytes of code since
        self._slept = 0
        self._budget = 0
        self._begun = False
        self._asleep = False
        self._problem: BaseException | None = None
        self._active: list[int] = []
        self.uc.mem_map(0xFFFF_F000, _PAGE)  # where returns from exceptions go
        self.uc.hook_add(UC_HOOK_BLOCK, self._block)
        self.attach(0xE000_E000, 0x1000, self.system)
        self.attach(0xE000_1000, 0x1000, CycleCounter(self, floats))

    @property
    def now(self) -> int:
        """Time since power came, in parts of a second."""
        return self._base + self._spent * self._cycle // 2

    @property
    def awake(self) -> float:
        """Seconds that the core did not sleep."""
        return (self.now - self._slept) / SECOND

    def set_core_hz(self, hz: int) -> None:
        if hz != self.core_hz:
            self.system.advance()
            self._base, self._spent = self.now, 0
            self.core_hz, self._cycle = hz, SECOND // hz
            self.system.rebase()
            self.attend()

    def attach(self, base: int, size: int, device: Device) -> None:
        for at in range(base, base + size, 0x400):
            self.devices[at >> 10] = device
            self._bases[at >> 10] = base
        self._follow(device.inner if isinstance(device, Gate) else device)

    def _follow(self, device: Device) -> None:
        """Only what has events or interrupts of its own is asked for them."""
        kind = type(device)
        if kind.lines is not Device.lines or kind.next_event is not Device.next_event:
            self._each.append(device)

    def map_bus(self, *regions: tuple[int, int]) -> None:
        """Where registers may be; what nobody attached there faults."""
        for base, size in regions:
            self.uc.mmio_map(base, size, self._guard(self._bus_read), base, self._guard(self._bus_write), base)

    def find_sleep(self, base: int, code: bytes) -> None:
        """Learns where `wfi` is: from code that lies at an address already."""
        at = code.find(_WFI)
        while at >= 0:
            if at % 2 == 0:
                self.uc.hook_add(UC_HOOK_CODE, self._sleep, None, base + at, base + at)
            at = code.find(_WFI, at + 1)

    def attend(self) -> None:
        """What happens next may have changed: look again after the instruction, or a few."""
        self._budget = 0

    def stall(self, time: int) -> None:
        """The core stands still."""
        self._base += time
        self.attend()

    def stop_with(self, problem: BaseException) -> None:
        """Ends `run` with it; from within a register's access."""
        self._problem = self._problem or problem
        self.uc.emu_stop()
        self.attend()

    def reset(self, vectors: int) -> None:
        """Begin where the vector table says."""
        stack, entry = struct.unpack("<II", self.uc.mem_read(vectors, 8))
        self._vectors = vectors
        self.uc.reg_write(arm.UC_ARM_REG_SP, stack)
        self.uc.reg_write(arm.UC_ARM_REG_LR, 0xFFFF_FFFF)
        self._pc = entry & ~1

    def run(self, until: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Run until a time, or until something is so; that is asked when events come.

        Returns:
            Whether it is so.

        Raises:
            ChipFault: the program faults.
            PowerCut: as asked for.
        """
        while True:
            self._advance()
            if done():
                return True
            if self.now >= until:
                return False
            pending = self.system.pending()
            if pending:
                self._asleep = False
                if (pending == NMI or not self.uc.reg_read(arm.UC_ARM_REG_PRIMASK)) and self._may_take(pending):
                    self._enter(self.system.take())
                    continue
            events = [until, *(e for d in self._each if (e := d.next_event()) is not None)]
            if self._asleep:
                slept = max(0, min(events) - self.now)
                self._base, self._spent = self.now + slept, 0
                self._slept += slept
                continue
            masked = pending is not None
            self._base, self._spent = self.now, 0
            self._budget = 0 if masked else (min(events) - self._base) * 2 // self._cycle
            self._execute()
            if self.jitter is not None and not self._asleep and not masked:
                self._dawdle(*self.jitter)

    def _dawdle(self, chance: random.Random, most: int) -> None:
        """Go on for some blocks, and now and then for some instructions: into the middle of one."""
        self._budget = self._spent + chance.randrange(2 * most)  # the engine's own count is not always kept
        self._execute(chance.randrange(1, most) if chance.random() < 0.05 else 0)

    def each(self) -> list[Device]:
        return self._each

    def _advance(self) -> None:
        for device in self._each:
            device.advance()
        self.system.set_lines({line for device in self._each for line in device.lines()})

    def _execute(self, count: int = 0) -> None:
        self._begun = False
        try:
            self.uc.emu_start(self._pc | 1, _NO_EXIT, 0, count)
        except UcError as error:
            at = self.uc.reg_read(arm.UC_ARM_REG_PC)
            if self._problem is None and at & 0xFFFF_FFE0 == 0xFFFF_FFE0 and self._active:
                self._leave()
                return
            raise (self._problem or ChipFault(f"{error} at {at:#x}, from {self._pc:#x}")) from error
        if self._problem is not None:
            raise self._problem
        self._pc = self.uc.reg_read(arm.UC_ARM_REG_PC)

    def _may_take(self, number: int) -> bool:
        return not self._active or self.system.priority(number) < min(map(self.system.priority, self._active))

    def _enter(self, number: int) -> None:
        """Stack what a function may change, and go to the handler."""
        uc = self.uc
        self.entries[number] = self.entries.get(number, 0) + 1
        old = uc.reg_read(arm.UC_ARM_REG_SP)
        state = uc.reg_read(arm.UC_ARM_REG_XPSR) | (old & 4) << 7
        frame = [*uc.reg_read_batch(_FRAME), self._pc, state]
        if self._floats:
            frame += [*uc.reg_read_batch(_FLOATS), 0]
        stack = (old - 4 * len(frame)) & ~7
        uc.mem_write(stack, struct.pack(f"<{len(frame)}I", *frame))
        uc.reg_write(arm.UC_ARM_REG_SP, stack)
        first = 0xFFFF_FFE1 if self._floats else 0xFFFF_FFF1
        uc.reg_write(arm.UC_ARM_REG_LR, first if self._active else first + 8)
        (handler,) = struct.unpack("<I", uc.mem_read(self._vectors + 4 * number, 4))
        self._active.append(number)
        self._pc = handler & ~1
        self._spent += 2 * 12  # cycles that it takes

    def _leave(self) -> None:
        uc = self.uc
        self._active.pop()
        stack = uc.reg_read(arm.UC_ARM_REG_SP)
        words = 26 if self._floats else 8
        frame = struct.unpack(f"<{words}I", uc.mem_read(stack, 4 * words))
        uc.reg_write_batch(list(zip(_FRAME, frame, strict=False)))
        if self._floats:
            uc.reg_write_batch(list(zip(_FLOATS, frame[8:25], strict=True)))
        uc.reg_write(arm.UC_ARM_REG_XPSR, frame[7] & ~(1 << 9))
        uc.reg_write(arm.UC_ARM_REG_SP, stack + 4 * words + (frame[7] >> 9 & 1) * 4)
        self._pc = frame[6]
        self._spent += 2 * 10

    def non_maskable(self) -> None:
        """Have the NMI taken as soon as the instruction is done."""
        self.system.pend(NMI)
        self.attend()

    def _block(self, uc: Uc, address: int, size: int, data: object) -> None:
        if self._begun and self._spent >= self._budget:
            uc.emu_stop()  # before this block
        else:
            self._spent += size
            self._begun = True  # a run is one block at least, or nothing would ever go on

    def _sleep(self, uc: Uc, address: int, size: int, data: object) -> None:
        self._asleep = True

    def _guard(self, access: Callable[..., int | None]) -> Callable[..., int]:
        """An exception must not pass through the engine."""

        def guarded(*args: int) -> int:
            try:
                return access(*args) or 0
            except (ChipFault, ArithmeticError, LookupError, TypeError, ValueError) as error:
                self.stop_with(error)
                return 0

        return guarded

    def _device(self, address: int) -> tuple[Device, int]:
        found = self.devices.get(address >> 10)
        if found is None:
            raise ChipFault(f"nothing is at {address:#010x} (pc about {self.uc.reg_read(arm.UC_ARM_REG_PC):#x})")
        return found, address - self._bases[address >> 10]

    def _bus_read(self, uc: Uc, offset: int, size: int, base: int) -> int:
        self._spent += 4
        device, at = self._device(base + offset)
        return device.read(at & ~3) >> (at & 3) * 8 & ((1 << 8 * size) - 1)

    def _bus_write(self, uc: Uc, offset: int, size: int, value: int, base: int) -> None:
        self._spent += 4
        device, at = self._device(base + offset)
        if size != 4:
            raise ChipFault(f"{8 * size} bits are written to the register at {base + offset:#010x}")
        device.write(at, value)
        self.attend()
