"""The recorder process behind a session: takes of exact length, live tails, health, and every way to be unplugged."""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from motestudio.devices import recorder_messages as m
from motestudio.devices.link.frames import encode_frame
from motestudio.devices.link.protocol import Kind, pack_samples
from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.recording import Facts
from motestudio.errors import AppError, DeviceError, ProjectError
from motestudio.project.recordings import RecordingStore
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.virtual import VirtualBoard, start_virtual_board
from support.fake_boards import Wire, fake_board
from support.waiting import until

FACTS = Facts(subject="ana", session="s1")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    with start_virtual_board("virtual", flash_dir=tmp_path_factory.mktemp("flash")) as board:
        yield board


@pytest.fixture
def session(board: VirtualBoard, tmp_path: Path) -> Iterator[DeviceSession]:
    with DeviceSession(board.url, tail_dir=tmp_path / "tails") as session:
        yield session


def test_a_take_has_exactly_its_samples_and_facts(session: DeviceSession, tmp_path: Path) -> None:
    perform = {"gesture": "wave", "seed": 3, "subject": "ana"}
    name = session.record_take(tmp_path / "rec", "wave-001", "wave", FACTS, 208, perform=perform, rate=0, split="test")
    recording = RecordingStore(tmp_path / "rec").load(name)
    assert recording.n_samples == 208
    assert recording.complete
    assert recording.split == "test"
    assert recording.facts == FACTS
    assert [(s.start, s.count, s.label) for s in recording.segments] == [(0, 208, "wave")]
    assert recording.group == session.description.groups[0]
    assert recording.health.lost_samples == 0
    assert recording.health.rate_hz == pytest.approx(104.0, abs=0.1)
    assert len(recording.captures) == 1
    assert recording.captures[0].device_time_us > 0
    assert abs(recording.captures[0].host_time_us / 1e6 - time.time()) < 60


def test_the_same_motion_is_the_same_take_and_real_time_changes_nothing(session: DeviceSession, tmp_path: Path) -> None:
    perform = {"gesture": "circle", "seed": 8, "subject": "ben"}
    store = RecordingStore(tmp_path / "rec")
    samples = []
    for name, rate in (("fast", 0.0), ("quick", 8.0)):
        session.record_take(store.folder, name, "circle", FACTS, 150, perform=perform, rate=rate)
        samples.append(np.array(store.samples(store.load(name))))
    assert np.array_equal(*samples)


def test_takes_follow_each_other_quickly(session: DeviceSession, tmp_path: Path) -> None:
    began = time.monotonic()
    for k in range(60):
        perform = {"gesture": "tap", "seed": k, "subject": "ana"}
        session.record_take(tmp_path / "rec", f"tap-{k}", "tap", FACTS, 52, perform=perform, rate=0)
    # 2000 takes in well under a minute on a quiet computer; this floor leaves room for a busy one.
    assert (time.monotonic() - began) / 60 < 0.05
    assert len(RecordingStore(tmp_path / "rec").all()) == 60


def test_a_take_out_of_a_running_stream_and_its_live_tail(session: DeviceSession, tmp_path: Path) -> None:
    tail = LiveTailReader(session.tail_paths[0])
    session.request("start", rate=5.0)
    until(lambda: tail.total > 50)
    session.record_take(tmp_path / "rec", "live", "idle", FACTS, 100)
    store = RecordingStore(tmp_path / "rec")
    recording = store.load("live")
    assert recording.n_samples == 100
    seen, _ = tail.latest(10_000)
    taken = np.array(store.samples(recording))
    rows = [i for i in range(len(seen) - 99) if np.array_equal(seen[i : i + 100], taken)]
    assert len(rows) == 1, "the live view and the recording are the same samples"
    health = until(lambda: session.health if session.health and session.health.of_lead.rate_hz else None)
    assert health.streaming
    assert health.of_lead.rate_hz == pytest.approx(104.0, abs=0.2)
    assert health.lost == health.crc_errors == 0
    until(lambda: tail.total > 200)
    session.request("stop")
    tail.close()


def test_an_open_take_is_ended_kept_or_thrown_away(session: DeviceSession, tmp_path: Path) -> None:
    events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
    session.on_event = events.put
    for name, keep in (("kept", True), ("gone", False)):
        session.start_take(tmp_path / "rec", name, "idle", FACTS, rate=20.0)
        until(lambda: session.health and session.health.of_lead.recording_samples > 30)
        session.stop_take(keep)
        wanted = m.TakeSaved if keep else m.TakeFailed
        ended = until(lambda kind=wanted: _next(events, kind))
        assert ended.name == name
        until(lambda: session.health and not session.health.of_lead.recording_samples)
    assert RecordingStore(tmp_path / "rec").names() == ["kept"]
    until(lambda: session.health and not session.health.streaming)


def _next(events: queue.SimpleQueue[m.Event], kind: type[m.Event]) -> m.Event | None:
    while not events.empty():
        if isinstance(event := events.get(), kind):
            return event
    return None


