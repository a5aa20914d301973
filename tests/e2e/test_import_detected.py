"""Captured bytes become recordings without anybody saying what they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from motestudio.devices.decoder_messages import MOTE_LINK, Found
from motestudio.devices.link.frames import encode_frame
from motestudio.devices.link.protocol import Kind, pack_samples
from motestudio.devices.stream_guess import link_guess, needs_rate, ranked
from motestudio.shipped import plugins_dir
from motestudio.studio.detect import detect
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from support import board_streams as boards
from support.command import Mote

EXAMPLES = plugins_dir() / "mote-decoders" / "tests" / "data"


@pytest.fixture
def mote(tmp_path: Path) -> Mote:
    return Mote(tmp_path / "home")


@pytest.fixture
def project(mote: Mote, tmp_path: Path) -> Path:
    folder = tmp_path / "wand"
    assert mote("new", folder).status == 0
    return folder


@pytest.fixture(scope="module")
def studio():
    with Studio() as home:
        yield home


def link_stream() -> bytes:
    rows = boards.signal(600)
    frames = [pack_samples(0, i * 10_000, 0, rows[i : i + 20]) for i in range(0, 600, 20)]
    return b"".join(encode_frame(Kind.SAMPLES, i, frame) for i, frame in enumerate(frames))


@pytest.mark.parametrize(
    ("file", "stage", "rate"),
    [
        ("lines.csv", "lines", 100.0),
        ("lines.semicolon.txt", "lines", 100.0),
        ("ssi.v1.bin", "ssi", 100.0),
        ("ssi.v2.bin", "ssi", 100.0),
        ("nordic.bin", "nordic", 100.0),
        ("teleplot.txt", "teleplot", 100.0),
    ],
)
def test_a_captured_file_is_known(mote: Mote, project: Path, file: str, stage: str, rate: float) -> None:
    done = mote("-p", project, "--json", "import", EXAMPLES / file, "--decoder", "auto")
    assert done.status == 0, done.out + done.err
    assert done.json["stage"] == f"mote-decoders/{stage}"
    (name,) = done.json["recordings"]
    meta = json.loads((project / "recordings" / f"{name}.sigmf-meta").read_text())
    assert meta["global"]["core:sample_rate"] == rate


def test_gaps_of_a_stream_are_gaps_of_the_recording(mote: Mote, project: Path) -> None:
    done = mote("-p", project, "--json", "import", EXAMPLES / "ssi.v2.bin", "--decoder", "auto")
    meta = json.loads((project / "recordings" / f"{done.json['recordings'][0]}.sigmf-meta").read_text())
    assert len(meta["captures"]) == 3
    assert meta["global"]["mote:health"]["lost_samples"] == 12


def test_every_rate_of_a_stream_is_a_recording(mote: Mote, project: Path, tmp_path: Path) -> None:
    capture = tmp_path / "two.txt"
    rows = [f">ax:{i * 10}:{i % 7}\n" + (f">temp:{i * 10}:21.5\n" if i % 10 == 0 else "") for i in range(400)]
    capture.write_text("".join(rows))
    done = mote("-p", project, "--json", "import", capture, "--decoder", "auto")
    assert done.json["recordings"] == ["two-teleplot", "two-teleplot2"]


def test_what_nobody_knows_is_refused_with_a_reason(mote: Mote, project: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cases = {
        "detect.nothing": rng.integers(0, 256, 5000, dtype=np.uint8).tobytes(),
        "detect.link": link_stream(),
        "lines.rate": boards.lines(boards.signal(200), clock="").data,
    }
    for code, data in cases.items():
        (tmp_path / "x.bin").write_bytes(data)
        done = mote("-p", project, "--json", "import", tmp_path / "x.bin", "--decoder", "auto")
        assert done.status == 2
        assert code in done.out + done.err
    told = mote("-p", project, "--json", "import", tmp_path / "x.bin", "--decoder", "auto", "--set", "rate_hz=50")
    assert told.status == 0
    assert mote("-p", project, "import", tmp_path / "none.bin", "--decoder", "auto").status == 2


def test_mote_link_is_known_among_noise_and_by_nobody_else(studio: Studio) -> None:
    data = link_stream()
    assert link_guess(b"boot: ok\r\n" + data[40:]).score == 1.0
    assert [one.stage for one in detect(studio, data, Operation())] == [MOTE_LINK]
    assert link_guess(boards.nordic(boards.signal(100)).data).score == 0
    assert link_guess(b"").score == 0


def test_a_stream_is_known_from_its_middle(studio: Studio) -> None:
    for name, stream in {
        "ssi": boards.ssi(boards.signal(1200)),
        "nordic": boards.nordic(boards.signal(300)),
        "teleplot": boards.teleplot(boards.signal(300)),
        "lines": boards.lines(boards.signal(300), clock=""),
        "raw": boards.raw(boards.signal(2000)),
    }.items():
        first = detect(studio, stream.data[-5001:], Operation())[0]
        assert first.stage == f"mote-decoders/{name}", first


def test_a_listener_with_a_clock_tells_the_rate(studio: Studio) -> None:
    stream = boards.lines(boards.signal(260), clock="")
    (first, *_) = detect(studio, stream.data, Operation(), seconds=2.58)
    assert (first.stage, first.params["rate_hz"]) == ("mote-decoders/lines", 100)
    assert needs_rate(detect(studio, stream.data, Operation())[0])


def test_guesses_are_ranked_by_how_sure_they_are() -> None:
    found = [Found("b/x", "", 0.5), Found("a/x", "", 0.5), Found("c/x", "", 0.9), Found("d/x", "", 0.0)]
    assert [one.stage for one in ranked(found)] == ["c/x", "a/x", "b/x"]


def test_a_decoder_that_breaks_does_not_keep_the_others_from_answering(tmp_path: Path) -> None:
    from motestudio.studio.plugin_scaffold import new_plugin

    code = new_plugin("broken", "decoder", tmp_path) / "broken" / "frames.py"
    code.write_text(code.read_text().replace("best = StreamGuess(0.0", "best = 1 / 0 or StreamGuess(0.0"))
    lines: list[str] = []
    with Studio([tmp_path]) as studio:
        operation = Operation(lambda happening: lines.append(happening.text))
        found = detect(studio, boards.teleplot(boards.signal(100)).data, operation)
    assert found[0].stage == "mote-decoders/teleplot"
    assert any("broken/frames" in line for line in lines)
