"""Boards that speak other tools' formats, through the recorder: found by listening, recorded, bounded if they break."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from motestudio.devices import recorder_messages as m
from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.recording import Facts
from motestudio.errors import AppError, DeviceError
from motestudio.project.recordings import RecordingStore
from motestudio.studio.decoders import wish_for
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.listening import listen
from support import board_streams as boards
from support.fake_boards import SocketCable, TerminalCable, Wire
from support.waiting import until

FACTS = Facts(subject="ana")
ROWS = boards.signal(3000)


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with Studio() as home:
        yield home


class Sender:
    """Sends a stream's frames at their rate, over and over the same signal.

    Args:
        stream: of `boards.RATE` samples a second.
        greeting: waited for, as SSI boards do; the description is repeated until then.
    """

    def __init__(self, stream: boards.Stream, greeting: bytes = b"") -> None:
        self.stream, self.greeting = stream, greeting
        self.sent = 0

    def __call__(self, wire: Wire) -> None:
        heard = b""
        while self.greeting and self.greeting not in heard:
            wire.raw(self.stream.head)
            if wire_ready(wire, 0.1):
                heard += wire.connection.recv(4096)
        if not self.greeting:
            wire.raw(self.stream.head)
        began, first = time.monotonic(), self.sent
        while True:
            due = first + int((time.monotonic() - began) * boards.RATE / self.stream.each)
            while self.sent < due:
                wire.raw(self.stream.frames[self.sent % len(self.stream.frames)])
                self.sent += 1
            if wire_ready(wire, 0.005) and not wire.connection.recv(4096):
                return


def wire_ready(wire: Wire, seconds: float) -> bool:
    import select

    return bool(select.select([wire.connection.fileno()], [], [], seconds)[0])


def place_in_signal(samples: np.ndarray) -> int:
    """Where the first sample lies in `ROWS`; no sample occurs twice."""
    (found,) = np.flatnonzero((samples[0] == ROWS).all(axis=1))
    return int(found)


def assert_is_the_signal(samples: np.ndarray) -> None:
    first = place_in_signal(samples)
    assert np.array_equal(samples, np.take(ROWS, range(first, first + len(samples)), axis=0, mode="wrap"))


STREAMS: dict[str, Callable[[], Sender]] = {
    "lines": lambda: Sender(boards.lines(ROWS, clock="ms")),
    "lines without clock": lambda: Sender(boards.lines(ROWS, clock="")),
    "ssi": lambda: Sender(boards.ssi(ROWS), greeting=b"connect"),
    "ssi version 1": lambda: Sender(boards.ssi(ROWS, 1), greeting=b"connect"),
    "nordic": lambda: Sender(boards.nordic(ROWS)),
    "teleplot": lambda: Sender(boards.teleplot(ROWS)),
}


@pytest.mark.parametrize("name", list(STREAMS))
def test_a_board_is_found_by_listening_and_its_samples_are_recorded(studio: Studio, tmp_path: Path, name: str) -> None:
    cable = TerminalCable(STREAMS[name](), tmp_path / "ttyX")
    try:
        # Values with a unit are kept exactly where the full scale is the one that they were made for.
        scale = {"full_scale": "16"} if name in ("nordic", "teleplot") else {}
        wish = wish_for(studio.registry, "auto", scale)
        with DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish) as session:
            assert session.found.stage == f"mote-decoders/{name.split(maxsplit=1)[0]}"
            assert len(session.description.groups[0].channels) == 3
            saved = session.record_take(tmp_path / "rec", "t", "wave", FACTS, 120)
    finally:
        cable.unplug()
    store = RecordingStore(tmp_path / "rec")
    recording = store.load(saved)
    assert recording.n_samples == 120
    assert recording.health.lost_samples == 0
    assert recording.group.rate_hz == pytest.approx(boards.RATE, rel=0.03)
    assert_is_the_signal(np.asarray(store.samples(recording)))


def test_a_named_decoder_needs_no_listening_and_its_parameters_hold(studio: Studio, tmp_path: Path) -> None:
    cable = SocketCable(Sender(boards.raw(ROWS)))
    wish = wish_for(studio.registry, "raw", {"rate_hz": "100", "channels": "3"})
    try:
        with DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish) as session:
            assert session.found.stage == "mote-decoders/raw"
            saved = session.record_take(tmp_path / "rec", "t", "", FACTS, 50)
    finally:
        cable.unplug()
    store = RecordingStore(tmp_path / "rec")
    assert_is_the_signal(np.asarray(store.samples(store.load(saved))))


def test_listening_shows_the_lines_and_says_what_they_are(studio: Studio) -> None:
    cable = SocketCable(STREAMS["lines"]())
    try:
        heard = listen(studio, cable.url, wish_for(studio.registry), seconds=1.0)
    finally:
        cable.unplug()
    assert heard.found[0].stage == "mote-decoders/lines"
    assert [c.name for c in heard.groups[0].channels] == ["ax", "ay", "az"]
    assert any(line.count(",") == 3 for line in heard.preview)
    assert heard.bytes_heard > 500


def test_bytes_that_nobody_knows_are_shown(studio: Studio, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 60_000, dtype=np.uint8).tobytes()
    stream = boards.Stream(b"", tuple(noise[i : i + 200] for i in range(0, len(noise), 200)), ROWS)
    cable = SocketCable(Sender(stream))
    try:
        with pytest.raises(DeviceError) as caught:
            DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish_for(studio.registry))
    finally:
        cable.unplug()
    assert caught.value.code == "decoder.none"
    assert caught.value.data["preview"]
    assert "choose a decoder" in caught.value.hint


def test_bytes_that_only_go_on_smoothly_are_not_read_without_being_asked(studio: Studio, tmp_path: Path) -> None:
    cable = SocketCable(Sender(boards.raw(ROWS)))
    try:
        with pytest.raises(DeviceError) as caught:
            DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish_for(studio.registry))
    finally:
        cable.unplug()
    assert caught.value.code == "decoder.none"
    assert "mote-decoders/raw" in caught.value.text


def test_mote_link_alone_asks_no_decoder(studio: Studio, tmp_path: Path) -> None:
    cable = SocketCable(STREAMS["lines"]())
    try:
        with pytest.raises(DeviceError) as caught:
            DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish_for(studio.registry, "mote-link"))
    finally:
        cable.unplug()
    assert caught.value.code == "device.silent"


def test_a_cable_that_is_pulled_leaves_one_recording_with_a_gap(studio: Studio, tmp_path: Path) -> None:
    cable = SocketCable(STREAMS["lines without clock"]())
    events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
    wish = wish_for(studio.registry, "lines", {"rate_hz": "100"})
    with DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish, on_event=events.put) as session:
        session.request("start", group=0, count=0)
        session.start_take(tmp_path / "rec", "t", "wave", FACTS)
        reader = LiveTailReader(session.tail_paths[0])
        until(lambda: reader.total > 60)
        cable.unplug()
        until(lambda: session.away)
        time.sleep(0.5)
        cable.plug()
        until(lambda: not session.away)
        before = reader.total
        until(lambda: reader.total > before + 60)
        session.stop_take()
        until(lambda: isinstance(events.get(timeout=10), m.TakeSaved))
    cable.unplug()
    recording = RecordingStore(tmp_path / "rec").load("t")
    assert len(recording.captures) == 2
    assert recording.captures[1].away_us > 400_000
    assert recording.n_samples > 120


BROKEN = """
import os, time
import numpy as np
from motestudio.sdk import ChannelGroup, Channel, Decoded, StreamGuess

