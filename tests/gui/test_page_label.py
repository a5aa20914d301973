"""The Label page by mouse and keyboard, on real recordings and with the real segmenter in a worker."""

from __future__ import annotations

import itertools
import shutil
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu

from motestudio.domain.labels import UNNAMED, Segment
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.pages.label.rows import Target
from motestudio.gui.theme import theme
from motestudio.project.recordings import RecordingWriter
from motestudio.studio import label as verbs
from support.projects import gesture_project, write_take

RATE = 104.0
SIZES = [(1024, 640), (1440, 900), (3840, 2160)]
LEFT = Qt.MouseButton.LeftButton


def long_recording(project, name="session", *, bursts=(2.0, 6.0, 10.0), seconds=14.0):
    """One recording without labels in which something happens for a second at these times."""
    rng = np.random.default_rng(5)
    group = project.recordings.load("wave-000").group
    samples = rng.normal(0, 20, (round(seconds * RATE), 3))
    for at in bursts:
        samples[round(at * RATE) : round((at + 1) * RATE)] *= 100
    writer = RecordingWriter(project.recordings.folder, name, group, Facts("anna", "s1"), [])
    writer.append(samples.astype(np.int16), 0, 0)
    writer.finish(Health())


@pytest.fixture
def project(tmp_path):
    made = gesture_project(tmp_path / "wand", takes=3)
    long_recording(made)
    return made


@pytest.fixture
def page(qtbot, window, context, project):
    """The page with three waves, three idles and one long recording."""
    return open_page(qtbot, window, context, project)


def open_page(qtbot, window, context, project):
    context.adopt_project(project)
    window.show_page("label")
    made = window.current
    qtbot.waitUntil(lambda: made.library.known, timeout=5000)
    window.activateWindow()
    return made


def idle(context):
    return not context.edits.busy and not context.bridge.running


def settled(qtbot, page):
    qtbot.waitUntil(lambda: idle(page.context) and not page.session.editor.busy, timeout=20000)


def choose(qtbot, page, name, index=-1):
    """Select by clicking the list's row."""
    place = page.pane.list.rows.place_of(Target(name, index))
    model = page.pane.list.rows.index(place)
    page.pane.list.scrollTo(model)
    qtbot.mouseClick(page.pane.list.viewport(), LEFT, pos=page.pane.list.visualRect(model).center())
    assert page.session.target == Target(name, index)
    settled(qtbot, page)
    qtbot.waitUntil(lambda: page.timeline.wave is not None and page.timeline.wave.recording.name == name, timeout=5000)


def press(qtbot, page, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(page.window(), key, modifier)


def undo(qtbot, page):
    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, page)


def labels(page, name):
    return [(s.start, s.count, s.label, s.origin) for s in page.context.project.recordings.load(name).segments]


def shown(page, name):
    recording = page.library.entries[name].recording
    return [(s.start, s.count, s.label, s.origin) for s in recording.segments]


def put(page, qtbot, name, *segments):
    verbs.set_segments(page.context.project, name, segments)
    page.context.recordings_changed.emit()
    settled(qtbot, page)


def drag(qtbot, widget, start, end):
    y = widget.height() // 2
    first, last = QPoint(round(start), y), QPoint(round(end), y)
    qtbot.mousePress(widget, LEFT, pos=first)
    qtbot.mouseMove(widget, (first + last) / 2)
    qtbot.mouseMove(widget, last)
    qtbot.mouseRelease(widget, LEFT, pos=last)


# The list


def test_without_recordings_it_says_what_fills_it(qtbot, project_window, context, assert_no_clipped_text):
    project_window.show_page("label")
    page = project_window.current
    qtbot.waitUntil(lambda: page.library.known, timeout=5000)
    assert page.stack.currentWidget() is page.empty
    assert page.inspector is None
    assert_no_clipped_text(project_window)
    qtbot.mouseClick(page.empty.action, LEFT)
    assert project_window.current.key == "record"


def test_all_segments_are_listed_and_the_first_is_shown(qtbot, page):
    settled(qtbot, page)
    kinds = [(row.kind, row.entry.name) for row in page.pane.list.rows.rows]
    assert kinds == [
        *(("take", f"idle-00{n}") for n in range(3)),
        ("recording", "session"),
        *(("take", f"wave-00{n}") for n in range(3)),
    ]
    assert page.session.target == Target("idle-000", 0)
    assert page.timeline.wave.recording.name == "idle-000"
    assert page.inspector is page.panel
    assert page.panel.isVisible()


