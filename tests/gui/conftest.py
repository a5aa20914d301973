"""What every test of the window gets: no screen, a home of its own, and failures for Qt warnings and leaks."""

from __future__ import annotations

import gc
import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTEST_QT_API"] = "pyside6"

import pytest

pytest.importorskip("PySide6", reason="the window needs PySide6")

from PySide6.QtCore import QCoreApplication, QEvent, QtMsgType
from PySide6.QtWidgets import QApplication

from motestudio.gui.app import make_application, make_window
from motestudio.gui.collector import Collector
from motestudio.gui.context import AppContext
from motestudio.gui.fit import clipped_texts
from motestudio.gui.settings import Settings
from motestudio.gui.theme import theme

# Said by the offscreen platform itself, of every window with a minimum size and of menus.
ALLOWED = (
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)


@pytest.fixture(scope="session")
def qapp_cls():
    return QApplication


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home that is not the developer's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("MOTE_DATA_DIR", str(folder / "data"))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    return folder


@pytest.fixture(autouse=True)
def studio_app(qapp):
    """The application with our theme, light at the start of every test."""
    make_application()
    theme().set_mode("light")
    yield qapp
    theme().set_mode("light")


@pytest.fixture(scope="session", autouse=True)
def collector(qapp):
    """Cycles are collected in the window's thread only, as the application does it."""
    made = Collector()
    yield made
    made.deleteLater()
    gc.enable()


def _settle() -> None:
    for _ in range(5):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QApplication.processEvents()


@pytest.fixture(autouse=True)
def no_leaks(qtlog, studio_app):
    """Qt warnings, threads of operations and top-level widgets that stay are failures."""
    before = {id(w) for w in QApplication.topLevelWidgets()}
    threads = set(threading.enumerate())
    yield
    _settle()
    bad = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
    warnings = [r.message for r in qtlog.records if r.type in bad and r.message.strip() not in ALLOWED]
    assert not warnings
    left = [w for w in QApplication.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"top-level widgets stay open: {left}"
    stray = [t.name for t in set(threading.enumerate()) - threads if t.is_alive() and t.name.startswith("operation")]
    assert not stray, f"threads stay: {stray}"


@pytest.fixture
def context(tmp_path):
    """A context with settings of its own."""
    made = AppContext(Settings(tmp_path / "window.json"))
    yield made
    made.close()


@pytest.fixture
def window(qtbot, context):
    """The window, shown."""
    context.settings.set("theme", "light")
    made = make_window(context)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def project_window(qtbot, window, context, tmp_path):
    """The window with a fresh gesture project."""
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        context.create_project(tmp_path / "wand", "gesture", "wand")
    return window


@pytest.fixture
def assert_no_clipped_text():
    """Fails on text that elides, is cut, or leaves the window."""

    def check(widget):
        _settle()
        assert clipped_texts(widget) == []

    return check


@pytest.fixture
def shown(qtbot):
    """Shows a widget by itself, in some size."""

    def show(widget, width=600, height=300):
        widget.resize(width, height)
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


@pytest.fixture
def settle():
    return _settle


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    """A project with takes and a trained run; never opened in place, see `trained_window`."""
    from support import trained

    return trained.make(tmp_path_factory.mktemp("trained") / "wand")


@pytest.fixture
def trained_window(qtbot, window, context, tmp_path, trained_folder):
    """The window with a copy of that project, and the plugin it was trained by."""
    import shutil

    from motestudio.studio.home import Studio
    from support import trained

    folder = shutil.copytree(trained_folder, tmp_path / "wand")
    context._studio = Studio((trained.PLUGINS.parent,))
    with qtbot.waitSignal(context.runs_changed, timeout=10000):
        context.open_project(folder)
    return window


@pytest.fixture
def virtual_board(qtbot, trained_window, context):
    """The virtual board, connected."""
    with qtbot.waitSignal(context.device_changed, timeout=20000, check_params_cb=None):
        context.connect_device("virtual")
    return context.session
