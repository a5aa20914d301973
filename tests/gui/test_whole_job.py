"""The whole job in the window, by mouse and keyboard, against the virtual board, with the shipped pipeline."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from motestudio.studio import record, take_runs
from motestudio.studio.takes import set_record

pytest.importorskip("pyqtgraph")
pytest.importorskip("tensorflow", reason="training needs TensorFlow")
pytest.importorskip("tflite_micro", reason="the virtual board infers with the tflite-micro package")
pytestmark = pytest.mark.train

LEFT = Qt.MouseButton.LeftButton


def button(widget, text):
    """The visible button that says `text`."""
    found = [b for b in widget.findChildren(QAbstractButton) if b.isVisible() and b.text().startswith(text)]
    assert found, f"no button says {text!r}"
    return found[0]


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, key, modifier)


def test_from_a_bare_board_to_live_inference(qtbot, project_window, context):
    window = project_window
    set_record(context.project, countdown=0.0, seconds=2.0)
    context.project_changed.emit()

    # Connect to the virtual board and record one take of each class by keyboard.
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    page = window.pages["record"]
    qtbot.waitUntil(lambda: not page.cards._reading, timeout=5000)
    qtbot.mouseClick(page.connect_panel.button, LEFT)
    qtbot.waitUntil(lambda: page.stream.streaming and page.stream.reader.total > 20, timeout=20000)
    names = context.project.recordings.names
    for index, key in enumerate((Qt.Key.Key_1, Qt.Key.Key_5)):
        press(window, key)
        press(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda n=index: len(names()) == n + 1 and not page.control.busy, timeout=15000)
    assert names() == ["idle-anna-001", "wave-anna-001"]

    # The rest of the campaign, as `mote record` does it, so that the test need not wait in real time.
    plans = [
        record.TakePlan(label, 2.0, {"gesture": label, "seed": 50 * number + index, "subject": subject}, subject)
        for number in range(7)
        for index, label in enumerate(("wave", "circle", "tap", "swipe", "idle"))
        for subject in ("anna", "ben", "carla")[number % 3 : number % 3 + 1]
    ]
    done = []
    context.run_operation(
        "Record",
        lambda op: take_runs.record_all(context.project, context.session, plans, op, take_runs.Pace(rate=0.0)),
        done.append,
    )
    qtbot.waitUntil(lambda: bool(done), timeout=30000)
    context.recordings_changed.emit()

    # Label: the take recorded by hand has a label that can be moved and taken back.
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    label = window.pages["label"]
    qtbot.waitUntil(lambda: button(label, "Trim").isEnabled(), timeout=10000)
    qtbot.mouseClick(button(label, "Trim"), LEFT)
    store = context.project.recordings
    qtbot.waitUntil(lambda: store.load("wave-anna-001").segments[0].count < 208, timeout=20000)
    qtbot.waitUntil(lambda: not context.bridge.running, timeout=20000)

    # Pipeline: run everything that is stale.
    press(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    pipeline = window.pages["pipeline"]
    qtbot.waitUntil(lambda: pipeline.run_button.isVisible() and pipeline.run_button.isEnabled(), timeout=10000)
    qtbot.mouseClick(pipeline.run_button, LEFT)
    finished = context.project.runs_dir / "run-001" / "metrics.json"
    runs = [r for r in context.bridge.history if r.title == "Pipeline"]
    assert runs
    qtbot.waitUntil(lambda: bool(runs) and runs[-1].state != "running", timeout=120000)
    assert finished.is_file(), (runs[-1].state, runs[-1].error)

    # Analyse: the verdict and the memory map.
    press(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    analyse = window.pages["analyse"]
    qtbot.waitUntil(lambda: bool(analyse.table.isVisible() and analyse.map.isVisible()), timeout=15000)
    assert "Fits NUCLEO-L476RG" in analyse.verdict.accessibleName()

    # Deploy: one button from model to running board.
    press(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    deploy = window.pages["deploy"]
    qtbot.waitUntil(lambda: deploy.start.isVisible() and deploy.start.isEnabled(), timeout=15000)
    qtbot.mouseClick(deploy.start, LEFT)
    qtbot.waitUntil(deploy.live.isVisible, timeout=60000)
    assert context.session.description.model is not None
    qtbot.mouseClick(deploy.live, LEFT)

    # Live: the board recognises a gesture that was never recorded.
    live = window.pages["live"]
    qtbot.waitUntil(lambda: live.start_button.isVisible() and live.start_button.isEnabled(), timeout=15000)
    qtbot.mouseClick(live.start_button, LEFT)
    qtbot.waitUntil(lambda: live.run.running and len(live.run.times) > 3, timeout=20000)
    for _ in range(3):
        press(window, Qt.Key.Key_1)
        qtbot.wait(2500)
        if "wave" in [found.detection.label for found in live.run.found]:
            break
    assert "wave" in [found.detection.label for found in live.run.found]
    qtbot.mouseClick(live.stop_button, LEFT)
    qtbot.waitUntil(live.start_button.isVisible, timeout=10000)
