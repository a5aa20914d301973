"""In the field: several groups, starts by level, repeats, labels by holding, the last seconds, warnings, gloves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.devices.live_tail import LiveTailReader
from motestudio.devices.recorder_messages import GroupHealth, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.pages.record.disk_room import room_words
from motestudio.gui.pages.record.link_panel import LinkPanel
from motestudio.gui.pages.record.touch import SIZE
from motestudio.gui.pages.record.troubles import TroubleWatch
from motestudio.gui.theme import theme
from motestudio.gui.widgets import PaintedButton
from motestudio.studio.takes import set_record
from motestudio.studio.virtual import start_virtual_board
from support.fake_boards import SocketCable, Streamer
from support.record_page import connect, open_page, press

SIZES = [(1024, 640), (1440, 900)]


@pytest.fixture
def page(project_window, context, qtbot):
    return open_page(project_window, context, qtbot)


@pytest.fixture
def board(page, qtbot):
    return connect(page, qtbot)


class Quiet(Streamer):
    """Rests, and moves for 0.4 s of every 2."""

    def block(self, index):
        moves = np.where(index % 2000 >= 1600, 12_000, index % 3)
        return np.stack([moves, index % 5], axis=1).astype(np.int16)


@pytest.fixture
def quiet(page, qtbot):
    cable = SocketCable(Quiet())
    connect(page, qtbot, cable.url)
    yield page
    page.context.disconnect_device()
    cable.unplug()


def settings(page, **values):
    set_record(page.context.project, **values)
    page.context.project_changed.emit()


def idle(qtbot, page, count):
    names = page.context.project.recordings.names
    qtbot.waitUntil(lambda: len(names()) == count and not page.control.busy, timeout=15000)
    return page.context.project.recordings.all()


def test_groups_are_drawn_and_recorded_together_and_one_can_be_left_out(qtbot, page, project_window, tmp_path):
    with start_virtual_board("virtual", sensor="imu+microphone", flash_dir=tmp_path / "flash") as virtual:
        page.context.connect_device(virtual.url)
        qtbot.waitUntil(lambda: page.stream.streaming and page.stream.readers[-1].total > 100, timeout=20000)
        titles = [row.accessibleName() for row in page.scope.plot.rows]
        assert titles == ["Accelerometer", "Gyroscope", "Audio", "Spectrum audio"]
        meter = page.board_view.levels.meters[-1]
        qtbot.waitUntil(lambda: meter.accessibleName().startswith("audio"), timeout=3000)
        press(project_window, Qt.Key.Key_Space)
        recordings = idle(qtbot, page, 2)
        assert sorted(r.group.name for r in recordings) == ["audio", "imu"]
        assert len({r.take for r in recordings}) == 1
        qtbot.waitUntil(lambda: page.form.last.card is not None, timeout=5000)
        # Two recordings are one take.
        qtbot.waitUntil(lambda: page.form.count_of("wave")[0] == 1, timeout=5000)
        page.form.fields.groups["audio"].click()
        qtbot.waitUntil(lambda: [r.group.name for r in page.stream.readers] == ["imu"], timeout=5000)
        qtbot.waitUntil(lambda: page.stream.streaming and page.stream.reader.total > 300, timeout=8000)
        press(project_window, Qt.Key.Key_Space)
        recordings = idle(qtbot, page, 3)
        assert page.context.project.config.record.groups == ("imu",)
        page.context.disconnect_device()


def test_a_take_runs_until_it_is_stopped(qtbot, board, project_window):
    board.form.fields.endless.click()
    qtbot.waitUntil(lambda: board.context.project.config.record.seconds == 0, timeout=3000)
    assert not board.form.fields.seconds.isEnabled()
    assert board.form.sentence.text().startswith("Until Space")
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 150, timeout=8000)
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, board, 1)
    assert recording.n_samples > 150
    board.form.fields.endless.click()
    qtbot.waitUntil(lambda: board.context.project.config.record.seconds == 0.6, timeout=3000)


def test_takes_repeat_until_there_are_enough(qtbot, board, project_window):
    settings(board, repeat=True, pause=0.2, seconds=0.3)
    board.form.target.setFocus()
    board.form.target.selectAll()
    QTest.keyClicks(board.form.target, "3")
    QTest.keyClick(board.form.target, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: board.form.count_of("wave") == (0, 3), timeout=3000)
    assert "missing" in board.form.heading.note.text()
    press(project_window, Qt.Key.Key_Space)
    idle(qtbot, board, 3)
    qtbot.wait(600)
    assert len(board.context.project.recordings.names()) == 3, "there are enough"
    qtbot.waitUntil(lambda: board.form.count_words("wave") == "3 of 3", timeout=3000)


def test_space_between_two_takes_ends_the_run(qtbot, board, project_window):
    settings(board, repeat=True, pause=30.0, seconds=0.3)
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.state == "pause", timeout=8000)
    assert "The next one follows" in board.form.sentence.text()
    press(project_window, Qt.Key.Key_Space)
    assert board.control.state == "idle"
    idle(qtbot, board, 1)


def test_escape_calls_off_what_waits_and_only_then_leaves_field_mode(qtbot, board, project_window):
    settings(board, countdown=30.0)
    press(project_window, Qt.Key.Key_F)
    press(project_window, Qt.Key.Key_Space)
    assert board.control.state == "countdown"
    press(project_window, Qt.Key.Key_Escape)
    assert board.control.state == "idle"
    assert board.field is not None
    press(project_window, Qt.Key.Key_Escape)
    assert board.field is None
    assert board.context.project.recordings.names() == []


def test_targets_are_typed_where_the_class_stands(qtbot, page, project_window):
    form = page.form
    QTest.mouseDClick(form.classes.rows[1], Qt.MouseButton.LeftButton)
    assert form.label == "circle"
    assert form.target.hasFocus()
    QTest.keyClicks(form.target, "7")
    QTest.keyClick(form.target, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: form.count_words("circle") == "0 of 7, 7 missing", timeout=3000)
    assert form.classes.rows[1].toolTip().startswith("0 of 7, 7 missing")
    press(project_window, Qt.Key.Key_1)
    press(project_window, Qt.Key.Key_F2)
    assert form.target.hasFocus()
    QTest.keyClicks(form.target, "3")
    QTest.keyClick(form.target, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: form.count_of("wave") == (0, 3), timeout=3000)
    assert form.count_of("circle") == (0, 7)
    assert form.heading.note.text() == "70 missing"


def test_the_signal_begins_the_take_and_the_run_up_belongs_to_it(qtbot, quiet, project_window):
    settings(quiet, start="level", level=0.2, run_up=0.2, seconds=0.6)
    press(project_window, Qt.Key.Key_Space)
    assert quiet.control.state == "armed"
    assert quiet.bar.title.text() == "Armed"
    assert quiet.form.button.accessibleName().startswith("Stop, waits for")
    (recording,) = idle(qtbot, quiet, 1)
    moved = np.abs(quiet.context.project.recordings.samples(recording)[:, 0]) > 1000
    assert int(np.argmax(moved)) == pytest.approx(200, abs=1)
    assert recording.n_samples == 600


def test_who_is_armed_can_call_it_off(qtbot, quiet, project_window):
    settings(quiet, start="level", level=0.9)
    press(project_window, Qt.Key.Key_Space)
    assert quiet.control.state == "armed"
    # The motion of 12,000 of 32,768 is seen, so that the level can be chosen by it.
    sentence = quiet.form.sentence
    qtbot.waitUntil(lambda: sentence.text().startswith("Begins at 90.0%, now 3"), timeout=5000)
    press(project_window, Qt.Key.Key_Space)
    assert quiet.control.state == "idle"
    assert quiet.context.project.recordings.names() == []


def test_held_keys_label_what_runs_and_the_last_one_can_be_taken_back(qtbot, board, project_window):
    settings(board, seconds=0.0)
    board.form.labelling.click()
    assert board.form.button.text() == "Record"
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 30, timeout=8000)
    for key, samples in ((Qt.Key.Key_1, 60), (Qt.Key.Key_2, 40), (Qt.Key.Key_3, 20)):
        QTest.keyPress(board, key)
        before = board.stream.reader.total
        qtbot.waitUntil(lambda before=before, n=samples: board.stream.reader.total > before + n, timeout=5000)
        QTest.keyRelease(board, key)
    assert [x.label for x in board.labels.made] == ["wave", "circle", "tap"]
    assert board.form.history.isVisible()
    assert [b.label for b in board.scope._labels] == ["wave", "circle", "tap"]
    press(project_window, Qt.Key.Key_Backspace)
    assert [x.label for x in board.labels.made] == ["wave", "circle"]
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, board, 1)
    assert [s.label for s in recording.segments] == ["wave", "circle"]
    assert recording.segments[0].count > 60
    first, second = recording.segments
    assert second.start >= first.start + first.count
    qtbot.waitUntil(lambda: board.form.count_of("circle")[0] == 1, timeout=5000)
    # Afterwards digits choose classes again.
    press(project_window, Qt.Key.Key_4)
    assert board.form.label == "swipe"


def test_several_keys_are_held_at_once(qtbot, board, project_window):
    settings(board, seconds=0.0)
    board.form.labelling.click()
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 10, timeout=8000)
    QTest.keyPress(board, Qt.Key.Key_1)
    qtbot.wait(200)
    QTest.keyPress(board, Qt.Key.Key_2)
    assert set(board.labels.held) == {"wave", "circle"}
    qtbot.wait(200)
    QTest.keyRelease(board, Qt.Key.Key_1)
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, board, 1)
    assert {s.label for s in recording.segments} == {"wave", "circle"}, "what is held ends with the take"


def test_the_last_seconds_are_kept_though_nothing_was_recorded(qtbot, quiet, project_window):
    settings(quiet, keep=0.5)
    qtbot.waitUntil(lambda: quiet.stream.reader.total > 800, timeout=5000)
    assert quiet.form.keep.text() == "Keep the last 0.5 s"
    press(project_window, Qt.Key.Key_K)
    (recording,) = idle(qtbot, quiet, 1)
    assert recording.n_samples == 500
    assert recording.segments == ()
    qtbot.waitUntil(lambda: quiet.form.last.card is not None, timeout=5000)


def test_facts_stick_and_reach_the_recording(qtbot, board, project_window):
    for key, text in (("site", "hall 3"), ("device", "left wrist"), ("note", "cold"), ("session", "monday")):
        field = board.form.fields.facts[key]
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda k=key, t=text: getattr(board.context.project.config.record, k) == t, timeout=3000)
    settings(board, name_template="{site}-{device}-{n:02}")
    assert board.form.fields.next.text() == "next: hall_3-left_wrist-01"
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, board, 1)
    facts = recording.facts
    assert (facts.site, facts.device, facts.note, facts.session) == ("hall 3", "left wrist", "cold", "monday")
    assert recording.name == "hall_3-left_wrist-01"


def test_a_label_that_is_held_survives_the_end_of_the_take(qtbot, board, project_window):
    settings(board, seconds=1.6)
    board.form.labelling.click()
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 10, timeout=8000)
    QTest.keyPress(board, Qt.Key.Key_2)
    (recording,) = idle(qtbot, board, 1)
    QTest.keyRelease(board, Qt.Key.Key_2)
    assert [s.label for s in recording.segments] == ["circle"]
    assert recording.segments[0].count > 40


def test_a_file_is_recorded_to_its_end_and_can_be_played_again(qtbot, page, project_window, tmp_path):
    rows = [f"{i * 10},{(i * 37) % 500},{i}" for i in range(400)]
    (tmp_path / "walk.csv").write_text("time_ms,ax,n\n" + "\n".join(rows) + "\n")
    settings(page, seconds=0.0)
    page.context.connect_device(f"replay:{tmp_path / 'walk.csv'}", decoder="lines")
    qtbot.waitUntil(lambda: page.stream.streaming and page.stream.reader.total > 5, timeout=20000)
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, page, 1)
    samples = page.context.project.recordings.samples(recording)[:, 1]
    assert samples[-1] == 399
    assert len(samples) > 100, "it was recorded while it played"
    assert (np.diff(samples) == 1).all()
    banner = project_window.banner
    qtbot.waitUntil(lambda: "walk.csv is at its end" in banner.text.text(), timeout=5000)
    assert banner.action.text() == "Play again"
    banner.action.click()
    qtbot.waitUntil(lambda: page.stream.streaming and page.stream.reader.total > 5, timeout=20000)
    page.context.disconnect_device()


# Warnings


GROUP = ChannelGroup("imu", 100.0, (Channel("ax"), Channel("ay"), Channel("az")))


class Stats:
    """Levels as `LevelStats` has them."""

    def __init__(self, clips=(0, 0, 0), still=(False, False, False)):
        self.reader = type("Reader", (), {"group": GROUP})()
        self.clips, self.still, self.fresh = np.array(clips), np.array(still), 10


def health(**values):
    group = {k: values.pop(k) for k in ("lost", "dropped") if k in values}
    return Health((GroupHealth(**group),), **{"free_bytes": 1 << 40, **values})


@pytest.mark.parametrize(
    ("now", "stats", "kinds", "words"),
    [
        (health(), Stats(), [], ""),
        (health(lost=12), Stats(), ["lost"], "Check cable"),
        (health(lost=12, dropped=9), Stats(), ["lost"], "9 of them by the board itself"),
        (health(crc_errors=3), Stats(), ["damaged"], "3 damaged frames"),
        (health(free_bytes=5 << 20), Stats(), ["disk"], "Make room"),
        (health(seconds_left=120.0), Stats(), ["disk"], "2 min"),
        (health(), Stats(clips=(0, 4, 0)), ["clipped"], "Clipped: ay"),
        (health(), Stats(still=(True, False, True)), ["dead"], "No change on ax, az"),
    ],
)
def test_what_is_wrong_with_a_take_is_said_with_what_to_do(now, stats, kinds, words):
    watch = TroubleWatch()
    watch.take_began(health(), [Stats()])
    found = watch.look(now, [stats])
    assert [t.kind for t in found] == kinds
    assert words in " ".join(t.text for t in found)


def test_what_was_wrong_before_the_take_is_not_its_fault():
    watch = TroubleWatch()
    watch.take_began(health(lost=50, crc_errors=7), [Stats(clips=(9, 0, 0))])
    assert watch.look(health(lost=50, crc_errors=7), [Stats(clips=(9, 0, 0))]) == []


class Stuck(Streamer):
    """One channel at its stop now and then, the other dead."""

    def block(self, index):
        return np.stack([np.where(index % 50, index, 32767), np.full_like(index, 5)], axis=1).astype(np.int16)


def test_warnings_stand_under_the_plots_in_field_mode_and_on_the_card(qtbot, page, project_window):
    cable = SocketCable(Stuck())
    connect(page, qtbot, cable.url)
    settings(page, seconds=1.5)
    page.toggle_field_mode()
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: {"clipped", "dead"} <= set(page.field.troubles.kinds), timeout=8000)
    assert set(page.board_view.troubles.kinds) >= {"clipped", "dead"}
    assert "trouble" in page.cues.played
    levels = {level.name: level for level in page.field.levels.levels}
    assert levels["ax"].clips
    assert levels["ay"].dead
    assert "ay dead" in page.field.levels.accessibleName()
    idle(qtbot, page, 1)
    qtbot.waitUntil(lambda: page.form.last.card is not None, timeout=5000)
    assert "clipped" in page.form.last.card.facts
    assert "no change on ay" in page.form.last.card.facts
    assert not page.form.last.card.good
    page.context.disconnect_device()
    cable.unplug()


# The link


def test_the_link_panel_shows_every_figure(qtbot):
    panel = LinkPanel()
    qtbot.addWidget(panel)
    group = GroupHealth(
        rate_hz=103.9, jitter_p50_ms=0.1, jitter_ms=0.4, jitter_max_ms=2.5, gaps=2, lost=31, dropped=5, drift_ppm=-12.0,
        drift_error_ppm=3.0,
    )  # fmt: skip
    panel.set_health(Health((group,), 4, 12_345.0, True, 0, 5_000_000_000, 7200.0), ["imu"])
    shown = {key: row.value.accessibleName() for key, row in panel.values.items()}
    assert shown["Rate"] == "103.90 Hz"
    assert shown["Jitter p50 / p99 / max"] == "0.1 / 0.4 / 2.5 ms"
    assert (shown["Gaps"], shown["Lost"], shown["Dropped by the board"]) == ("2", "31", "5")
    assert "12 ± 3 ppm" in shown["Clock drift"]
    assert shown["Damaged frames"] == "4"
    assert shown["Lasts for"]
    panel.set_health(Health((group, group), 0, 1.0), ["imu", "audio"])
    assert {"imu Rate", "audio Rate"} <= set(panel.values)
    panel.button.click()
    assert panel.body.isHidden()


def test_the_link_panel_follows_the_board(qtbot, board):
    qtbot.waitUntil(lambda: "Rate" in board.form.link.values, timeout=5000)
    qtbot.waitUntil(lambda: "Hz" in board.form.link.values["Rate"].value.accessibleName(), timeout=5000)
    # What is left of the disk is seen without scrolling to the figures.
    room = board.board_view.levels.room
    qtbot.waitUntil(lambda: "free" in room.text(), timeout=5000)
    assert room.visibleRegion().boundingRect() == room.rect()
    board.context.disconnect_device()
    assert board.form.link.isHidden()


@pytest.mark.parametrize(
    ("free", "seconds", "words"),
    [(0, 0.0, ""), (64 << 20, 0.0, "64.0 MB free"), (64 << 20, 90.0, "64.0 MB free, 1 min 30 s"),
     (62 << 30, 1e7, "62.0 GB free, over 100 h")],
)  # fmt: skip
def test_what_is_left_of_the_disk_is_said_as_far_as_it_is_known(free, seconds, words):
    assert room_words(Health((), free_bytes=free, seconds_left=seconds)) == words


# Field mode


def test_field_mode_has_targets_for_gloves_and_hold_buttons(qtbot, board, project_window, assert_no_clipped_text):
    press(project_window, Qt.Key.Key_F)
    board.form.labelling.click()
    qtbot.wait(50)
    field = board.field
    assert field.name.accessibleName() == "Hold a button to label 100 missing"
    for size in SIZES:
        project_window.resize(*size)
        qtbot.wait(50)
        buttons = [b for b in field.findChildren(PaintedButton) if b.isVisible() and not field.scope.isAncestorOf(b)]
        assert len(buttons) >= 12
        for button in buttons:
            assert min(button.width(), button.height()) >= SIZE, button.accessibleName()
        assert_no_clipped_text(field)
    settings(board, seconds=0.0)
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.control.samples > 10, timeout=8000)
    hold = field.holds["circle"]
    QTest.mousePress(hold, Qt.MouseButton.LeftButton)
    qtbot.wait(300)
    QTest.mouseRelease(hold, Qt.MouseButton.LeftButton)
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    (recording,) = idle(qtbot, board, 1)
    assert [s.label for s in recording.segments] == ["circle"]


def test_field_mode_steps_through_classes_and_takes_a_take_back(qtbot, board, project_window):
    press(project_window, Qt.Key.Key_F)
    QTest.mouseClick(board.field.after, Qt.MouseButton.LeftButton)
    assert board.field.name.accessibleName() == "circle 0 of 20, 20 missing"
    QTest.mouseClick(board.field.before, Qt.MouseButton.LeftButton)
    QTest.mouseClick(board.field.before, Qt.MouseButton.LeftButton)
    assert board.field.name.accessibleName().startswith("idle")
    QTest.mouseClick(board.field.button, Qt.MouseButton.LeftButton)
    idle(qtbot, board, 1)
    qtbot.waitUntil(board.field.discard.isEnabled, timeout=5000)
    QTest.mouseClick(board.field.discard, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.context.project.recordings.names() == [], timeout=5000)


def test_the_sun_scheme_is_remembered_and_left_with_field_mode(qtbot, board, project_window):
    theme().set_mode("dark")
    press(project_window, Qt.Key.Key_F)
    QTest.mouseClick(board.field.sun, Qt.MouseButton.LeftButton)
    assert theme().mode == "sunlight"
    press(project_window, Qt.Key.Key_Escape)
    assert theme().mode == "dark"
    press(project_window, Qt.Key.Key_F)
    assert theme().mode == "sunlight"
    QTest.mouseClick(board.field.sun, Qt.MouseButton.LeftButton)
    assert theme().mode == "dark"
    press(project_window, Qt.Key.Key_Escape)
    theme().set_mode("light")


def test_cues_are_asked_for_at_countdown_begin_and_end_and_can_be_muted(qtbot, quiet, project_window):
    settings(quiet, countdown=1.2)
    press(project_window, Qt.Key.Key_Space)
    idle(qtbot, quiet, 1)
    assert quiet.cues.played == ["tick", "tick", "begin", "end"]
    press(project_window, Qt.Key.Key_F)
    QTest.mouseClick(quiet.field.sound, Qt.MouseButton.LeftButton)
    assert quiet.field.sound.accessibleName() == "Let it be heard"
    settings(quiet, countdown=0.0)
    press(project_window, Qt.Key.Key_Space)
    idle(qtbot, quiet, 2)
    assert quiet.cues.played == ["tick", "tick", "begin", "end"]
    assert not quiet.context.settings.get("cues", True)


# Scrolling back while it records


def test_the_past_is_reached_while_a_take_runs(qtbot, board, project_window):
    settings(board, seconds=0.0)
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 200, timeout=8000)
    press(project_window, Qt.Key.Key_Left)
    assert board.scope.plot.paused
    assert "Follow" in board.bar.pause.accessibleName()
    held = board.scope.plot.view_range
    before = board.control.samples
    qtbot.waitUntil(lambda: board.control.samples > before + 50, timeout=5000)
    assert board.scope.plot.view_range == held
    press(project_window, Qt.Key.Key_End)
    assert not board.scope.plot.paused
    press(project_window, Qt.Key.Key_Space)
    (recording,) = idle(qtbot, board, 1)
    assert recording.health.lost_samples == 0


def test_plots_read_the_growing_file_of_the_take(qtbot, board, project_window):
    settings(board, seconds=0.0)
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.first >= 0 and board.control.samples > 50, timeout=8000)
    history = board.scope.histories[0]
    assert history._path is not None
    assert history._path.suffix == ".sigmf-data"
    assert history._first == board.control.first
    assert isinstance(history.tail, LiveTailReader)
    press(project_window, Qt.Key.Key_Space)
    idle(qtbot, board, 1)
