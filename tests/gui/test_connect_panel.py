"""The list of ports says what hangs on each, warns of a rate that is too low, and a pulled cable is no end."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.devices.baud import AUTO
from motestudio.devices.ports import Holder, PortInfo
from motestudio.domain.recording import Facts
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.pages.record import connect_panel
from motestudio.gui.pages.record.connect_panel import LINES, RATES
from motestudio.project.recordings import RecordingWriter
from motestudio.studio.takes import set_record
from support.fake_boards import SocketCable, Streamer

pytest.importorskip("pyqtgraph")

PORTS = [
    PortInfo("/dev/ttyACM0", "Nano 33 BLE", 0x2341, 0x805A, "A1B2", "Arduino", "1-4:1.0"),
    PortInfo("/dev/ttyUSB0", "CP2102N", 0x10C4, 0xEA60, "0001", "Silicon Labs", "1-1:1.0", Holder(2211, "screen")),
    PortInfo("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, "", "", "1-3:1.0"),
]
SIZES = [(1024, 640), (1440, 900)]


@pytest.fixture
def page(project_window, context, qtbot, monkeypatch):
    """The page with three ports, in a project that recorded six channels at 6,667 Hz last."""
    monkeypatch.setattr(connect_panel, "list_ports", lambda: list(PORTS))
    group = ChannelGroup("imu", 6667.0, tuple(Channel(f"c{i}") for i in range(6)))
    writer = RecordingWriter(context.project.recordings.folder, "before", group, Facts())
    writer.append(np.zeros((10, 6), np.int16), 1, 1)
    writer.finish()
    set_record(context.project, countdown=0.0, seconds=30.0)
    context.project_changed.emit()
    project_window.show_page("record")
    made = project_window.pages["record"]
    qtbot.waitUntil(lambda: len(made.connect_panel.ports.rows) == 4 and made.connect_panel._signal is not None)
    return made


def test_ports_are_shown_with_chip_number_place_and_holder(page, project_window, assert_no_clipped_text):
    rows = page.connect_panel.ports.rows
    assert [r.text() for r in rows] == ["Virtual board", "ttyACM0", "ttyUSB0", "ttyUSB1"]
    assert "Arduino Nano 33 BLE, no. A1B2, at 1-4:1.0, 2341:805a" in rows[1].accessibleName()
    assert "In use by screen (2211), CP210x, Silicon Labs" in rows[2].accessibleName()
    assert "Manufacturer: Silicon Labs" in rows[2].toolTip()
    for index in range(4):
        rows[index].click()
        for size in SIZES:
            project_window.resize(*size)
            QTest.qWait(20)
            assert_no_clipped_text(project_window)


def test_what_can_be_set_follows_the_port(page):
    panel = page.connect_panel
    shown = []
    for row in panel.ports.rows:
        row.click()
        shown.append((panel.baud_row.isVisible(), panel.lines_row.isVisible()))
    assert shown == [(False, False), (False, True), (True, True), (True, True)]


def test_a_rate_that_cannot_carry_the_signal_is_told_with_one_that_can(page):
    panel = page.connect_panel
    panel.ports.rows[3].click()
    panel.baud.setCurrentIndex(RATES.index(115200))
    assert panel.warning.isVisible()
    assert "921,600 baud" in panel.warning.text()
    for baud in (921600, AUTO):
        panel.baud.setCurrentIndex(RATES.index(baud))
        assert not panel.warning.isVisible()
    panel.baud.setCurrentIndex(RATES.index(9600))
    panel.ports.rows[1].click()
    assert not panel.warning.isVisible(), "a board with USB of its own has no rate"


def test_what_is_chosen_is_what_is_opened(page, monkeypatch):
    asked = []
    monkeypatch.setattr(page.context, "connect_device", lambda port, **how: asked.append((port, how)))
    panel = page.connect_panel
    panel.ports.rows[3].click()
    panel.baud.setCurrentIndex(RATES.index(AUTO))
    panel.lines.setCurrentIndex(LINES.index("on"))
    panel.connect_chosen()
    assert asked == [("/dev/ttyUSB1", {"baud": AUTO, "lines": "on"})]


def test_a_pulled_cable_is_told_and_the_recording_goes_on(page, project_window, qtbot):
    cable = SocketCable(Streamer())
    page.context.connect_device(cable.url)
    qtbot.waitUntil(lambda: page.stream.streaming, timeout=20000)
    QTest.keyClick(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.control.samples > 200, timeout=5000)
    cable.unplug()
    banner = project_window.banner
    qtbot.waitUntil(lambda: banner.isVisible() and "is gone" in banner.text.text(), timeout=5000)
    assert f"{page.control.name} goes on when it is back" in banner.hint.text()
    assert banner.action.text() == "Do not wait"
    assert page.control.state == "recording"
    before = page.control.samples
    cable.plug()
    qtbot.waitUntil(lambda: "The board is back" in banner.text.text(), timeout=5000)
    qtbot.waitUntil(lambda: page.control.samples > before + 200, timeout=5000)
    QTest.keyClick(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.control.state == "idle", timeout=5000)
    taken = next(n for n in page.context.project.recordings.names() if n != "before")
    recording = page.context.project.recordings.load(taken)
    assert recording.complete
    assert [c.away_us > 0 for c in recording.captures] == [False, True]
    page.context.disconnect_device()
    cable.unplug()


def test_who_does_not_want_to_wait_need_not(page, project_window, qtbot):
    cable = SocketCable(Streamer())
    page.context.connect_device(cable.url)
    qtbot.waitUntil(lambda: page.stream.streaming, timeout=20000)
    QTest.keyClick(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.control.samples > 100, timeout=5000)
    cable.unplug()
    banner = project_window.banner
    qtbot.waitUntil(lambda: banner.isVisible() and banner.action.text() == "Do not wait", timeout=5000)
    banner.action.click()
    qtbot.waitUntil(lambda: page.context.session is None)
    qtbot.waitUntil(lambda: len(page.context.project.recordings.names()) == 2, timeout=5000)
    qtbot.waitUntil(lambda: page.context.project.recordings.all()[-1].complete, timeout=5000)
    assert page.stack.currentWidget() is page.connect_panel
