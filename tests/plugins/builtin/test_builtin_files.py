"""Importers on recorded data and on files as strangers write them."""

from __future__ import annotations

import wave
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.errors import Cancelled, PluginError


def read(stage, context, kind, source, **params):
    importer = stage(f"mote-files/{kind}", **params)
    ctx = context()
    clips = list(importer.code.clips(ctx, source, importer.params))
    assert len({c.name for c in clips}) == len(clips)
    for clip in clips:
        assert clip.samples.dtype == np.int16
        assert clip.samples.shape[1] == len(clip.group.channels)
    return clips, ctx


def write_wav(path, rate, samples, width=2, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)


def imu_text(rows=30, sep=",", header="ax,ay,az", seed=0, point="."):
    rng = np.random.default_rng(seed)
    values = rng.normal((0, 0, 1), 0.5, (rows, 3))
    lines = [sep.join(f"{v:.3f}".replace(".", point) for v in row) for row in values]
    return (header.replace(",", sep) + "\n" if header else "") + "\n".join(lines) + "\n"


def test_magic_wand_folder(stage, context, shared):
    clips, _ = read(stage, context, "csv", shared("magicwand_nano33_csv"))
    assert Counter(c.split for c in clips) == {"train": 100, "test": 25}
    assert set(Counter(c.label for c in clips).values()) == {25}
    group = clips[0].group
    assert (group.name, group.rate_hz) == ("imu", 119.0)
    assert [c.unit for c in group.channels] == ["g"] * 3 + ["°/s"] * 3
    assert {len(c.samples) for c in clips} == {119}
    first = next(c for c in clips if c.source.endswith("test/AlohomoraCharm.csv rows 1-119"))
    line = (shared("magicwand_nano33_csv") / "data/test/AlohomoraCharm.csv").read_text().splitlines()[1]
    wanted = [float(v) for v in line.split(",")]
    np.testing.assert_allclose(group.to_physical(first.samples)[0], wanted, atol=0.02)


def test_spoken_digits_folder(stage, context, shared):
    clips, _ = read(stage, context, "wav", shared("fsdd"))
    assert len(clips) == 2000
    assert {c.label for c in clips} == set("0123456789")
    assert Counter(c.subject for c in clips) == dict.fromkeys(("george", "jackson", "nicolas", "theo"), 500)
    assert {c.group.rate_hz for c in clips} == {8000.0}


def test_speech_commands_folder(stage, context, shared):
    clips, _ = read(stage, context, "wav", shared("speech_commands_v1_sample10"))
    assert len(clips) == 251
    assert len({c.label for c in clips}) == 30
    assert all(c.subject and c.split == "" for c in clips)


def test_wav_names_without_a_speaker(stage, context, shared):
    clips, _ = read(stage, context, "wav", shared("tflm_wavs"))
    assert {c.label for c in clips} == {"yes", "no", "noise", "silence"}


@pytest.mark.parametrize(("sep", "point"), [(",", "."), (";", ","), ("\t", "."), ("\t", ","), (";", "."), (" ", ".")])
def test_separators_and_decimal_commas(stage, context, tmp_path, sep, point):
    (tmp_path / "wave_01.csv").write_text(imu_text(sep=sep, point=point))
    clips, _ = read(stage, context, "csv", tmp_path, rate_hz=50.0)
    assert [c.label for c in clips] == ["wave"]
    assert clips[0].samples.shape == (30, 3)
    assert abs(clips[0].group.to_physical(clips[0].samples)[:, 2].mean() - 1) < 0.5


def test_blank_lines_part_takes_and_time_gives_the_rate(stage, context, tmp_path):
    blocks = ["\n".join(f"{t * 20},{t % 7},{t % 5 * 0.1}" for t in range(40)) for _ in range(3)]
    (tmp_path / "circle.csv").write_text("timestamp_ms,ax,ay\n" + "\n\n".join(blocks) + "\n")
    clips, _ = read(stage, context, "csv", tmp_path)
    assert [len(c.samples) for c in clips] == [40, 40, 40]
    assert clips[0].group.rate_hz == pytest.approx(50.0)
    assert [c.name for c in clips[0].group.channels] == ["ax", "ay"]


