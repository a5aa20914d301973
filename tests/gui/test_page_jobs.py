"""The Jobs page with real jobs: what runs, waits and ended, cancel, log, errors; by mouse and keyboard."""

from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from motestudio.gui.pages.jobs import words
from motestudio.gui.pages.jobs.log_view import added
from motestudio.gui.pages.jobs.table import columns
from motestudio.gui.theme import theme
from motestudio.jobs.history import JobRecord
from motestudio.jobs.messages import Completed, JobCancelled, Log, Progress, RunStage
from motestudio.jobs.runner import JobSpec

PROBE = Path(__file__).parent.parent / "jobs" / "probe_plugin"


@pytest.fixture
def start(context, tmp_path):
    """Starts a real job beside the window; returns its id."""

    def go(entry, title="", *, heavy=True, **params):
        job = uuid.uuid4().hex
        workdir = tmp_path / "work" / job
        workdir.mkdir(parents=True)
        message = RunStage(
            job, str(PROBE), "probe/probe", "model", f"probe_stages:{entry}", 1, params, {}, str(workdir), 1
        )
        spec = JobSpec(title or entry, message, heavy=heavy)
        runner = context.studio.runner
        context.run_operation(title or entry, lambda _: runner.run(spec), quiet=True)
        return job

    return go


@pytest.fixture
def page(qtbot, window):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    return window.pages["jobs"]


def state(page, job):
    return next((row.state for row in page.table.jobs.rows if row.record.id == job), None)


def order(page):
    return [row.record.id for row in page.table.jobs.rows]


def click(qtbot, page, job):
    place = page.table.visualRect(page.table.jobs.index(page.table.jobs.place_of(job)))
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place.center())


def until(qtbot, page, job, *states):
    qtbot.waitUntil(lambda: state(page, job) in states, timeout=15000)


def test_nothing_ran_yet_and_no_project(qtbot, window, page, assert_no_clipped_text):
    assert window.current is page
    assert page.stack.currentWidget() is page.empty
    assert_no_clipped_text(window)
    qtbot.mouseClick(page.empty.action, Qt.MouseButton.LeftButton)
    assert window.current.key == "start"


def test_running_waiting_and_light_jobs_and_cancel_by_key_and_button(qtbot, window, page, start):
    first = start("CancelsItself", "Train")
    until(qtbot, page, first, "running")
    second = start("Fine", "Quantise")
    light = start("CancelsItself", "Look", heavy=False)
    until(qtbot, page, light, "running")
    until(qtbot, page, second, "waiting")
    assert order(page) == [first, light, second]
    assert page.bar.facts.text == "2 running   1 waiting"
    # The first that runs is shown by itself.
    assert page.table.current == first
    assert page.inspector.title.text() == "Train"
    qtbot.waitUntil(lambda: page.inspector.value("memory.now").endswith("MB"), timeout=5000)
    # The one that waits goes by the button, without ever having run.
    click(qtbot, page, second)
    assert page.inspector.title.text() == "Quantise"
    qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    until(qtbot, page, second, "cancelled")
    assert not page.cancel.isEnabled()
    # Those that run go by the key, the list walked by arrows.
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Home)
    assert page.table.current == first
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert state(page, first) in ("cancelling", "cancelled")
    until(qtbot, page, first, "cancelled")
    assert state(page, light) == "running"
    click(qtbot, page, light)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    until(qtbot, page, light, "cancelled")
    assert page.bar.facts.text == "3 ended"


def test_a_failure_tells_what_why_and_where(qtbot, window, page, start, assert_no_clipped_text):
    bug = start("Raises", "Has a bug")
    until(qtbot, page, bug, "failed")
    click(qtbot, page, bug)
    assert page.trouble.isVisible()
    assert "by nothing" in page.reason.text()
    assert page.log.lines.isVisible()
    views = page.log.views
    assert views.isVisible()
    qtbot.mouseClick(views, Qt.MouseButton.LeftButton, pos=views.rect().center() + (views.rect().center() / 2))
    assert page.log.trace.isVisible()
    assert "ZeroDivisionError" in page.log.trace.toPlainText()
    assert_no_clipped_text(window)
    qtbot.mouseClick(page.log.copy, Qt.MouseButton.LeftButton)
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    sad = start("RaisesApp", "Says what to do")
    until(qtbot, page, sad, "failed")
    click(qtbot, page, sad)
    assert page.hint.text() == "Try another one."
    crash = start("Segfaults", "Reads nowhere")
    until(qtbot, page, crash, "crashed")
    click(qtbot, page, crash)
    assert "SIGSEGV" in page.reason.text()
    assert page.bar.facts.text == "3 ended, 3 of them failed"


