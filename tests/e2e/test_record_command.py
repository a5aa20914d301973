"""`mote ports` and `mote record` over a serial line: ports as data, a rate that is found, a cable that is pulled."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from motestudio.project.recordings import RecordingStore
from support.command import Mote
from support.fake_boards import SocketCable, Streamer, TerminalCable


@pytest.fixture
def project(mote: Mote, tmp_path: Path) -> Path:
    folder = tmp_path / "wand"
    assert mote("new", folder, "--template", "gesture").status == 0
    return folder


def test_ports_are_a_list_of_facts(mote: Mote) -> None:
    done = mote("--json", "ports")
    assert done.status == 0
    for row in json.loads(done.out):
        assert {"path", "chip", "vid", "pid", "serial_number", "manufacturer", "location", "uart", "lines"} <= set(row)
        assert {"holder", "holder_pid", "holder_name"} <= set(row)


def test_a_serial_board_is_recorded_at_the_rate_that_is_found(mote: Mote, project: Path, tmp_path: Path) -> None:
    cable = TerminalCable(Streamer(), tmp_path / "ttyX")
    done = mote(
        "-p", project, "record", "wave", "--takes", 2, "--seconds", 0.3, "--port", cable.url, "--baud", "auto",
        "--dtr", "off",
    )  # fmt: skip
    cable.unplug()
    assert done.status == 0, done.err
    assert "The board speaks at 115,200 baud." in done.out
    assert [r.n_samples for r in RecordingStore(project / "recordings").all()] == [300, 300]


@pytest.mark.parametrize("baud", ["fast", "0", "-9600"])
def test_a_baud_rate_that_is_none_is_refused(mote: Mote, project: Path, baud: str) -> None:
    done = mote("-p", project, "record", "wave", "--port", "virtual", f"--baud={baud}")
    assert done.status == 2
    assert "neither a rate nor auto" in done.err


def test_a_cable_that_is_pulled_leaves_one_recording_with_a_gap(mote: Mote, project: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)

    def pull() -> None:
        while not board.count("start"):
            time.sleep(0.01)
        time.sleep(0.5)
        cable.unplug()
        time.sleep(0.6)
        cable.plug()

    hand = threading.Thread(target=pull)
    hand.start()
    done = mote("--json", "-p", project, "record", "wave", "--takes", 1, "--seconds", 1.5, "--port", cable.url)
    hand.join()
    cable.unplug()
    assert done.status == 0, done.err
    assert done.json["interruptions"] == 1
    assert done.json["lost_samples"] > 300
    assert "is gone" in done.err
    assert "is back at" in done.err
    (recording,) = RecordingStore(project / "recordings").all()
    assert recording.n_samples == 1500
    assert len(recording.captures) == 2


def test_without_a_wait_the_take_ends_as_it_was(mote: Mote, project: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    hand = threading.Thread(target=lambda: (_until_started(board), cable.unplug()))
    hand.start()
    done = mote(
        "-p", project, "record", "wave", "--takes", 1, "--seconds", 3, "--port", cable.url, "--wait", 0
    )  # fmt: skip
    hand.join()
    assert done.status == 2
    assert "kept as" in done.err
    (recording,) = RecordingStore(project / "recordings").all()
    assert 0 < recording.n_samples < 3000


def _until_started(board: Streamer) -> None:
    while not board.count("start"):
        time.sleep(0.01)
    time.sleep(0.4)
