"""Which TensorFlow converted a model, out of anybody's bytes."""

from __future__ import annotations

import random

import flatbuffers
import pytest

from motestudio.analysis.converter import converter_version


def table(builder: flatbuffers.Builder, fields: dict[int, int]) -> int:
    """A table whose fields are offsets."""
    builder.StartObject(8)
    for number, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(number, offset, 0)
    return builder.EndObject()


def vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def metadata(version: str) -> bytes:
    """What the converter leaves: a table with a table that has the version first."""
    builder = flatbuffers.Builder(64)
    environment = table(builder, {0: builder.CreateString(version)})
    builder.Finish(table(builder, {0: environment}))
    return bytes(builder.Output())


def model(name: str, content: bytes, number: int = 1) -> bytes:
    """A model with nothing but an entry of metadata and its buffer."""
    builder = flatbuffers.Builder(256)
    buffers = vector(builder, [table(builder, {}), table(builder, {0: builder.CreateByteVector(content)})])
    title = builder.CreateString(name)
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, title, 0)
    builder.PrependUint32Slot(1, number, 0)
    entries = vector(builder, [builder.EndObject()])
    builder.Finish(table(builder, {4: buffers, 6: entries}), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_the_version_is_read() -> None:
    assert converter_version(model("CONVERSION_METADATA", metadata("2.21.0"))) == "2.21.0"


@pytest.mark.parametrize(
    "data",
    [
        model("min_runtime_version", b"1.5.0"),
        model("CONVERSION_METADATA", b""),
        model("CONVERSION_METADATA", b"\xff" * 64),
        model("CONVERSION_METADATA", metadata("2.21.0"), number=7),
        b"",
        b"\0\0\0\0TFL3",
    ],
)
def test_a_file_that_does_not_say_gives_nothing(data: bytes) -> None:
    assert converter_version(data) == ""


def test_damaged_bytes_raise_nothing() -> None:
    whole = model("CONVERSION_METADATA", metadata("2.21.0"))
    chance = random.Random(3)
    for _ in range(500):
        broken = bytearray(whole)
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert isinstance(converter_version(bytes(broken[: chance.randrange(len(broken))])), str)
        assert isinstance(converter_version(bytes(broken)), str)
