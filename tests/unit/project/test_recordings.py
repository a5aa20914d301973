"""SigMF recordings: what goes in comes out, what is cut off or broken is said, nothing recorded is lost."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import ProjectError
from motestudio.project.names import check_name, next_name
from motestudio.project.recordings import RecordingStore, RecordingWriter


def meta_of(store, name):
    return json.loads((store.folder / f"{name}.sigmf-meta").read_text(encoding="utf-8"))


def test_what_is_written_is_read(store, group):
    facts = Facts("anna", "monday", "board 7", "desk", "left hand")
    segments = [Segment(10, 50, "wave", "mine", "anna", None, "good"), Segment(70, 20, "tap", "proposed", "x/y 1", 0.8)]
    writer = RecordingWriter(store.folder, "wave-1", group, facts, segments, "test", {"name": "Nano", "serial": "A1"})
    samples = np.random.default_rng(1).integers(-32768, 32768, (120, 2)).astype(np.int16)
    writer.append(samples[:60], 1_000_000, 1_700_000_000_000_000)
    writer.append(samples[60:], 1_600_000, 1_700_000_000_600_000)
    made = writer.finish(Health(99.9, 1.5, 0, 2, (0, 3)))
    read = store.load("wave-1")
    assert read == made
    assert read.complete
    assert read.segments == tuple(segments)
    assert (read.facts, read.split, read.seconds) == (facts, "test", 1.2)
    assert len(read.captures) == 1
    assert np.array_equal(store.samples(read), samples)
    assert read.sha512 == hashlib.sha512(read.data_path.read_bytes()).hexdigest()


def test_the_standard_reader_takes_it_and_finds_samples_and_labels(store, group):
    writer = RecordingWriter(store.folder, "wave-1", group, Facts("anna"), [Segment(5, 50, "wave")])
    samples = np.arange(200, dtype=np.int16).reshape(100, 2)
    writer.append(samples[:40], 1_000_000, 1_700_000_000_000_000)
    writer.append(samples[40:], 9_000_000, 1_700_000_008_000_000, lost_before=700)
    writer.finish(Health())
    theirs = sigmf.fromfile(str(store.folder / "wave-1.sigmf-meta"))
    theirs.validate()
    assert theirs.sample_rate == 100.0
    assert theirs.num_channels == 2
    assert np.array_equal(theirs.read_samples() * 32768, samples)
    assert [c["core:sample_start"] for c in theirs.get_captures()] == [0, 40]
    assert theirs.get_captures()[1]["core:datetime"] == "2023-11-14T22:13:28.000000Z"
    assert theirs.get_annotations()[0]["core:label"] == "wave"
    assert {"name": "mote", "version": "1.0.0", "optional": True} in theirs.get_global_info()["core:extensions"]


def test_a_gap_and_a_clock_jump_begin_a_new_capture(store, group):
    writer = RecordingWriter(store.folder, "gaps", group, Facts())
    block = np.zeros((10, 2), dtype=np.int16)
    writer.append(block, 1_000_000, 10, lost_before=9)
    writer.append(block, 1_100_000, 20)
    writer.append(block, 1_250_000, 30, lost_before=5)
    writer.append(block, 1_000, 40)
    writer.finish()
    captures = store.load("gaps").captures
    assert [(c.sample_start, c.device_time_us, c.lost_before) for c in captures] == [
        (0, 1_000_000, 0),
        (20, 1_250_000, 5),
        (30, 1_000, 0),
    ]


def test_labels_reaching_beyond_the_end_are_cut(store, record):
    record(n=30, segments=[Segment(20, 50, "wave"), Segment(40, 10, "late")])
    assert store.load("wave-1").segments == (Segment(20, 10, "wave"),)


@pytest.mark.parametrize("cut", [1, 3, 4 * 40 + 2])
def test_a_truncated_file_opens_up_to_its_last_whole_sample(store, record, cut):
    samples = record(n=100)
    path = store.load("wave-1").data_path
    path.write_bytes(path.read_bytes()[:-cut])
    read = store.load("wave-1")
    left = (400 - cut) // 4
    assert (read.n_samples, read.complete, read.sha512) == (left, False, "")
    assert np.array_equal(store.samples(read), samples[:left])


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.project.recordings import RecordingWriter

group = ChannelGroup("imu", 100.0, (Channel("ax"), Channel("ay")))
writer = RecordingWriter(Path(sys.argv[1]), "take", group, Facts("anna"), [Segment(0, 50, "wave")])
writer.append(np.ones((60, 2), dtype=np.int16), 1_000_000, 5)
writer.append(np.ones((60, 2), dtype=np.int16), 3_000_000, 6, lost_before=140)
os.kill(os.getpid(), 9)
"""


