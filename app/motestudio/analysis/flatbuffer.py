"""A flatbuffer reader for bytes that nobody vouches for: every offset is checked before it is followed.

The generated readers trust their input: a wrong offset makes them read elsewhere or raise whatever comes. Here each
wrong offset is one error, `BrokenBufferError`, and nothing loops longer than the data is long. Knows no schema.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_U16, _U32, _I32 = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<i")


class BrokenBufferError(ValueError):
    """An offset leads out of the data, or a field is not what the schema says."""


def _at(layout: struct.Struct, data: bytes, position: int) -> int:
    if position < 0 or position + layout.size > len(data):
        raise BrokenBufferError(f"offset {position} is outside the {len(data)} bytes")
    value: int = layout.unpack_from(data, position)[0]
    return value


class Table:
    """A table and its fields by number; an absent field gives its default."""

    __slots__ = ("_data", "_position", "_vtable", "_vtable_size")

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._vtable = position - _at(_I32, data, position)
        self._vtable_size = _at(_U16, data, self._vtable)
        if self._vtable_size < 4 or self._vtable + self._vtable_size > len(data):
            raise BrokenBufferError(f"the table at {position} has no sound field list")

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that the first four bytes point to."""
        return cls(data, _at(_U32, data, 0))

    def _field(self, number: int) -> int:
        """Position of a field, 0 where it is absent."""
        slot = 4 + 2 * number
        if slot + 2 > self._vtable_size:
            return 0
        offset = _at(_U16, self._data, self._vtable + slot)
        return self._position + offset if offset else 0

    def scalar(self, number: int, layout: str, default: int = 0) -> int:
        """An integer field; `layout` is a struct format such as ``<i``."""
        position = self._field(number)
        return _at(struct.Struct(layout), self._data, position) if position else default

    def table(self, number: int) -> Table | None:
        """A table field."""
        position = self._field(number)
        return Table(self._data, position + _at(_U32, self._data, position)) if position else None

    def _vector(self, number: int, width: int) -> tuple[int, int]:
        """Position of the first element and their count, (0, 0) where the field is absent."""
        position = self._field(number)
        if not position:
            return 0, 0
        start = position + _at(_U32, self._data, position)
        count = _at(_U32, self._data, start)
        if start + 4 + count * width > len(self._data):
            raise BrokenBufferError(f"a list of {count} elements at {start} goes beyond the end")
        return start + 4, count

    def length(self, number: int, width: int = 4) -> int:
        """How many elements a list field has."""
        return self._vector(number, width)[1]

    def has(self, number: int) -> bool:
        """Whether the field is there."""
        return bool(self._field(number))

    def array(self, number: int, dtype: str) -> npt.NDArray[np.generic]:
        """A list of numbers; `dtype` is numpy's, such as ``<i4``. Empty where the field is absent."""
        kind = np.dtype(dtype)
        start, count = self._vector(number, kind.itemsize)
        return np.frombuffer(self._data, kind, count, start) if count else np.empty(0, kind)

    def text(self, number: int, limit: int = 256) -> str:
        """A string field, cut at `limit` bytes; what is no UTF-8 is replaced."""
        start, count = self._vector(number, 1)
        return self._data[start : start + min(count, limit)].decode("utf-8", errors="replace")

    def tables(self, number: int, limit: int) -> Iterator[Table]:
        """The tables of a list field.

        Raises:
            BrokenBufferError: there are more than `limit`.
        """
        start, count = self._vector(number, 4)
        if count > limit:
            raise BrokenBufferError(f"a list has {count} entries; more than {limit} are not read")
        for i in range(count):
            position = start + 4 * i
            yield Table(self._data, position + _at(_U32, self._data, position))
