"""What Mote Link's payloads mean: CBOR maps for control, packed little-endian blocks for data.

Everything read here comes from outside and is checked; what is wrong raises `ProtocolError`, nothing else. This module
does no input or output and keeps no state.

Control is one request and one reply at a time: ``{id, op, args}`` gets ``{id, ok, result}`` or ``{id, ok, error:
{code, text}}``; a board may also say ``{event, ...}`` by itself.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeGuard

import cbor2
import numpy as np

from motestudio.devices.link.frames import MAX_PAYLOAD
from motestudio.devices.link.refusals import refusal_text
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock, Samples

_SAMPLES = struct.Struct("<BBHQI")
_INFERENCE = struct.Struct("<QQIfbB")
_MAX_NODES = 20_000
_MAX_DEPTH = 12


class Kind(IntEnum):
    """A frame's kind."""

    REQUEST = 1
    REPLY = 2
    EVENT = 3
    SAMPLES = 16
    INFERENCE = 17


class ProtocolError(ValueError):
    """A payload is not what its kind says; callers count it and go on."""


@dataclass(frozen=True, slots=True)
class Request:
    """Studio to board."""

    id: int
    op: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """Board to studio: the result, or the error's code and text."""

    id: int
    ok: bool
    result: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Board to studio, unasked: ``stopped`` with ``sent``, the samples since ``start``, or another name."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


def samples_per_block(channels: int) -> int:
    """The most samples of so many channels that fit one frame."""
    return (MAX_PAYLOAD - _SAMPLES.size) // (2 * channels)


def pack_samples(group: int, device_time_us: int, dropped: int, samples: Samples, flags: int = 0) -> bytes:
    """A block of samples as a payload.

    Args:
        group: index in the board's description.
        device_time_us: the board's clock at the first sample.
        dropped: samples that the board threw away since streaming began; modulo 2**32.
        samples: int16, shape (samples, channels).
        flags: reserved, 0.

    Returns:
        The payload.
    """
    head = _SAMPLES.pack(group, flags, len(samples), device_time_us, dropped & 0xFFFFFFFF)
    return head + np.ascontiguousarray(samples, dtype="<i2").tobytes()


def unpack_samples(payload: bytes, host_time_us: int = 0) -> SampleBlock:
    """Read a block of samples; the samples stay where they are, read-only.

    Raises:
        ProtocolError: lengths do not match.
    """
    if len(payload) < _SAMPLES.size:
        raise ProtocolError("a sample block has no room for its header")
    group, _flags, count, device_time_us, dropped = _SAMPLES.unpack_from(payload)
    body = len(payload) - _SAMPLES.size
    if count == 0 or body == 0 or body % (2 * count):
        raise ProtocolError(f"{body} bytes are not {count} samples")
    samples = np.frombuffer(payload, dtype="<i2", offset=_SAMPLES.size).reshape(count, -1)
    return SampleBlock(group, device_time_us, host_time_us, dropped, samples)


def pack_inference(frame: InferenceFrame) -> bytes:
    """An inference as a payload."""
    head = _INFERENCE.pack(
        frame.sample_index,
        frame.device_time_us,
        min(frame.latency_us, 0xFFFFFFFF),
        frame.scale,
        frame.zero_point,
        len(frame.output),
    )
    return head + np.array(frame.output, dtype=np.int8).tobytes()


def unpack_inference(payload: bytes) -> InferenceFrame:
    """Read an inference.

    Raises:
        ProtocolError: lengths do not match.
    """
    if len(payload) < _INFERENCE.size:
        raise ProtocolError("an inference has no room for its header")
    index, device_time_us, latency_us, scale, zero_point, n = _INFERENCE.unpack_from(payload)
    if len(payload) != _INFERENCE.size + n or not math.isfinite(scale):
        raise ProtocolError(f"{len(payload)} bytes are no inference of {n} outputs")
    output = np.frombuffer(payload, dtype=np.int8, offset=_INFERENCE.size)
    return InferenceFrame(index, device_time_us, tuple(output.tolist()), scale, zero_point, latency_us)


def pack_map(data: dict[str, Any]) -> bytes:
    """A control map as CBOR."""
    packed: bytes = cbor2.dumps(data)
    return packed


def unpack_map(payload: bytes) -> dict[str, Any]:
    """Read a CBOR map of plain values (no tags that make other objects of them).

    Raises:
        ProtocolError: it is none.
    """
    try:
        data = cbor2.loads(payload)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise ProtocolError(f"no CBOR: {error}") from error
    if not isinstance(data, dict):
        raise ProtocolError("the CBOR is no map")
    _check_plain(data, [0], 0)
    return data


def _check_plain(value: object, nodes: list[int], depth: int) -> None:
    """Refuse all but plain values; shared references could otherwise make a small payload endless."""
    nodes[0] += 1
    if nodes[0] > _MAX_NODES or depth > _MAX_DEPTH:
        raise ProtocolError("the CBOR holds too much")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ProtocolError("a key is no text")
            _check_plain(item, nodes, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, nodes, depth + 1)
    elif not (value is None or isinstance(value, str | bytes | int | float)):
        raise ProtocolError(f"a value is a {type(value).__name__}")


def pack_request(request: Request) -> bytes:
    """A request as a payload."""
    return pack_map({"id": request.id, "op": request.op, "args": request.args})


def unpack_request(payload: bytes) -> Request:
    """Read a request.

    Raises:
        ProtocolError: it is none.
    """
    data = unpack_map(payload)
    number, op, args = data.get("id"), data.get("op"), data.get("args", {})
    if not _is_int(number) or not isinstance(op, str) or not isinstance(args, dict):
        raise ProtocolError("the map is no request")
    return Request(number, op, args)


def pack_reply(reply: Reply) -> bytes:
    """A reply as a payload."""
    if reply.ok:
        return pack_map({"id": reply.id, "ok": True, "result": reply.result})
    return pack_map({"id": reply.id, "ok": False, "error": {"code": reply.code, "text": reply.text}})


def unpack_reply(payload: bytes) -> Reply:
    """Read a reply.

    Raises:
        ProtocolError: it is none.
    """
    data = unpack_map(payload)
    number, ok, result, error = data.get("id"), data.get("ok"), data.get("result"), data.get("error")
    if not _is_int(number) or not isinstance(ok, bool):
        raise ProtocolError("the map is no reply")
    if ok:
        return Reply(number, True, result if isinstance(result, dict) else {})
    error = error if isinstance(error, dict) else {}
    said, text = error.get("code"), error.get("text")
    code = said if isinstance(said, str) and said else "board.error"
    return Reply(
        number,
        False,
        {},
        code,
        text if isinstance(text, str) and text else refusal_text(code),
    )


def pack_event(event: Event) -> bytes:
    """An event as a payload."""
    return pack_map({"event": event.name, **event.data})


def unpack_event(payload: bytes) -> Event:
    """Read an event.

    Raises:
        ProtocolError: it is none.
    """
    data = unpack_map(payload)
    name = data.pop("event", None)
    if not isinstance(name, str):
        raise ProtocolError("the map is no event")
    return Event(name, data)


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32
