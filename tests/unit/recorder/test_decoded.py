"""Bytes of a port through a decoder: what was read before the port went is decoded, then the end is told."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.devices.decoder_messages import Fed, Part
from motestudio.devices.transports import gone
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import DeviceError
from motestudio.recorder.decoded import Stream

GROUP = ChannelGroup("g", 100.0, (Channel("a"),))


class Port:
    """Gives some bytes and is gone while more are waited for."""

    url = "/dev/ttyX"

    def __init__(self, data: bytes) -> None:
        self.left = [data]

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        del max_bytes, timeout_s
        if not self.left:
            raise gone(self.url)
        return self.left.pop()

    def write(self, data: bytes) -> None:
        del data

    def close(self) -> None:
        return None


class Decoder:
    """Takes every two bytes for a sample."""

    def feed(self, data: bytes) -> Fed:
        return Fed((Part(0, data, b"", 0, 0),))

    def finish(self) -> Fed:
        return Fed(())


def test_the_last_bytes_before_the_port_went_are_samples() -> None:
    sent = np.arange(40, dtype="<i2")
    stream = Stream(Port(sent.tobytes()), Decoder(), (GROUP,), live=True, early=(), received=0)  # type: ignore[arg-type]
    made = stream.read(0.01)
    assert np.array_equal(np.concatenate([m.block.samples[:, 0] for m in made]), sent)
    assert stream.counts() == (80, 0)
    with pytest.raises(DeviceError) as caught:
        stream.read(0.01)
    assert caught.value.code == "device.gone"
