"""A board that goes and comes back: the recorder waits for it and goes on in the same recording, with a gap."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motestudio.devices import recorder_messages as m
from motestudio.devices.ports import PortInfo
from motestudio.domain.recording import Facts
from motestudio.errors import DeviceError
from motestudio.project.recordings import RecordingStore
from motestudio.recorder import board as recorder_board
from motestudio.recorder.recorder import Recorder
from motestudio.studio.device_session import DeviceSession
from support.fake_boards import SocketCable, Streamer, TerminalCable, Wire
from support.waiting import until

RATE = Streamer.RATE
AWAY = 0.8
FACTS = Facts(subject="ana")


class Told(list[m.Event]):
    """The events of a session."""

    def of(self, kind: type[Any]) -> list[Any]:
        return [e for e in self if isinstance(e, kind)]

    def wait(self, kind: type[Any], seconds: float = 10.0) -> Any:
        return until(lambda: self.of(kind), seconds)[-1]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture(params=["socket", "terminal"])
def cable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SocketCable | TerminalCable]:
    board = Streamer()
    made = SocketCable(board) if request.param == "socket" else TerminalCable(board, tmp_path / "port")
    yield made
    made.unplug()


def away(cable: SocketCable | TerminalCable, told: Told, seconds: float = AWAY) -> None:
    """Unplug for a while."""
    cable.unplug()
    told.wait(m.Lost)
    time.sleep(seconds)
    cable.plug()
    told.wait(m.Reconnected)


def recorded(session: DeviceSession) -> int:
    return session.health.of_lead.recording_samples if session.health else 0


def test_a_take_goes_on_when_the_board_is_back(cable: SocketCable | TerminalCable, told: Told, tmp_path: Path) -> None:
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "long", "wave", FACTS)
        until(lambda: recorded(session) > 200)
        away(cable, told)
        before = max(e.of_lead.recording_samples for e in told.of(m.Health))
        until(lambda: recorded(session) > before + 200)
        session.stop_take()
        saved = told.wait(m.TakeSaved)
        assert session.connected
        assert not session.away
    lost, back = told.wait(m.Lost), told.wait(m.Reconnected)
    assert (lost.code, lost.recording, lost.wait_s) == ("device.gone", "long", 30.0)
    assert AWAY < back.away_s < AWAY + 2
    assert saved.reason == "asked"
    recording = RecordingStore(tmp_path / "rec").load("long")
    assert recording.complete
    first, second = recording.captures
    # The board's clock began anew, so what is missing follows from this computer's clock, and is said to.
    assert second.estimated
    assert second.away_us / 1e6 == pytest.approx(back.away_s, abs=0.4)
    assert second.lost_before == pytest.approx(second.away_us / 1e6 * RATE, rel=0.02)
    assert recording.health.lost_samples == second.lost_before == saved.lost
    seconds = (second.host_time_us - first.host_time_us) / 1e6
    assert (second.sample_start + second.lost_before) / RATE == pytest.approx(seconds, abs=0.2)
    samples = np.array(RecordingStore(tmp_path / "rec").samples(recording))[:, 0]
    for part in (samples[: second.sample_start], samples[second.sample_start :]):
        assert np.all(np.diff(part) == 1), "each side of the gap is whole"


def test_what_is_missing_is_counted_where_the_boards_clock_went_on(told: Told, tmp_path: Path) -> None:
    cable = SocketCable(Streamer(keeps_time=True))
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "cut", "wave", FACTS)
        until(lambda: recorded(session) > 200)
        away(cable, told)
        until(lambda: recorded(session) > 600)
        session.stop_take()
        told.wait(m.TakeSaved)
    cable.unplug()
    recording = RecordingStore(tmp_path / "rec").load("cut")
    samples = np.array(RecordingStore(tmp_path / "rec").samples(recording))[:, 0]
    second = recording.captures[1]
    assert not second.estimated
    step = int(samples[second.sample_start]) - int(samples[second.sample_start - 1]) - 1
    assert abs(second.lost_before - step) <= 1


def test_a_take_of_a_set_length_gets_all_of_its_samples(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "set", "wave", FACTS, 900)
        until(lambda: recorded(session) > 200)
        away(cable, told, 0.3)
        saved = told.wait(m.TakeSaved)
    cable.unplug()
    assert (saved.n_samples, saved.reason) == (900, "count")
    recording = RecordingStore(tmp_path / "rec").load("set")
    starts = [r.args["count"] for r in board.asked if r.op == "start"]
    assert starts[0] == 900
    assert starts[1] == 900 - recording.captures[1].sample_start


def test_a_stream_that_is_only_watched_goes_on(cable: SocketCable | TerminalCable, told: Told, tmp_path: Path) -> None:
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.request("infer_start", every=3)
        session.request("start", count=0)
        until(lambda: session.health and session.health.of_lead.samples > 100)
        cable.unplug()
        told.wait(m.Lost)
        assert session.connected
        assert session.away
        with pytest.raises(DeviceError) as caught:
            session.request("describe")
        assert caught.value.code == "device.away"
        with pytest.raises(DeviceError) as caught:
            session.record_take(tmp_path / "rec", "no", "wave", FACTS, 20)
        assert caught.value.code == "device.away"
        tick = told.wait(m.Reconnecting)
        assert 0 < tick.away_s < tick.wait_s
        assert tick.why
        cable.plug()
        told.wait(m.Reconnected)
        then = session.health.of_lead.samples if session.health else 0
        until(lambda: session.health and session.health.streaming and session.health.of_lead.samples > then + 100)
        assert session.request("describe")["name"] == "Fake board"
        assert session.health is not None
        assert session.health.lost > 0
    board = cable.behave
    assert isinstance(board, Streamer)
    assert board.count("start") == board.count("infer_start") == 2


def test_a_board_that_was_silent_stays_so(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        away(cable, told, 0.1)
        assert session.request("describe")["name"] == "Fake board"
    cable.unplug()
    assert board.count("start") == 0


def test_a_board_that_does_not_come_back_leaves_what_was_recorded(
    cable: SocketCable | TerminalCable, told: Told, tmp_path: Path
) -> None:
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", wait_s=0.7, on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "half", "wave", FACTS)
        until(lambda: recorded(session) > 200)
        cable.unplug()
        began = time.monotonic()
        saved = told.wait(m.TakeSaved)
        assert 0.6 < time.monotonic() - began < 3
        assert saved.reason == "device.gone"
        until(lambda: session.lost)
        assert not session.connected
    recording = RecordingStore(tmp_path / "rec").load("half")
    assert recording.complete
    assert recording.n_samples == saved.n_samples >= 200
    assert len(recording.captures) == 1


def test_stop_while_waiting_works_at_once(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "stopped", "wave", FACTS)
        until(lambda: recorded(session) > 100)
        cable.unplug()
        told.wait(m.Lost)
        began = time.monotonic()
        session.stop_take()
        assert told.wait(m.TakeSaved).reason == "asked"
        assert time.monotonic() - began < 0.5
        cable.plug()
        told.wait(m.Reconnected)
        time.sleep(0.2)
    assert board.count("start") == 1, "a stream of the take alone does not come back without it"
    cable.unplug()


def test_leaving_while_waiting_works_at_once(told: Told, tmp_path: Path) -> None:
    cable = SocketCable(Streamer())
    session = DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append)
    session.start_take(tmp_path / "rec", "left", "wave", FACTS)
    until(lambda: recorded(session) > 100)
    cable.unplug()
    told.wait(m.Lost)
    began = time.monotonic()
    session.close()
    assert time.monotonic() - began < 1.5
    assert RecordingStore(tmp_path / "rec").load("left").complete
    assert session.recorder.child.poll() == 0


def test_a_board_that_comes_back_as_another_ends_the_wait(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "old", "wave", FACTS)
        until(lambda: recorded(session) > 100)
        cable.unplug()
        told.wait(m.Lost)
        group = {**board.description["groups"][0], "rate_hz": 500.0}
        cable.behave = Streamer(description={**board.description, "groups": [group]})
        cable.plug()
        assert told.wait(m.TakeSaved).reason == "device.changed"
        error = until(lambda: session.lost)
        assert error.code == "device.changed"
        assert "other channels or rates" in error.text
    cable.unplug()


def test_another_board_at_the_same_address_is_not_taken_for_it(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.request("start", count=0)
        cable.unplug()
        told.wait(m.Lost)
        cable.behave = Streamer(description={**board.description, "serial_number": "0THER"})
        cable.plug()
        until(lambda: any("0THER" in e.why for e in told.of(m.Reconnecting)))
        cable.unplug()
        cable.behave = board
        cable.plug()
        told.wait(m.Reconnected)
        assert session.connected
    cable.unplug()


def test_a_wire_that_is_too_slow_for_the_signal_is_known_once_connected(told: Told, tmp_path: Path) -> None:
    cable = SocketCable(Streamer())
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        assert (session.baud, session.uart) == (0, False)
        assert session.too_slow() is None, "a socket has no baud rate"
        session.baud, session.uart = 9600, True
        slow = session.too_slow(0)
        assert slow is not None
        assert slow.needed == 57600
    cable.unplug()


def test_found_by_its_serial_number_at_another_port(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder itself, without its process: the list of ports is the test's."""
    plugged: list[PortInfo] = []
    monkeypatch.setattr(recorder_board, "known_ports", lambda: list(plugged))

    def port(cable: TerminalCable, serial_number: str, location: str) -> PortInfo:
        return PortInfo(cable.url, "", 0x10C4, 0xEA60, serial_number, "", location)

    first = TerminalCable(Streamer(), tmp_path / "ttyUSB0")
    other = TerminalCable(Streamer(), tmp_path / "ttyUSB1")
    plugged += [port(first, "A1", "1-1:1.0"), port(other, "B2", "1-2:1.0")]
    recorder = Recorder(told.append)
    recorder.do(m.Connect(first.url, 115200, str(tmp_path / "t"), "off"))
    assert told.wait(m.Connected).uart
    recorder.do(m.Request(1, "start", {"count": 0}))
    until(lambda: any(e.of_lead.samples > 100 for e in told.of(m.Health)))
    del plugged[0]
    first.unplug()
    told.wait(m.Lost)
    time.sleep(0.5)
    assert not told.of(m.Reconnected), "the other board is not the one"
    again = TerminalCable(Streamer(), tmp_path / "ttyUSB2")
    plugged.append(port(again, "A1", "1-3:1.0"))
    assert told.wait(m.Reconnected).url == again.url
    then = len(told.of(m.Health))
    until(lambda: any(e.of_lead.samples > 200 for e in told.of(m.Health)[then:]))
    recorder.close()
    for cable in (again, other):
        cable.unplug()


