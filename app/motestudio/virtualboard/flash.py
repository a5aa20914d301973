"""The virtual board's package flash: a file that survives restarts, filled piece by piece like the real thing.

What is being written lies beside what is valid, and takes its place only when it is whole and checked. Hashes are
always computed from the bytes in the file.
"""

from __future__ import annotations

from pathlib import Path

from motestudio.domain.units import format_bytes
from motestudio.errors import FlashError
from motestudio.firmware.package import sha256_of


class PackageFlash:
    """Flash for one package.

    Args:
        folder: of its files; made where missing.
        size_bytes: of the board's flash.
    """

    def __init__(self, folder: Path, size_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._valid = folder / "package.bin"
        self._incoming = folder / "incoming.bin"
        self._size_bytes = size_bytes
        self._expected = (0, "")
        self._written = -1

    def begin(self, size: int, sha256: str) -> None:
        """Erase for a package of this size.

        Raises:
            FlashError: ``flash.too_big``.
        """
        if not 0 < size <= self._size_bytes:
            text = f"A package of {format_bytes(size)} does not fit a flash of {format_bytes(self._size_bytes)}."
            raise FlashError("flash.too_big", text)
        self._expected = (size, sha256)
        self._written = 0
        self._incoming.write_bytes(b"")

    def write(self, offset: int, data: bytes) -> None:
        """Write the next piece.

        Raises:
            FlashError: ``load.order``: not begun, not the next piece, or past the end.
        """
        if self._written < 0 or offset != self._written or offset + len(data) > self._expected[0]:
            raise FlashError("load.order", f"The piece at {offset} is not the next one.")
        with self._incoming.open("ab") as file:
            file.write(data)
        self._written += len(data)

    def incoming(self) -> bytes:
        """What was written, once it is whole and as announced.

        Raises:
            FlashError: ``load.order``, or ``load.hash``: it is not what was announced.
        """
        size, sha256 = self._expected
        if self._written != size:
            raise FlashError("load.order", f"{max(self._written, 0)} of {size} bytes were written.")
        data = self._incoming.read_bytes()
        if sha256_of(data) != sha256:
            raise FlashError("load.hash", "The flash does not hold what was announced.")
        return data

    def commit(self) -> str:
        """Make what was written the valid package; its hash."""
        self._incoming.replace(self._valid)
        self._written = -1
        return self.sha256()

    def read(self) -> bytes:
        """The valid package, empty where there is none."""
        return self._valid.read_bytes() if self._valid.exists() else b""

    def sha256(self) -> str:
        """Of the valid package, from its bytes; empty where there is none."""
        data = self.read()
        return sha256_of(data) if data else ""
