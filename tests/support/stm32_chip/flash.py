"""The flash and its controllers: RM0351 3 (L4), RM0444 3 (G0), RM0091 3 (F0), RM0390 3 (F4).

Locked until the keys come; erased by the page or sector; programmed in the one width that the controller takes, where
it is erased. Each of those is an operation, and the power can be cut at any of them: what it was about to change is
then neither the old nor the new. A double word that was torn on a chip with ECC gives an NMI to whoever reads it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from unicorn import UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE_PROT, Uc

from .clocks import Clocks
from .device import SECOND, ChipFault, Device, PowerCut

if TYPE_CHECKING:
    from .machine import Machine

ORIGIN = 0x0800_0000
_KEYS = (0x4567_0123, 0xCDEF_89AB)
_US = SECOND // 1_000_000


class Memory:
    """The cells: they outlive a reset and a power cut.

    Attributes:
        cells: what is in them.
        torn: addresses of double words whose ECC is wrong.
        protected: addresses of pages that the option bytes write-protect.
        operations: how many erasures and programmings there were.
        cut_at: the operation at which the power fails.
    """

    def __init__(self, size: int) -> None:
        self.cells = bytearray(b"\xff" * size)
        self.torn: set[int] = set()
        self.protected: set[int] = set()
        self.operations = 0
        self.cut_at: int | None = None
        self.chance = random.Random(1)  # of what is left when the power fails

    def words(self, address: int, length: int) -> bytes:
        return bytes(self.cells[address - ORIGIN : address - ORIGIN + length])


class Controller(Device):
    """What the series' controllers have in common."""

    KEY, STATUS, CONTROL, LOCK, BUSY, ERASE_US, PROGRAM_US = 0x08, 0x10, 0x14, 31, 1 << 16, 22_000, 85
    NOT_ERASED, PROTECTED, NOT_ASKED, WIDTH = 1 << 3, 1 << 4, 1 << 7, 1 << 6
    START: ClassVar[int] = 16
    ERRORS = 0xC3FA
    ECC: ClassVar[bool] = True

    def __init__(self, machine: Machine, memory: Memory, clocks: Clocks) -> None:
        super().__init__(machine, {self.CONTROL: 1 << self.LOCK})
        self.memory = memory
        self._clocks = clocks
        self._key = 0
        self._shut = False  # a wrong key: until the next reset
        self._status = 0
        self._busy_until = 0
        machine.uc.hook_add(UC_HOOK_MEM_WRITE_PROT, self._written, None, ORIGIN, ORIGIN + len(memory.cells) - 1)
        self._watch_torn()

    # Operations

    def page_of(self, control: int) -> tuple[int, int]:
        """Address and length of what the control register has erased."""
        raise NotImplementedError

    def stalls(self, address: int) -> bool:
        """Whether the core, which runs from the first bank, must wait."""
        return True

    def _locked(self) -> bool:
        return self.flag(self.CONTROL, self.LOCK)

    def _take(self, address: int, time_us: int) -> bool:
        """Count an operation; False: this is where the power fails."""
        self.memory.operations += 1
        time = time_us * _US
        self._busy_until = self.machine.now + time
        if self.stalls(address):
            self.machine.stall(time)
        return self.memory.operations != self.memory.cut_at

    def _power_fails(self) -> None:
        self.machine.stop_with(PowerCut(f"at operation {self.memory.operations}"))

    def _erase(self) -> None:
        at, length = self.page_of(self.registers[self.CONTROL])
        if not 0 <= at - ORIGIN <= len(self.memory.cells) - length:
            raise ChipFault(f"there is no page at {at:#x}")
        if at == ORIGIN:
            raise ChipFault("the program erases itself")
        if at in self.memory.protected:
            self._status |= self.PROTECTED
            return
        old = self.memory.words(at, length)
        cells = range(at, at + length, 8)
        if self._take(at, self.ERASE_US):
            self.memory.torn -= set(cells)
            self._put(at, b"\xff" * length)
            self.machine.uc.mem_write(at, self.still_cached(old))
            return
        half = self.memory.chance.randbytes(length)
        self._put(at, bytes(a | b for a, b in zip(old, half, strict=True)))
        if self.ECC:
            self.memory.torn |= {
                c for c in cells if self.memory.words(c, 8) not in (b"\xff" * 8, old[c - at : c - at + 8])
            }
        self._power_fails()

    def still_cached(self, old: bytes) -> bytes:
        """What a cache of data goes on giving of the page that was there: the beginning, which was read last."""
        return b""

    def program(self, address: int, data: bytes) -> None:
        if self._at_page(address) in self.memory.protected:
            self._status |= self.PROTECTED
            return
        old = self.memory.words(address, len(data))
        if not self.may_program(old, data):
            self._status |= self.NOT_ERASED
            return
        if self._take(address, self.PROGRAM_US):
            self._put(address, bytes(a & b for a, b in zip(old, data, strict=True)))
            return
        half = self.memory.chance.randbytes(len(data))
        self._put(address, bytes(a & (b | c) for a, b, c in zip(old, data, half, strict=True)))
        if self.ECC:
            self.memory.torn.add(address)
        self._power_fails()

    def may_program(self, old: bytes, new: bytes) -> bool:
        return old == b"\xff" * len(old) or not any(new)

    def _at_page(self, address: int) -> int:
        return max((p for p in self.memory.protected if p <= address < p + self.page_bytes(p)), default=0)

    def page_bytes(self, address: int) -> int:
        return 2048

    def _put(self, address: int, data: bytes) -> None:
        self.memory.cells[address - ORIGIN : address - ORIGIN + len(data)] = data
        self.machine.uc.mem_write(address, data)

    def _watch_torn(self) -> None:
        if self.memory.torn:
            first, last = min(self.memory.torn), max(self.memory.torn) + 7
            self.machine.uc.hook_add(UC_HOOK_MEM_READ, self._read_torn, None, first, last)

    def _read_torn(self, uc: Uc, access: int, address: int, size: int, value: int, data: object) -> None:
        if address & ~7 in self.memory.torn:
            self.registers[0x18] = self.registers.get(0x18, 0) | 1 << 31
            self.machine.non_maskable()

    # Access by the program

    def _written(self, uc: Uc, access: int, address: int, size: int, value: int, data: object) -> bool:
        try:
            self._store(address, size, value & ((1 << 8 * size) - 1))
        except ChipFault as fault:
            self.machine.stop_with(fault)
        self.machine.attend()
        return True

    def _store(self, address: int, size: int, value: int) -> None:
        if self._locked() or not self.flag(self.CONTROL, 0):
            self._status |= self.NOT_ASKED
            return
        if self._status & self.ERRORS:
            self._status |= self.NOT_ASKED
            return
        self.store(address, size, value)

    def store(self, address: int, size: int, value: int) -> None:
        """A write to the flash while programming is on."""
        raise NotImplementedError

    def read(self, offset: int) -> int:
        if offset == self.STATUS:
            busy = self.machine.now < self._busy_until
            if busy:  # whoever asks waits for it: it need not ask a thousand times
                events = [e for d in self.machine.each() if (e := d.next_event()) is not None]
                self.machine.stall(max(0, min([self._busy_until, *events]) - self.machine.now))
            return self._status | (self.BUSY if busy else 0)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self.KEY:
            self._take_key(value)
        elif offset == self.STATUS:
            self._status &= ~value
        elif offset == 0x18 and self.ECC:
            self.registers[0x18] = self.registers.get(0x18, 0) & ~(value & 3 << 30)
        elif offset == self.CONTROL:
            if self.machine.now < self._busy_until:
                raise ChipFault("the flash's control register is written while it is busy")
            if not self._locked():
                super().write(offset, value & ~(1 << self.START))
                if value >> self.START & 1 and value >> 1 & 1:
                    self._erase()
        elif offset == 0x00:
            self.wait_states(value)
            super().write(offset, value)
        else:
            super().write(offset, value)

    def wait_states(self, value: int) -> None:
        self._clocks.wait_states = value & 7

    def _take_key(self, value: int) -> None:
        if self._shut or value != _KEYS[self._key] or not self._locked():
            self._shut = True
            raise ChipFault("a wrong key, or one that nobody asked for, locks the flash until a reset")
        self._key += 1
        if self._key == len(_KEYS):
            self._key = 0
            self.registers[self.CONTROL] &= ~(1 << self.LOCK)


