"""A board's description of itself as plain values, for the wire and for JSON, checked field by field."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from motestudio.devices.link.frames import MAX_PAYLOAD
from motestudio.devices.link.protocol import ProtocolError, pack_map, unpack_map
from motestudio.domain.board import BoardDescription, LoadedModel
from motestudio.domain.signal import Channel, ChannelGroup

_Text = Annotated[str, Meta(max_length=256)]
_Size = Annotated[int, Meta(ge=0, lt=1 << 40)]


class _Channel(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    unit: _Text = ""
    scale: float = 1.0
    offset: float = 0.0


class _Group(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    rate_hz: Annotated[float, Meta(gt=0, le=10_000_000)]
    channels: Annotated[list[_Channel], Meta(min_length=1, max_length=64)]


class _Model(msgspec.Struct):
    name: _Text
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    classes: Annotated[list[_Text], Meta(max_length=256)]
    window_samples: Annotated[int, Meta(ge=1, lt=1 << 32)]
    step_samples: Annotated[int, Meta(ge=1, lt=1 << 32)]


class _Description(msgspec.Struct):
    name: _Text
    groups: Annotated[list[_Group], Meta(min_length=1, max_length=16)]
    board_id: _Text = ""
    serial_number: _Text = ""
    firmware: _Text = ""
    capabilities: Annotated[list[_Text], Meta(max_length=64)] = []
    flash_bytes: _Size = 0
    ram_bytes: _Size = 0
    virtual: bool = False
    model: _Model | None = None
    gestures: Annotated[list[_Text], Meta(max_length=256)] = []
    max_payload: Annotated[int, Meta(ge=256, le=MAX_PAYLOAD)] = MAX_PAYLOAD


def description_to_map(description: BoardDescription) -> dict[str, Any]:
    """Plain values: dicts, lists, text and numbers."""
    plain: dict[str, Any] = msgspec.to_builtins(asdict(description))
    return plain


def description_from_map(data: object) -> BoardDescription:
    """Check and read a description.

    Raises:
        ProtocolError: a field is missing, of the wrong type or out of its range.
    """
    try:
        said = msgspec.convert(data, _Description)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the board's description is not valid: {error}") from error
    groups = tuple(_group(g) for g in said.groups)
    if len({g.name for g in groups}) != len(groups):
        raise ProtocolError("the board's description is not valid: two channel groups share a name")
    m = said.model
    model = None
    if m is not None:
        model = LoadedModel(m.name, m.sha256, tuple(m.classes), m.window_samples, m.step_samples)
    return BoardDescription(
        board_id=said.board_id,
        name=said.name,
        serial_number=said.serial_number,
        firmware=said.firmware,
        groups=groups,
        capabilities=tuple(said.capabilities),
        flash_bytes=said.flash_bytes,
        ram_bytes=said.ram_bytes,
        virtual=said.virtual,
        model=model,
        gestures=tuple(said.gestures),
        max_payload=said.max_payload,
    )


def _group(said: _Group) -> ChannelGroup:
    channels = tuple(Channel(c.name, c.unit, c.scale, c.offset) for c in said.channels)
    if len({c.name for c in channels}) != len(channels):
        raise ProtocolError(f"the board's description is not valid: group {said.name!r} has two channels of one name")
    if not all(math.isfinite(c.scale) and math.isfinite(c.offset) and c.scale != 0 for c in channels):
        raise ProtocolError(f"the board's description is not valid: group {said.name!r} has a scale that is no number")
    if not math.isfinite(said.rate_hz):
        raise ProtocolError(f"the board's description is not valid: group {said.name!r} has no rate")
    return ChannelGroup(said.name, said.rate_hz, channels)


def description_to_cbor(description: BoardDescription) -> bytes:
    """A description as CBOR."""
    return pack_map(description_to_map(description))


def description_from_cbor(payload: bytes) -> BoardDescription:
    """Read a description from CBOR.

    Raises:
        ProtocolError: it is none.
    """
    return description_from_map(unpack_map(payload))