def test_a_killed_writer_leaves_a_recording_that_opens(store):
    done = subprocess.run([sys.executable, "-c", KILLED, str(store.folder)], check=False)
    assert done.returncode == -9
    read = store.load("take")
    assert (read.n_samples, read.complete, read.facts.subject) == (120, False, "anna")
    assert read.segments == (Segment(0, 50, "wave"),)
    assert [c.lost_before for c in read.captures] == [0, 140]
    sigmf.fromfile(str(store.folder / "take.sigmf-meta")).validate()


def test_a_full_disk_is_said_and_keeps_what_was_written(store, group):
    writer = RecordingWriter(store.folder, "take", group, Facts())
    writer.append(np.ones((5000, 2), dtype=np.int16), 0, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32_001, limits[1]))
    try:
        with pytest.raises(ProjectError) as full:
            writer.append(np.ones((5000, 2), dtype=np.int16), 50_000_000, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert full.value.code == "disk.full"
    read = store.load("take")
    assert (read.n_samples, read.complete) == (5000, False)
    writer.finish()
    read = store.load("take")
    assert (read.n_samples, read.complete, len(read.captures)) == (5000, True, 1)
    assert read.sha512 == hashlib.sha512(read.data_path.read_bytes()).hexdigest()


def test_an_aborted_take_leaves_nothing(store, group):
    writer = RecordingWriter(store.folder, "take", group, Facts())
    writer.append(np.ones((5, 2), dtype=np.int16), 0, 1)
    writer.abort()
    assert list(store.folder.iterdir()) == []


def test_a_name_is_taken_once(store, record, group):
    record("wave-1")
    before = store.load("wave-1")
    with pytest.raises(ProjectError) as taken:
        RecordingWriter(store.folder, "wave-1", group, Facts())
    assert taken.value.code == "recording.exists"
    assert store.load("wave-1") == before


@pytest.mark.parametrize("name", ["", "../out", "a/b", "a\\b", ".hidden", "con", "x" * 200, "end ", "a\nb", "-x"])
def test_names_that_are_no_file_names_are_refused(store, group, name):
    with pytest.raises(ProjectError) as refused:
        RecordingWriter(store.folder, name, group, Facts())
    assert refused.value.code == "recording.name"
    with pytest.raises(ProjectError):
        store.load(name)


BROKEN = {
    "not-json": "{",
    "not-sigmf": "[1, 2]",
    "no-global": '{"captures": []}',
    "other-type": '{"global": {"core:datatype": "cf32_le", "core:version": "1.2.6", "core:sample_rate": 1}}',
    "no-rate": '{"global": {"core:datatype": "ri16_le", "core:version": "1.2.6"}}',
    "channels": '{"global": {"core:datatype": "ri16_le", "core:version": "1.2.6", "core:sample_rate": 1, '
    '"core:num_channels": -4}}',
    "start": '{"global": {"core:datatype": "ri16_le", "core:version": "1.2.6", "core:sample_rate": 1}, '
    '"annotations": [{"core:sample_start": -5, "core:sample_count": 2, "core:label": "x"}]}',
}


def test_a_broken_recording_is_reported_and_the_others_load(store, record):
    record("good-1")
    for name, text in BROKEN.items():
        (store.folder / f"{name}.sigmf-meta").write_text(text)
        (store.folder / f"{name}.sigmf-data").write_bytes(bytes(400))
    (store.folder / "no-data.sigmf-meta").write_bytes((store.folder / "good-1.sigmf-meta").read_bytes())
    assert [r.name for r in store.all()] == ["good-1"]
    problems = store.problems()
    assert {p.data["recording"] for p in problems} == {*BROKEN, "no-data"}
    assert {p.code for p in problems} == {"recording.broken", "recording.datatype"}
    assert all(p.hint for p in problems)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300), cut=st.integers(0, 2000))