def test_a_first_column_that_only_rises_is_time_without_a_header(stage, context, tmp_path):
    rows = "\n".join(f"{i * 0.01:.3f},{np.sin(i):.3f},{np.cos(i):.3f}" for i in range(60))
    (tmp_path / "shake 3.csv").write_text(rows)
    clips, _ = read(stage, context, "csv", tmp_path)
    assert clips[0].group.rate_hz == pytest.approx(100.0)
    assert clips[0].samples.shape == (60, 2)
    assert clips[0].label == "shake"


def test_label_column_parts_takes(stage, context, tmp_path):
    rows = [f"{i * 0.5},{i % 3},{'sit' if i < 20 else 'walk'}" for i in range(50)]
    (tmp_path / "all.csv").write_text("ax,ay,activity\n" + "\n".join(rows))
    clips, _ = read(stage, context, "csv", tmp_path)
    assert [(c.label, len(c.samples)) for c in clips] == [("sit", 20), ("walk", 30)]


def test_folders_are_labels_and_recurring_names_beat_folders(stage, context, tmp_path):
    for i, label in enumerate(("wave", "tap", "idle")):
        for n in range(2):
            path = tmp_path / "a" / "data" / label / f"take{n}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(imu_text(seed=i * 10 + n))
    clips, _ = read(stage, context, "csv", tmp_path / "a")
    assert Counter(c.label for c in clips) == {"wave": 2, "tap": 2, "idle": 2}
    for person in ("anna", "ben", "cem"):
        for label in ("wave", "tap"):
            for n in range(3):
                path = tmp_path / "b" / person / f"{label}_{n}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(imu_text(seed=n))
    clips, _ = read(stage, context, "csv", tmp_path / "b")
    assert Counter(c.label for c in clips) == {"wave": 9, "tap": 9}


def test_bad_csv_rows_and_files_are_named_and_left_out(stage, context, tmp_path):
    lines = imu_text(40).splitlines()
    lines[5] = "1,2"
    lines[9] = "0.1,oops,0.3"
    lines[12] = "nan,0.5,1.0"
    lines[13] = ",0.5,1.0"
    (tmp_path / "wave.csv").write_text("\n".join(lines))
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "words.csv").write_text("a,b\nhello,there\nyou,all\n")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 20)
    clips, ctx = read(stage, context, "csv", tmp_path)
    assert [(c.label, len(c.samples)) for c in clips] == [("wave", 38)]
    log = "\n".join(ctx.lines)
    assert "2 malformed rows are left out (lines 6, 10)" in log
    assert "2 missing values are filled in" in log
    for name in ("empty.csv", "words.csv", "binary.csv"):
        assert f"{name} is left out" in log


def test_whole_counts_stay_as_the_sensor_gave_them(stage, context, tmp_path):
    rng = np.random.default_rng(1)
    raw = rng.integers(-2000, 2000, (50, 3))
    (tmp_path / "x.csv").write_text("ax,ay,az\n" + "\n".join(",".join(map(str, r)) for r in raw))
    clips, _ = read(stage, context, "csv", tmp_path)
    np.testing.assert_array_equal(clips[0].samples, raw)
    assert [c.scale for c in clips[0].group.channels] == [1.0] * 3


def test_nothing_to_import_is_an_error_with_a_hint(stage, context, tmp_path):
    for kind in ("csv", "wav"):
        with pytest.raises(PluginError) as caught:
            read(stage, context, kind, tmp_path)
        assert caught.value.code == "import.no_files"
        (tmp_path / f"zero.{kind}").write_bytes(b"")
        with pytest.raises(PluginError) as caught:
            read(stage, context, kind, tmp_path)
        assert caught.value.code == "import.no_data"
        assert caught.value.hint


