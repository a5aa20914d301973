"""Verbs beside the window: exactly one end, in the window's thread, whatever happens."""

from __future__ import annotations

import threading

import pytest

from motestudio.errors import Cancelled, DeviceError
from motestudio.gui.bridge import Bridge


@pytest.fixture
def bridge(qtbot):
    made = Bridge()
    yield made
    assert made.close()


def test_result_and_events_arrive_in_the_windows_thread(qtbot, bridge):
    seen = []

    def work(operation):
        seen.append(("work", threading.current_thread() is threading.main_thread()))
        operation.progress(0.5, "half")
        operation.log("a line")
        return 42

    def note(kind):
        return lambda value: seen.append((kind, threading.current_thread() is threading.main_thread()))

    with qtbot.waitSignal(bridge.finished) as end:
        running = bridge.run("Work", work, note("done"), note("error"), note("event"))
    assert end.args == [running]
    assert seen == [("work", False), ("event", True), ("event", True), ("done", True)]
    assert (running.state, running.result, running.fraction, running.text) == ("done", 42, 0.5, "half")
    assert [line for _, line in running.log] == ["a line"]


def test_events_keep_their_order_and_none_is_lost(qtbot, bridge):
    seen = []
    with qtbot.waitSignal(bridge.finished):
        bridge.run(
            "Count",
            lambda operation: [operation.metric("loss", float(i), i) for i in range(3000)],
            on_event=lambda happening: seen.append(happening.step),
        )
    assert seen == list(range(3000))


def test_cancel_ends_as_cancelled_without_an_error(qtbot, bridge):
    started, errors = threading.Event(), []

    def work(operation):
        started.set()
        while True:
            operation.cancel.wait(0.02)
            operation.check()

    running = bridge.run("Endless", work, errors.append, errors.append)
    assert started.wait(2)
    with qtbot.waitSignal(bridge.finished, timeout=1000):
        running.cancel()
    assert running.state == "cancelled"
    assert errors == []


def test_errors_go_to_their_handler_or_to_the_window(qtbot, bridge):
    def fail(_):
        raise DeviceError("device.gone", "The board went away.", "Plug it in.")

    caught = []
    with qtbot.waitSignal(bridge.finished):
        bridge.run("Fail", fail, None, caught.append)
    assert [e.code for e in caught] == ["device.gone"]
    with qtbot.waitSignal(bridge.failed) as failed:
        bridge.run("Fail", fail)
    assert failed.args[0].details == ""


def test_a_bug_carries_its_traceback(qtbot, bridge):
    with qtbot.waitSignal(bridge.failed) as failed:
        bridge.run("Bug", lambda _: 1 / 0)
    assert "ZeroDivisionError" in failed.args[0].details
    assert any("ZeroDivisionError" in line for _, line in failed.args[0].log)


def test_every_call_ends_once(qtbot, bridge):
    ends = []
    bridge.finished.connect(lambda running: ends.append(running.title))

    def cancelled(_):
        raise Cancelled

    works = [lambda _: None, cancelled, lambda _: 1 / 0, lambda operation: operation.progress(1.0)]
    bridge.failed.connect(lambda _: None)
    for i in range(20):
        bridge.run(str(i), works[i % 4], on_error=lambda _: None)
    qtbot.waitUntil(lambda: len(ends) == 20)
    qtbot.wait(50)
    assert sorted(ends, key=int) == [str(i) for i in range(20)]
    assert bridge.running == []


def test_closing_cancels_what_runs(qtbot):
    bridge = Bridge()
    started = threading.Event()

    def work(operation):
        started.set()
        operation.cancel.wait(10)
        operation.check()

    bridge.run("Long", work)
    assert started.wait(2)
    assert bridge.close(2.0)