class Broken:
    def __init__(self):
        self.fed = 0
    def groups(self, params):
        return (ChannelGroup("g", 100.0, (Channel("a"),)),)
    def greeting(self, params):
        return b""
    def guess(self, data):
        return StreamGuess(0.9, {{}}, "anything")
    def feed(self, data, params):
        self.fed += len(data)
        if self.fed > 2000:
            {fault}
        return [Decoded(np.zeros((len(data), 1), np.int16), np.zeros(0, np.int64))]
    def finish(self, params):
        return []
"""
MANIFEST = """
id = "broken"
version = "1.0.0"
api = "1.0"
name = "Broken"

[[stage]]
id = "broken"
kind = "decoder"
title = "Broken decoder"
entry = "broken:Broken"
implementation = 1
help = "Breaks."
requires = ["numpy"]
"""


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("raise ValueError('no')", "decoder.error"),
        ("os._exit(3)", "decoder.died"),
        ("time.sleep(60)", "decoder.hangs"),
        ("return 7", "decoder.answer"),
        ("return [Decoded(np.zeros((4, 2), np.int16), np.zeros(0, np.int64))]", "decoder.answer"),
        ("x = bytearray(3 << 30); x[::4096] = b'x' * len(x[::4096])", "decoder.memory"),
    ],
)
def test_a_decoder_that_breaks_ends_with_a_sentence_and_what_it_gave_is_kept(
    tmp_path: Path, fault: str, code: str
) -> None:
    folder = tmp_path / "plugins" / "broken"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text(BROKEN.format(fault=fault))
    (folder / "plugin.toml").write_text(MANIFEST)
    events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
    cable = SocketCable(STREAMS["lines"]())
    try:
        with Studio(plugin_dirs=(tmp_path / "plugins",)) as studio:
            wish = wish_for(studio.registry, "broken/broken")
        with DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish, on_event=events.put) as session:
            session.request("start", group=0, count=0)
            session.start_take(tmp_path / "rec", "t", "", FACTS)
            ended: list[m.Event] = []
            while not any(isinstance(e, m.Disconnected) for e in ended):
                ended.append(events.get(timeout=20))
            until(lambda: isinstance(session.lost, AppError))
    finally:
        cable.unplug()
    (gone,) = [e for e in ended if isinstance(e, m.Disconnected)]
    assert gone.code == code
    assert "Broken decoder" in gone.text
    assert RecordingStore(tmp_path / "rec").load("t").n_samples > 100


def test_a_captured_file_plays_as_if_it_came_now(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(boards.lines(ROWS[:150], clock="ms").data)
    events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
    wish = wish_for(studio.registry)
    with DeviceSession(f"replay:{path}", tail_dir=tmp_path / "tails", wish=wish, on_event=events.put) as session:
        assert session.found.stage == "mote-decoders/lines"
        began = time.monotonic()
        session.request("start", group=0, count=0)
        session.start_take(tmp_path / "rec", "t", "", FACTS)
        until(lambda: session.lost is not None)
        took = time.monotonic() - began
        assert session.lost is not None
        assert session.lost.code == "device.end"
    recording = RecordingStore(tmp_path / "rec").load("t")
    samples = np.asarray(RecordingStore(tmp_path / "rec").samples(recording))
    # The take may begin a moment after the file does; from there on all of it is there.
    assert len(samples) > 130
    assert np.array_equal(samples, ROWS[150 - len(samples) : 150])
    assert took > 1.2
    assert recording.health.lost_samples == 0


def test_a_file_is_seen_as_it_comes_and_not_at_its_end(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(boards.lines(ROWS[:1000], clock="ms").data)
    wish = wish_for(studio.registry)
    with DeviceSession(f"replay:{path}", tail_dir=tmp_path / "tails", wish=wish) as session:
        session.request("start", group=0, count=0)
        reader = LiveTailReader(session.tail_paths[0])
        began = time.monotonic()
        until(lambda: reader.total >= 50, 5.0)
        took = time.monotonic() - began
        assert 0.2 < took < 2.0, "half a second of signal takes half a second"
        assert reader.total < 300


def test_a_wav_file_plays_too(tmp_path: Path) -> None:
    from scipy.io import wavfile

    tone = (np.sin(np.arange(8000) / 5) * 20_000).astype(np.int16)
    wavfile.write(tmp_path / "tone.wav", 16_000, tone)
    with DeviceSession(f"replay:{tmp_path / 'tone.wav'}", tail_dir=tmp_path / "tails") as session:
        (group,) = session.description.groups
        assert (group.rate_hz, [c.name for c in group.channels]) == (16_000.0, ["audio"])
        saved = session.record_take(tmp_path / "rec", "t", "", FACTS, 4000)
    store = RecordingStore(tmp_path / "rec")
    assert np.array_equal(np.asarray(store.samples(store.load(saved)))[:, 0], tone[:4000])


def test_a_wav_file_that_is_none_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(b"RIFFnonsense")
    with pytest.raises(DeviceError) as caught:
        DeviceSession(f"replay:{tmp_path / 'tone.wav'}", tail_dir=tmp_path / "tails")
    assert "tone.wav" in caught.value.text


def test_a_board_that_only_streams_says_so(studio: Studio, tmp_path: Path) -> None:
    cable = SocketCable(STREAMS["lines"]())
    try:
        with DeviceSession(cable.url, tail_dir=tmp_path / "tails", wish=wish_for(studio.registry, "lines")) as session:
            with pytest.raises(DeviceError) as caught:
                session.request("infer_start")
            assert caught.value.code == "op.stream_only"
            assert "firmware" in caught.value.hint
    finally:
        cable.unplug()


def test_a_decoder_that_does_not_exist_is_named_with_those_that_do(studio: Studio) -> None:
    with pytest.raises(AppError) as caught:
        wish_for(studio.registry, "lynes")
    assert "mote-decoders/lines" in caught.value.hint