def test_wav_formats_agree(stage, context, tmp_path):
    from scipy.io import wavfile

    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(4000) / 8000)
    pcm16 = np.rint(tone * 32768).astype("<i2")
    write_wav(tmp_path / "a16.wav", 8000, pcm16.tobytes())
    write_wav(tmp_path / "b8.wav", 8000, (pcm16 // 256 + 128).astype(np.uint8).tobytes(), width=1)
    as24 = (pcm16.astype("<i4") * 256).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    write_wav(tmp_path / "c24.wav", 8000, as24, width=3)
    write_wav(tmp_path / "d32.wav", 8000, (pcm16.astype("<i4") * 65536).tobytes(), width=4)
    wavfile.write(tmp_path / "efloat.wav", 8000, tone.astype(np.float32))
    stereo = np.stack([pcm16, np.zeros_like(pcm16)], axis=1)
    write_wav(tmp_path / "fstereo.wav", 8000, stereo.tobytes(), channels=2)
    clips, _ = read(stage, context, "wav", tmp_path)
    by_name = {c.name[0]: c.samples[:, 0].astype(int) for c in clips}
    for name in "acdef":
        assert np.abs(by_name[name] - pcm16).max() <= 1, name
    assert np.abs(by_name["b"] - pcm16).max() <= 256


def test_mixed_rates_become_the_most_common_one_and_broken_files_are_skipped(stage, context, tmp_path):
    tone = (8000 * np.sin(2 * np.pi * 300 * np.arange(8000) / 8000)).astype("<i2")
    for n in range(3):
        write_wav(tmp_path / "train" / "yes" / f"{n}.wav", 8000, tone.tobytes())
    other = (8000 * np.sin(2 * np.pi * 300 * np.arange(16000) / 16000)).astype("<i2")
    write_wav(tmp_path / "test" / "yes" / "9.wav", 16000, other.tobytes())
    (tmp_path / "train" / "yes" / "cut.wav").write_bytes((tmp_path / "train" / "yes" / "0.wav").read_bytes()[:30])
    (tmp_path / "train" / "yes" / "zero.wav").write_bytes(b"")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.wav").write_bytes(b"not data")
    clips, ctx = read(stage, context, "wav", tmp_path)
    assert Counter((c.label, c.split) for c in clips) == {("yes", "train"): 3, ("yes", "test"): 1}
    resampled = next(c for c in clips if c.split == "test")
    assert len(resampled.samples) == 8000
    assert np.abs(resampled.samples[200:-200, 0].astype(int) - tone[200:-200]).max() < 100
    log = "\n".join(ctx.lines)
    assert "resampled from 16000 Hz" in log
    assert "cut.wav is left out" in log
    assert "zero.wav is left out" in log


def test_importers_hear_a_cancel(stage, context, tmp_path):
    for n in range(4):
        (tmp_path / f"wave_{n}.csv").write_text(imu_text(seed=n))
        write_wav(tmp_path / f"yes_{n}.wav", 8000, np.ones(4000, "<i2").tobytes())
    for kind in ("csv", "wav"):
        importer = stage(f"mote-files/{kind}")
        with pytest.raises(Cancelled):
            list(importer.code.clips(context(cancel_at=3), tmp_path, importer.params))


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_reason(data, tmp_path_factory):
    import importlib

    from_conftest_stage_path()
    table = importlib.import_module("mote_files.table")
    path = tmp_path_factory.mktemp("any") / "x.csv"
    path.write_bytes(data)
    try:
        result = table.read_table(path)
    except table.TableError:
        return
    assert result.values.shape[1] == len(result.columns)


def from_conftest_stage_path():
    import sys
    from pathlib import Path

    folder = str(Path(__file__).resolve().parents[3] / "plugins" / "mote-files")
    if folder not in sys.path:
        sys.path.insert(0, folder)
