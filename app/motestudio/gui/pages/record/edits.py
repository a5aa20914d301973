"""The undoable changes that the Record page makes to a project."""

from __future__ import annotations

from collections.abc import Callable

from motestudio.gui.context import AppContext
from motestudio.project.store import Project
from motestudio.studio.takes import add_class, discard, set_record, set_target


class RecordEdits:
    """Each is a step that Ctrl+Z takes back; without a project they do nothing."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def set_field(self, field: str, value: object) -> None:
        """A field of `RecordConfig`."""
        self._change("Change how takes are recorded", lambda project: set_record(project, **{field: value}))

    def set_target(self, label: str, target: int) -> None:
        """How many takes of a class are wanted."""
        self._change(f"Want {target} takes of {label}", lambda project: set_target(project, label, target))

    def add_class(self, name: str, then: Callable[[], object]) -> None:
        """Another class; `then` is called when it is there."""
        self._change(f"Add class {name}", lambda project: add_class(project, name), then)

    def discard(self, name: str) -> None:
        """Throw a take away."""
        context, project = self._context, self._context.project
        if project is None:
            return

        def done(_: object) -> None:
            context.recordings_changed.emit()
            context.show_message(f"{name} is discarded.", tone="info", action="Undo", act=context.undo)

        context.edits.submit(f"Discard {name}", lambda: lambda _: discard(project, name), done)

    def _change(self, what: str, change: Callable[[Project], object], then: Callable[[], object] | None = None) -> None:
        context, project = self._context, self._context.project
        if project is None:
            return

        def done(_: object) -> None:
            context.project_changed.emit()
            if then is not None:
                then()

        context.edits.submit(what, lambda: lambda _: change(project), done)
