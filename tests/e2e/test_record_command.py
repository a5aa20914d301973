"""`mote ports` and `mote record` over a serial line: ports as data, a rate that is found, a cable that is pulled."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from motestudio.project.recordings import RecordingStore
from support.command import Mote
from support.fake_boards import SocketCable, Streamer, TerminalCable, Wire


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


def test_microphones_are_listed_or_it_is_said_what_is_missing(mote: Mote) -> None:
    done = mote("--json", "board", "microphones")
    if done.status == 3:
        assert "libportaudio2" in json.loads(done.out)["error"]["hint"]
    else:
        assert done.status == 0
        assert all(row["port"].startswith("mic:") for row in json.loads(done.out))


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


class Teller:
    """A board that prints numbers at 100 Hz and knows nothing of the studio; moves from the second second on."""

    def __init__(self, text: str = "{a},{b}\r\n") -> None:
        self.text, self.sent = text, 0

    def __call__(self, wire: Wire) -> None:
        began, first = time.monotonic(), self.sent
        while True:
            while self.sent - first < (time.monotonic() - began) * 100:
                wire.raw(self.text.format(a=self.sent, b=20_000 if self.sent % 400 > 300 else 10).encode())
                self.sent += 1
            time.sleep(0.005)


def test_a_board_that_prints_numbers_is_recorded_without_being_told_what_it_is(
    mote: Mote, project: Path, tmp_path: Path
) -> None:
    cable = TerminalCable(Teller(), tmp_path / "ttyX")
    done = mote("-p", project, "--json", "record", "wave", "--takes", 1, "--seconds", 1, "--port", cable.url)
    cable.unplug()
    assert done.status == 0, done.err
    assert "Read as Lines of numbers" in done.err
    (recording,) = RecordingStore(project / "recordings").all()
    assert recording.n_samples == pytest.approx(100, abs=3)
    assert json.loads(done.out)["decoder"] == "mote-decoders/lines"
    (take,) = json.loads(done.out)["takes"]
    assert take["lost_samples"] == 0


def test_names_units_and_rate_are_given_to_the_decoder(mote: Mote, project: Path, tmp_path: Path) -> None:
    cable = TerminalCable(Teller(), tmp_path / "ttyX")
    done = mote(
        "-p", project, "record", "wave", "--takes", 1, "--seconds", 0.5, "--port", cable.url, "--decoder", "lines",
        "--decoder-set", "rate_hz=100", "--decoder-set", "names=force,torque", "--decoder-set", "time=none",
        "--site", "hall 3", "--device", "left wrist", "--note", "cold", "--session", "monday",
    )  # fmt: skip
    cable.unplug()
    assert done.status == 0, done.err
    (recording,) = RecordingStore(project / "recordings").all()
    assert [c.name for c in recording.group.channels] == ["force", "torque"]
    assert recording.n_samples == 50
    facts = recording.facts
    assert (facts.site, facts.device, facts.note, facts.session) == ("hall 3", "left wrist", "cold", "monday")


def test_listening_says_what_a_port_sends(mote: Mote, tmp_path: Path) -> None:
    cable = TerminalCable(Teller(), tmp_path / "ttyX")
    done = mote("--json", "board", "listen", "--port", cable.url, "--seconds", 1)
    cable.unplug()
    assert done.status == 0, done.err
    heard = json.loads(done.out)
    assert heard["found"][0]["stage"] == "mote-decoders/lines"
    assert len(heard["groups"][0]["channels"]) == 1  # what counts up is the clock
    assert heard["preview"]


@pytest.mark.parametrize(
    ("option", "said"),
    [("nonsense", "'nonsense' is not key=value"), ("rate_hz=fast", "Rate is 'fast'"), ("colour=red", "'colour'")],
)
def test_a_decoder_parameter_that_is_none_is_refused(mote: Mote, project: Path, option: str, said: str) -> None:
    done = mote("-p", project, "record", "wave", "--port", "socket://127.0.0.1:1", "--decoder-set", option)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_the_signal_begins_the_take_and_the_run_up_belongs_to_it(mote: Mote, project: Path, tmp_path: Path) -> None:
    cable = TerminalCable(Teller(), tmp_path / "ttyX")
    done = mote(
        "-p", project, "record", "wave", "--takes", 1, "--seconds", 1, "--port", cable.url, "--decoder", "lines",
        "--decoder-set", "rate_hz=100", "--decoder-set", "time=none", "--level", 0.3, "--run-up", 0.2,
    )  # fmt: skip
    cable.unplug()
    assert done.status == 0, done.err
    store = RecordingStore(project / "recordings")
    (recording,) = store.all()
    moved = [v > 1000 for v in store.samples(recording)[:, 1]]
    assert moved.index(True) == 20
    assert recording.n_samples == 100


@pytest.mark.parametrize("how", [["--until-stopped"], ["--last", "1.5"]])
def test_ctrl_c_keeps_the_take(mote: Mote, project: Path, how: list[str]) -> None:
    cable = SocketCable(Streamer())
    running = mote.start("-p", project, "--json", "record", "wave", *how, "--port", cable.url)
    said = running.stderr.readline()
    assert "Ctrl+C" in said
    time.sleep(2.2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    cable.unplug()
    assert running.returncode == 0, err
    (recording,) = RecordingStore(project / "recordings").all()
    assert json.loads(out)["recordings"] == [recording.name]
    assert recording.segments[0].label == "wave"
    if how[0] == "--last":
        assert recording.n_samples == 1500
    else:
        assert 1900 < recording.n_samples < 3500


def test_warnings_name_the_channel(mote: Mote, project: Path) -> None:
    done = mote("-p", project, "record", "wave", "--takes", 1, "--seconds", 0.3, "--port", SocketCable(Stuck()).url)
    assert done.status == 0, done.err
    assert "clipped samples on ax" in done.err
    assert "no change on ay" in done.err


class Stuck(Streamer):
    """One channel at its stop now and then, the other dead."""

    def block(self, index: np.ndarray) -> np.ndarray:
        return np.stack([np.where(index % 7, index, 32767), np.full_like(index, 5)], axis=1).astype(np.int16)


def test_a_pause_and_a_countdown_lie_between_takes(mote: Mote, project: Path) -> None:
    cable = SocketCable(Streamer())
    began = time.monotonic()
    done = mote(
        "-p", project, "record", "wave", "--takes", 2, "--seconds", 0.2, "--port", cable.url,
        "--countdown", 0.5, "--pause", 1.0,
    )  # fmt: skip
    cable.unplug()
    assert done.status == 0, done.err
    assert time.monotonic() - began > 2.0
    assert len(RecordingStore(project / "recordings").names()) == 2
