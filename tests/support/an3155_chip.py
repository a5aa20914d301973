"""An STM32 in its system memory boot loader, as ST's application note AN3155 describes the protocol, with its flash.

Flash is erased to ones and programmed to zeros; sectors may be write protected, which ST's loaders do not tell, or the
whole flash may be read-out protected, which they do.
"""

from __future__ import annotations

import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from .fake_boards import Connection
from .flash_port import UnpluggedError

ACK, NACK = b"\x79", b"\x1f"
AUTOBAUD = 0x7F
GET, GET_ID, READ, GO, WRITE, ERASE, EXTENDED_ERASE = 0x00, 0x02, 0x11, 0x21, 0x31, 0x43, 0x44
ORIGIN = 0x0800_0000
RESET_PAUSE_S = 0.3


@contextmanager
def _gone_is_oserror() -> Iterator[None]:
    try:
        yield
    except termios.error as error:
        raise OSError(*error.args) from error


@dataclass
class An3155Chip:
    """A chip whose BOOT0 pin is high.

    Args:
        product_id: what it answers to GET_ID.
        flash_bytes: size of its flash.
        extended: it has EXTENDED_ERASE instead of ERASE.
        has_reset: its reset pin hangs on the port. A pseudo-terminal cannot carry that: a pause counts as a reset.
        talks: what it says where an application runs instead of the loader.
        refuse_writes: so many writes are answered with NACK, from the one numbered `refuse_from` on.
        noise_at: before the answer to this write a byte of noise comes.
        unplug_at: it is unplugged when this write comes.
        drops: the bits of this address do not become zero.
        read_protected: reading, writing and erasing are refused.
        write_protected: writing and erasing are agreed to and not done.
    """

    product_id: int = 0x421
    flash_bytes: int = 512 * 1024
    extended: bool = True
    has_reset: bool = True
    talks: bytes = b""
    refuse_writes: int = 0
    refuse_from: int = 0
    noise_at: int | None = None
    unplug_at: int | None = None
    drops: int | None = None
    read_protected: bool = False
    write_protected: bool = False
    writes: int = 0
    erases: int = 0
    started_at: int | None = None
    flash: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.flash = self.flash or bytearray(b"\xa5" * self.flash_bytes)

    def serve(self, connection: Connection) -> None:
        """Answer until the port goes."""
        self._connection = connection
        self._rest = b""
        synchronised = False
        while True:
            began = time.monotonic()
            first = self._get(1)[0]
            paused = time.monotonic() - began >= RESET_PAUSE_S
            if self.talks:
                connection.sendall(self.talks)
            elif first == AUTOBAUD and (not synchronised or (self.has_reset and paused)):
                synchronised = True
                connection.sendall(ACK)
            elif synchronised:
                self._command(first, self._get(1)[0])

    def _get(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._rest += self._connection.recv(65536)
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _answer(self, good: bool, data: bytes = b"") -> bool:
        if not good:
            self._unsettle()  # the client may give up, and another come
        self._connection.sendall((ACK if good else NACK) + data)
        return good

    def _checked(self, count: int) -> bytes | None:
        """So many bytes with the exclusive or of all of them behind."""
        data = self._get(count + 1)
        return data[:-1] if reduce(xor, data) == 0 else None

    def _command(self, code: int, complement: int) -> None:
        known = {GET, GET_ID, READ, GO, WRITE, EXTENDED_ERASE if self.extended else ERASE}
        locked = self.read_protected and code not in (GET, GET_ID)
        if not self._answer(code ^ complement == 0xFF and code in known and not locked):
            return
        if code == GET:
            self._connection.sendall(bytes([len(known), 0x31, *sorted(known)]) + ACK)
        elif code == GET_ID:
            self._unsettle()
            self._connection.sendall(b"\x01" + self.product_id.to_bytes(2, "big") + ACK)
        elif code == ERASE:
            self._erase(self._get(2) == b"\xff\x00")
        elif code == EXTENDED_ERASE:
            everything = self._get(3) == b"\xff\xff\x00"
            self._await_settings()
            self._unsettle()
            self._erase(everything)
        else:
            self._at_address(code)

    def _unsettle(self) -> None:
        """Change the terminal's speed, which nothing hangs on, so that the client's next settings change something.

        A pseudo-terminal has no parity, and settings of which none takes effect are an error there.
        """
        with _gone_is_oserror():
            settings = termios.tcgetattr(self._connection.fileno())
            settings[4] = settings[5] = termios.B9600
            termios.tcsetattr(self._connection.fileno(), termios.TCSANOW, settings)

    def _await_settings(self) -> None:
        """Wait until the client, which waits longer for an erasure, set its time."""
        with _gone_is_oserror():
            while termios.tcgetattr(self._connection.fileno())[4] == termios.B9600:
                time.sleep(0.001)

    def _erase(self, everything: bool) -> None:
        if everything and not self.write_protected:
            self.flash[:] = b"\xff" * self.flash_bytes
        self.erases += everything
        self._answer(everything)

    def _at_address(self, code: int) -> None:
        data = self._checked(4)
        offset = int.from_bytes(data or b"", "big") - ORIGIN
        if not self._answer(data is not None and 0 <= offset < self.flash_bytes):
            return
        if code == GO:
            self.started_at = ORIGIN + offset
        elif code == READ:
            count, complement = self._get(2)
            if self._answer(count ^ complement == 0xFF):
                self._connection.sendall(self.flash[offset : offset + count + 1])
        else:
            self._write(offset)

    def _write(self, offset: int) -> None:
        number, self.writes = self.writes, self.writes + 1
        if number == self.unplug_at:
            self.unplug_at = None
            raise UnpluggedError
        count = self._get(1)
        rest = self._get(count[0] + 2)
        good = reduce(xor, count + rest) == 0
        if good and self.refuse_writes and number >= self.refuse_from:
            self.refuse_writes -= 1
            good = False
        if number == self.noise_at:
            self._connection.sendall(b"\xd3")
        if good and not self.write_protected:
            for at, byte in enumerate(rest[:-1], offset):
                self.flash[at] &= byte | (self.flash[at] if ORIGIN + at == self.drops else 0)
        self._answer(good)
