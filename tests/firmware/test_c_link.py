"""The board's framing against the studio's, both ways, whole and damaged."""

from collections.abc import Callable

import google_crc32c
import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.devices.link.frames import FrameDecoder, encode_frame

MAX_PAYLOAD = 1024

payloads = st.binary(max_size=600) | st.builds(
    lambda n, b: bytes([b]) * n, st.sampled_from([0, 1, 246, 247, 248, 249, 253, 254, 255, 256, 501, 508, 1024]),
    st.sampled_from([0, 1, 255]),
)  # fmt: skip


@pytest.fixture(scope="module")
def link(start_driver: Callable):
    return start_driver("link", "mote_link.c")


def decode(link, data: bytes) -> tuple[list[tuple[int, int, bytes]], list[int]]:
    link.send(f"decode {data.hex()}")
    frames = []
    while (line := link.line()).startswith("frame "):
        _, kind, sequence, *rest = line.split(" ")
        frames.append((int(kind), int(sequence), bytes.fromhex(rest[0])))
    return frames, [int(n) for n in line.split()[1:]]


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # RFC 3720, B.4, and the usual check value.
        (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C), (b"", 0),
    ],
)  # fmt: skip
def test_crc_known_vectors(link, data: bytes, crc: int):
    assert link.ask(f"crc {data.hex()}") == f"{crc:08x} {crc:08x}"


@settings(max_examples=300, deadline=None)
@given(kind=st.integers(0, 255), sequence=st.integers(0, 65535), payload=payloads)
def test_both_sides_write_the_same_bytes_and_read_them(link, kind: int, sequence: int, payload: bytes):
    wire = encode_frame(kind, sequence, payload)
    assert link.ask(f"encode {kind} {sequence} {payload.hex()}") == wire.hex()
    link.ask("reset")
    frames, stats = decode(link, wire)
    assert frames == [(kind, sequence, payload)]
    assert stats == [1, 0, 0, 0, 0]
    decoder = FrameDecoder()
    assert [tuple(f) for f in decoder.feed(wire)] == frames


def test_too_long_a_payload_is_not_encoded(link):
    assert link.ask(f"encode 1 1 {'aa' * (MAX_PAYLOAD + 1)}") == ""


streams = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), payloads),
        st.tuples(st.just("noise"), st.binary(max_size=40)),
        st.tuples(st.just("flip"), payloads),
        st.tuples(st.just("cut"), payloads),
        st.tuples(st.just("long"), st.integers(1100, 3000).map(lambda n: b"\x55" * n + b"\0")),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(streams=streams, data=st.data())
def test_damaged_streams_are_read_alike(link, streams: list[tuple[str, bytes]], data: st.DataObject):
    wire = b""
    for sequence, (what, body) in enumerate(streams):
        if what in ("noise", "long"):
            wire += body
            continue
        frame = bytearray(encode_frame(16, sequence, body))
        if what == "flip":
            frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if what == "cut":
            del frame[data.draw(st.integers(0, len(frame) - 1)) :]
        wire += bytes(frame)
    wire += b"\0"
    link.ask("reset")
    frames, stats = decode(link, wire)
    decoder = FrameDecoder()
    expected = [tuple(f) for f in decoder.feed(wire) if len(f.payload) <= MAX_PAYLOAD]
    # A frame longer than the board's buffer is one that the studio takes and the board drops.
    fits = [chunk for chunk in wire.split(b"\0") if len(chunk) <= len(encode_frame(0, 0, bytes(MAX_PAYLOAD))) - 1]
    if len(fits) == len(wire.split(b"\0")):
        s = decoder.stats
        assert stats == [s.frames, s.crc_errors, s.cobs_errors, s.skipped_bytes, s.lost_frames]
    assert frames == expected


def test_decoder_is_in_step_again_after_an_endless_frame(link):
    link.ask("reset")
    frames, stats = decode(link, b"\x01" * 5000)
    assert frames == []
    frames, stats = decode(link, b"\x01\0" + encode_frame(3, 9, b"good"))
    assert frames == [(3, 9, b"good")]
    assert stats[2] == 1
    assert stats[3] == 5001


def test_cobs_alone_is_not_enough(link):
    link.ask("reset")
    body = b"\x01\x00\x00payload"
    wrong = google_crc32c.value(body) ^ 1
    frames, stats = decode(link, cobs.encode(body + wrong.to_bytes(4, "little")) + b"\0")
    assert (frames, stats[1]) == ([], 1)
