"""Cuts a stream of text into whole lines, however it comes in pieces. Lines that are too long are none."""

from __future__ import annotations

LONGEST = 4096
"""Bytes of a line, with its end."""


class LineCutter:
    """Holds an unfinished line of at most `LONGEST` bytes."""

    def __init__(self) -> None:
        self._rest = b""
        self._overlong = False

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """Take the next bytes.

        Returns:
            Whole lines with their ends, as one piece, and the number of bytes that were thrown away.
        """
        skipped = 0
        if self._overlong:
            end = data.find(b"\n") + 1
            if not end:
                return b"", len(data)
            self._overlong, skipped, data = False, end, data[end:]
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        block, self._rest = data[:end], data[end:]
        if len(self._rest) >= LONGEST:
            skipped += len(self._rest)
            self._rest, self._overlong = b"", True
        return block, skipped

    def finish(self) -> int:
        """The end: bytes of the unfinished line, which may be a number cut short."""
        skipped, self._rest = len(self._rest), b""
        return skipped
