"""Sessions of the nRF data forwarder: COBS frames around CBOR.

A frame is ``COBS(length u16 LE | CBOR | CRC-16 u16 LE) 0x00``, the checksum (CCITT, reflected, from 0xFFFF, over the
CBOR) being an option of the firmware. The CBOR is ``{"t": "si" | "sd", "d": ...}``: session info, sent again every
few seconds, with ``sid``, ``hz``, ``ch``, ``ch_n`` (names), ``dr`` (samples the device dropped) and ``name``; and a
sample with ``seq`` u32, ``ts`` in milliseconds and ``val``, float32 or int32 (millionths of the unit, as the
firmware's README says). Source: https://github.com/nrfconnect/sdk-edge-ai, samples/data_forwarder
(cddl/data_forwarder.cddl, src/protocol) and tools/data_forwarder_host/protocol. COBS: S. Cheshire, M. Baker, IEEE/ACM
Transactions on Networking 7(2), 1999.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any

import cbor2
import numpy as np
from cobs import cobs

from mote_decoders import common
from mote_decoders.common import Clock, Counter
from motestudio.sdk import Channel, ChannelGroup, Decoded, PluginError, StreamGuess, Value

_LONGEST = 4096
_MOST_CHANNELS = 255
_LEARN, _HELD, _SPAN_MS = 8, 8192, 6000.0
_MICRO = 1e-6
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_UNKNOWN: dict[str, Value] = {"checksum": "auto", "rate_hz": 0.0, "names": "", "units": "", "full_scale": ""}
_Row = tuple[int, int, list[float], int]


def crc16(data: bytes) -> int:
    """CRC-16/CCITT, reflected, from 0xFFFF: that of the standard library on mirrored bytes, mirrored."""
    crc = binascii.crc_hqx(data.translate(_MIRROR), 0xFFFF)
    return _MIRROR[crc & 0xFF] << 8 | _MIRROR[crc >> 8]


def read_frame(chunk: bytes, checksum: str) -> Any:
    """The message of a frame without its zero; None where it is none.

    Args:
        chunk: encoded bytes.
        checksum: ``yes``, ``no``, or ``auto``: checked where there are two bytes for it.
    """
    try:
        body: bytes = cobs.decode(chunk)
    except cobs.DecodeError:
        return None
    end = 2 + int.from_bytes(body[:2], "little")
    spare = len(body) - end
    if len(body) < 4 or spare not in (0, 2) or (checksum == "yes" and spare == 0) or (checksum == "no" and spare == 2):
        return None
    inner = body[2:end]
    if spare and crc16(inner) != int.from_bytes(body[end:], "little"):
        return None
    try:
        return cbor2.loads(inner)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError):
        return None


class Nordic:
    """Decoder stage."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._overlong = False
        self._info: dict[str, Any] = {}
        self._group: ChannelGroup | None = None
        self._problem: PluginError | None = None
        self._scale = 1.0
        self._held: list[_Row] = []
        self._clock, self._counter = Clock(), Counter(32)
        self._session: object = None
        self.good = self.bad = 0

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """One group, once session info came, or as many samples as tell the rate without.

        Raises:
            PluginError: the full scale that is set is none.
        """
        if self._problem is not None:
            raise self._problem
        return None if self._group is None else (self._group,)

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """The board sends without being asked."""
        return b""

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on."""
        chunks, skipped = self._frames(data)
        checksum = common.text(params, "checksum")
        rows: list[_Row] = []
        out: list[Decoded] = []
        for chunk in chunks:
            message = read_frame(chunk, checksum)
            kind, body = (message.get("t"), message.get("d")) if isinstance(message, dict) else (None, None)
            row = _sample(body, len(chunk) + 1) if kind == "sd" else None
            if row is not None:
                self.good += 1
                rows.append(row)
                if self._group is None:
                    rows = self._hold(rows, params)
            else:
                skipped += len(chunk) + 1
                if kind == "si" and _is_info(body):
                    self.good += 1
                    out += self._sorted(rows, 0)
                    rows = self._meet(body, params)
                elif message is None:
                    self.bad += 1
        return out + self._sorted(rows, skipped)

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """A stream that ended before its session info came is read without."""
        skipped, self._size, self._parts = self._size, 0, []
        rows: list[_Row] = []
        if self._group is None and len(self._held) > 1:
            rows = self._settle(params)
        return self._sorted(rows, skipped + sum(row[3] for row in self._held))

    def guess(self, data: bytes) -> StreamGuess:
        """Frames that are messages of the forwarder."""
        own = Nordic()
        found = [*own.feed(data, _UNKNOWN), *own.finish(_UNKNOWN)]
        if own.good < 2 or own.bad > own.good + 2:
            return StreamGuess(0.0, reason="no messages of the nRF data forwarder")
        name = own._info.get("name", "")
        reason = f"{own.good} messages of the nRF data forwarder{f' ({name})' if name else ''}"
        return StreamGuess(
            round(own.good / (own.good + own.bad), 3), {}, reason, sum(len(one.samples) for one in found)
        )

    def _frames(self, data: bytes) -> tuple[list[bytes], int]:
        """Whole frames without their zeros; empty ones, and bytes of those that are too long, are skipped."""
        skipped = 0
        first, *rest = data.split(b"\0")
        chunks = []
        for part in rest:
            skipped += self._add(first)
            if self._overlong or not self._size:
                skipped, self._overlong = skipped + 1, False
            else:
                chunks.append(b"".join(self._parts))
            self._parts, self._size = [], 0
            first = part
        return chunks, skipped + self._add(first)

    def _add(self, part: bytes) -> int:
        if self._overlong:
            return len(part)
        if self._size + len(part) > _LONGEST:
            skipped, self._parts, self._size, self._overlong = self._size + len(part), [], 0, True
            return skipped
        if part:
            self._parts.append(part)
            self._size += len(part)
            if len(self._parts) > 64:
                self._parts = [b"".join(self._parts)]
        return 0

    def _hold(self, rows: list[_Row], params: Mapping[str, Value]) -> list[_Row]:
        """Keep samples until something tells the rate; the samples to give out where it does."""
        self._held += rows
        rate = common.number(params, "rate_hz")
        span = self._held[-1][1] - self._held[0][1]
        if len(self._held) >= _LEARN and (self._info or rate or span >= _SPAN_MS or len(self._held) >= _HELD):
            return self._settle(params)
        return []

    def _meet(self, info: dict[str, Any], params: Mapping[str, Value]) -> list[_Row]:
        """Session info came: another session has clocks and counters of its own."""
        if info["sid"] != self._session:
            self._session = info["sid"]
            if self._group is not None:
                self._clock, self._counter = Clock(), Counter(32)
        self._info = info
        return self._settle(params) if self._group is None and len(self._held) >= _LEARN else []

    def _settle(self, params: Mapping[str, Value]) -> list[_Row]:
        """Tell the group from what is known; returns the samples held so far."""
        held, self._held = self._held, []
        columns = int(self._info["ch"]) if self._info else len(held[-1][2])
        held_good = [row for row in held if len(row[2]) == columns]
        values = np.array([row[2] for row in held_good], dtype=np.float64).reshape(-1, columns)
        whole = bool(held_good) and all(type(value) is int for row in held_good for value in row[2])
        self._scale = _MICRO if whole else 1.0
        times = Clock().unwrapped(np.array([float(row[1]) for row in held_good])) * 1000
        rate = common.number(params, "rate_hz") or float(self._info.get("hz", 0)) or common.rate_from(times)
        named = [str(name) for name in self._info.get("ch_n", [])]
        given, units = common.listed(params, "names"), common.listed(params, "units")
        names = [
            given[i] if i < len(given) and given[i] else named[i] if i < len(named) else "" for i in range(columns)
        ]
        units = [common.plain_unit(units[i]) if i < len(units) else "" for i in range(columns)]
        try:
            scales = common.full_scales(params, columns)
            if not rate > 0:
                raise common.no_rate("nordic", "The clock of the stream does not go on")
            channels = common.channels_of(names, units, values * self._scale, [False] * columns, scales)
        except PluginError as error:
            self._problem = error
            return held
        self._group = ChannelGroup("nordic", rate, tuple(Channel(c.name, c.unit, c.scale) for c in channels))
        return held

    def _sorted(self, rows: list[_Row], skipped: int) -> list[Decoded]:
        if self._group is None:
            return common.nothing(0, skipped + (sum(row[3] for row in rows) if self._problem is not None else 0))
        columns = len(self._group.channels)
        skipped += sum(row[3] for row in rows if len(row[2]) != columns)
        rows = [row for row in rows if len(row[2]) == columns]
        values = np.array([row[2] for row in rows], dtype=np.float64).reshape(-1, columns) * self._scale
        counts = np.array([(row[0], row[1]) for row in rows], dtype=np.int64).reshape(-1, 2)
        times = self._clock.unwrapped(counts[:, 1].astype(np.float64)).astype(np.int64) * 1000
        samples = common.to_counts(values, self._group.channels)
        return common.in_runs(samples, times, self._counter.lost(counts[:, 0]), skipped)


def _sample(body: object, size: int) -> _Row | None:
    if not isinstance(body, dict):
        return None
    sequence, clock, values = body.get("seq"), body.get("ts"), body.get("val")
    if type(sequence) is not int or type(clock) is not int or type(values) is not list:
        return None
    if not (0 <= sequence < 1 << 32 and 0 <= clock < 1 << 32 and 0 < len(values) <= _MOST_CHANNELS):
        return None
    for value in values:
        if type(value) is not float and type(value) is not int:
            return None
        if not math.isfinite(value):
            return None
    return sequence, clock, values, size


def _is_info(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    names = body.get("ch_n", [])
    whole = all(type(body.get(key)) is int for key in ("sid", "hz", "ch"))
    return (
        whole
        and 0 < body["hz"] <= 65535
        and 0 < body["ch"] <= _MOST_CHANNELS
        and isinstance(names, list)
        and all(isinstance(name, str) and len(name) <= 32 for name in names)
    )