def test_the_list_walks_by_arrows_up_and_down(qtbot, page):
    settled(qtbot, page)
    page.pane.list.setFocus()
    qtbot.keyClick(page.pane.list, Qt.Key.Key_Down)
    assert page.session.target == Target("idle-001", 0)
    qtbot.waitUntil(lambda: page.timeline.wave.recording.name == "idle-001", timeout=5000)


def test_filters_by_class_and_by_review(qtbot, page):
    settled(qtbot, page)
    put(page, qtbot, "wave-001", Segment(20, 60, "wave", "proposed", "x 1", 0.5))
    qtbot.mouseClick(page.pane.chips["idle"], LEFT)
    assert [r.entry.name for r in page.pane.list.rows.rows] == ["session", "wave-000", "wave-001", "wave-002"]
    assert page.session.target.name == "session"
    page.pane.kind.setFocus()
    qtbot.keyClick(page.pane.kind, Qt.Key.Key_Right)
    assert [r.entry.name for r in page.pane.list.rows.rows] == ["wave-001"]
    assert page.session.target == Target("wave-001", 0)
    assert page.pane.kind.accessibleName() == "Show To review 1"


def test_unreadable_and_cut_short_recordings_are_rows_with_their_reason(qtbot, window, context, project):
    folder = project.recordings.folder
    (folder / "bad.sigmf-meta").write_text("{ not json", encoding="utf-8")
    data = folder / "wave-002.sigmf-data"
    data.write_bytes(data.read_bytes()[:100])
    (folder / "wave-001.sigmf-data").write_bytes(b"")
    page = open_page(qtbot, window, context, project)
    settled(qtbot, page)
    told = {row.entry.name: row.told for row in page.pane.list.rows.rows}
    assert "cannot be read" in told["bad"]
    page.session.select(Target("bad"))
    assert page.centre.currentWidget() is page.problem
    assert "bad cannot be read" in page.problem.text.text()
    assert page.problem.hint.text()
    page.session.select(page.session.next_target() or Target("wave-002", 0))
    settled(qtbot, page)
    assert "cut short" in page.panel.recording_facts.text()
    page.session.select(Target("wave-001"))
    assert "no samples" in page.problem.text.text()
    page.session.select(Target("bad"))
    qtbot.mouseClick(page.panel.delete, LEFT)
    settled(qtbot, page)
    assert not (folder / "bad.sigmf-meta").exists()
    undo(qtbot, page)
    assert (folder / "bad.sigmf-meta").exists()


# Single edits


def test_a_digit_labels_and_ctrl_z_takes_it_back(qtbot, page):
    choose(qtbot, page, "wave-000", 0)
    press(qtbot, page, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: shown(page, "wave-000")[0][2] == "idle", timeout=5000)
    assert labels(page, "wave-000") == [(0, 208, "idle", "mine")]
    assert page.panel.classes.rows[1].isChecked()
    undo(qtbot, page)
    assert shown(page, "wave-000") == labels(page, "wave-000") == [(0, 208, "wave", "mine")]


def test_a_class_row_labels_a_recording_that_has_no_labels(qtbot, page):
    choose(qtbot, page, "session")
    assert page.panel.reason.isVisible()
    qtbot.mouseClick(page.panel.classes.rows[0], LEFT)
    settled(qtbot, page)
    assert labels(page, "session") == [(0, 1456, "wave", "mine")]
    assert page.session.target == Target("session", 0)


def test_arrows_nudge_and_a_row_of_them_is_one_undo(qtbot, page):
    put(page, qtbot, "wave-000", Segment(50, 60, "wave"))
    choose(qtbot, page, "wave-000", 0)
    for _ in range(3):
        press(qtbot, page, Qt.Key.Key_Right)
    press(qtbot, page, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, page, Qt.Key.Key_Left)
    assert page.session.segments()[0].start == 62
    assert page.panel.start.value == pytest.approx(62 / RATE, abs=1e-3)
    undo(qtbot, page)
    assert labels(page, "wave-000") == [(50, 60, "wave", "mine")]
    press(qtbot, page, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: labels(page, "wave-000")[0][0] == 51, timeout=5000)


