"""The serial boot loader of an ESP32 chip with its flash, as esptool's documentation of the protocol describes it.

The ROM's commands, and those of the stub that esptool uploads: its code is not run, its part is played from then on.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field

from .fake_boards import Connection
from .flash_port import UnpluggedError

SYNC, READ_REG, WRITE_REG, SECURITY_INFO = 0x08, 0x0A, 0x09, 0x14
MEM_BEGIN, MEM_END, MEM_DATA = 0x05, 0x06, 0x07
FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
DEFL_BEGIN, DEFL_DATA, DEFL_END = 0x10, 0x11, 0x12
SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, FLASH_MD5 = 0x0B, 0x0D, 0x0F, 0x13
MAGIC_REGISTER = 0x4000_1000
INVALID, BAD_CHECKSUM, FAILED = 0x05, 0x07, 0x06
SECTOR = 4096
FLASH_ID = 0x16_40_20  # 4 MB


@dataclass(frozen=True)
class Model:
    """What tells one chip from another."""

    chip_id: int
    magic: int
    spi_result: int  # the register in which an answer of the flash chip stands
    security_info: bool


MODELS = {
    "esp32": Model(0, 0x00F0_1D83, 0x3FF4_2080, False),
    "esp32c3": Model(5, 0x1B31_506F, 0x6000_2058, True),
    "esp32s3": Model(9, 0x9, 0x6000_2058, True),
}


@dataclass
class RomLoader:
    """A chip in its boot loader.

    Args:
        chip: esptool's name of it.
        talks: what it says instead where an application runs; the loader then answers nothing.
        noise_at: before the answer to this block some bytes of noise come.
        refuse_at: this block is refused so many times.
        unplug_at: it is unplugged when this block comes.
        drops: a bit that the flash at this address does not clear.
        secure_download: the mode in which it runs no stub and gives no hash.
        encrypted: its flash is: no plain image may be written.
    """

    chip: str = "esp32c3"
    talks: bytes = b""
    noise_at: int | None = None
    refuse_at: dict[int, int] = field(default_factory=dict)
    unplug_at: int | None = None
    drops: int | None = None
    secure_download: bool = False
    encrypted: bool = False
    flash: bytearray = field(default_factory=lambda: bytearray(b"\xff" * 4 * 1024 * 1024))
    blocks: int = 0

    def serve(self, connection: Connection) -> None:
        """Answer frames until the port goes."""
        self._connection = connection
        self._stub = False
        self._at = 0
        self._inflate = zlib.decompressobj()
        frame, escaped, inside = bytearray(), False, False
        while True:
            for byte in connection.recv(65536):
                if self.talks:
                    connection.sendall(self.talks)
                elif byte == 0xC0:
                    if inside and frame:
                        self._take(bytes(frame))
                        inside = False
                    else:
                        inside = True
                    frame.clear()
                elif inside:
                    if escaped:
                        frame.append({0xDC: 0xC0, 0xDD: 0xDB}[byte])
                    elif byte != 0xDB:
                        frame.append(byte)
                    escaped = byte == 0xDB

    def _send(self, body: bytes) -> None:
        self._connection.sendall(b"\xc0" + body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")

    def _answer(self, op: int, data: bytes = b"", value: int = 0, error: int = 0) -> None:
        status = bytes([1 if error else 0, error]) + (b"" if self._stub else b"\0\0")
        body = data + status
        self._send(struct.pack("<BBHI", 1, op, len(body), value) + body)

    def _take(self, frame: bytes) -> None:
        direction, op, size, checksum = struct.unpack_from("<BBHI", frame)
        data = frame[8:]
        assert direction == 0
        assert size == len(data)
        match op:
            case 0x08:  # SYNC: answered eight times
                for _ in range(8):
                    self._answer(op, value=0 if self._stub else 0x2012_0707)
            case 0x0A:
                self._answer(op, value=self._register(struct.unpack("<I", data)[0]))
            case 0x14:
                self._security(op)
            case 0x06:
                self._answer(op)
                if struct.unpack("<II", data)[1]:
                    self._send(b"OHAI")
                    self._stub = True
            case 0x02 | 0x10:
                self._begin(op, data)
            case 0x03 | 0x11:
                self._block(op, data, checksum)
            case 0x13:
                address, length, *_ = struct.unpack("<IIII", data)
                digest = hashlib.md5(self.flash[address : address + length])
                self._answer(op, digest.digest() if self._stub else digest.hexdigest().encode())
            case 0x05 | 0x07 | 0x09 | 0x0B | 0x0D | 0x0F | 0x04 | 0x12:
                self._answer(op)
            case _:
                self._answer(op, error=INVALID)

    def _register(self, address: int) -> int:
        model = MODELS[self.chip]
        return {MAGIC_REGISTER: model.magic, model.spi_result: FLASH_ID}.get(address, 0)

    def _security(self, op: int) -> None:
        model = MODELS[self.chip]
        if not model.security_info:
            self._answer(op, error=INVALID)
            return
        flags = 4 if self.secure_download else 0
        self._answer(op, struct.pack("<IB7BII", flags, self.encrypted, *[0] * 7, model.chip_id, 0))

    def _begin(self, op: int, data: bytes) -> None:
        size, _, _, self._at = struct.unpack_from("<IIII", data)
        end = (self._at + size + SECTOR - 1) // SECTOR * SECTOR
        start = self._at // SECTOR * SECTOR
        self.flash[start:end] = b"\xff" * (end - start)
        self._inflate = zlib.decompressobj()
        self._answer(op)

    def _block(self, op: int, data: bytes, checksum: int) -> None:
        block = data[16:]
        number, self.blocks = self.blocks, self.blocks + 1
        if number == self.unplug_at:
            self.unplug_at = None
            raise UnpluggedError
        sum_ = 0xEF
        for byte in block:
            sum_ ^= byte
        if sum_ != checksum:
            self._answer(op, error=BAD_CHECKSUM)
            return
        if self.refuse_at.get(number, 0):
            self.refuse_at[number + 1] = self.refuse_at.pop(number) - 1
            self._answer(op, error=FAILED)
            return
        if number == self.noise_at:
            self._connection.sendall(b"\x55\xaa\x13noise")
        self._write(self._inflate.decompress(block) if op == DEFL_DATA else block)
        self._answer(op)

    def _write(self, data: bytes) -> None:
        for offset, byte in enumerate(data):
            if self._at + offset == self.drops:
                byte |= 0x01  # noqa: PLW2901
            self.flash[self._at + offset] &= byte
        self._at += len(data)
