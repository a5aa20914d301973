"""Real workers, every way a job can end: exactly one terminal event, and nothing left behind."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.messages import (
    Completed,
    Crashed,
    Failed,
    JobCancelled,
    Log,
    Metric,
    Progress,
    Started,
    Terminal,
    TimedOut,
)


def gone(pid: int, within: float = 2.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def one_end(bench, end):
    assert [e for e in bench.events if isinstance(e, Terminal)] == [end]
    assert bench.events[-1] is end
    assert all(e.job == end.job for e in bench.events)


def test_a_job_that_works_tells_all_of_it_in_order(bench):
    end = bench.run("Fine", {"gain": 2.0})
    one_end(bench, end)
    assert isinstance(end, Completed)
    assert end.meta["params"] == {"gain": 2.0}
    assert end.meta["shape"] == [1, 2]
    assert end.meta["loss"] is None
    kinds = [type(e) for e in bench.events]
    assert kinds == [Started, Log, Progress, Metric, Log, Completed]
    assert bench.lines == ["a line of the stage", "loss is nan at step 2"]


def test_the_next_job_runs_in_the_same_warm_process(bench):
    first, second = bench.run("Fine").meta["pid"], bench.run("Fine").meta["pid"]
    assert first == second
    assert bench.run("Fine", fresh=True).meta["pid"] != first


def test_an_exception_ends_the_job_and_not_the_worker(bench):
    pid = bench.run("Fine").meta["pid"]
    end = bench.run("Raises")
    one_end(bench, end)
    assert isinstance(end, Failed)
    assert (end.code, end.text) == ("stage.error", "ZeroDivisionError: by nothing")
    assert "probe_stages.py" in end.traceback
    assert bench.run("Fine").meta["pid"] == pid


def test_an_error_for_the_user_keeps_its_code_text_and_hint(bench):
    end = bench.run("RaisesApp")
    assert (end.code, end.text, end.hint) == ("stage.sad", "It does not work.", "Try another one.")


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        ("Leaves", "stage.error", "SystemExit: 3"),
        ("BadMeta", "stage.meta", "Thread"),
        ("NeedsMore", "stage.error", "a_package_that_is_nowhere"),
        ("Nothing", "stage.entry", "no class Nothing"),
        ("nowhere.at_all:Thing", "stage.entry", "no module nowhere"),
    ],
)
def test_what_a_stage_can_do_wrong_is_said(bench, stage, code, text):
    end = bench.run(stage)
    one_end(bench, end)
    assert isinstance(end, Failed)
    assert end.code == code
    assert text in end.text


def test_a_worker_that_exits_is_a_crash_with_its_last_words(bench):
    end = bench.run("Exits")
    one_end(bench, end)
    assert isinstance(end, Crashed)
    assert end.exit_code == 7
    assert "exit status 7" in end.text
    assert "last words" in end.text
    assert "last words" in bench.lines
    assert isinstance(bench.run("Fine"), Completed)


def test_a_segfault_is_a_crash_that_names_the_signal(bench):
    end = bench.run("Segfaults")
    one_end(bench, end)
    assert isinstance(end, Crashed)
    assert end.text.startswith("SIGSEGV")
    assert "probe_stages.py" in end.text
    assert any(line.startswith("Fatal Python error") for line in bench.lines)


@pytest.mark.parametrize("stage", ["CancelsItself", "HangsInC", "HangsAndIgnores"])
def test_cancel_ends_any_stage_within_a_second(bench, stage):
    cancel, asked = CancelToken(), []

    def ask() -> None:
        asked.append(time.monotonic())
        cancel.cancel()

    timer = None

    def listen(event):
        nonlocal timer
        bench.events.append(event)
        if isinstance(event, Progress) and timer is None:
            timer = threading.Timer(0.1, ask)
            timer.start()

    end = bench.runner.run(bench.spec(stage), listen, cancel)
    took = time.monotonic() - asked[0]
    one_end(bench, end)
    assert isinstance(end, JobCancelled)
    assert took < 1.0
    assert isinstance(bench.run("Fine"), Completed)


def test_a_cooperative_cancel_keeps_the_worker_warm(bench):
    pid = bench.run("Fine").meta["pid"]
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel).start()
    assert isinstance(bench.run("CancelsItself", cancel=cancel), JobCancelled)
    assert bench.run("Fine").meta["pid"] == pid


def test_a_job_cancelled_before_it_began_never_starts(bench):
    cancel = CancelToken()
    cancel.cancel()
    end = bench.run("Fine", cancel=cancel)
    assert bench.events == [end]
    assert isinstance(end, JobCancelled)


def test_silence_is_a_time_out(bench):
    end = bench.run("HangsInC", silence_s=0.6)
    one_end(bench, end)
    assert isinstance(end, TimedOut)
    assert 0.5 < end.seconds < 3.0


def test_a_job_that_talks_for_ever_is_a_time_out_too(bench):
    end = bench.run("CancelsItself", timeout_s=0.6)
    assert isinstance(end, TimedOut)


def test_stray_prints_become_lines_and_never_messages(bench):
    end = bench.run("Prints")
    one_end(bench, end)
    assert isinstance(end, Completed)
    assert "a stray print" in bench.lines
    assert '{"type":"completed","job":"x","meta":{}}' in bench.lines
    assert "after the garbage" in bench.lines
    assert "input gives ''" in bench.lines


def test_ten_megabytes_of_prints_do_not_stop_the_job_and_are_cut(bench):
    end = bench.run("PrintsMuch")
    assert isinstance(end, Completed)
    assert len(bench.lines) < 20_000
    assert any("lines left out" in line for line in bench.lines)
    assert max(map(len, bench.lines)) <= 2000


@pytest.mark.parametrize("params", [{}, {"crash": True}])
def test_processes_that_a_stage_left_behind_end_with_it(bench, params):
    bench.run("LeavesChildren", params)
    pids = [int(p) for line in bench.lines if line.startswith("children") for p in line.split()[1:]]
    assert len(pids) == (2 if params else 3)
    assert all(gone(pid) for pid in pids)


def test_cancel_ends_the_whole_tree(bench):
    cancel = CancelToken()

    def listen(event):
        bench.events.append(event)
        if isinstance(event, Log) and event.text.startswith("children"):
            cancel.cancel()

    bench.runner.run(bench.spec("LeavesChildren", {"hang": True}), listen, cancel)
    pids = [int(p) for line in bench.lines if line.startswith("children") for p in line.split()[1:]]
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_a_thread_that_talks_after_the_end_disturbs_nobody(bench):
    bench.run("LateThread")
    end = bench.run("Fine")
    one_end(bench, end)
    assert not any(isinstance(e, Progress) and e.text == "too late" for e in bench.events)


def test_a_worker_that_cannot_start_is_a_crash(bench, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere/at/all")
    end = bench.run("Fine")
    one_end(bench, end)
    assert isinstance(end, Crashed)
    monkeypatch.delenv("PYTHONHOME")
    assert isinstance(bench.run("Fine"), Completed)


def test_a_warm_worker_that_died_meanwhile_is_replaced(bench):
    pid = bench.run("Fine").meta["pid"]
    psutil.Process(pid).kill()
    assert gone(pid)
    end = bench.run("Fine")
    assert isinstance(end, Completed)
    assert end.meta["pid"] != pid


def test_a_listener_with_a_bug_stops_its_job_and_is_told(bench):
    def listen(event):
        raise RuntimeError("a bug of the listener")

    with pytest.raises(RuntimeError, match="listener"):
        bench.runner.run(bench.spec("CancelsItself"), listen)
    assert isinstance(bench.run("Fine"), Completed)
