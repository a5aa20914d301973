"""Packets of the SensiML Simple Streaming Interface, version 2; see `mote_decoders.ssi` for the format.

Packets of one length that follow each other are checked together; where one is not good, its successor is looked for
where it should be, and else byte by byte.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mote_decoders.common import Counter, Int16, Int64

_SYNC, _HEAD, _COUNTED = 0xFF, 9, 6
MOST_DATA = 4096
"""Bytes of data in a packet, at most: a longer one is none."""
_GROUP = 2048


class Packets:
    """Turns bytes into samples of one channel of the device.

    Args:
        columns: values of a sample.
        channel: whose packets are samples.

    Attributes:
        good: packets so far.
    """

    def __init__(self, columns: int, channel: int = 0) -> None:
        self.good = 0
        self._columns, self._channel = columns, channel
        self._rest = b""
        self._sequence = Counter(32)

    def feed(self, data: bytes, *, last: bool = False) -> tuple[Int16, Int64, int]:
        """Take the next bytes.

        Returns:
            Samples, what is missing before each, and the number of bytes that were none.
        """
        data = self._rest + data
        chars = np.frombuffer(data, dtype=np.uint8)
        found: list[tuple[Int16, Int64]] = []
        at = skipped = 0
        while at < len(data):
            sync = data.find(_SYNC, at)
            if sync != at:
                sync = len(data) if sync < 0 else sync
                skipped, at = skipped + sync - at, sync
                continue
            size = self._size(data, at)
            if size < 0 or (size > len(data) - at and last):
                skipped, at = skipped + 1, at + 1
                continue
            if size == 0 or size > len(data) - at:
                break
            count = self._run(chars, at, size)
            if count:
                skipped += self._keep(chars[at : at + count * size].reshape(count, size), found)
                at += count * size
                continue
            # A damaged packet with its successor in place is left out whole: its data may look like packets too.
            following = self._size(data, at + size)
            if following == 0 and not last:
                break
            step = size if following == size else 1
            skipped, at = skipped + step, at + step
        self._rest = data[at:]
        samples = np.concatenate([f[0] for f in found]) if found else np.zeros((0, self._columns), dtype=np.int16)
        lost = np.concatenate([f[1] for f in found]) if found else np.zeros(0, dtype=np.int64)
        return samples, lost, skipped

    def finish(self) -> tuple[Int16, Int64, int]:
        """The end: an unfinished packet is searched for whole ones, and skipped."""
        return self.feed(b"", last=True)

    def _size(self, data: bytes, at: int) -> int:
        """Bytes of the packet whose header is here; 0 where more must come to know, -1 where it is none."""
        if at < len(data) and data[at] != _SYNC:
            return -1
        if len(data) - at < 4:
            return 0
        length = int.from_bytes(data[at + 1 : at + 3], "little")
        payload = length - _COUNTED
        good = data[at + 3] == 0 and 0 < payload <= MOST_DATA and payload % (2 * self._columns) == 0
        return length + 4 if good else -1

    def _run(self, chars: npt.NDArray[np.uint8], at: int, size: int) -> int:
        """How many good packets of one size follow each other from here."""
        count = min((len(chars) - at) // size, _GROUP)
        rows = chars[at : at + count * size].reshape(count, size)
        if count > 1:
            same = np.all(rows[:, :4] == rows[0, :4], axis=1)
            count = count if same.all() else int(np.argmin(same))
            rows = rows[:count]
        sums = np.bitwise_xor.reduce(rows[:, 3:], axis=1)
        return count if not sums.any() else int(np.argmax(sums != 0))

    def _keep(self, rows: npt.NDArray[np.uint8], found: list[tuple[Int16, Int64]]) -> int:
        """Keep the samples of our channel; returns the bytes of the others."""
        ours = rows[rows[:, 4] == self._channel]
        if len(ours):
            self.good += len(ours)
            sequence = ours[:, 5:_HEAD].copy().view("<u4")[:, 0].astype(np.int64)
            samples = ours[:, _HEAD:-1].copy().view("<i2").astype(np.int16).reshape(-1, self._columns)
            each = len(samples) // len(ours)
            lost = np.zeros(len(samples), dtype=np.int64)
            lost[::each] = self._sequence.lost(sequence) * each
            found.append((samples, lost))
        return (len(rows) - len(ours)) * rows.shape[1]
