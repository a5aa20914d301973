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
    assert frames.group(PARAMS) is None
    decoded = frames.feed(CAPTURE.read_bytes(), PARAMS)
    assert decoded.samples.shape == (299, 3)
    assert decoded.skipped == len("boot: hello\r\n") + 3
    assert frames.group(PARAMS).rate_hz == 100.0


def test_a_value_of_either_byte_order():
    body = bytes([7, 0x12, 0x34])
    frame = b"\xa5" + body + bytes([sum(body) & 0xFF])
    for order, value in (("little", 0x3412), ("big", 0x1234)):
        decoded = Frames().feed(frame, PARAMS | {"channels": 1, "byte_order": order})
        np.testing.assert_array_equal(decoded.samples, [[value]])