def test_nudging_on_while_the_last_move_is_written_loses_nothing(qtbot, page):
    put(page, qtbot, "wave-000", Segment(50, 60, "wave"))
    choose(qtbot, page, "wave-000", 0)
    for _ in range(6):
        press(qtbot, page, Qt.Key.Key_Right)
        page.session.flush()
    press(qtbot, page, Qt.Key.Key_3)
    page.session.flush()
    settled(qtbot, page)
    assert labels(page, "wave-000")[0][0] == 56


def test_dragging_an_edge_with_and_without_snapping(qtbot, page):
    put(page, qtbot, "session", Segment(230, 60, "wave"))
    choose(qtbot, page, "session", 0)
    timeline, track = page.timeline, page.timeline.tracks["mine"]

    def x(seconds):
        return timeline.ruler.x_of(seconds)

    drag(qtbot, track, x(290 / RATE), x(3.06))
    settled(qtbot, page)
    start, count, *_ = labels(page, "session")[0]
    assert start == 230
    assert start + count == pytest.approx(3.0 * RATE, abs=4)
    page.panel.snap.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(page.panel.snap, Qt.Key.Key_Space)
    assert not timeline.snapping
    drag(qtbot, track, x((start + count) / RATE), x(3.3))
    settled(qtbot, page)
    assert sum(labels(page, "session")[0][:2]) == pytest.approx(3.3 * RATE, abs=3)


def test_dragging_over_an_empty_lane_makes_a_segment(qtbot, page):
    choose(qtbot, page, "session")
    ruler = page.timeline.ruler
    drag(qtbot, page.timeline.tracks["mine"], ruler.x_of(5.95), ruler.x_of(7.05))
    settled(qtbot, page)
    ((start, count, name, origin),) = labels(page, "session")
    assert (name, origin) == ("wave", "mine")
    assert start == pytest.approx(6.0 * RATE, abs=4)
    assert start + count == pytest.approx(7.0 * RATE, abs=4)
    assert page.session.target == Target("session", 0)
    drag(qtbot, page.timeline.tracks["mine"], ruler.x_of(1.0), ruler.x_of(1.0) + 1)
    settled(qtbot, page)
    assert len(labels(page, "session")) == 1


