"""Payloads: what is packed comes back, and whatever else arrives is refused with a `ProtocolError`."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from motestudio.devices.link import protocol as p
from motestudio.devices.link.description import description_from_cbor, description_from_map, description_to_cbor
from motestudio.devices.link.frames import MAX_PAYLOAD
from motestudio.domain.board import BoardDescription, InferenceFrame, LoadedModel
from motestudio.domain.signal import Channel, ChannelGroup

GROUP = ChannelGroup("imu", 104.0, (Channel("ax", "g", 0.000122), Channel("gx", "°/s", 0.0175, 1.0)))
DESCRIPTION = BoardDescription(
    board_id="virtual",
    name="Virtual board",
    serial_number="A1",
    firmware="mote 1.0",
    groups=(GROUP,),
    capabilities=("stream", "load"),
    flash_bytes=1 << 20,
    ram_bytes=96 << 10,
    virtual=True,
    model=LoadedModel("wand", "0" * 64, ("wave", "idle"), 208, 52),
    gestures=("wave",),
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
maps = st.dictionaries(st.text(), plain, max_size=5)


@given(
    hnp.arrays(np.int16, st.tuples(st.integers(1, 60), st.integers(1, 9))),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**40),
    st.integers(0, 255),
)
def test_samples_come_back(samples: np.ndarray, time_us: int, dropped: int, group: int) -> None:
    block = p.unpack_samples(p.pack_samples(group, time_us, dropped, samples), 99)
    assert (block.group, block.device_time_us, block.host_time_us) == (group, time_us, 99)
    assert block.dropped == dropped & 0xFFFFFFFF
    assert block.samples.dtype == np.int16
    assert np.array_equal(block.samples, samples)


def test_a_full_block_fits_a_frame() -> None:
    for channels in (1, 3, 6, 64):
        n = p.samples_per_block(channels)
        assert (
            MAX_PAYLOAD - 2 * channels < len(p.pack_samples(0, 0, 0, np.zeros((n, channels), np.int16))) <= MAX_PAYLOAD
        )


@given(st.lists(st.integers(-128, 127), max_size=40), st.integers(-128, 127), st.floats(2**-20, 1024, width=32))
def test_inference_comes_back(output: list[int], zero: int, scale: float) -> None:
    frame = InferenceFrame(12, 345, tuple(output), scale, zero, 678)
    assert p.unpack_inference(p.pack_inference(frame)) == frame


@given(maps)
def test_control_maps_come_back(args: dict[str, object]) -> None:
    request = p.Request(7, "start", args)
    assert p.unpack_request(p.pack_request(request)) == request
    reply = p.Reply(7, True, args)
    assert p.unpack_reply(p.pack_reply(reply)) == reply
    event = p.Event("stopped", {k: v for k, v in args.items() if k != "event"})
    assert p.unpack_event(p.pack_event(event)) == event


def test_an_error_reply_always_says_something() -> None:
    refused = p.Reply(3, False, {}, "infer.crashed", "It died.")
    assert p.unpack_reply(p.pack_reply(refused)) == refused
    vague = p.unpack_reply(cbor2.dumps({"id": 3, "ok": False, "error": 5}))
    assert vague.code == "board.error"
    assert vague.text


def test_description_comes_back() -> None:
    assert description_from_cbor(description_to_cbor(DESCRIPTION)) == DESCRIPTION
    bare = replace(DESCRIPTION, model=None)
    assert description_from_cbor(description_to_cbor(bare)) == bare


@given(st.binary(max_size=300))
def test_garbage_is_a_protocol_error_and_nothing_else(payload: bytes) -> None:
    for read in (p.unpack_samples, p.unpack_inference, p.unpack_request, p.unpack_reply, p.unpack_event):
        with contextlib.suppress(p.ProtocolError):
            read(payload)
    with contextlib.suppress(p.ProtocolError):
        description_from_cbor(payload)


@given(maps)
def test_other_maps_are_a_protocol_error_and_nothing_else(data: dict[str, object]) -> None:
    for read in (p.unpack_request, p.unpack_reply, p.unpack_event, description_from_cbor):
        with contextlib.suppress(p.ProtocolError):
            read(cbor2.dumps(data))


def test_a_small_payload_that_unfolds_without_end_is_refused() -> None:
    cyclic = b"\xa1\x61a" + b"\xd8\x1c\x81\xd8\x1d\x00"  # {"a": a list that holds itself}
    with pytest.raises(p.ProtocolError):
        p.unpack_map(cyclic)
    doubling = b"\xa1\x61a" + b"\x81" * 300 + b"\x01"
    with pytest.raises(p.ProtocolError):
        p.unpack_map(doubling)


@pytest.mark.parametrize(
    "change",
    [
        {"groups": []},
        {"groups": [{"name": "imu", "rate_hz": 0, "channels": [{"name": "ax"}]}]},
        {"groups": [{"name": "imu", "rate_hz": float("nan"), "channels": [{"name": "ax"}]}]},
        {"groups": [{"name": "imu", "rate_hz": 104, "channels": []}]},
        {"groups": [{"name": "imu", "rate_hz": 104, "channels": [{"name": "ax"}, {"name": "ax"}]}]},
        {"groups": [{"name": "imu", "rate_hz": 104, "channels": [{"name": "ax", "scale": float("inf")}]}]},
        {"name": 5},
        {"flash_bytes": -1},
        {"model": {"name": "x", "sha256": "zz", "classes": [], "window_samples": 1, "step_samples": 1}},
    ],
)
def test_a_description_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    good = {"name": "b", "groups": [{"name": "imu", "rate_hz": 104, "channels": [{"name": "ax"}]}]}
    assert description_from_map(good).groups[0].rate_hz == 104
    with pytest.raises(p.ProtocolError, match="description"):
        description_from_map({**good, **change})


def test_lengths_that_do_not_match_are_refused() -> None:
    whole = p.pack_samples(0, 1, 0, np.zeros((4, 3), np.int16))
    for cut in (b"", whole[:10], whole[:16], whole[:-1], whole + b"\0"):
        with pytest.raises(p.ProtocolError):
            p.unpack_samples(cut)
    inference = p.pack_inference(InferenceFrame(1, 2, (3, 4), 0.1, 0, 5))
    for cut in (inference[:-1], inference + b"\0"):
        with pytest.raises(p.ProtocolError):
            p.unpack_inference(cut)