def test_takes_that_cannot_be_are_refused(session: DeviceSession, tmp_path: Path) -> None:
    def code(**changes: Any) -> str:
        arguments: dict[str, Any] = {"name": "x", "count": 20, "rate": 0}
        arguments |= changes
        with pytest.raises(AppError) as caught:
            session.record_take(
                tmp_path / "rec", arguments.pop("name"), "idle", FACTS, arguments.pop("count"), **arguments
            )
        assert caught.value.text
        return caught.value.code

    assert code(perform={"gesture": "juggle"}) == "perform.unknown"
    assert code(groups=(3,)) == "take.group"
    assert code(count=0) == "take.empty"
    session.record_take(tmp_path / "rec", "x", "idle", FACTS, 20, rate=0)
    assert code() == "recording.exists"
    session.record_take(tmp_path / "rec", "y", "idle", FACTS, 20, rate=0)
    assert sorted(RecordingStore(tmp_path / "rec").names()) == ["x", "y"]


def test_a_take_after_one_that_failed_has_its_own_stream(session: DeviceSession, tmp_path: Path) -> None:
    session.record_take(tmp_path / "rec", "x", "idle", FACTS, 20, rate=0)
    for k in range(60):
        with pytest.raises(ProjectError, match="already"):
            session.record_take(tmp_path / "rec", "x", "idle", FACTS, 20, rate=0)
        session.record_take(tmp_path / "rec", f"y{k}", "idle", FACTS, 20, rate=0, timeout=10)
    assert all(r.n_samples == 20 for r in RecordingStore(tmp_path / "rec").all())