def test_typing_an_extent_keeps_enter_and_digits_to_the_field(qtbot, page):
    put(page, qtbot, "wave-000", Segment(50, 60, "wave", "proposed", "x 1", 0.5))
    choose(qtbot, page, "wave-000", 0)
    page.panel.stop.setFocus(Qt.FocusReason.TabFocusReason)
    for letter in "1.5":
        qtbot.keyClick(page.panel.stop, letter)
    qtbot.keyClick(page.panel.stop, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert labels(page, "wave-000") == [(50, 106, "wave", "proposed")]
    page.panel.start.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(page.panel.start, Qt.Key.Key_Up)
    settled(qtbot, page)
    assert labels(page, "wave-000") == [(51, 105, "wave", "proposed")]


def test_split_at_the_playhead(qtbot, page):
    choose(qtbot, page, "wave-000", 0)
    qtbot.mouseClick(page.timeline.ruler, LEFT, pos=QPoint(round(page.timeline.ruler.x_of(1.0)), 10))
    press(qtbot, page, Qt.Key.Key_S)
    settled(qtbot, page)
    first, second = labels(page, "wave-000")
    assert first[0] + first[1] == second[0] == pytest.approx(104, abs=2)
    page.timeline.set_playhead(1.9)
    press(qtbot, page, Qt.Key.Key_S)
    settled(qtbot, page)
    assert len(labels(page, "wave-000")) == 2
    assert "outside the segment" in page.window().banner.text.text()


def test_a_note_is_kept_when_the_field_is_left(qtbot, page):
    choose(qtbot, page, "wave-000", 0)
    page.panel.note.setFocus()
    for letter in "late 1":
        qtbot.keyClick(page.panel.note, letter)
    choose(qtbot, page, "wave-001", 0)
    assert page.context.project.recordings.load("wave-000").segments[0].note == "late 1"
    assert labels(page, "wave-000")[0][2] == "wave"
    assert page.panel.note.toPlainText() == ""


# Playing and looking


def test_space_plays_and_stops(qtbot, page):
    choose(qtbot, page, "session")
    press(qtbot, page, Qt.Key.Key_Space)
    assert page.playback.playing
    qtbot.waitUntil(lambda: page.timeline.playhead > 0.15, timeout=3000)
    press(qtbot, page, Qt.Key.Key_Space)
    assert not page.playback.playing
    page.timeline.set_playhead(13.9)
    press(qtbot, page, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.playback.playing, timeout=3000)
    assert page.timeline.playhead == pytest.approx(14.0, abs=0.02)


def test_another_page_stops_the_playhead_and_keeps_the_nudge(qtbot, page, window):
    put(page, qtbot, "wave-000", Segment(50, 60, "wave"))
    choose(qtbot, page, "wave-000", 0)
    press(qtbot, page, Qt.Key.Key_Right)
    press(qtbot, page, Qt.Key.Key_Space)
    window.show_page("record")
    assert not page.playback.playing
    settled(qtbot, page)
    assert labels(page, "wave-000")[0][0] == 51


def test_wheel_zooms_and_moves_and_the_overview_follows(qtbot, page):
    choose(qtbot, page, "session")
    timeline = page.timeline
    viewport = timeline.plots[0].view.viewport()
    at = QPointF(viewport.width() / 2, viewport.height() / 2)

    def wheel(delta, modifier):
        event = QWheelEvent(
            at, viewport.mapToGlobal(at), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)

    before = timeline.view
    wheel(120, Qt.KeyboardModifier.ControlModifier)
    assert timeline.view[1] - timeline.view[0] < before[1] - before[0]
    narrow = timeline.view
    wheel(-120, Qt.KeyboardModifier.NoModifier)
    assert timeline.view[0] > narrow[0]
    timeline.overview.setFocus(Qt.FocusReason.TabFocusReason)
    moved = timeline.view
    qtbot.keyClick(timeline.overview, Qt.Key.Key_Left)
    assert timeline.view[0] < moved[0]
    press(qtbot, page, Qt.Key.Key_Minus)
    press(qtbot, page, Qt.Key.Key_Minus)
    press(qtbot, page, Qt.Key.Key_Minus)
    assert timeline.view == (0.0, 14.0)


def test_the_spectrogram_shows_the_burst_and_other_channels(qtbot, page):
    choose(qtbot, page, "session")
    shown_ = page.timeline.spectrogram
    qtbot.waitUntil(lambda: shown_._pixels is not None, timeout=3000)
    columns = shown_._pixels.mean(axis=0)
    x = round(2.5 / 12 * len(columns))
    quiet = round(4.5 / 12 * len(columns))
    assert columns[x] > columns[quiet] + 60
    assert shown_.source.text() == "Spectrum |a|"
    press(qtbot, page, Qt.Key.Key_C)
    assert shown_.source.text() == "Spectrum ax"


def test_ten_minutes_of_sound_open_at_once(qtbot, window, context, project):
    group = ChannelGroup("audio", 16000.0, (Channel("mic", "", 1 / 32768),))
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 30, (16000 * 600, 1)).astype(np.int16)
    samples[16000 * 300 : 16000 * 301] *= 100
    writer = RecordingWriter(project.recordings.folder, "aa-sound", group, Facts(), [])
    writer.append(samples, 0, 0)
    writer.finish(Health())
    page = open_page(qtbot, window, context, project)
    page.session.select(Target("aa-sound"))
    qtbot.waitUntil(lambda: page.timeline.wave is not None and page.timeline.wave.rate == 16000.0, timeout=10000)
    longest = stops(qtbot, lambda: page.timeline.set_view(0, 600), lambda: page.timeline.set_view(299, 302))
    assert longest < 0.5
    assert len(page.timeline.plots) == 1


def stops(qtbot, *acts):
    """The longest time that the window did not answer while these were done."""
    beats = [time.monotonic()]
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start()
    for act in acts:
        act()
        qtbot.wait(60)
    timer.stop()
    return max(b - a for a, b in itertools.pairwise(beats))


# Review


