"""Streams as boards of other tools send them, in frames, so that a test knows which of them it damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass

import cbor2
import numpy as np
import numpy.typing as npt
from cobs import cobs

RATE = 100
NAMES = ("ax", "ay", "az")
Rows = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Stream:
    """A stream and what it holds.

    Attributes:
        head: before the first frame: a header, a description.
        frames: one after the other, each with `each` samples.
        samples: int16, shape (samples, channels): what a decoder must give of them all.
        each: samples in a frame.
    """

    head: bytes
    frames: tuple[bytes, ...]
    samples: Rows
    each: int = 1

    @property
    def data(self) -> bytes:
        return self.head + b"".join(self.frames)


def signal(count: int, channels: int = 3, seed: int = 1) -> Rows:
    """A motion: smooth, with some noise, every sample different from the others."""
    rng = np.random.default_rng(seed)
    time = np.arange(count)[:, None] / RATE
    wave = 6000 * np.sin(2 * np.pi * (0.7 + 0.3 * np.arange(channels)) * time + np.arange(channels))
    return (wave + 2500 * np.arange(channels) + rng.normal(0, 25, (count, channels))).astype(np.int16)


def lines(rows: Rows, *, clock: str = "ms", separator: str = ",", end: str = "\r\n", start: int = 0) -> Stream:
    """Whole numbers, a clock before them, and a header."""
    per = {"ms": 1000 // RATE, "us": 1_000_000 // RATE, "count": 1, "": 0}[clock]
    body = []
    for i, row in enumerate(rows.tolist()):
        lead = [(start + i * per) & 0xFFFFFFFF] if clock else []
        body.append((separator.join(map(str, [*lead, *row])) + end).encode())
    lead_name = {"ms": ["time_ms"], "us": ["micros"], "count": ["count"], "": []}[clock]
    names = [*lead_name, *(NAMES[i] if i < 3 else f"g{i}" for i in range(rows.shape[1]))]
    return Stream((separator.join(names) + end).encode(), tuple(body), rows)


def ssi(rows: Rows, version: int = 2, *, each: int = 6, first: int = 0) -> Stream:
    """A description, sent twice, then packets (version 2) or bare values."""
    names = {f"Accelerometer{axis}": i for i, axis in enumerate("XYZ"[: rows.shape[1]])}
    said = {"sample_rate": RATE, "version": version, "samples_per_packet": each, "column_location": names}
    rows = rows[: len(rows) // each * each]
    parts = [rows[i : i + each].astype("<i2").tobytes() for i in range(0, len(rows), each)]
    if version == 2:
        parts = [_packet((first + i) & 0xFFFFFFFF, part) for i, part in enumerate(parts)]
    return Stream((json.dumps(said) + "\r\n").encode() * 2, tuple(parts), rows, each)


def _packet(sequence: int, data: bytes) -> bytes:
    body = bytes([0, 0]) + sequence.to_bytes(4, "little") + data
    check = int(np.bitwise_xor.reduce(np.frombuffer(body, dtype=np.uint8)))
    return b"\xff" + len(body).to_bytes(2, "little") + body + bytes([check])


def crc16(data: bytes) -> int:
    """As Zephyr computes it, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def nordic_frame(message: object, *, checksum: bool = True) -> bytes:
    """A message with length, checksum and the zero at its end."""
    body = cbor2.dumps(message)
    tail = crc16(body).to_bytes(2, "little") if checksum else b""
    encoded: bytes = cobs.encode(len(body).to_bytes(2, "little") + body + tail)
    return encoded + b"\0"


def nordic(rows: Rows, *, first: int = 0, checksum: bool = True, scale: float = 2048.0, start: int = 0) -> Stream:
    """Session info, then a frame per sample; values that a full scale of 16 reads back exactly."""
    names = [NAMES[i] for i in range(rows.shape[1])]
    info = {"sid": 77, "hz": RATE, "ch": len(names), "ch_n": names, "st": 1, "dr": 0, "name": "nRF DataFwd"}
    frames = []
    for i, row in enumerate(rows.tolist()):
        body = {"seq": (first + i) & 0xFFFFFFFF, "ts": (start + i * 1000 // RATE) & 0xFFFFFFFF}
        frames.append(nordic_frame({"t": "sd", "d": body | {"val": [v / scale for v in row]}}, checksum=checksum))
    return Stream(nordic_frame({"t": "si", "d": info}, checksum=checksum), tuple(frames), rows)


def teleplot(rows: Rows, *, clock: bool = True, scale: float = 2048.0) -> Stream:
    """A line per variable; values that a full scale of 16 reads back exactly."""
    frames = []
    for i, row in enumerate(rows.tolist()):
        time = f"{i * 1000 // RATE}:" if clock else ""
        frames.append("".join(f">{NAMES[c]}:{time}{v / scale:.6f}§g\n" for c, v in enumerate(row)).encode())
    return Stream(b"", tuple(frames), rows)


def raw(rows: Rows) -> Stream:
    """Nothing but values."""
    return Stream(b"", tuple(row.astype("<i2").tobytes() for row in rows), rows)
