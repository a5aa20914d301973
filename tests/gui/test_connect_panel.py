"""The list of ports says what hangs on each, warns of a rate that is too low, and a pulled cable is no end."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.devices.baud import AUTO
from motestudio.devices.microphones import Microphone
from motestudio.devices.ports import Holder, PortInfo
from motestudio.domain.recording import Facts
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.pages.record import connect_panel, sources
from motestudio.gui.pages.record.connect_panel import LINES, RATES
from motestudio.project.recordings import RecordingWriter
from motestudio.studio.takes import set_record
from support.fake_boards import SocketCable, Streamer, TerminalCable
from support.record_page import press

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
    monkeypatch.setattr(sources, "list_ports", lambda: list(PORTS))
    monkeypatch.setattr(sources, "microphones", lambda: [Microphone("mic:Headset", "Headset", True)])
    group = ChannelGroup("imu", 6667.0, tuple(Channel(f"c{i}") for i in range(6)))
    writer = RecordingWriter(context.project.recordings.folder, "before", group, Facts())
    writer.append(np.zeros((10, 6), np.int16), 1, 1)
    writer.finish()
    set_record(context.project, countdown=0.0, seconds=30.0)
    context.project_changed.emit()
    project_window.show_page("record")
    made = project_window.pages["record"]
    qtbot.waitUntil(lambda: len(made.connect_panel.ports.rows) == 6 and made.connect_panel._signal is not None)
    return made


def test_ports_are_shown_with_chip_number_place_and_holder(page, project_window, assert_no_clipped_text):
    rows = page.connect_panel.ports.rows
    assert [r.text() for r in rows] == ["Virtual board", "ttyACM0", "ttyUSB0", "ttyUSB1", "Headset", "A file"]
    assert "Arduino Nano 33 BLE, no. A1B2, at 1-4:1.0, 2341:805a" in rows[1].accessibleName()
    assert "In use by screen (2211), CP210x, Silicon Labs" in rows[2].accessibleName()
    assert "Manufacturer: Silicon Labs" in rows[2].toolTip()
    for index in range(5):
        rows[index].click()
        for size in SIZES:
            project_window.resize(*size)
            QTest.qWait(20)
            assert_no_clipped_text(project_window)


def test_what_can_be_set_follows_the_port(page):
    panel = page.connect_panel
    shown = []
    for row in panel.ports.rows[:-1]:
        row.click()
        shown.append((panel.baud_row.isVisible(), panel.lines_row.isVisible(), panel.stream.isVisible()))
    serial = (True, True, True)
    assert shown == [(False, False, False), (False, True, True), serial, serial, (False, False, False)]


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
    assert asked == [("/dev/ttyUSB1", {"baud": AUTO, "lines": "on", "decoder": "auto", "params": {}})]


def test_a_microphone_is_connected_like_a_port(page, monkeypatch):
    asked = []
    monkeypatch.setattr(page.context, "connect_device", lambda port, **how: asked.append((port, how["decoder"])))
    page.connect_panel.ports.rows[4].click()
    page.connect_panel.connect_chosen()
    assert asked == [("mic:Headset", "")]


def test_a_file_is_asked_for_and_its_decoder_can_be_chosen(page, monkeypatch, tmp_path):
    panel, answers = page.connect_panel, iter(["", str(tmp_path / "walk.csv"), str(tmp_path / "word.wav")])
    monkeypatch.setattr(connect_panel.QFileDialog, "getOpenFileName", lambda *_: (next(answers), ""))
    panel.ports.rows[5].click()
    assert panel.chosen == "virtual", "the question was left without an answer"
    panel.ports.rows[5].click()
    assert panel.chosen == f"replay:{tmp_path / 'walk.csv'}"
    assert panel.ports.rows[5].text() == "walk.csv"
    assert panel.stream.isVisible()
    panel.file_button.click()
    assert panel.chosen.endswith("word.wav")
    assert not panel.stream.isVisible(), "a WAV file says itself what it is"


class Teller:
    """Prints two numbers at 100 Hz."""

    def __call__(self, wire):
        began, sent = time.monotonic(), 0
        while True:
            while sent < (time.monotonic() - began) * 100:
                wire.raw(f"{(sent * 37) % 1000};{500 - sent % 90}\r\n".encode())
                sent += 1
            time.sleep(0.005)


def test_listening_shows_what_comes_and_channels_get_names_that_stay(
    page, project_window, qtbot, monkeypatch, tmp_path, assert_no_clipped_text
):
    cable = TerminalCable(Teller(), tmp_path / "ttyX")
    port = PortInfo(cable.url, "USB Serial", 0x1A86, 0x7523, "77", "", "1-3:1.0")
    monkeypatch.setattr(sources, "list_ports", lambda: [port])
    panel = page.connect_panel
    panel._look()
    qtbot.waitUntil(lambda: panel.ports.rows[1].text() == "ttyX", timeout=5000)
    panel.ports.rows[1].click()
    panel.stream.listen.click()
    assert panel.stream.listen.text() == "Listening …"
    qtbot.waitUntil(panel.stream.lines.isVisible, timeout=20000)
    assert ";" in panel.stream.lines.text()
    assert panel.stream.choice.currentText() == "Lines of numbers"
    assert "The rate was counted" in panel.stream.sentence.text()
    assert float(panel.stream.params["rate_hz"]) == pytest.approx(100, rel=0.05)
    for size in SIZES:
        project_window.resize(*size)
        QTest.qWait(20)
        assert_no_clipped_text(project_window)
    field = panel.stream.channels.names[1]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "torque")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    panel.stream.channels.units[1].setFocus()
    QTest.keyClicks(panel.stream.channels.units[1], "Nm")
    panel.button.setFocus()
    panel.connect_chosen()
    qtbot.waitUntil(lambda: page.stream.connected, timeout=20000)
    assert "Read as Lines of numbers" in project_window.banner.text.text()
    described = page.context.session.description.groups[0]
    assert [(c.name, c.unit) for c in described.channels][1] == ("torque", "Nm")
    page.context.disconnect_device()
    # Plugged in elsewhere, it is known by its number.
    elsewhere = PortInfo("/dev/ttyUSB9", "USB Serial", 0x1A86, 0x7523, "77", "", "1-4:1.0")
    monkeypatch.setattr(sources, "list_ports", lambda: [elsewhere])
    panel._look()
    qtbot.waitUntil(lambda: panel.ports.rows[1].text() == "ttyUSB9", timeout=5000)
    panel.ports.rows[1].click()
    assert panel.stream.choice.currentText() == "Lines of numbers"
    assert panel.stream.params["names"].endswith("torque")
    cable.unplug()


def test_a_port_that_is_silent_says_so(page, qtbot, monkeypatch, tmp_path):
    cable = TerminalCable(lambda wire: time.sleep(4), tmp_path / "ttyX")
    monkeypatch.setattr(sources, "list_ports", lambda: [PortInfo(cable.url, "USB Serial", 0x1A86, 0x7523)])
    panel = page.connect_panel
    panel._look()
    qtbot.waitUntil(lambda: panel.ports.rows[1].text() == "ttyX", timeout=5000)
    panel.ports.rows[1].click()
    panel.stream.listen.click()
    qtbot.waitUntil(panel.stream.sentence.isVisible, timeout=20000)
    assert "Nothing was heard" in panel.stream.sentence.text()
    cable.unplug()


def test_a_pulled_cable_is_told_and_the_recording_goes_on(page, project_window, qtbot):
    cable = SocketCable(Streamer())
    page.context.connect_device(cable.url)
    qtbot.waitUntil(lambda: page.stream.streaming, timeout=20000)
    press(project_window, Qt.Key.Key_Space)
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
    press(project_window, Qt.Key.Key_Space)
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
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.control.samples > 100, timeout=5000)
    cable.unplug()
    banner = project_window.banner
    qtbot.waitUntil(lambda: banner.isVisible() and banner.action.text() == "Do not wait", timeout=5000)
    banner.action.click()
    qtbot.waitUntil(lambda: page.context.session is None)
    qtbot.waitUntil(lambda: len(page.context.project.recordings.names()) == 2, timeout=5000)
    qtbot.waitUntil(lambda: page.context.project.recordings.all()[-1].complete, timeout=5000)
    assert page.stack.currentWidget() is page.connect_panel
