"""A job that takes too much memory, disk, processes or words ends with the reason, and the next one runs."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from motestudio.jobs import bounds, scratch, watch
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.messages import Completed, Crashed, Failed, JobCancelled, Terminal

MB = 1 << 20
SMALL = 200 * MB


def fails(bench, code: str, stage: str, params: dict | None = None, **options) -> Failed:
    end = bench.run(f"probe_bounds:{stage}", params, **options)
    assert isinstance(end, Failed), end
    assert end.code == code, end
    assert [e for e in bench.events if isinstance(e, Terminal)] == [end]
    record = bench.runner.history.record(end.job)
    assert (record.state, record.code, record.text, record.hint) == ("failed", end.code, end.text, end.hint)
    assert (record.memory, record.processes) == (0, 0)
    assert isinstance(bench.run("Fine"), Completed)
    return end


def test_a_memory_hog_is_ended_before_it_has_all(bench):
    end = fails(bench, "stage.memory", "Hogs", memory_bytes=SMALL)
    assert "200.00 MB" in end.text
    peak = bench.runner.history.record(end.job).memory_peak
    assert SMALL < peak < 8 * SMALL


@pytest.mark.parametrize("away", [False, True])
def test_what_its_children_take_is_its_own_even_where_they_leave_the_session(bench, away):
    before = set(psutil.Process().children(recursive=True))
    fails(bench, "stage.memory", "HogsInChildren", {"away": away}, memory_bytes=SMALL)
    time.sleep(0.2)
    sleeping = [p for p in set(psutil.process_iter()) - before if "120 << 20" in " ".join(_cmdline(p))]
    assert not sleeping


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_memory_that_forked_children_share_counts_once(bench):
    assert isinstance(bench.run("probe_bounds:SharesByFork", memory_bytes=SMALL), Completed)


def test_a_mapped_file_is_no_memory_of_the_stage(bench, tmp_path):
    data = tmp_path / "data.bin"
    data.write_bytes(b"\1" * (300 * MB))
    end = bench.run("probe_bounds:MapsAFile", inputs={"data": str(data)}, memory_bytes=SMALL)
    assert isinstance(end, Completed)
    assert end.meta["total"] == 300 * MB // 4096


def test_a_worker_that_leaked_is_not_used_again(bench):
    small, large = ({"bytes": size * MB} for size in (1, 150))
    first = bench.run("probe_bounds:Leaks", small, memory_bytes=SMALL).meta["pid"]
    assert bench.run("probe_bounds:Leaks", large, memory_bytes=SMALL).meta["pid"] == first
    assert bench.run("probe_bounds:Leaks", small, memory_bytes=SMALL).meta["pid"] != first


@pytest.mark.parametrize("params", [{"megabytes": 4000, "pause": 0.01}, {"megabytes": 4000, "temp": True}])
def test_a_flood_of_files_is_stopped_in_the_folder_and_in_the_temporary_one(bench, params):
    end = fails(bench, "stage.output", "Floods", params, output_bytes=20 * MB)
    assert "20.00 MB" in end.text


def test_a_stage_that_is_quicker_than_the_watch_is_held_to_its_output_too(bench):
    fails(bench, "stage.output", "Floods", {"megabytes": 30}, output_bytes=20 * MB)


def test_a_gigabyte_from_nothing_is_more_than_a_stage_may_write_by_itself(bench):
    began = time.monotonic()
    end = fails(bench, "stage.output", "Floods", {"megabytes": 1024})
    assert "512.00 MB" in end.text
    assert time.monotonic() - began < 20


def test_large_inputs_may_give_large_outputs(tmp_path):
    (tmp_path / "data").write_bytes(bytes(40 * MB))
    made = bounds.bounds_for(heavy=True, inputs=[str(tmp_path)])
    assert made.output == bounds.OUTPUT_FLOOR + 40 * MB * bounds.OUTPUT_FACTOR
    assert bounds.bounds_for(heavy=True, inputs=[str(tmp_path / "data")]).output == made.output
    assert bounds.bounds_for(heavy=True, inputs=[str(tmp_path / "none")]).output == bounds.OUTPUT_FLOOR
    light = bounds.bounds_for(heavy=False, inputs=[])
    assert bounds.LEAST_MEMORY <= light.memory <= made.memory <= max(bounds.LEAST_MEMORY, bounds.total_memory())


def test_a_job_ends_before_the_disk_is_full(bench, monkeypatch):
    left = iter([10 << 30] * 4)
    monkeypatch.setattr(watch, "free_disk", lambda _: next(left, 100 * MB))
    fails(bench, "disk.full", "Floods", {"megabytes": 100, "pause": 0.05})


def test_processes_without_end_are_ended(bench):
    fails(bench, "stage.processes", "Forks")
    end = time.monotonic() + 3
    while time.monotonic() < end and (left := _sleepers()):
        time.sleep(0.05)
    assert not left


def _sleepers() -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if _cmdline(p) == ["sleep", "60"] and p.status() != "zombie"]


@pytest.mark.parametrize("how", ["array", "text", "table", "surrogate"])
def test_data_in_place_of_facts_is_refused(bench, how):
    params = {"how": how}
    if how == "surrogate":
        end = bench.run("probe_bounds:SaysTooMuch", params)
        assert (end.code, isinstance(bench.run("Fine"), Completed)) == ("stage.meta", True)
    else:
        assert "4 MB" in fails(bench, "stage.meta", "SaysTooMuch", params).text


def test_more_lines_and_figures_than_anybody_reads_are_counted(bench):
    assert isinstance(bench.run("probe_bounds:Chatters"), Completed)
    assert len(bench.events) < 10_000
    assert any("left out" in line for line in bench.lines)
    assert sum(map(len, bench.runner.history.records()[-1].lines)) <= 256 * 1024


@pytest.mark.parametrize("babble", ["7fffffff", "00100000aaaa", "ffffffff7fffffff", "000000027b7d"])
def test_nonsense_on_the_channel_holds_nobody(bench, babble):
    """Sizes that no message has, a message that never ends, and one that means nothing."""
    cancel = CancelToken()
    threading.Timer(0.7, cancel.cancel).start()
    began = time.monotonic()
    end = bench.run("probe_bounds:BabblesOnTheChannel", {"bytes": babble}, cancel=cancel)
    assert isinstance(end, Crashed | JobCancelled)
    assert time.monotonic() - began < 3
    assert isinstance(bench.run("Fine"), Completed)


def test_a_stage_that_closes_its_channel_is_ended(bench):
    end = bench.run("probe_bounds:ClosesEverything")
    assert isinstance(end, Crashed)
    assert "closed its channel" in end.text
    assert isinstance(bench.run("Fine"), Completed)


@pytest.mark.parametrize("how", ["close", "replace", "thread"])
def test_a_process_without_its_streams_or_with_foreign_threads_gets_no_other_job(bench, how):
    end = bench.run("probe_bounds:TakesTheStreams", {"how": how})
    assert isinstance(end, Completed)
    other = bench.run("Fine")
    assert other.meta["pid"] != end.meta["pid"]


def test_the_temporary_folder_ends_with_its_worker(bench):
    end = bench.run("probe_bounds:WritesWhereItMay", inputs={"data": __file__}, fresh=True)
    assert isinstance(end, Completed)
    assert not Path(end.meta["temp"]).exists()


def test_temporary_folders_of_killed_programs_are_swept_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen(["true"])
    dead.wait()
    for owner in (dead.pid, os.getpid()):
        (tmp_path / f"mote-worker-{owner}-x").mkdir()
    (tmp_path / "mote-worker-of-somebody").mkdir()
    scratch._sweep.cache_clear()
    made = scratch.make()
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {f"mote-worker-{os.getpid()}-x", "mote-worker-of-somebody", made.name}
    scratch.remove(made)
