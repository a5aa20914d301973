"""Turns, history, closing, and what happens when the parent dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psutil

from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.messages import Completed, JobCancelled, Progress, Terminal
from support.waiting import until


def run_in_thread(bench, stage, events, cancel=None, **options):
    ends = []
    spec = bench.spec(stage, **options)
    thread = threading.Thread(target=lambda: ends.append(bench.runner.run(spec, events.append, cancel)))
    thread.start()
    return thread, ends


def wait_for(events, kind, within=10.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if any(isinstance(e, kind) for e in events):
            return
        time.sleep(0.01)
    raise AssertionError(f"no {kind} in {events}")


def test_heavy_jobs_take_turns_and_a_light_one_runs_beside_them(bench):
    first_events, second_events, cancel = [], [], CancelToken()
    first, first_ends = run_in_thread(bench, "CancelsItself", first_events, cancel)
    wait_for(first_events, Progress)
    second, second_ends = run_in_thread(bench, "Fine", second_events)
    assert isinstance(bench.run("Fine", heavy=False), Completed)
    assert second_events == []
    states = {r.title: r.state for r in bench.runner.history.records()}
    assert states["CancelsItself"] == "running"
    cancel.cancel()
    first.join(5)
    second.join(5)
    assert isinstance(first_ends[0], JobCancelled)
    assert isinstance(second_ends[0], Completed)


def test_a_waiting_job_can_be_cancelled_without_disturbing_the_running_one(bench):
    events, cancel = [], CancelToken()
    running, _ = run_in_thread(bench, "CancelsItself", events, cancel)
    wait_for(events, Progress)
    waiting_cancel = CancelToken()
    waiting, ends = run_in_thread(bench, "Fine", [], waiting_cancel)
    waiting_cancel.cancel()
    waiting.join(2)
    assert isinstance(ends[0], JobCancelled)
    assert running.is_alive()
    cancel.cancel()
    running.join(5)


def test_history_tells_how_each_job_stands_and_what_it_said(bench):
    seen = []
    stop = bench.runner.history.observe(lambda record: seen.append(record.state))
    bench.run("Fine")
    stop()
    bench.run("Raises")
    fine, failed = bench.runner.history.records()
    assert (fine.state, fine.fraction) == ("completed", 1.0)
    assert "a line of the stage" in fine.lines
    assert (failed.state, failed.text) == ("failed", "ZeroDivisionError: by nothing")
    assert seen[0] == "waiting"
    assert seen[-1] == "completed"
    assert "failed" not in seen


def test_the_queue_can_be_listed_and_any_job_in_it_cancelled_by_its_id(bench):
    history, threads, ends = bench.runner.history, [], []
    events = []
    running = run_in_thread(bench, "CancelsItself", events)
    wait_for(events, Progress)
    for title in ("first", "second", "third"):
        spec = replace(bench.spec("Fine"), title=title)
        thread = threading.Thread(target=lambda s=spec: ends.append((s.title, bench.runner.run(s))))
        thread.start()
        threads.append(thread)
        until(lambda: len(history.open()) == len(threads) + 1)
    queue = history.open()
    assert [r.title for r in queue] == ["CancelsItself", "first", "second", "third"]
    assert [r.state for r in queue] == ["running", *["waiting"] * 3]
    assert {(r.lane, r.stage) for r in queue} == {("heavy", "probe/probe")}
    assert bench.runner.cancel(queue[2].id)
    until(lambda: len(history.open()) == 3)
    assert bench.runner.cancel(queue[0].id)
    for thread in [*threads, running[0]]:
        thread.join(10)
    assert {title: type(end) for title, end in ends} == {"first": Completed, "second": JobCancelled, "third": Completed}
    assert isinstance(running[1][0], JobCancelled)
    assert not bench.runner.cancel(queue[0].id)
    assert history.open() == []


def test_cancelling_one_job_leaves_the_callers_token_alone(bench):
    events, token = [], CancelToken()
    thread, ends = run_in_thread(bench, "CancelsItself", events, token)
    wait_for(events, Progress)
    bench.runner.cancel(events[0].job)
    thread.join(5)
    assert isinstance(ends[0], JobCancelled)
    assert not token.cancelled
    follower = CancelToken(follows=token)
    assert not follower.wait(0.06)
    token.cancel()
    assert follower.wait()


def test_a_running_job_tells_what_it_takes_and_not_too_often(bench):
    seen = []
    bench.runner.history.observe(lambda record: seen.append((time.monotonic(), record)))
    cancel = CancelToken()
    threading.Timer(2.0, cancel.cancel).start()
    bench.run("CancelsItself", cancel=cancel)  # progress 30 times a second
    record = bench.runner.history.records()[-1]
    assert 1.5 < record.seconds < 5
    assert record.memory_peak > 5 << 20
    assert 0 < record.cpu_seconds < 2 * record.seconds
    assert len(seen) < 25
    running = [r for _, r in seen if r.state == "running" and r.memory]
    assert running
    assert running[-1].processes == 1


def test_a_quiet_job_is_remembered_only_where_it_goes_wrong(bench):
    bench.run("Fine", quiet=True)
    assert bench.runner.history.records() == []
    bench.run("Raises", quiet=True)
    (record,) = bench.runner.history.records()
    assert (record.state, record.code) == ("failed", "stage.error")


def test_a_failed_jobs_record_has_the_place_in_the_code(bench):
    bench.run("Raises")
    record = bench.runner.history.records()[-1]
    assert "probe_stages.py" in record.traceback
    assert (record.code, bool(record.hint)) == ("stage.error", True)


def test_closing_ends_a_running_job_and_its_worker(bench):
    events = []
    thread, ends = run_in_thread(bench, "HangsInC", events)
    wait_for(events, Progress)
    began = time.monotonic()
    bench.runner.close()
    thread.join(5)
    assert time.monotonic() - began < 3
    assert isinstance(ends[0], Terminal)
    assert not isinstance(ends[0], Completed)


PARENT = """
import sys
from motestudio.jobs.messages import Progress, RunStage
from motestudio.jobs.runner import JobRunner, JobSpec

runner = JobRunner()
plugin, workdir = sys.argv[1:]
message = RunStage("j", plugin, "probe/probe", "model", "probe_stages:HangsInC", 1, {}, {}, workdir, 1)

def tell(event):
    if isinstance(event, Progress):
        print("running", flush=True)

runner.run(JobSpec("t", message), tell)
"""


def test_workers_die_with_a_parent_that_is_killed_even_in_a_c_loop(bench, tmp_path):
    plugin = bench.spec("Fine").message.plugin_dir
    with subprocess.Popen([sys.executable, "-c", PARENT, plugin, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"running\n"
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert len(workers) == 1
        os.kill(parent.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(workers, timeout=3)
        for worker in alive:
            worker.kill()
    assert not alive


def test_nothing_about_the_channel_stands_in_a_workers_arguments(bench):
    bench.run("Fine")
    (worker,) = [p for p in psutil.Process().children() if "@worker" in p.cmdline()]
    assert worker.cmdline()[-3:] == ["-m", "motestudio", "@worker"]