def test_no_bytes_in_the_metadata_can_crash_the_reader(tmp_path_factory, data, cut):
    store = RecordingStore(tmp_path_factory.mktemp("fuzz"))
    group = ChannelGroup("imu", 100.0, (Channel("ax"),))
    writer = RecordingWriter(store.folder, "x", group, Facts(), [Segment(0, 5, "a")], durable=False)
    writer.append(np.zeros((10, 1), dtype=np.int16), 0, 1)
    writer.finish()
    path = store.folder / "x.sigmf-meta"
    good = path.read_bytes()
    path.write_bytes(good[:cut] + data + good[cut:])
    assert len(store.all()) + len(store.problems()) == 1


def test_a_plain_sigmf_recording_of_another_program_opens(store):
    store.folder.mkdir()
    (store.folder / "foreign.sigmf-data").write_bytes(np.arange(20, dtype="<i2").tobytes())
    body = {
        "global": {
            "core:datatype": "ri16_le",
            "core:version": "1.0.0",
            "core:sample_rate": 48000,
            "core:num_channels": 2,
        },
        "captures": [{"core:sample_start": 0}],
        "annotations": [{"core:sample_start": 2, "core:label": "rest"}, {"core:sample_start": 0, "core:comment": "hm"}],
    }
    (store.folder / "foreign.sigmf-meta").write_text(json.dumps(body))
    read = store.load("foreign")
    assert (read.n_samples, read.group.rate_hz, [c.name for c in read.group.channels]) == (10, 48000.0, ["ch0", "ch1"])
    assert read.segments == (Segment(2, 8, "rest"),)


def test_editing_labels_keeps_what_other_programs_wrote(store, record):
    record(segments=[Segment(0, 50, "wave")])
    meta = meta_of(store, "wave-1")
    meta["global"]["other:thing"] = {"kept": True}
    meta["annotations"][0]["other:score"] = 0.5
    meta["annotations"].append({"core:sample_start": 3, "core:comment": "no label of ours"})
    (store.folder / "wave-1.sigmf-meta").write_text(json.dumps(meta))
    store.set_segments("wave-1", [Segment(60, 10, "tap"), Segment(0, 50, "circle")])
    after = meta_of(store, "wave-1")
    assert after["global"]["other:thing"] == {"kept": True}
    rows = after["annotations"]
    assert [r.get("core:label") for r in rows] == ["circle", None, "tap"]
    assert rows[0]["other:score"] == 0.5
    assert store.load("wave-1").segments == (Segment(0, 50, "circle"), Segment(60, 10, "tap"))


def test_changing_facts_changes_nothing_else(store, record):
    record(segments=[Segment(0, 50, "wave")], subject="anna")
    before = store.load("wave-1")
    store.set_facts("wave-1", Facts(subject="ben", note="rebooked"))
    after = store.load("wave-1")
    assert after.facts == Facts(subject="ben", note="rebooked")
    assert (after.segments, after.sha512, after.captures) == (before.segments, before.sha512, before.captures)


def test_delete_and_restore_bring_back_the_same_recording(store, record):
    record()
    before = store.load("wave-1")
    store.delete("wave-1")
    assert store.names() == []
    with pytest.raises(ProjectError) as unknown:
        store.load("wave-1")
    assert unknown.value.code == "recording.unknown"
    store.restore("wave-1")
    assert store.load("wave-1") == before


def test_restoring_over_a_new_recording_or_from_an_empty_trash_is_refused(store, record):
    record()
    store.delete("wave-1")
    record(n=7)
    with pytest.raises(ProjectError) as taken:
        store.restore("wave-1")
    assert taken.value.code == "recording.exists"
    assert store.load("wave-1").n_samples == 7
    with pytest.raises(ProjectError) as gone:
        store.restore("never-there")
    assert gone.value.code == "recording.gone"


