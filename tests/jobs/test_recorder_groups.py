"""Takes of several channel groups on one clock, takes that begin in the past, and labels made while a take runs."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from motestudio.devices import recorder_messages as m
from motestudio.devices.link.protocol import Kind, pack_samples
from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.recording import Facts
from motestudio.project.recordings import RecordingStore
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.virtual import VirtualBoard, start_virtual_board
from support.fake_boards import Wire, fake_board
from support.waiting import until

FACTS = Facts(subject="ana")
IMU, AUDIO = 0, 1


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    folder = tmp_path_factory.mktemp("flash")
    with start_virtual_board("virtual", sensor="imu+microphone", flash_dir=folder) as board:
        yield board


@pytest.fixture
def session(board: VirtualBoard, tmp_path: Path) -> Iterator[DeviceSession]:
    with DeviceSession(board.url, tail_dir=tmp_path / "tails") as session:
        yield session


def ended(session: DeviceSession) -> queue.SimpleQueue[m.Event]:
    events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
    session.on_event = lambda e: events.put(e) if isinstance(e, m.TakeSaved | m.TakeFailed | m.TakeBegan) else None
    return events


def test_two_groups_are_two_recordings_of_one_take_on_one_clock(session: DeviceSession, tmp_path: Path) -> None:
    events = ended(session)
    perform = {"gesture": "wave", "seed": 3, "subject": "ana"}
    name = session.record_take(
        tmp_path / "rec", "t", "wave", FACTS, 208, perform=perform, rate=4.0, groups=(IMU, AUDIO)
    )
    began, saved = events.get(timeout=5), events.get(timeout=5)
    assert isinstance(began, m.TakeBegan)
    assert isinstance(saved, m.TakeSaved)
    assert name == "t-imu"
    assert saved.recordings == ("t-imu", "t-audio")
    assert [part.name for part in began.parts] == ["t-imu", "t-audio"]
    store = RecordingStore(tmp_path / "rec")
    imu, audio = store.load("t-imu"), store.load("t-audio")
    assert (imu.n_samples, audio.n_samples) == (208, 32000)
    assert imu.take == audio.take == "t"
    assert [s.label for s in (*imu.segments, *audio.segments)] == ["wave", "wave"]
    assert audio.segments[0].count == 32000
    # One oscillator: both begin at the same moment of the board's clock, within what a stamp is late.
    assert imu.captures[0].device_time_us == pytest.approx(audio.captures[0].device_time_us, abs=1000)
    assert imu.health.lost_samples == audio.health.lost_samples == 0


def test_the_collection_is_sigmf_and_follows_its_recordings(session: DeviceSession, tmp_path: Path) -> None:
    session.record_take(tmp_path / "rec", "t", "wave", FACTS, 50, rate=0, groups=(IMU, AUDIO))
    store = RecordingStore(tmp_path / "rec")
    path = tmp_path / "rec" / "t.sigmf-collection"

    def streams() -> list[dict[str, str]]:
        body = json.loads(path.read_text())["collection"]
        assert body["core:version"] == "1.2.6"
        for row in body["core:streams"]:
            meta = (tmp_path / "rec" / f"{row['name']}.sigmf-meta").read_bytes()
            assert hashlib.sha512(meta).hexdigest() == row["hash"]
        rows: list[dict[str, str]] = body["core:streams"]
        return rows

    assert [row["name"] for row in streams()] == ["t-imu", "t-audio"], "the lead first"
    store.set_facts("t-audio", Facts(subject="ben"))
    streams()
    store.delete("t-imu")
    assert [row["name"] for row in streams()] == ["t-audio"]
    store.restore("t-imu")
    assert {row["name"] for row in streams()} == {"t-imu", "t-audio"}
    for name in ("t-imu", "t-audio"):
        store.delete(name)
    assert not path.exists()
    assert "t" in store.names_in_use(), "the take may be restored"


def test_a_running_stream_is_cut_at_one_moment_in_all_groups(session: DeviceSession, tmp_path: Path) -> None:
    session.request("start", groups=[IMU, AUDIO], rate=1.0)
    tails = [LiveTailReader(path) for path in session.tail_paths]
    until(lambda: all(t.total > t.group.rate_hz for t in tails))
    session.record_take(tmp_path / "rec", "cut", "idle", FACTS, 104, groups=(AUDIO, IMU), timeout=20)
    store = RecordingStore(tmp_path / "rec")
    imu, audio = store.load("cut-imu"), store.load("cut-audio")
    assert (imu.n_samples, audio.n_samples) == (1, 104), "the count is the lead's"
    assert abs(imu.captures[0].device_time_us - audio.captures[0].device_time_us) <= 1e6 / 104
    for tail, recording in zip(tails, (imu, audio), strict=True):
        seen, taken = tail.latest(tail.capacity)[0], np.array(store.samples(recording))
        rows = np.flatnonzero(seen[:, 0] == taken[0, 0])
        assert any(np.array_equal(seen[i : i + len(taken)], taken) for i in rows), "the same samples as on the screen"
        tail.close()
    until(lambda: session.health and all(g.samples > 0 for g in session.health.groups))


def test_what_has_just_been_seen_is_kept(session: DeviceSession, tmp_path: Path) -> None:
    events = ended(session)
    session.request("start", groups=[IMU, AUDIO], rate=1.0)
    tails = [LiveTailReader(path) for path in session.tail_paths]
    until(lambda: tails[IMU].total > 250)
    session.start_take(tmp_path / "rec", "kept", "", FACTS, 208, groups=(IMU, AUDIO), back_s=2.0)
    began, saved = events.get(timeout=5), events.get(timeout=5)
    assert isinstance(began, m.TakeBegan)
    assert isinstance(saved, m.TakeSaved)
    assert saved.reason == "count"
    store = RecordingStore(tmp_path / "rec")
    for tail, part in zip(tails, began.parts, strict=True):
        recording = store.load(part.name)
        assert np.array_equal(tail.window(part.first, recording.n_samples)[0], store.samples(recording))
        assert recording.complete
        tail.close()
    assert store.load("kept-imu").n_samples == 208
    assert store.load("kept-audio").n_samples == pytest.approx(32000, abs=2)
    session.request("describe")


def test_a_take_begins_with_a_run_up_before_a_sample(session: DeviceSession, tmp_path: Path) -> None:
    events = ended(session)
    session.request("start", rate=1.0)
    tail = LiveTailReader(session.tail_paths[IMU])
    until(lambda: tail.total > 150)
    session.start_take(tmp_path / "rec", "late", "wave", FACTS, 120, since=100, back_s=0.25)
    began, saved = events.get(timeout=5), events.get(timeout=5)
    assert isinstance(began, m.TakeBegan)
    assert isinstance(saved, m.TakeSaved)
    assert began.parts[0].first == 74
    recording = RecordingStore(tmp_path / "rec").load("late")
    assert np.array_equal(tail.window(74, 120)[0], RecordingStore(tmp_path / "rec").samples(recording))
    tail.close()


def test_no_take_reaches_back_beyond_the_tail(session: DeviceSession, tmp_path: Path) -> None:
    events = ended(session)
    session.request("start", rate=1.0)
    tail = LiveTailReader(session.tail_paths[IMU])
    until(lambda: tail.total > 30)
    session.start_take(tmp_path / "rec", "long", "", FACTS, 40, back_s=1e6)
    assert isinstance(began := events.get(timeout=5), m.TakeBegan)
    assert began.parts[0].first == 0
    assert isinstance(events.get(timeout=5), m.TakeSaved)
    tail.close()


def test_labels_are_on_the_disk_the_moment_they_are_made(board: VirtualBoard, tmp_path: Path) -> None:
    store = RecordingStore(tmp_path / "rec")
    with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
        events = ended(session)
        session.start_take(tmp_path / "rec", "live", "", FACTS, rate=2.0, groups=(IMU, AUDIO))
        began = events.get(timeout=5)
        assert isinstance(began, m.TakeBegan)
        first = began.parts[0].first
        until(lambda: session.health and session.health.of_lead.recording_samples > 120)
        session.mark_label("wave", first + 20, first + 60)
        session.mark_label("tap", first + 40, first + 100)
        session.mark_label("oops", first + 100, first + 110)
        session.unmark_label("oops", first + 100)
        until(lambda: len(store.load("live-imu").segments) == 2 and len(store.load("live-audio").segments) == 2)
        os.kill(session.recorder.child.pid, signal.SIGKILL)
        until(lambda: session.lost)
    imu, audio = store.load("live-imu"), store.load("live-audio")
    assert not imu.complete
    assert [(s.start, s.count, s.label) for s in imu.segments] == [(20, 40, "wave"), (40, 60, "tap")]
    assert audio.segments[0].start / 16000 == pytest.approx(20 / 104, abs=0.02)
    assert audio.segments[0].count / 16000 == pytest.approx(40 / 104, abs=0.01)


def test_the_label_of_a_whole_take_survives_a_killed_recorder(board: VirtualBoard, tmp_path: Path) -> None:
    with DeviceSession(board.url, tail_dir=tmp_path / "t") as session:
        session.start_take(tmp_path / "rec", "killed", "wave", FACTS, rate=20.0)
        until(lambda: session.health and session.health.of_lead.recording_samples > 50)
        os.kill(session.recorder.child.pid, signal.SIGKILL)
        until(lambda: session.lost)
    with (tmp_path / "rec" / "killed.sigmf-data").open("ab") as file:
        file.write(b"\x01\x02\x03")  # and the power went in the middle of a sample
    recording = RecordingStore(tmp_path / "rec").load("killed")
    assert recording.n_samples > 50
    assert [(s.start, s.count, s.label) for s in recording.segments] == [(0, recording.n_samples, "wave")]


def test_takes_of_strange_groups_are_refused_and_the_recorder_goes_on(session: DeviceSession, tmp_path: Path) -> None:
    events = ended(session)
    for groups in ((), (0, 0), (-1,), (0, 5)):
        session.start_take(tmp_path / "rec", "x", "", FACTS, 10, groups=groups)
        refused = events.get(timeout=5)
        assert isinstance(refused, m.TakeFailed)
        assert refused.code == "take.group"
    session.recorder.send(m.StartTake(str(tmp_path / "rec"), "x", "", {}, (0, 1), (3,)))
    assert isinstance(events.get(timeout=5), m.TakeFailed)
    session.record_take(tmp_path / "rec", "x", "", FACTS, 10, rate=0)


def test_figures_of_every_group_are_told_and_kept(tmp_path: Path) -> None:
    """A board whose clock is fast, that throws samples away, and whose first channel is dead and last one clips."""
    ppm, rate, size = 400.0, 200.0, 20
    groups = [{"name": "imu", "rate_hz": rate, "channels": [{"name": c} for c in ("dead", "moves", "clips")]}]

    def behave(wire: Wire) -> None:
        start = None
        sent = dropped = 0
        began = 0.0
        import time

        while True:
            request = wire.poll(0.002)
            if request is not None:
                wire.reply(request, {"name": "Fast", "groups": groups} if request.op == "describe" else {})
                if request.op == "start":
                    start, sent, began = request, 0, time.monotonic()
            while start is not None and time.monotonic() - began >= (sent + size) / rate:
                at_us = round(5e6 + sent / rate * 1e6 * (1 + ppm * 1e-6))
                if sent == 10 * size:
                    dropped += size
                else:
                    values = np.arange(sent, sent + size)
                    block = np.stack([values * 0 + 7, values % 3000, values * 0 + 32767], axis=1).astype(np.int16)
                    wire.frame(Kind.SAMPLES, pack_samples(0, at_us, dropped, block))
                sent += size

    with fake_board(behave) as url, DeviceSession(url, tail_dir=tmp_path / "t") as session:
        session.record_take(tmp_path / "rec", "figures", "wave", FACTS, 1500)
        told = until(lambda: session.health if session.health and session.health.of_lead.drift_error_ppm else None, 20)
    figures = told.of_lead
    assert figures.drift_ppm == pytest.approx(ppm, abs=max(60.0, 3 * figures.drift_error_ppm))
    assert (figures.gaps, figures.lost, figures.dropped) == (1, size, size)
    assert 0 <= figures.jitter_p50_ms <= figures.jitter_ms <= figures.jitter_max_ms < 1
    assert told.free_bytes > 0
    assert told.seconds_left == pytest.approx(told.free_bytes / (rate * 6), rel=0.01)
    kept = RecordingStore(tmp_path / "rec").load("figures").health
    assert (kept.gaps, kept.lost_samples, kept.dropped) == (1, size, size)
    assert kept.constant == (True, False, True)
    assert kept.clipped == (0, 0, 1500)
    assert kept.drift_ppm == pytest.approx(ppm, abs=max(60.0, 3 * kept.drift_error_ppm))
    assert kept.rate_hz == pytest.approx(rate / (1 + ppm * 1e-6), rel=1e-5)
