"""What is found in a captured stream; the conformance kit cuts it anywhere and feeds garbage."""

from pathlib import Path

import numpy as np
from my_plugin.frames import Frames

PARAMS = {
    "rate_hz": 100.0,
    "channels": 3,
    "byte_order": "little",
    "check_sum": True,
    "unit": "g",
    "full_scale": 4.0,
}
CAPTURE = Path(__file__).parent / "data" / "frames.bin"


def test_a_capture_with_a_boot_message_and_a_broken_frame():
    frames = Frames()
    assert frames.groups(PARAMS) is None
    decoded = [*frames.feed(CAPTURE.read_bytes(), PARAMS), *frames.finish(PARAMS)]
    samples = np.concatenate([d.samples for d in decoded])
    assert samples.shape == (299, 3)
    assert sum(d.skipped for d in decoded) == len("boot: hello\r\n") + 3
    assert frames.groups(PARAMS)[0].rate_hz == 100.0


def test_a_frame_that_is_missing_is_counted():
    def frame(counter):
        body = bytes([counter, 1, 0])
        return b"\xa5" + body + bytes([sum(body) & 0xFF])

    decoded = Frames().feed(frame(254) + frame(255) + frame(2), PARAMS | {"channels": 1})
    assert [(d.lost, len(d.samples)) for d in decoded] == [(0, 2), (2, 1)]


def test_a_value_of_either_byte_order():
    body = bytes([7, 0x12, 0x34])
    frame = b"\xa5" + body + bytes([sum(body) & 0xFF])
    for order, value in (("little", 0x3412), ("big", 0x1234)):
        (decoded,) = Frames().feed(frame, PARAMS | {"channels": 1, "byte_order": order})
        np.testing.assert_array_equal(decoded.samples, [[value]])


def test_it_knows_its_own_stream():
    guess = Frames().guess(CAPTURE.read_bytes())
    assert guess.score > 0.9
    assert guess.params == {"channels": 3}
    assert Frames().guess(bytes(range(256)) * 20).score == 0