def test_a_port_has_one_user(board: VirtualBoard, session: DeviceSession, tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        DeviceSession(board.url, tail_dir=tmp_path / "other")
    assert caught.value.code == "device.busy"
    assert caught.value.hint
    assert session.request("describe")["board_id"] == "virtual"


def test_connect_after_connect(board: VirtualBoard, tmp_path: Path) -> None:
    for k in range(3):
        with DeviceSession(board.url, tail_dir=tmp_path / "tails") as session:
            session.request("start", rate=1.0)
            session.record_take(tmp_path / "rec", f"t{k}", "", FACTS, 5, perform={"gesture": "idle"}, rate=0)
        assert list((tmp_path / "tails").iterdir()) == [], "a session leaves no tails behind"


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        DeviceSession("/dev/ttyNOPE9", tail_dir=tmp_path)
    assert caught.value.code == "device.no_port"


def test_a_board_of_another_language(tmp_path: Path) -> None:
    def behave(wire: Wire) -> None:
        while wire.connection.recv(1000):
            wire.raw(b"temp=21.5,hum=40\r\n" * 50)

    with fake_board(behave) as url, pytest.raises(DeviceError) as caught:
        DeviceSession(url, tail_dir=tmp_path)
    assert caught.value.code == "device.silent"
    assert "baud" in caught.value.hint


def blocks(count: int, first: int = 0, size: int = 10, dropped: int = 0) -> list[tuple[int, bytes]]:
    """Blocks of a 100 Hz stream of two channels; every sample holds its own index."""
    out = []
    for k in range(count):
        index = first + k * size
        samples = np.stack([np.arange(index, index + size)] * 2, axis=1).astype(np.int16)
        out.append((Kind.SAMPLES, pack_samples(0, 1_000_000 + index * 10_000, dropped, samples)))
    return out


def test_unplugged_in_the_middle_of_a_take(tmp_path: Path) -> None:
    def behave(wire: Wire) -> None:
        wire.reply(wire.polite(until="start"), {})
        for kind, payload in blocks(7):
            wire.frame(kind, payload)
        wire.raw(encode_frame(Kind.SAMPLES, 7, blocks(1, 70)[0][1])[:-9])

    events: list[m.Event] = []
    with (
        fake_board(behave) as url,
        DeviceSession(url, tail_dir=tmp_path / "t", wait_s=0, on_event=events.append) as session,
    ):
        with pytest.raises(DeviceError) as caught:
            session.record_take(tmp_path / "rec", "cut", "wave", FACTS, 200)
        assert caught.value.code == "take.short"
        assert caught.value.data["samples"] == 70
        until(lambda: session.lost)
        assert session.lost is not None
        assert session.lost.code == "device.gone"
        assert not session.connected
        with pytest.raises(DeviceError, match="gone"):
            session.request("describe")
    saved = [e for e in events if isinstance(e, m.TakeSaved)]
    assert [(e.name, e.n_samples, e.reason) for e in saved] == [("cut", 70, "device.gone")]
    recording = RecordingStore(tmp_path / "rec").load("cut")
    assert (recording.n_samples, recording.complete, recording.segments[0].count) == (70, True, 70)


def test_lost_frames_make_a_gap_and_not_a_shift(tmp_path: Path) -> None:
    def behave(wire: Wire) -> None:
        wire.reply(wire.polite(until="start"), {})
        sent = blocks(20)
        for k, (kind, payload) in enumerate(sent):
            if k in (5, 6):
                continue
            if k == 12:  # damaged on the way
                whole = bytearray(encode_frame(kind, 999, payload))
                whole[20] ^= 4
                wire.raw(bytes(whole))
                continue
            wire.frame(kind, payload, skip=2 if k == 7 else 0)
        wire.polite()

    with fake_board(behave) as url, DeviceSession(url, tail_dir=tmp_path / "t") as session:
        session.record_take(tmp_path / "rec", "gaps", "wave", FACTS, 170)
    store = RecordingStore(tmp_path / "rec")
    recording = store.load("gaps")
    assert [(c.sample_start, c.lost_before) for c in recording.captures] == [(0, 0), (50, 20), (100, 10)]
    assert recording.captures[1].device_time_us == 1_700_000
    assert recording.health.lost_samples == 30
    assert recording.health.crc_errors == 1
    assert recording.health.rate_hz == pytest.approx(100.0)
    index = np.array(store.samples(recording))[:, 0]
    assert list(index) == [*range(50), *range(70, 120), *range(130, 200)]


def test_blocks_of_an_older_stream_stay_out_of_a_take(tmp_path: Path) -> None:
    def behave(wire: Wire) -> None:
        start = wire.polite(until="start")
        for kind, payload in blocks(5, first=9000):
            wire.frame(kind, payload)
        wire.reply(start, {})
        for kind, payload in blocks(5):
            wire.frame(kind, payload)
        wire.polite()

    with fake_board(behave) as url, DeviceSession(url, tail_dir=tmp_path / "t") as session:
        session.record_take(tmp_path / "rec", "own", "", FACTS, 33, perform={"gesture": "wave"})
    store = RecordingStore(tmp_path / "rec")
    assert list(np.array(store.samples(store.load("own")))[:, 0]) == list(range(33))


def test_a_full_disk_keeps_what_was_written(session: DeviceSession, tmp_path: Path) -> None:
    resource.prlimit(session.recorder.child.pid, resource.RLIMIT_FSIZE, (6000, 6000))
    with pytest.raises(ProjectError) as caught:
        session.record_take(tmp_path / "rec", "full", "idle", FACTS, 2080, rate=0)
    assert caught.value.code == "disk.full"
    assert caught.value.hint
    kept = caught.value.data["samples"]
    assert 0 < kept <= 500
    recording = RecordingStore(tmp_path / "rec").load("full")
    assert recording.n_samples == kept
    # The connection outlives it.
    assert session.request("describe")["board_id"] == "virtual"


def test_a_killed_recorder_is_an_error_and_leaves_what_it_had(board: VirtualBoard, tmp_path: Path) -> None:
    with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
        session.start_take(tmp_path / "rec", "killed", "idle", FACTS, rate=20.0)
        until(lambda: session.health and session.health.of_lead.recording_samples > 50)
        os.kill(session.recorder.child.pid, signal.SIGKILL)
        until(lambda: session.lost)
        with pytest.raises(DeviceError) as caught:
            session.request("describe")
        assert caught.value.code == "device.recorder"
    recording = RecordingStore(tmp_path / "rec").load("killed")
    assert recording.n_samples > 50
    assert not recording.complete
    with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
        assert len(list((tmp_path / "t").iterdir())) == 1, "the dead recorder's tail is swept away"


STUDIO = """
import sys, time
from pathlib import Path
from motestudio.domain.recording import Facts
from motestudio.studio.device_session import DeviceSession
url, folder = sys.argv[1], Path(sys.argv[2])
session = DeviceSession(url, tail_dir=folder / "t")
session.start_take(folder / "rec", "orphan", "idle", Facts(), rate=20.0)
while not (session.health and session.health.of_lead.recording_samples > 50):
    time.sleep(0.01)
print(session.recorder.child.pid, flush=True)
time.sleep(60)
"""


def test_a_studio_that_dies_loses_no_sample(board: VirtualBoard, tmp_path: Path) -> None:
    studio = subprocess.Popen(
        [sys.executable, "-c", STUDIO, board.url, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert studio.stdout is not None
    with studio:
        recorder = psutil.Process(int(studio.stdout.readline()))
        studio.kill()
    recorder.wait(10)
    recording = RecordingStore(tmp_path / "rec").load("orphan")
    assert recording.complete, "the recorder finished the take before it ended"
    assert recording.n_samples > 50
    assert recording.sha512
    with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
        assert session.request("describe")["name"]


def test_events_survive_json() -> None:
    reply = m.Reply(4, True, {"a": [1, "ü"]}, {"output": bytes(range(256))})
    assert m.decode_event(m.encode(reply)) == reply
    take = m.StartTake("f", "n", "l", {"subject": "x"}, (0, 1), (9, 3), start={"perform": {"clip": 3}})
    assert m.decode_command(m.encode(take)) == take
    assert json.loads(m.encode(m.Shutdown())) == {"type": "shutdown"}
