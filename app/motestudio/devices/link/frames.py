"""Framing of Mote Link: bytes to frames and back, knowing nothing of ports or of what a payload means.

A frame on the wire is ``COBS(kind u8 | sequence u16 LE | payload | CRC-32C u32 LE) 0x00``. The zero byte occurs
nowhere else, so a decoder that starts anywhere, or meets noise, is in step again at the next zero. COBS: S. Cheshire,
M. Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999. CRC-32C: RFC 3720.

This module never raises on what it reads: damage is counted and left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import google_crc32c
from cobs import cobs

MAX_PAYLOAD = 8192
"""Bytes of a frame's payload, at most."""

_OVERHEAD = 7
_MAX_BODY = MAX_PAYLOAD + _OVERHEAD
_MAX_ENCODED = _MAX_BODY + _MAX_BODY // 254 + 1
_SEQUENCE_MASK = 0xFFFF
_HALF = 0x8000


class Frame(NamedTuple):
    """One good frame."""

    kind: int
    sequence: int
    payload: bytes


@dataclass(slots=True)
class LinkStats:
    """What a decoder has met since it was made.

    Attributes:
        bytes: fed.
        frames: good ones.
        crc_errors: frames whose checksum does not match.
        cobs_errors: stretches between zeros that are no frame at all: bad stuffing, too short or too long.
        skipped_bytes: thrown away with those.
        lost_frames: missing by the sequence numbers of good frames.
    """

    bytes: int = 0
    frames: int = 0
    crc_errors: int = 0
    cobs_errors: int = 0
    skipped_bytes: int = 0
    lost_frames: int = 0

    def copy(self) -> LinkStats:
        """The figures as they are now."""
        return replace(self)


def encode_frame(kind: int, sequence: int, payload: bytes) -> bytes:
    """Build a frame with its closing zero.

    Args:
        kind: 0..255.
        sequence: counted by the sender over all its frames; taken modulo 65536.
        payload: at most `MAX_PAYLOAD` bytes.

    Returns:
        The bytes to send.

    Raises:
        ValueError: the payload is too long.
    """
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes does not fit a frame of {MAX_PAYLOAD}")
    body = bytes((kind, sequence & 0xFF, sequence >> 8 & 0xFF)) + payload
    encoded: bytes = cobs.encode(body + google_crc32c.value(body).to_bytes(4, "little"))
    return encoded + b"\0"


class FrameDecoder:
    """Turns a byte stream, cut anywhere, into frames. Holds at most one frame's worth of bytes."""

    def __init__(self) -> None:
        self.stats = LinkStats()
        self._parts: list[bytes] = []
        self._held = 0
        self._overlong = False
        self._expected: int | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes of the stream.

        Args:
            data: any number of bytes.

        Returns:
            The frames that these bytes complete, in order.
        """
        self.stats.bytes += len(data)
        first, *rest = data.split(b"\0")
        if not rest:
            self._hold(first)
            return []
        if self._parts or self._overlong:
            self._hold(first)
            first = b"".join(self._parts)
        overlong, self._overlong = self._overlong, False
        self._parts, self._held = [], 0
        frames: list[Frame] = []
        if overlong:
            self.stats.cobs_errors += 1
        elif first:
            self._decode(first, frames)
        tail = rest.pop()
        for chunk in rest:
            if chunk:
                self._decode(chunk, frames)
        self._hold(tail)
        self.stats.frames += len(frames)
        return frames

    def _hold(self, part: bytes) -> None:
        """Keep the start of a frame; give up on one that is longer than any frame can be."""
        if self._overlong:
            self.stats.skipped_bytes += len(part)
        elif self._held + len(part) > _MAX_ENCODED:
            self.stats.skipped_bytes += self._held + len(part)
            self._parts, self._held, self._overlong = [], 0, True
        elif part:
            self._parts.append(part)
            self._held += len(part)
            if len(self._parts) > 64:  # a stream fed byte by byte must not cost a list entry per byte
                self._parts = [b"".join(self._parts)]

    def _decode(self, chunk: bytes, frames: list[Frame]) -> None:
        stats = self.stats
        try:
            body: bytes = cobs.decode(chunk)
        except cobs.DecodeError:
            body = b""
        if not _OVERHEAD <= len(body) <= _MAX_BODY:
            stats.cobs_errors += 1
            stats.skipped_bytes += len(chunk)
            return
        if google_crc32c.value(body[:-4]) != int.from_bytes(body[-4:], "little"):
            stats.crc_errors += 1
            stats.skipped_bytes += len(chunk)
            return
        sequence = body[1] | body[2] << 8
        if self._expected is not None:
            # A step of less than half the range forward is a loss; anything else is a sender that began anew.
            missing = (sequence - self._expected) & _SEQUENCE_MASK
            if missing < _HALF:
                stats.lost_frames += missing
        self._expected = (sequence + 1) & _SEQUENCE_MASK
        frames.append(Frame(body[0], sequence, body[3:-4]))