def test_a_board_that_is_reset_behind_its_bridge_is_asked_again(
    cable: SocketCable | TerminalCable, told: Told, tmp_path: Path
) -> None:
    board = cable.behave
    assert isinstance(board, Streamer)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "reset", "wave", FACTS)
        until(lambda: recorded(session) > 200)
        board.reset()
        assert told.wait(m.Lost).code == "device.stalled"
        told.wait(m.Reconnected)
        then = recorded(session)
        until(lambda: recorded(session) > then + 200)
        session.stop_take()
        told.wait(m.TakeSaved)
    second = RecordingStore(tmp_path / "rec").load("reset").captures[1]
    assert second.estimated
    assert 3 < second.away_us / 1e6 < 5


def test_a_stream_that_ended_by_its_count_is_not_missed(told: Told, tmp_path: Path) -> None:
    board = Streamer()
    cable = SocketCable(board)
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.request("start", count=100)
        until(lambda: session.health and session.health.of_lead.samples == 100)
        time.sleep(3.5)
        assert not told.of(m.Lost)
    cable.unplug()


def test_one_gap_after_the_other(told: Told, tmp_path: Path) -> None:
    cable = SocketCable(Streamer())
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "often", "wave", FACTS)
        for turn in range(6):
            at = recorded(session)
            # The last ones go before a block, or even the answer to describe, could come.
            until(lambda at=at: recorded(session) > at + 50) if turn < 4 else time.sleep(0.02 * turn)
            cable.unplug()
            until(lambda: session.away)
            cable.plug()
        until(lambda: not session.away)
        at = recorded(session)
        until(lambda: recorded(session) > at + 50)
        session.stop_take()
        saved = told.wait(m.TakeSaved)
        assert session.connected
    store = RecordingStore(tmp_path / "rec")
    recording = store.load("often")
    assert recording.n_samples == saved.n_samples
    starts = [c.sample_start for c in recording.captures]
    assert len(starts) >= 5
    samples = np.array(store.samples(recording))[:, 0]
    for part in np.split(samples, starts[1:]):
        assert np.all(np.diff(part) == 1)


def test_a_board_that_answers_but_streams_no_more_is_given_up_in_time(told: Told, tmp_path: Path) -> None:
    class Dumb(Streamer):
        """Says who it is, and is deaf to everything else."""

        def __call__(self, wire: Wire) -> None:
            while True:
                request = wire.request()
                if request.op == "describe":
                    wire.reply(request, self.description)

    cable = SocketCable(Streamer())
    with DeviceSession(cable.url, tail_dir=tmp_path / "t", wait_s=5.0, on_event=told.append) as session:
        session.start_take(tmp_path / "rec", "half", "wave", FACTS)
        until(lambda: recorded(session) > 100)
        cable.unplug()
        cable.behave = Dumb()
        cable.plug()
        saved = told.wait(m.TakeSaved, 15)
        assert saved.reason == "device.gone"
        assert not told.of(m.Reconnected)
        assert len(told.of(m.Lost)) <= 3
    cable.unplug()
