"""The virtual board as a process: both kinds of port, restarts, and a way to end that leaves nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from motestudio.devices.client import BoardClient
from motestudio.devices.transports import open_transport
from motestudio.domain.recording import Facts
from motestudio.domain.signal import SampleBlock
from motestudio.errors import DeviceError
from motestudio.project.recordings import RecordingStore
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.virtual import start_virtual_board


@pytest.mark.parametrize("transport", ["socket", "pty"])
def test_both_ports_record_the_same(tmp_path: Path, transport: str) -> None:
    with (
        start_virtual_board("virtual", flash_dir=tmp_path / "flash", transport=transport) as board,
        DeviceSession(board.url, tail_dir=tmp_path / "tails") as session,
    ):
        perform = {"gesture": "figure8", "seed": 1, "subject": "ana"}
        session.record_take(tmp_path / "rec", "a", "figure8", Facts(), 2000, perform=perform, rate=0)
    store = RecordingStore(tmp_path / "rec")
    recording = store.load("a")
    assert (recording.n_samples, recording.health.lost_samples, recording.health.crc_errors) == (2000, 0, 0)
    assert np.linalg.norm(
        recording.group.to_physical(store.samples(recording))[:10, :3], axis=1
    ).mean() == pytest.approx(1.0, abs=0.1)


def test_a_pseudo_terminal_has_one_user_and_takes_the_next(tmp_path: Path) -> None:
    with start_virtual_board("virtual", flash_dir=tmp_path / "flash", transport="pty") as board:
        with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
            session.request("start")
            with pytest.raises(DeviceError) as caught:
                DeviceSession(board.url, tail_dir=tmp_path / "t2")
            assert caught.value.code == "device.busy"
        # The board may still be streaming into the line, as a real one would.
        with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
            assert session.description.virtual


def test_real_time_is_real_time(tmp_path: Path) -> None:
    with start_virtual_board("virtual", flash_dir=tmp_path / "flash") as board:
        client = BoardClient(open_transport(board.url))
        client.describe()
        began = time.monotonic()
        client.request("start", {"count": 104})
        got, first = 0, 0.0
        while got < 104:
            for message in client.poll(1.0):
                if isinstance(message, SampleBlock):
                    first = first or time.monotonic() - began
                    got += len(message.samples)
        assert got == 104
        assert 0.95 < time.monotonic() - began < 1.6
        assert first < 0.3
        client.close()


def test_a_client_that_leaves_stops_the_stream_for_the_next(tmp_path: Path) -> None:
    with start_virtual_board("virtual", flash_dir=tmp_path / "flash") as board:
        for _ in range(3):
            client = BoardClient(open_transport(board.url))
            assert client.describe().board_id == "virtual"
            assert not any(isinstance(m, SampleBlock) for m in client.poll(0.05))
            client.request("start", {"rate": 50.0})
            client.close()


def test_a_slow_reader_makes_the_board_drop_and_the_gap_is_seen(tmp_path: Path) -> None:
    with start_virtual_board("virtual", flash_dir=tmp_path / "flash") as board:
        client = BoardClient(open_transport(board.url))
        client.request("start", {"rate": 5000.0})
        time.sleep(1.5)  # some megabytes, more than socket buffers hold
        dropped, limit = 0, time.monotonic() + 10
        while not dropped and time.monotonic() < limit:
            dropped = max([m.dropped for m in client.poll(0.5) if isinstance(m, SampleBlock)], default=0)
        assert dropped > 0
        client.close()


def test_recorded_clips_are_its_sensor(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    clip = rng.integers(-3000, 3000, (400, 1), dtype=np.int16)
    folder = tmp_path / "clips"
    folder.mkdir()
    np.save(folder / "clips.npy", clip.reshape(-1))
    group = {
        "name": "audio",
        "rate_hz": 8000.0,
        "channels": [{"name": "mic", "unit": "", "scale": 3e-5, "offset": 0.0}],
    }
    row = {"name": "seven", "label": "seven", "start": 0, "count": 400}
    (folder / "clips.json").write_text(json.dumps({"group": group, "clips": [row]}))
    with (
        start_virtual_board("virtual", sensor=f"replay:{folder}", flash_dir=tmp_path / "flash") as board,
        DeviceSession(board.url, tail_dir=tmp_path / "t") as session,
    ):
        assert session.description.groups[0].name == "audio"
        session.record_take(tmp_path / "rec", "seven", "seven", Facts(), 400, perform={"clip": 0}, rate=0)
    store = RecordingStore(tmp_path / "rec")
    assert np.array_equal(store.samples(store.load("seven")), clip)


@pytest.mark.parametrize(
    ("board", "sensor", "code"),
    [
        ("no-such-board", "imu", "board.unknown"),
        ("virtual", "nose", "sensor.unknown"),
        ("virtual", "replay:/nowhere", "sensor.unreadable"),
    ],
)
def test_a_board_that_cannot_start_says_why(tmp_path: Path, board: str, sensor: str, code: str) -> None:
    with pytest.raises(DeviceError) as caught:
        start_virtual_board(board, sensor=sensor, flash_dir=tmp_path)
    assert caught.value.code == code
    assert caught.value.hint


def test_closing_it_leaves_no_process(tmp_path: Path) -> None:
    board = start_virtual_board("virtual", flash_dir=tmp_path)
    process = psutil.Process(board.child.pid)
    board.close()
    assert not process.is_running()
