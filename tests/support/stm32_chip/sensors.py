"""Motion sensors on I2C: the registers of the LSM6DSL (data sheet DocID028475) and the MPU-6050 (RM-MPU-6000A)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import ClassVar

Motion = Callable[[float], tuple[float, ...]]
"""Acceleration x, y, z in g and rotation x, y, z in degrees a second, at a time in seconds."""


class Sensor:
    """A register file with an address that counts up.

    Attributes:
        plugged: whether it answers.
        refuse: how many times more it does not answer when it is to be read.
        registers: by address.
    """

    ADDRESS: ClassVar[int]
    RESET: ClassVar[dict[int, int]]
    FIRST: ClassVar[int]  # of the counts
    LENGTH: ClassVar[int]

    def __init__(self, now: Callable[[], float], motion: Motion) -> None:
        self._now = now
        self._motion = motion
        self.plugged = True
        self.refuse = 0
        self.power_up()

    def power_up(self) -> None:
        self.registers = dict(self.RESET)
        self._at: int | None = None
        self._counts = b""

    def answers(self, reading: bool) -> bool:
        if not self.plugged or (reading and self.refuse > 0):
            self.refuse -= reading and self.refuse > 0
            return False
        if not reading:
            self._at = None
        return True

    def write(self, byte: int) -> None:
        if self._at is None:
            self._at = byte
        else:
            self.registers[self._at] = byte
            self._at += 1

    def read(self) -> int:
        assert self._at is not None
        at, self._at = self._at, self._at + 1
        if at == self.FIRST:
            self._counts = self.counts(self._motion(self._now()))
        if self.FIRST <= at < self.FIRST + self.LENGTH:
            return self._counts[at - self.FIRST] if self._counts else 0
        return self.registers.get(at, 0)

    def counts(self, motion: tuple[float, ...]) -> bytes:
        """Its output registers."""
        raise NotImplementedError

    @staticmethod
    def rounded(values: tuple[float, ...], per_count: float) -> list[int]:
        return [max(-32768, min(32767, round(v / per_count))) for v in values]


class Lsm6dsl(Sensor):
    """CTRL1_XL and CTRL2_G hold rate and range; rate 0 is off."""

    ADDRESS, FIRST, LENGTH = 0x6A, 0x22, 12
    RESET: ClassVar = {0x0F: 0x6A, 0x12: 0x04}
    _G: ClassVar = {0: 0.061e-3, 1: 0.488e-3, 2: 0.122e-3, 3: 0.244e-3}
    _DPS: ClassVar = {0: 8.75e-3, 2: 17.5e-3, 4: 35e-3, 6: 70e-3, 1: 4.375e-3}

    def rate_hz(self) -> float:
        code = min(self.registers.get(0x10, 0) >> 4, self.registers.get(0x11, 0) >> 4)
        return 0.0 if code == 0 else 13.0 * 2 ** (code - 1)

    def counts(self, motion: tuple[float, ...]) -> bytes:
        if self.rate_hz() == 0:
            return bytes(12)
        acceleration = self.rounded(motion[:3], self._G[self.registers[0x10] >> 2 & 3])
        rotation = self.rounded(motion[3:], self._DPS[self.registers[0x11] >> 1 & 7])
        return struct.pack("<6h", *rotation, *acceleration)


class Mpu6050(Sensor):
    """Asleep after a reset, when its output stands still; big endian, the temperature between."""

    ADDRESS, FIRST, LENGTH = 0x68, 0x3B, 14
    RESET: ClassVar = {0x75: 0x68, 0x6B: 0x40}

    def rate_hz(self) -> float:
        if self.registers[0x6B] & 0x40:
            return 0.0
        return (8000 if self.registers.get(0x1A, 0) & 7 in (0, 7) else 1000) / (1 + self.registers.get(0x19, 0))

    def counts(self, motion: tuple[float, ...]) -> bytes:
        if self.rate_hz() == 0:
            return bytes(14)
        acceleration = self.rounded(motion[:3], 1 / (16384 >> (self.registers.get(0x1C, 0) >> 3 & 3)))
        rotation = self.rounded(motion[3:], 1 / (131, 65.5, 32.8, 16.4)[self.registers.get(0x1B, 0) >> 3 & 3])
        return struct.pack(">7h", *acceleration, -3000, *rotation)
