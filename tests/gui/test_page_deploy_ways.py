"""The Deploy page: its ways and what each needs, the emulator, the chip, the model alone, what goes wrong."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest

from motestudio.devices.ports import PortInfo
from motestudio.firmware.tflm import TFLM_PIN, write_stamp
from motestudio.gui.pages.deploy import data
from motestudio.gui.pages.deploy.computer import PathText
from motestudio.gui.pages.deploy.copy_line import CopyLine
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Button, Text
from motestudio.studio import run_store, sdk, sdk_get
from motestudio.studio.analyse import use_board
from motestudio.studio.connect import flash_folder
from motestudio.studio.deploy import request_of
from motestudio.studio.deploying import WAYS
from motestudio.studio.operation import Operation
from motestudio.studio.virtual import start_virtual_board
from support import fake_tools, tflm_trees, trained

ARM = ("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


@pytest.fixture(autouse=True)
def no_tree(monkeypatch):
    monkeypatch.delenv("MOTE_TFLM_DIR", raising=False)


@pytest.fixture
def page(qtbot, trained_window, context):
    """The page with a project for the chip that QEMU has."""
    use_board(context.studio, context.project, "stm32f405")
    context.project_changed.emit()
    trained_window.show_page("deploy")
    made = trained_window.pages["deploy"]
    qtbot.waitUntil(lambda: made.sources._project is not None, timeout=20000)
    return made


def go(qtbot, page, way):
    """Choose a way by the mouse."""
    widths = page.ways.choice._widths()
    at = WAYS.index(way)
    qtbot.mouseClick(
        page.ways.choice, Qt.MouseButton.LeftButton, pos=QPoint(round(2 + sum(widths[:at]) + widths[at] / 2), 14)
    )
    qtbot.waitUntil(lambda: page._data.way == way, timeout=20000)


def deploy(qtbot, page):
    button = page.again if page.again.isVisible() else page.start
    qtbot.waitUntil(button.isEnabled, timeout=20000)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.verbs._running is None, timeout=120000)


def states(page):
    return {key: row.dot.state for key, row in page.steps.rows.items()}


def words(page):
    return [text.text() for text in page.target.computer.findChildren(Text) if text.isVisible()]


def commands(page):
    return [line.field.text() for line in page.target.computer.findChildren(CopyLine) if line.isVisible()]


def emulators():
    return [child for child in psutil.Process().children() if "qemu" in child.name()]


# Which way


def test_a_way_that_cannot_be_gone_is_pale_says_why_and_is_passed_over(qtbot, page, context):
    use_board(context.studio, context.project, "nucleo-l476rg")
    context.project_changed.emit()
    qtbot.waitUntil(lambda: page._data.board.id == "nucleo-l476rg")
    assert "No emulator here has NUCLEO-L476RG." in page.ways.closed.text()
    assert "Model only: No board is connected" in page.ways.choice.toolTip()
    widths = page.ways.choice._widths()
    qtbot.mouseClick(page.ways.choice, Qt.MouseButton.LeftButton, pos=QPoint(round(widths[0] + 10), 14))
    assert page.ways.choice.current == WAYS.index("virtual")
    page.ways.choice.setFocus()
    QTest.keyClick(page.ways.choice, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: page._data.way == "chip")
    QTest.keyClick(page.ways.choice, Qt.Key.Key_Right)
    assert page.ways.choice.current == WAYS.index("chip"), "nothing further can be gone"


def test_the_way_of_a_project_is_remembered(qtbot, page, context):
    go(qtbot, page, "emulator")
    folder = str(context.project.folder)
    assert context.settings.get("deploy_ways", {}) == {folder: "emulator"}
    assert list(page.steps.rows) == ["generate", "build", "run"]
    go(qtbot, page, "virtual")
    assert context.settings.get("deploy_ways", {}) == {folder: "virtual"}
    assert list(page.steps.rows) == ["generate", "build", "flash"]


# What is missing


@posix
def test_without_a_toolchain_each_missing_thing_has_its_command_on_every_system(
    qtbot, page, monkeypatch, tmp_path, trained_window, settle
):
    monkeypatch.setenv("PATH", str(tmp_path / "tools" / "bin"))
    go(qtbot, page, "emulator")
    qtbot.waitUntil(lambda: "cmake is missing" in words(page))
    assert {"arm-none-eabi-gcc is missing", "newlib is missing", "qemu-system-arm is missing"} <= set(words(page))
    assert not page.start.isEnabled()
    assert page.ways.text.text().startswith("cmake is missing")
    trained_window.resize(1024, 640)
    qtbot.waitUntil(lambda: page.left.verticalScrollBar().maximum() > 300)
    qtbot.mouseClick(page.ways.show_lacking, Qt.MouseButton.LeftButton)
    assert page.target.computer.mapTo(page.left, QPoint(0, 0)).y() == 0
    assert page.target.computer.refresh.hasFocus()
    system = page.target.computer.system
    system.setFocus()
    QTest.keyClick(system, Qt.Key.Key_Left)
    QTest.keyClick(system, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: "winget install -e --id Kitware.CMake" in commands(page))
    QTest.keyClick(system, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "brew install cmake" in commands(page))
    settle()
    lines = [line for line in page.target.computer.findChildren(CopyLine) if line.isVisible()]
    line = next(line for line in lines if line.field.text() == "brew install cmake")
    qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "brew install cmake"
    fake_tools.plant(tmp_path / "tools")
    qtbot.mouseClick(page.target.computer.refresh, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "cmake" in words(page))
    assert {"arm-none-eabi-gcc", "newlib", "libstdc++"} <= set(words(page))
    assert "qemu-system-arm is missing" in words(page)
    assert page.ways.text.text().startswith("qemu-system-arm is missing")


def test_tools_that_another_way_needs_are_not_asked_for(qtbot, page, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    go(qtbot, page, "chip")
    qtbot.waitUntil(lambda: any(w.startswith(("stm32loader", "pyocd")) for w in words(page)))
    assert "qemu-system-arm is missing" not in words(page)


@posix
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_tflm_is_got_and_built_by_two_buttons(qtbot, page, monkeypatch, tmp_path):
    tools = fake_tools.plant(tmp_path / "tools")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    python = sdk.home() / "python" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    monkeypatch.setattr(
        sdk_get, "get", lambda _: write_stamp(tflm_trees.plant(sdk.own_folder()), TFLM_PIN.commit, "here")
    )

    def button(text):
        found = [b for b in page.target.computer.findChildren(Button) if b.text() == text and b.isVisible()]
        return found[0] if found else None

    go(qtbot, page, "emulator")
    qtbot.waitUntil(lambda: button("Get TensorFlow Lite Micro") is not None)
    qtbot.mouseClick(button("Get TensorFlow Lite Micro"), Qt.MouseButton.LeftButton)
    assert not page.start.isEnabled()
    qtbot.waitUntil(lambda: button("Build it for this board") is not None)
    assert str(sdk.own_folder()) in [path.text for path in page.target.computer.findChildren(PathText)]
    assert page.ways.text.text().startswith("TensorFlow Lite Micro is not built for cortex-m4f")
    qtbot.mouseClick(button("Build it for this board"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page._data.needs.tflm.built, timeout=30000)
    assert button("Build it for this board") is None
    assert not page.ways.text.text().startswith("TensorFlow Lite Micro is not built")


# The emulator


@pytest.mark.skipif(not all(map(shutil.which, ARM)), reason="the Arm compiler, CMake or QEMU is not here")
def test_one_button_from_the_model_to_a_board_in_the_emulator(qtbot, page, context, trained_window, monkeypatch):
    go(qtbot, page, "emulator")
    assert page.steps.sizes.empty.isVisible()
    deploy(qtbot, page)
    assert states(page) == {"generate": "fresh", "build": "fresh", "run": "fresh"}
    assert "files changed" in page.steps.rows["generate"].text.text()
    assert "KB of flash" in page.steps.rows["build"].text.text()
    assert context.session.description.serial_number == "EMULATED"
    assert "built without TensorFlow Lite Micro" in trained_window.banner.text.text()
    bars = page.steps.sizes.bars
    assert "of 1,024 KB" in bars["Flash"].accessibleName()
    assert "model" in bars["Flash"].accessibleDescription()
    assert "stack 8,192 bytes" in bars["RAM"].accessibleDescription()
    qtbot.waitUntil(page.stop.isVisible)
    assert page.live.isVisible()

    assert "The emulator has no flash to write" in page.ways.closed.text()
    assert len(emulators()) == 1
    qtbot.mouseClick(page.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: context.session is None and not page.verbs.emulating)
    qtbot.waitUntil(lambda: not emulators())
    qtbot.waitUntil(lambda: not page.stop.isVisible())
    assert page.start.isVisible()

    # It dies; the next one works, and ends with the window.
    deploy(qtbot, page)
    told = []
    context.error_wanted.connect(lambda error, _: told.append(error.code))
    emulators()[0].kill()
    qtbot.waitUntil(lambda: "emulator.ended" in told, timeout=20000)
    qtbot.waitUntil(lambda: context.session is None)
    qtbot.waitUntil(lambda: not page.stop.isVisible())
    deploy(qtbot, page)
    assert states(page)["run"] == "fresh"
    assert len(emulators()) == 1
    trained_window.close()
    assert not emulators()


@posix
def test_an_emulator_that_does_not_start_is_told(qtbot, page, monkeypatch, tmp_path, trained_window):
    tools = fake_tools.plant(tmp_path / "tools", leaves=b"\x7fELF")
    qemu = tools / "qemu-system-arm"
    qemu.write_text("#!/bin/sh\necho no such machine >&2\nexit 1\n")
    qemu.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    go(qtbot, page, "emulator")
    deploy(qtbot, page)
    assert states(page)["run"] == "failed"
    assert "QEMU" in trained_window.banner.text.text()
    assert "no such machine" in page.steps.log.toPlainText()


# The build


class _Opened(QObject):
    def __init__(self):
        super().__init__()
        self.urls = []

    @Slot(QUrl)
    def open(self, url):
        self.urls.append(url)


@posix
def test_a_users_file_that_does_not_compile_is_opened_from_its_line(qtbot, page, monkeypatch, tmp_path, context):
    path = context.project.folder / "firmware" / "stm32f405" / "user" / "mote_user.c"
    says = f"{path}:12:5: error: 'nothing' undeclared\n"
    monkeypatch.setenv("PATH", str(fake_tools.plant(tmp_path / "tools", says=says)))
    go(qtbot, page, "chip")
    deploy(qtbot, page)
    row = page.steps.rows["build"]
    assert states(page)["generate"] == "fresh"
    assert row.dot.state == "failed"
    assert row.text.text().startswith("user/mote_user.c:12: 'nothing' undeclared")
    assert row.place.text() == "Open mote_user.c, line 12"
    opened = _Opened()
    QDesktopServices.setUrlHandler("file", opened, "open")
    qtbot.mouseClick(row.place, Qt.MouseButton.LeftButton)
    QDesktopServices.unsetUrlHandler("file")
    assert [url.toLocalFile() for url in opened.urls] == [str(path)]
    assert "'nothing' undeclared" in page.steps.log.toPlainText()


@posix
def test_a_firmware_that_is_one_byte_too_large_is_told(qtbot, page, monkeypatch, tmp_path, trained_window):
    says = "ld: region `FLASH' overflowed by 1 bytes\n"
    monkeypatch.setenv("PATH", str(fake_tools.plant(tmp_path / "tools", says=says)))
    go(qtbot, page, "chip")
    deploy(qtbot, page)
    assert states(page) == {"generate": "fresh", "build": "failed", "flash": "none", "verify": "none"}
    assert "needs 1 bytes of FLASH more than the chip has" in trained_window.banner.text.text()
    assert page.steps.sizes.empty.isVisible()


@posix
def test_a_build_that_is_cancelled_can_begin_again(qtbot, page, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(fake_tools.plant(tmp_path / "tools", leaves=b"\x7fELF")))
    go(qtbot, page, "chip")
    page.verbs.step.connect(lambda key, *_: page.verbs.cancel() if key == "build" else None)
    deploy(qtbot, page)
    assert states(page)["build"] in ("stale", "fresh")
    assert states(page)["verify"] == "none"
    qtbot.waitUntil(page.start.isEnabled)


@posix
def test_tools_that_went_meanwhile_are_told_with_their_command(qtbot, page, monkeypatch, tmp_path, trained_window):
    monkeypatch.setenv("PATH", str(fake_tools.plant(tmp_path / "tools")))
    go(qtbot, page, "chip")
    qtbot.waitUntil(page.start.isEnabled)
    monkeypatch.setenv("PATH", str(tmp_path))
    deploy(qtbot, page)
    assert states(page)["generate"] == "failed"
    assert "cmake" in trained_window.banner.text.text()
    assert "Install it with" in trained_window.banner.hint.text()


# The chip


@pytest.fixture
def chip_page(qtbot, page, monkeypatch, tmp_path):
    """The page with a firmware for the chip, and a port that a boot loader may be behind."""
    if sys.platform == "win32" or importlib.util.find_spec("stm32loader") is None:
        pytest.skip("pseudo-terminals or stm32loader are not here")
    from support.an3155_chip import ORIGIN
    from support.elf_files import elf_file

    code = bytes(range(256)) * 12
    tools = fake_tools.plant(tmp_path / "tools", leaves=elf_file((ORIGIN, code)))
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(data, "list_ports", lambda: [PortInfo(str(tmp_path / "board"), "CP2102")])
    go(qtbot, page, "chip")
    assert "CP2102" in page.target.through.currentText()
    page.code = code
    return page


def test_another_chip_on_the_port_is_named_and_nothing_of_it_erased(qtbot, chip_page, tmp_path, trained_window):
    from support.an3155_chip import An3155Chip
    from support.flash_port import FlashPort

    chip = An3155Chip(0x421)
    with FlashPort(chip, tmp_path / "board"):
        deploy(qtbot, chip_page)
    assert states(chip_page)["flash"] == "failed"
    assert "STM32F405" in trained_window.banner.text.text() + trained_window.banner.hint.text()
    assert chip.erases == 0


def test_a_flash_that_is_cut_off_says_so_and_the_next_one_works(qtbot, chip_page, tmp_path, trained_window):
    from support.an3155_chip import An3155Chip
    from support.flash_port import FlashPort

    chip = An3155Chip(0x413, 1024 * 1024, unplug_at=3)
    with FlashPort(chip, tmp_path / "board") as port:
        deploy(qtbot, chip_page)
        assert states(chip_page)["flash"] == "failed"
        assert "boot loader is" in trained_window.banner.hint.text()
        chip.unplug_at = None
        port.plug_again()
        seen = []
        chip_page.verbs.step.connect(lambda key, state, *_: seen.append((key, state)))
        # It stays in its loader, which does not speak Mote Link: the window is told that it does not answer.
        chip_page.verbs.step.connect(lambda key, *_: port.unplug() if key == "verify" else None)
        deploy(qtbot, chip_page)
    assert ("flash", "fresh") in seen
    assert chip.flash[: len(chip_page.code)] == chip_page.code
    assert "written by stm32loader and verified" in chip_page.steps.rows["flash"].text.text()
    assert states(chip_page)["verify"] == "failed"
    assert trained_window.banner.text.text().startswith("The firmware is written, but the board does not answer.")
    assert trained_window.banner.action.isVisible()


def test_after_the_chip_is_written_the_board_is_asked_what_it_runs(qtbot, chip_page, tmp_path, context):
    from support.an3155_chip import An3155Chip
    from support.flash_port import FlashPort

    # A board that holds the run poses as the one that was written, from the moment when it is asked.
    page, link = chip_page, tmp_path / "board"
    go(qtbot, page, "virtual")
    deploy(qtbot, page)
    context.disconnect_device()
    qtbot.waitUntil(lambda: not context.bridge.running, timeout=20000)
    go(qtbot, page, "chip")
    folder = flash_folder(context.project)
    with (
        FlashPort(An3155Chip(0x413, 1024 * 1024), link) as port,
        start_virtual_board("stm32f405", flash_dir=folder, transport="pty") as board,
    ):

        def swap(key, *_):
            if key == "verify" and port.master >= 0:
                port.unplug()
                link.symlink_to(board.url)

        page.verbs.step.connect(swap)
        deploy(qtbot, page)
        assert states(page) == dict.fromkeys(("generate", "build", "flash", "verify"), "fresh")
        assert "holds run-001" in page.steps.rows["verify"].text.text()
        assert context.session.url == str(link)
        with qtbot.waitSignal(context.device_changed, timeout=20000):
            context.disconnect_device()
        qtbot.waitUntil(lambda: not context.bridge.running, timeout=20000)


def test_a_debug_probe_can_be_chosen_in_place_of_a_port(qtbot, chip_page):
    through = chip_page.target.through
    through.setFocus()
    QTest.keyClick(through, Qt.Key.Key_End)
    through.activated.emit(through.currentIndex())
    qtbot.waitUntil(lambda: chip_page._data.tool == "pyocd")
    qtbot.waitUntil(lambda: any(w.startswith("pyocd") for w in words(chip_page)))
    assert "pyOCD" in chip_page.target.tool.text()


# The model alone


@pytest.fixture
def slots_board(qtbot, page, virtual_board, context, monkeypatch):
    """A board with model slots is connected: what it was sent, and what it says of its slots."""
    request = virtual_board.request
    slots = {"active": 0, "slots": [{"sequence": 4}], "made_for": b"", "slot_bytes": 131072, "contract": b""}
    sent = []

    def load_package(path, on_progress, cancel):
        sent.append(path.read_bytes())
        on_progress(1.0)
        return "ab" * 32

    monkeypatch.setattr(virtual_board, "request", lambda op, **k: slots if op == "slots" else request(op, **k))
    monkeypatch.setattr(virtual_board, "load_package", load_package)
    about = virtual_board.description
    virtual_board.description = replace(about, virtual=False, capabilities=(*about.capabilities, "slots"))
    project, studio = context.project, context.studio
    made = request_of(studio, project, run_store.runs(project)[-1], Operation()).slot_image
    slots |= {"contract": made.contract, "made_for": made.made_for}
    context.device_changed.emit()
    qtbot.waitUntil(lambda: page._data.way == "model", timeout=20000)
    return slots, sent


def test_only_the_model_goes_to_a_board_with_slots(qtbot, page, slots_board):
    _, sent = slots_board
    assert list(page.steps.rows) == ["flash"]
    assert page.target.computer.nothing.isVisible()
    deploy(qtbot, page)
    assert states(page) == {"flash": "fresh"}
    assert len(sent) == 1


def test_a_model_for_other_features_is_refused_and_the_old_one_kept(qtbot, page, slots_board, trained_window):
    slots, sent = slots_board
    slots["contract"] = b"another"
    deploy(qtbot, page)
    assert states(page) == {"flash": "failed"}
    assert sent == []
    assert "made for other features" in trained_window.banner.text.text()
    assert "Nothing was changed" in trained_window.banner.hint.text()
    qtbot.mouseClick(trained_window.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page._data.way == "chip", timeout=20000)


def test_a_model_that_is_one_byte_too_large_for_a_slot_is_refused(qtbot, page, slots_board, trained_window, context):
    slots, sent = slots_board
    run = run_store.runs(context.project)[-1]
    slots["slot_bytes"] = 256 + (run.folder / "model.tflite").stat().st_size - 1
    deploy(qtbot, page)
    assert states(page) == {"flash": "failed"}
    assert sent == []
    assert "1 byte" in trained_window.banner.text.text()


# The look


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_every_way_is_readable_with_and_without_its_tools(
    qtbot, page, trained_window, size, assert_no_clipped_text, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    trained_window.resize(*size)
    for way in ("virtual", "emulator", "chip"):
        go(qtbot, page, way)
        for mode in ("light", "dark"):
            theme().set_mode(mode)
            qtbot.wait(30)
            assert_no_clipped_text(trained_window)


def test_nothing_is_cut_at_200_percent(tmp_path, trained_folder):
    folder = shutil.copytree(trained_folder, tmp_path / "wand")
    env = {"QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen", "MOTE_PLUGIN_PATH": str(trained.PLUGINS.parent)}
    command = [sys.executable, "-m", "motestudio.gui.shoot", str(tmp_path / "out"), "--project", str(folder)]
    done = subprocess.run(
        [*command, "--page", "deploy", "--check"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("deploy-*.png"))) == 4