def test_the_log_is_searched_held_still_and_followed(qtbot, window, page, start):
    job = start("PrintsMuch", "Talks")
    until(qtbot, page, job, "completed")
    click(qtbot, page, job)
    view = page.log
    qtbot.waitUntil(lambda: "lines left out" in view.lines.toPlainText(), timeout=5000)
    assert view.lines.blockCount() <= 1000
    bar = view.lines.verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(0)
    assert not view.follow.isChecked()
    qtbot.mouseClick(view.follow, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(view.field.hasFocus)
    qtbot.keyClicks(view.field, "left out")
    assert view.hits.text() == "1"
    qtbot.keyClick(view.field, Qt.Key.Key_Return)
    assert view.hits.text() == "1 of 1"
    qtbot.keyClicks(view.field, "zzz")
    assert view.hits.text() == "not found"
    # Delete in the field deletes a letter, never a job.
    qtbot.keyClick(view.field, Qt.Key.Key_Escape)
    assert view.field.text() == ""


def test_ended_jobs_are_cleared_and_come_back(qtbot, window, page, start):
    done = start("Fine", "Windows")
    until(qtbot, page, done, "completed")
    running = start("CancelsItself", "Train")
    until(qtbot, page, running, "running")
    assert order(page) == [running, done]
    qtbot.mouseClick(page.clear, Qt.MouseButton.LeftButton)
    assert order(page) == [running]
    assert "1 job" in window.banner.text.text()
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    assert order(page) == [running, done]
    page.cancel_chosen()
    until(qtbot, page, running, "cancelled")


def test_the_strip_leads_to_the_job_that_runs(qtbot, window, context, start):
    window.show_page("jobs")
    page = window.pages["jobs"]
    done = start("Fine", "Windows")
    until(qtbot, page, done, "completed")
    click(qtbot, page, done)
    window.show_page("settings")
    job = start("CancelsItself", "Train")
    go = threading.Event()

    def work(operation):
        while not go.is_set():
            operation.cancel.wait(0.02)
            operation.check()

    context.run_operation("Train", work)
    qtbot.waitUntil(lambda: window.strip.title.text() == "Train", timeout=3000)
    qtbot.waitUntil(lambda: context.studio.runner.history.record(job).state == "running", timeout=5000)
    qtbot.mouseClick(window.strip.title, Qt.MouseButton.LeftButton)
    assert window.current is page
    assert page.table.current == job
    go.set()
    context.studio.runner.cancel(job)
    until(qtbot, page, job, "cancelled")
    qtbot.waitUntil(lambda: window.strip.title.text() == "Nothing running", timeout=3000)
    window.show_page("settings")
    qtbot.mouseClick(window.strip.jobs, Qt.MouseButton.LeftButton)
    assert window.current is page


def test_two_hundred_jobs_of_a_thousand_lines_stay_quick(qtbot, window, context, page):
    """No fake rows: the runner's own history, told what a worker would tell it, from another thread."""
    history = context.studio.runner.history
    ids = [f"job-{n}" for n in range(210)]
    told = threading.Event()

    def tell():
        for n, job in enumerate(ids):
            history.asked(job, f"Job {n}", stage="mote-cnn/ds-cnn", heavy=n % 3 > 0)
            history.running(job)
            for line in range(1000):
                history.event(Log(job, f"epoch {line} of 1000, loss 0.25"))
                if line % 50 == 0:
                    history.event(Progress(job, line / 1000, f"epoch {line}"))
            if n < 205:
                history.event(Completed(job, {}))
        told.set()

    thread = threading.Thread(target=tell)
    slowest = [0.0]
    real = page._changed

    def timed(news):
        began = time.perf_counter()
        real(news)
        slowest[0] = max(slowest[0], time.perf_counter() - began)

    page.follower.changed.disconnect(page._changed)
    page.follower.changed.connect(timed)
    thread.start()
    qtbot.waitUntil(lambda: told.is_set() and len(order(page)) >= 200, timeout=60000)
    thread.join()
    for job in (ids[-1], ids[-2], ids[150]):
        page.table.set_current(job)
        page._choose(job)
        assert page.log.lines.blockCount() == 1000
    assert slowest[0] < 0.25
    assert len(page.table.jobs.rows) <= 205
    page.follower.changed.disconnect(timed)
    for job in ids[205:]:
        history.event(JobCancelled(job))


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_everything_is_readable(qtbot, window, page, start, size, assert_no_clipped_text):
    theme().set_mode("dark")
    window.resize(*size)
    failed = start("RaisesApp", "A stage with a name that is much longer than its column can ever be")
    running = start("CancelsItself", "Train")
    waiting = start("Fine", "Quantise")
    until(qtbot, page, failed, "failed")
    until(qtbot, page, running, "running")
    until(qtbot, page, waiting, "waiting")
    qtbot.waitUntil(lambda: page.inspector.value("memory.now").endswith("MB"), timeout=5000)
    for job in (failed, waiting, running):
        click(qtbot, page, job)
        assert_no_clipped_text(window)
    page.cancel_chosen()
    until(qtbot, page, waiting, "completed")


def test_order_turns_and_times():
    def job(name, state, lane="heavy", **facts):
        return JobRecord(name, name, "s", lane, state, **facts)

    asked = [
        job("a", "completed"),
        job("b", "running"),
        job("c", "waiting"),
        job("d", "running", "light"),
        job("e", "waiting"),
        job("f", "failed"),
    ]
    assert [r.id for r in words.in_order(asked)] == ["b", "d", "c", "e", "f", "a"]
    assert words.places(asked) == {"c": 1, "e": 2}
    assert words.turn(1) == "is next"
    running = job("g", "running", started=time.time() - 10, fraction=0.25)
    assert words.left(running) == pytest.approx(30, rel=0.05)
    assert words.left(job("h", "running", started=time.time() - 1, fraction=0.5)) is None
    assert words.load(job("i", "completed", seconds=4.0, cpu_seconds=6.0)) == pytest.approx(1.5)


def test_only_new_lines_are_added():
    assert added((), ("a", "b")) == 2
    assert added(("a", "b"), ("a", "b", "c")) == 1
    assert added(("a", "b", "c"), ("b", "c", "d")) == 1
    assert added(("a",), ("x", "y")) is None
    assert added(("x", "x"), ("x", "x", "x")) == 1


def test_narrow_lists_leave_columns_out_instead_of_cutting_them():
    assert set(columns(1040)) == {"state", "job", "lane", "now", "time", "memory", "load"}
    assert set(columns(624)) == {"state", "job", "now", "time", "memory"}
    for width in (624, 760, 1040, 3000):
        left, wide = list(columns(width).values())[-1]
        assert left + wide <= width
