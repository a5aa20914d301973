"""A firmware request whose feature twin is small and known."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.board import BoardFile
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.firmware.feature_code import FeatureCode
from motestudio.firmware.request import FirmwareRequest
from motestudio.sdk.data import FeatureBlock, SignalInfo
from motestudio.sdk.deployable import Deployable

TWIN = """
#include "mote_core.h"

#include "feature_params.h"

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t i = 0; i < MOTE_FEATURE_COUNT; ++i) {
    mote_emit(sink, i, (float)window[i] * MOTE_TEST_GAIN[i % MOTE_CHANNELS]);
  }
}
"""


@pytest.fixture
def gains() -> np.ndarray:
    return np.array([0.1, 1 / 3, 1e-7], dtype=np.float32)


@pytest.fixture
def request_for_firmware(tmp_path: Path, gains: np.ndarray) -> FirmwareRequest:
    source = tmp_path / "plugin" / "test_feature.c"
    source.parent.mkdir()
    source.write_text(TWIN)
    channels = tuple(Channel(n, "g", 0.122e-3) for n in ("ax", "ay", "az"))
    signal = SignalInfo(ChannelGroup("imu", 104.0, channels), 20, 10)
    deployable = Deployable(
        model=b"\0\0\0\0TFL3" + bytes(range(200)),
        classes=("idle", 'wa"ve', "né*/"),
        signal=signal,
        blocks=(FeatureBlock("gain", "test/gain", 1, {}, (20, 3), ("time", "channel")),),
        feature_shape=(20, 3),
        input_scale=0.1,
        input_zero_point=-3,
        output_scale=1 / 256,
        output_zero_point=-128,
    )
    board = BoardFile("test-board", "Test Board", "X", "cortex-m4f", 80_000_000, 65_536, 262_144, "cmsis-nn")
    return FirmwareRequest(
        "My */ wand",
        board,
        deployable,
        ops=("CONV_2D", "FULLY_CONNECTED", "CONV_2D", "SOFTMAX"),
        arena_bytes=8192,
        features=(
            FeatureCode(deployable.blocks[0], {"test_gain": gains, "test_count": 7, "test_offset": 0.25}, (source,)),
        ),
    )


@pytest.fixture
def run():
    """Runs a program as the launcher would: to its end, outputs together."""

    def go(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    return go