class DoubleWords(Controller):
    """G0: 64 bits at a time, as two words one after the other."""

    def __init__(self, machine: Machine, memory: Memory, clocks: Clocks) -> None:
        super().__init__(machine, memory, clocks)
        self._first: tuple[int, int] | None = None

    def page_of(self, control: int) -> tuple[int, int]:
        return ORIGIN + (control >> 3 & 0x7F) * 2048, 2048

    def store(self, address: int, size: int, value: int) -> None:
        if size != 4:
            self._status |= self.WIDTH
        elif self._first is None:
            self._first = (address, value)
            self._status |= 1 << 5 if address % 8 else 0
        else:
            (at, low), self._first = self._first, None
            if address != at + 4:
                self._status |= 1 << 5
            else:
                self.program(at, (low | value << 32).to_bytes(8, "little"))


class DoubleWordsG0(DoubleWords):
    """CFGBSY, bit 18, is up as long as BSY1 and from the first word on."""

    BUSY = 1 << 16 | 1 << 18


class DoubleWordsL4(DoubleWords):
    """L4: two banks, and caches for code and for data."""

    START = 16
    PROGRAM_US = 82
    _BANK = 0x8_0000

    def page_of(self, control: int) -> tuple[int, int]:
        return ORIGIN + (control >> 11 & 1) * self._BANK + (control >> 3 & 0xFF) * 2048, 2048

    def stalls(self, address: int) -> bool:
        return address < ORIGIN + self._BANK

    def still_cached(self, old: bytes) -> bytes:
        return old[:16] if self.flag(0x00, 10) else b""

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        _flush(self, offset)


