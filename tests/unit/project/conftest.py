"""A signal, a recording folder and a project."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.project.recordings import RecordingStore, RecordingWriter

TEMPLATE = """
board = "nucleo-l476rg"
[[class]]
name = "wave"
target = 20
[[class]]
name = "idle"
[dataset]
test_fraction = 0.25
[budget]
latency_ms = 100.0
[[stage]]
key = "window"
stage = "mote-window/sliding"
[stage.params]
window_s = 1.25
[[stage]]
key = "features"
stage = "mote-imu/scale"
"""


@pytest.fixture
def template():
    return tomllib.loads(TEMPLATE)


@pytest.fixture
def group():
    return ChannelGroup("imu", 100.0, (Channel("ax", "g", 0.000122), Channel("ay", "g", 0.000122, 0.5)))


@pytest.fixture
def store(tmp_path):
    return RecordingStore(tmp_path / "recordings")


@pytest.fixture
def record(store, group):
    """Write a recording of n samples that count up."""

    def write(name="wave-1", n=100, segments=(), **facts):
        writer = RecordingWriter(store.folder, name, group, Facts(**facts), segments)
        samples = np.arange(2 * n, dtype=np.int16).reshape(n, 2)
        writer.append(samples, 5_000_000, 1_700_000_000_000_000)
        writer.finish(Health(rate_hz=99.8))
        return samples

    return write
