"""Framing: any split gives the same frames, damage costs little, counters are right, memory is bounded."""

from __future__ import annotations

import itertools
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.devices.link.frames import MAX_PAYLOAD, Frame, FrameDecoder, encode_frame

payloads = st.binary(max_size=600)
kinds = st.integers(0, 255)


def stream(frames: list[Frame]) -> bytes:
    return b"".join(encode_frame(*frame) for frame in frames)


def numbered(parts: list[tuple[int, bytes]], first: int = 0) -> list[Frame]:
    return [Frame(kind, (first + i) & 0xFFFF, payload) for i, (kind, payload) in enumerate(parts)]


def feed_in_pieces(decoder: FrameDecoder, data: bytes, cuts: list[int]) -> list[Frame]:
    frames: list[Frame] = []
    edges = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    for a, b in itertools.pairwise(edges):
        frames += decoder.feed(data[a:b])
    return frames


@given(
    st.lists(st.tuples(kinds, payloads), max_size=12),
    st.lists(st.integers(0, 10**6), max_size=30),
    st.integers(0, 65535),
)
def test_any_split_gives_the_same_frames(parts: list[tuple[int, bytes]], cuts: list[int], first: int) -> None:
    sent = numbered(parts, first)
    decoder = FrameDecoder()
    data = stream(sent)
    assert feed_in_pieces(decoder, data, cuts) == sent
    stats = decoder.stats
    assert (stats.frames, stats.bytes) == (len(sent), len(data))
    assert stats.crc_errors == stats.cobs_errors == stats.skipped_bytes == stats.lost_frames == 0


@given(payloads)
def test_byte_by_byte(payload: bytes) -> None:
    decoder = FrameDecoder()
    data = encode_frame(3, 7, payload) * 2
    got = [frame for i in range(len(data)) for frame in decoder.feed(data[i : i + 1])]
    assert got == [Frame(3, 7, payload)] * 2


@given(st.lists(payloads, min_size=4, max_size=10), st.data())
def test_a_flipped_bit_costs_its_frame_and_at_most_one_more(parts: list[bytes], data: st.DataObject) -> None:
    sent = numbered([(1, p) for p in parts])
    raw = bytearray(stream(sent))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    decoder = FrameDecoder()
    got = decoder.feed(bytes(raw))
    assert len(got) >= len(sent) - 2
    assert all(frame in sent for frame in got)
    assert len(got) < len(sent)
    errors = decoder.stats.crc_errors + decoder.stats.cobs_errors
    # Without the last zero the last frame has not ended yet, which is no error.
    assert errors <= 2
    assert errors >= 1 or at == len(raw) - 1


@given(st.lists(payloads, min_size=3, max_size=8), st.data())
def test_a_cut_out_piece_costs_the_frames_it_touched_and_at_most_one_more(
    parts: list[bytes], data: st.DataObject
) -> None:
    sent = numbered([(1, p) for p in parts])
    raw = stream(sent)
    a = data.draw(st.integers(0, len(raw)))
    b = data.draw(st.integers(a, len(raw)))
    ends, position = [], 0
    for frame in sent:
        position += len(encode_frame(*frame))
        ends.append(position)
    touched = sum(1 for start, end in zip([0, *ends], ends, strict=False) if a < end and b > start)
    decoder = FrameDecoder()
    got = decoder.feed(raw[:a] + raw[b:])
    assert len(got) >= len(sent) - touched - 1
    assert all(frame in sent for frame in got)


@given(st.lists(payloads, min_size=2, max_size=6), st.binary(max_size=400), st.data())
def test_noise_between_frames_costs_at_most_the_next_one(parts: list[bytes], noise: bytes, data: st.DataObject) -> None:
    sent = numbered([(1, p) for p in parts])
    at = data.draw(st.integers(0, len(sent)))
    decoder = FrameDecoder()
    got = decoder.feed(stream(sent[:at]) + noise + stream(sent[at:]))
    assert len(got) >= len(sent) - 1
    # 32 bits of checksum let a random frame through once in four thousand million.
    assert all(frame in sent for frame in got)


def test_damage_is_counted_by_kind() -> None:
    good = encode_frame(1, 0, b"x" * 20)
    damaged = bytearray(encode_frame(1, 1, b"y" * 20))
    damaged[10] ^= 1
    decoder = FrameDecoder()
    assert len(decoder.feed(good + bytes(damaged) + b"\x05\x01\0" + b"\x02\x01\0" + encode_frame(1, 2, b""))) == 2
    stats = decoder.stats
    assert (stats.frames, stats.crc_errors, stats.cobs_errors, stats.lost_frames) == (2, 1, 2, 1)
    assert stats.skipped_bytes == len(damaged) - 1 + 2 + 2


@pytest.mark.parametrize(("numbers", "lost"), [
    ([65534, 65535, 0, 1], 0),
    ([65535, 2], 2),
    ([10, 11, 15], 3),
    ([500, 0, 1], 0),
    ([7, 7], 0),
])  # fmt: skip
def test_lost_frames_by_sequence(numbers: list[int], lost: int) -> None:
    decoder = FrameDecoder()
    decoder.feed(b"".join(encode_frame(1, n, b"") for n in numbers))
    assert decoder.stats.lost_frames == lost


def test_endless_garbage_without_a_zero_takes_no_memory() -> None:
    decoder = FrameDecoder()
    garbage = bytes(range(1, 256)) * 200
    for _ in range(100):
        assert decoder.feed(garbage) == []
    held = sum(sys.getsizeof(part) for part in decoder._parts)
    assert held < 4 * MAX_PAYLOAD
    assert decoder.stats.skipped_bytes > 5_000_000 - 2 * MAX_PAYLOAD
    assert decoder.feed(b"\0" + encode_frame(9, 1, b"still alive")) == [Frame(9, 1, b"still alive")]
    assert decoder.stats.cobs_errors == 1


def test_largest_payload_passes_and_a_larger_one_is_refused() -> None:
    payload = bytes(i * 37 % 251 for i in range(MAX_PAYLOAD))
    assert FrameDecoder().feed(encode_frame(16, 1, payload)) == [Frame(16, 1, payload)]
    with pytest.raises(ValueError, match="does not fit"):
        encode_frame(16, 1, payload + b"x")


def test_four_kilobyte_frames_decode_fast_enough_for_any_link() -> None:
    # The fastest link there is (USB full speed) carries 1.2 MB/s; this floor is far above it and far below what a
    # quiet computer does, so that it only fails where decoding by block has been lost.
    data = b"".join(encode_frame(16, i, bytes([i % 251 + 1]) * 4096) for i in range(2000))
    decoder = FrameDecoder()
    began = time.perf_counter()
    for at in range(0, len(data), 65536):
        decoder.feed(data[at : at + 65536])
    seconds = time.perf_counter() - began
    assert decoder.stats.frames == 2000
    assert len(data) / seconds > 10e6