def test_a_read_only_store_changes_nothing(store, record):
    record()
    read_only = RecordingStore(store.folder, read_only=True)
    for change in (
        lambda: read_only.set_segments("wave-1", []),
        lambda: read_only.set_facts("wave-1", Facts()),
        lambda: read_only.delete("wave-1"),
    ):
        with pytest.raises(ProjectError) as refused:
            change()
        assert refused.value.code == "project.read_only"


def test_the_next_name_counts_on_and_never_reuses_a_deleted_number(store, record):
    template = "{class}-{subject}-{n:03}"
    assert store.next_name(template, "wave", "anna") == "wave-anna-001"
    for number in (1, 2, 7):
        record(f"wave-anna-{number:03}")
    assert store.next_name(template, "wave", "anna") == "wave-anna-008"
    store.delete("wave-anna-007")
    assert store.next_name(template, "wave", "anna") == "wave-anna-008"
    assert store.next_name(template, "tap", "anna") == "tap-anna-001"
    assert store.next_name("{class}", "wave") == "wave-001"
    assert store.next_name("{n}_{class}", "up/down & co", "x") == "1_up_down_co"


@pytest.mark.parametrize("template", ["{nothing}-{n}", "{class", "{n:03}/{class}", "{class.x}-{n}", "{n:q}"])
def test_a_bad_name_template_is_an_error_for_the_user(store, template):
    with pytest.raises(ProjectError) as bad:
        store.next_name(template, "wave")
    assert bad.value.code in ("record.name_template", "recording.name")


@settings(max_examples=60, deadline=None)
@given(cls=st.text(max_size=30), subject=st.text(max_size=30))
def test_any_class_and_subject_gives_a_name_that_counts_on(cls, subject):
    first = next_name("{class}-{subject}-{n:03}", [], cls, subject)
    second = next_name("{class}-{subject}-{n:03}", [first], cls, subject)
    assert check_name(first) == first
    assert second == first[:-3] + "002"


def test_a_thousand_recordings_are_listed_quickly(store, record):
    record("take-0", n=10, segments=[Segment(0, 5, "wave")])
    meta = (store.folder / "take-0.sigmf-meta").read_bytes()
    data = (store.folder / "take-0.sigmf-data").read_bytes()
    for i in range(1, 1000):
        (store.folder / f"take-{i}.sigmf-meta").write_bytes(meta)
        (store.folder / f"take-{i}.sigmf-data").write_bytes(data)
    began = time.perf_counter()
    assert len(store.all()) == 1000
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(("lost", "estimated"), [(2080, True), (2079, False), (0, True)])
def test_a_board_that_was_away_begins_a_new_capture_that_says_so(store, group, lost, estimated):
    writer = RecordingWriter(store.folder, "away", group, Facts())
    block = np.ones((10, len(group.channels)), np.int16)
    writer.append(block, 1_000_000, 5_000_000_000, lost_before=7, away_us=3)
    later = 1_000_000 + round(10 / group.rate_hz * 1e6)
    writer.append(block, later, 5_020_000_000, lost_before=lost, away_us=20_000_000, estimated=estimated)
    killed = store.load("away").captures
    recording = writer.finish()
    assert store.load("away").captures == recording.captures == killed, "the gap is known while it is being written"
    first, second = recording.captures
    assert (first.lost_before, first.away_us, first.estimated) == (0, 0, False)
    assert (second.sample_start, second.lost_before, second.away_us) == (10, lost, 20_000_000)
    assert second.estimated == estimated
    meta = json.loads((store.folder / "away.sigmf-meta").read_text())["captures"]
    assert "mote:away_us" not in meta[0]
    assert (meta[1]["mote:away_us"], meta[1]["mote:lost_estimated"]) == (20_000_000, estimated)
    sigmf.fromfile(str(store.folder / "away.sigmf-meta")).validate()
