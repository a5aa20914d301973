"""The Label page's commands: what its keys do, what the palette and F1 list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from motestudio.gui.commands import Command
from motestudio.gui.pages.label.inspector import KEYS
from motestudio.studio.review import SURE

if TYPE_CHECKING:
    from motestudio.gui.pages.label.page import LabelPage

_MENU = ("label.accept", "label.reject", "label.split", "label.delete")
"""Commands in the menu of a row."""


def row_menu(page: LabelPage) -> QMenu:
    """The menu of a row of the list, over what is selected."""
    menu = QMenu(page)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for command in commands(page):
        if command.id in _MENU:
            action = menu.addAction(command.title)
            action.setEnabled(command.enabled())
            action.triggered.connect(command.run)
    return menu


def hints(classes: int) -> list[tuple[tuple[str, ...], str]]:
    """The hint bar under the page."""
    digits = [((*KEYS[: min(4, classes)],), "label")] if classes else []
    return [
        (("Space",), "play"),
        *digits,
        (("←", "→"), "nudge 1 sample"),
        (("Shift",), "10 samples"),
        (("Enter",), "accept"),
        (("Backspace",), "reject"),
        (("N",), "next to review"),
        (("S",), "split"),
    ]


def commands(page: LabelPage) -> list[Command]:
    """All commands of the page."""
    session, timeline = page.session, page.timeline

    def selected() -> bool:
        return session.segment is not None

    def proposal() -> bool:
        return session.is_proposal

    def readable() -> bool:
        return session.recording is not None

    def any_target() -> bool:
        return session.target is not None

    def key(
        name: str, title: str, run: Callable[[], object], shortcut: str = "", enabled: Callable[[], bool] = selected
    ) -> Command:
        return Command(f"label.{name}", title, run, "Label", shortcut, enabled)

    listed = [
        key("play", "Play or stop the playhead", page.play, "Space", readable),
        key("accept", "Accept the proposal", session.accept, "Return", proposal),
        key("accept_keypad", "Accept the proposal, by the keypad", session.accept, "Enter", proposal),
        key("reject", "Reject the proposal, or remove the label", session.reject, "Backspace"),
        key("next", "Next to review", page.next_to_review, "N", any_target),
        key("split", "Split at the playhead", page.split, "S"),
        key("left", "Nudge left by 1 sample", partial(session.nudge, -1), "Left"),
        key("right", "Nudge right by 1 sample", partial(session.nudge, 1), "Right"),
        key("left10", "Nudge left by 10 samples", partial(session.nudge, -10), "Shift+Left"),
        key("right10", "Nudge right by 10 samples", partial(session.nudge, 10), "Shift+Right"),
        key("in", "Zoom in", partial(timeline.zoom, 0.7), "+", readable),
        key("out", "Zoom out", partial(timeline.zoom, 1 / 0.7), "-", readable),
        key("source", "Spectrum of the next channel", timeline.next_source, "C", readable),
        key("propose", "Propose labels", session.propose, "P", page.propose.isEnabled),
        key("trim", "Trim whole takes", session.trim, "", page.trim.isEnabled),
        key("sure", f"Accept all above {SURE:.2f}", session.accept_sure, "", page.accept_sure.isEnabled),
        key("delete", "Delete the recording", page.delete_recording, "Ctrl+Delete", any_target),
    ]
    for n, digit in enumerate(KEYS):
        named = session.classes[n] if n < len(session.classes) else f"class {n + 1}"

        def exists(n: int = n) -> bool:
            return readable() and n < len(session.classes)

        listed.append(key(f"class{n + 1}", f"Label as {named}", partial(session.give_class, n), digit, exists))
    return listed
