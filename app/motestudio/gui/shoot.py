"""Pictures of the window, for looking at and for the record: ``python -m motestudio.gui.shoot OUT``.

Opens a real window (under Xvfb where there is no screen) and saves pages in both themes and several sizes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from motestudio.gui.fit import clipped_texts
from motestudio.gui.main_window import MainWindow
from motestudio.gui.page import PAGES
from motestudio.gui.theme import theme

SIZES = ((1440, 900), (1024, 640))


def settle(seconds: float = 0.4) -> None:
    """Let the window do what it has to do."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        time.sleep(0.01)


def shoot(
    window: MainWindow, page: str, folder: Path, *, seconds: float = 0.6, clipped: list[str] | None = None
) -> list[Path]:
    """Save a page in both themes and all sizes; returns the files, and adds to `clipped` what does not fit."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    window.show_page(page)
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        for width, height in SIZES:
            window.resize(width, height)
            settle(seconds)
            path = folder / f"{page}-{mode}-{width}.png"
            window.grab().save(str(path))
            made.append(path)
            if clipped is not None:
                clipped.extend(f"{path.stem}: {text}" for text in clipped_texts(window))
    return made


def shoot_all(window: MainWindow, folder: Path, then: Callable[[], object] | None = None) -> None:
    """Every page that can be shown."""
    for key, spec in PAGES.items():
        if window.context.project is not None or not spec.needs_project:
            shoot(window, key, folder)
    if then:
        then()


def run_jobs(window: MainWindow, folder: Path, *, seconds: float = 90.0) -> None:
    """Give the Jobs page something to show: the open project's pipeline from its beginning, on a copy, twice.

    Args:
        window: with a project open.
        folder: for the copies; they are used until the window closes.
        seconds: longest wait for the training to be under way.
    """
    from motestudio.project.store import Project
    from motestudio.studio import train
    from motestudio.studio.operation import Operation

    project, studio = window.context.project, window.context.studio
    if project is None:
        return
    names = ("train", "train again")

    def work(name: str, operation: Operation) -> None:
        copy = shutil.copytree(project.folder, folder / name, ignore=shutil.ignore_patterns(".mote"))
        with Project.open(copy) as again:
            train.train(studio, again, operation)

    for name in names:
        window.context.run_operation(name.capitalize(), partial(work, name))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        settle(0.2)
        if any(r.state == "running" and r.fraction > 0.05 and r.seconds > 6 for r in studio.runner.history.open()):
            break


def main(argv: list[str] | None = None) -> int:
    """The command line of this module."""
    from motestudio.gui.app import make_application, make_window

    parser = argparse.ArgumentParser(prog="motestudio.gui.shoot", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--project", type=Path, help="a project to open")
    parser.add_argument("--page", action="append", help="page key; all where absent")
    parser.add_argument("--virtual", action="store_true", help="connect the virtual board")
    parser.add_argument("--check", action="store_true", help="fail where a text does not fit")
    parser.add_argument("--wait", type=float, default=1.0, help="seconds before the first picture")
    args = parser.parse_args(argv)
    make_application(["mote"])
    window = make_window()
    window.show()
    settle(0.5)
    if args.project:
        window.context.open_project(args.project)
        settle(1.0)
        if args.virtual:
            window.context.connect_device("virtual")
    settle(args.wait)
    clipped: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mote-shoot-") as place:
        for page in args.page or [k for k, s in PAGES.items() if args.project or not s.needs_project]:
            if page == "jobs":
                run_jobs(window, Path(place))
            shoot(window, page, args.folder, clipped=clipped if args.check else None)
        window.close()
    sys.stderr.writelines(f"{line}\n" for line in clipped)
    return 1 if clipped else 0


if __name__ == "__main__":
    sys.exit(main())