def test_propose_with_the_segmenter_then_review_by_keys(qtbot, page):
    choose(qtbot, page, "session")
    qtbot.mouseClick(page.propose, LEFT)
    assert not page.propose.isEnabled()
    assert page.context.stages["label"] == "running"
    settled(qtbot, page)
    assert page.propose.isEnabled()
    assert page.context.stages["label"] == "stale"
    found = labels(page, "session")
    assert [row[2:] for row in found] == [(UNNAMED, "proposed")] * 3
    assert [round(row[0] / RATE) for row in found] == [2, 6, 10]
    assert all(row[3] == "mine" for n in range(3) for row in labels(page, f"idle-00{n}"))
    assert any(row[3] == "proposed" for row in labels(page, "wave-000"))
    page.session.select(Target("idle-000", 0))
    press(qtbot, page, Qt.Key.Key_N)
    assert page.session.target == Target("session", 0)
    assert page.panel.heading.note.text().startswith("1 of ")
    assert page.panel.maker.text == "By energy"
    press(qtbot, page, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert "no class" in page.window().banner.text.text()
    press(qtbot, page, Qt.Key.Key_1)
    settled(qtbot, page)
    assert labels(page, "session")[0][2:] == ("wave", "mine")
    assert page.session.target == Target("session", 1)
    press(qtbot, page, Qt.Key.Key_Backspace)
    settled(qtbot, page)
    assert len(labels(page, "session")) == 2
    assert page.session.target == Target("session", 1)
    for _ in range(3):
        undo(qtbot, page)
    assert labels(page, "session") == []
    assert labels(page, "wave-000") == [(0, 208, "wave", "mine")]


def test_trim_by_the_segmenter_leaves_background_whole(qtbot, page):
    settled(qtbot, page)
    qtbot.mouseClick(page.trim, LEFT)
    settled(qtbot, page)
    start, count, name, origin = labels(page, "wave-001")[0]
    assert (name, origin) == ("wave", "mine")
    assert start > 30
    assert start + count < 180
    assert labels(page, "idle-001") == [(0, 208, "idle", "mine")]
    assert not page.trim.isEnabled()
    qtbot.mouseClick(page.window().banner.action, LEFT)
    settled(qtbot, page)
    assert labels(page, "wave-001") == [(0, 208, "wave", "mine")]


def test_cancelled_proposals_change_nothing_and_free_the_button(qtbot, page):
    settled(qtbot, page)
    qtbot.mouseClick(page.propose, LEFT)
    running = next(r for r in page.context.bridge.running if r.title == "Propose labels")
    running.cancel()
    settled(qtbot, page)
    assert running.state == "cancelled"
    assert page.propose.isEnabled()
    assert labels(page, "session") == []


def test_enter_accepts_and_goes_on(qtbot, page):
    for name in ("wave-000", "wave-002"):
        put(page, qtbot, name, Segment(0, 208, "wave"), Segment(50, 60, "wave", "proposed", "x 1", 0.8))
    choose(qtbot, page, "wave-000", 1)
    press(qtbot, page, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert labels(page, "wave-000") == [(50, 60, "wave", "mine")]
    assert page.session.target == Target("wave-002", 1)
    qtbot.mouseClick(page.panel.accept, LEFT)
    settled(qtbot, page)
    assert labels(page, "wave-002") == [(50, 60, "wave", "mine")]
    press(qtbot, page, Qt.Key.Key_N)
    assert "Nothing to review" in page.window().banner.text.text()


def test_accept_all_that_are_sure(qtbot, page):
    for n, confidence in enumerate((0.95, 0.91, 0.5)):
        put(page, qtbot, f"wave-00{n}", Segment(50, 60, "wave", "proposed", "x 1", confidence))
    assert page.accept_sure.text() == "Accept 2 above 0.90"
    qtbot.mouseClick(page.accept_sure, LEFT)
    settled(qtbot, page)
    assert [labels(page, f"wave-00{n}")[0][3] for n in range(3)] == ["mine", "mine", "proposed"]
    assert not page.accept_sure.isEnabled()
    assert page.context.stages["label"] == "stale"
    undo(qtbot, page)
    assert page.accept_sure.text() == "Accept 2 above 0.90"


def test_next_takes_filters_off_that_hide_it(qtbot, page):
    put(page, qtbot, "wave-001", Segment(20, 60, "wave", "proposed", "x 1", 0.5))
    qtbot.mouseClick(page.pane.chips["wave"], LEFT)
    press(qtbot, page, Qt.Key.Key_N)
    assert page.session.target == Target("wave-001", 0)
    assert page.pane.chips["wave"].isChecked()
    settled(qtbot, page)


def test_delete_a_recording_and_bring_it_back(qtbot, page):
    choose(qtbot, page, "wave-001", 0)
    press(qtbot, page, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, page)
    assert "wave-001" not in page.library.entries
    assert page.session.target == Target("wave-002", 0)
    qtbot.mouseClick(page.window().banner.action, LEFT)
    settled(qtbot, page)
    assert "wave-001" in page.library.entries


def test_a_row_has_a_menu(qtbot, page):
    settled(qtbot, page)
    view = page.pane.list
    place = view.rows.place_of(Target("wave-000", 0))
    view.customContextMenuRequested.emit(view.visualRect(view.rows.index(place)).center())
    menu = page.findChild(QMenu)
    titles = {a.text(): a for a in menu.actions()}
    assert not titles["Accept the proposal"].isEnabled()
    titles["Delete the recording"].trigger()
    menu.close()
    settled(qtbot, page)
    assert "wave-000" not in page.library.entries


# Around it


def test_recordings_that_come_from_elsewhere_appear(qtbot, page):
    settled(qtbot, page)
    write_take(page.context.project, "wave-009", "wave")
    page.context.recordings_changed.emit()
    settled(qtbot, page)
    assert "wave-009" in [r.entry.name for r in page.pane.list.rows.rows]


def test_a_read_only_project_says_so_and_keeps_what_is_shown(qtbot, page):
    choose(qtbot, page, "wave-000", 0)
    page.context.project.recordings._read_only = True
    press(qtbot, page, Qt.Key.Key_2)
    settled(qtbot, page)
    assert "reading only" in page.window().banner.text.text()
    assert shown(page, "wave-000")[0][2] == "wave"


def test_another_project_shows_its_own(qtbot, window, page, context, tmp_path):
    choose(qtbot, page, "wave-000", 0)
    context.adopt_project(gesture_project(tmp_path / "other", takes=1))
    assert window.current.key == "start"
    window.show_page("label")
    qtbot.waitUntil(lambda: page.library.known, timeout=5000)
    settled(qtbot, page)
    assert list(page.library.entries) == ["idle-000", "wave-000"]
    assert page.session.target == Target("idle-000", 0)


def test_two_thousand_takes_do_not_freeze(qtbot, window, context, project):
    folder = project.recordings.folder
    for n in range(2000):
        for kind in ("data", "meta"):
            shutil.copyfile(folder / f"wave-000.sigmf-{kind}", folder / f"wave-{n + 1000}.sigmf-{kind}")
    context.adopt_project(project)
    assert stops(qtbot, lambda: window.show_page("label")) < 1.0
    page = window.current
    qtbot.waitUntil(lambda: page.library.known, timeout=20000)
    settled(qtbot, page)
    assert page.pane.list.rows.rowCount() > 2000
    page.pane.list.setFocus()

    def hold_down():
        for _ in range(40):
            qtbot.keyClick(page.pane.list, Qt.Key.Key_Down)

    start = time.monotonic()
    hold_down()
    assert time.monotonic() - start < 4.0
    assert len(context.bridge.running) <= 3
    settled(qtbot, page)
    assert page.timeline.wave.recording.name == page.session.target.name
    assert stops(qtbot, lambda: press(qtbot, page, Qt.Key.Key_2)) < 0.5
    settled(qtbot, page)


@pytest.mark.parametrize("size", SIZES)
def test_no_text_is_cut(qtbot, window, page, size, assert_no_clipped_text):
    put(
        page,
        qtbot,
        "wave-001",
        Segment(0, 208, "wave"),
        Segment(50, 60, "wave", "proposed", "mote-segment/energy 1", 0.8),
    )
    window.resize(*size)
    for target in (Target("session"), Target("wave-001", 1), Target("wave-000", 0)):
        page.session.select(target)
        settled(qtbot, page)
        assert_no_clipped_text(window)
    theme().set_mode("dark")
    assert_no_clipped_text(window)


def test_every_control_has_a_name_and_takes_the_focus(page):
    controls = [
        page.pane.kind, *page.pane.chips.values(), page.pane.list, page.timeline.overview, page.timeline.ruler,
        page.timeline.spectrogram.source, *page.timeline.tracks.values(), page.trim, page.propose, page.accept_sure,
        page.panel.accept, page.panel.reject, page.panel.start, page.panel.stop, page.panel.snap, page.panel.note,
        page.panel.delete,
    ]  # fmt: skip
    for control in controls:
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control