class HalfWords(Controller):
    """F0: 16 bits at a time."""

    KEY, STATUS, CONTROL, LOCK, BUSY, ERASE_US, PROGRAM_US = 0x04, 0x0C, 0x10, 7, 1 << 0, 30_000, 54
    NOT_ERASED, PROTECTED, NOT_ASKED, START, ERRORS = 1 << 2, 1 << 4, 1 << 2, 6, 0x14
    ECC = False

    def page_of(self, control: int) -> tuple[int, int]:
        return self.registers.get(0x14, 0) & ~2047, 2048

    def store(self, address: int, size: int, value: int) -> None:
        if size != 2:
            raise ChipFault("the flash takes half words only: a bus error")
        self.program(address, value.to_bytes(2, "little"))


class Sectors(Controller):
    """F4: 32 bits at a time where PSIZE says so; sectors of 16, 64 and 128 KB; a cache of data."""

    KEY, STATUS, CONTROL, LOCK, BUSY, ERASE_US, PROGRAM_US = 0x04, 0x0C, 0x10, 31, 1 << 16, 1_000_000, 16
    NOT_ERASED, PROTECTED, NOT_ASKED, START, ERRORS = 0, 1 << 4, 1 << 7, 16, 0x1F2
    ECC = False

    def page_of(self, control: int) -> tuple[int, int]:
        number = control >> 3 & 0xF
        at = ORIGIN + sum(self._bytes(i) for i in range(number))
        return at, self._bytes(number)

    @staticmethod
    def _bytes(number: int) -> int:
        return 0x4000 if number < 4 else 0x10000 if number == 4 else 0x20000

    def page_bytes(self, address: int) -> int:
        return 0x20000 if address >= ORIGIN + 0x20000 else 0x4000

    def may_program(self, old: bytes, new: bytes) -> bool:
        if any(b & ~a for a, b in zip(old, new, strict=True)):
            raise ChipFault("a bit of the flash is to be set without erasing it")
        return True

    def store(self, address: int, size: int, value: int) -> None:
        if 1 << self.bits(self.CONTROL, 8, 2) != size:
            self._status |= 1 << 6
        else:
            self.program(address, value.to_bytes(size, "little"))

    def wait_states(self, value: int) -> None:
        self._clocks.wait_states = value & 0xF

    def still_cached(self, old: bytes) -> bytes:
        return old[:16] if self.flag(0x00, 10) else b""

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        _flush(self, offset)


def _flush(controller: Controller, offset: int) -> None:
    """DCRST, which works while the cache is off: the memory is seen as it is."""
    if offset == 0x00 and controller.flag(0x00, 12):
        if controller.flag(0x00, 10):
            raise ChipFault("the data cache is reset while it is on")
        controller.machine.uc.mem_write(ORIGIN, bytes(controller.memory.cells))
