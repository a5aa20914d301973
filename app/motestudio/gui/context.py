"""What the window knows and pages share: project, board, running operations, commands, settings.

Pages talk to each other only through this object's signals. Verbs are called through `run_operation`; nothing here
blocks, and nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.gui.bridge import Bridge, RunningOperation
from motestudio.gui.commands import CommandRegistry
from motestudio.gui.edits import EditQueue
from motestudio.gui.settings import Settings
from motestudio.studio.operation import Happening, Operation

if TYPE_CHECKING:
    from motestudio.devices.transports import LinePolicy
    from motestudio.domain.params import Value
    from motestudio.plugins.registry import Registry
    from motestudio.project.store import Project
    from motestudio.studio.device_session import DeviceSession
    from motestudio.studio.home import Studio


class AppContext(QObject):
    """One per window.

    Args:
        settings: the user's, where None.
        studio: made at the first use, where None.
        plugin_dirs: folders of plugins besides those of the settings.
        safe_mode: built-in plugins only.

    Signals:
        project_changed: another project, or none, is open, or its configuration was saved.
        recordings_changed: recordings or labels came, went or changed.
        pipeline_changed: stages or parameters changed.
        plugins_changed: plugins were looked for anew.
        runs_changed: a run was added or finished.
        run_chosen: `run_id` is another one.
        device_changed: a board was connected or went.
        device_event(object): what the recorder tells (health, take saved, inference ...), in the window's thread.
        stages_changed: `stages` has other states.
        about_to_step: undo or redo was asked for; pages hand edits that they still hold back to `edits`.
        page_wanted(str): somebody called `goto`.
        take_wanted(str): somebody called `show_take`.
        running_job_wanted: somebody called `show_running_job`.
        message_wanted(dict): somebody called `show_message`.
        error_wanted(object, str): somebody called `show_error`.
    """

    project_changed = Signal()
    recordings_changed = Signal()
    pipeline_changed = Signal()
    plugins_changed = Signal()
    runs_changed = Signal()
    run_chosen = Signal()
    device_changed = Signal()
    device_event = Signal(object)
    stages_changed = Signal()
    about_to_step = Signal()
    page_wanted = Signal(str)
    take_wanted = Signal(str)
    running_job_wanted = Signal()
    message_wanted = Signal(dict)
    error_wanted = Signal(object, str)

    def __init__(
        self,
        settings: Settings | None = None,
        studio: Studio | None = None,
        *,
        plugin_dirs: Sequence[Path] = (),
        safe_mode: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.commands = CommandRegistry()
        self.bridge = Bridge(self)
        self.bridge.failed.connect(self._operation_failed)
        self.edits = EditQueue(self.bridge)
        self.project: Project | None = None
        self.session: DeviceSession | None = None
        self.port = ""
        self._again: dict[str, Any] = {}
        self.stages: dict[str, str] = {}
        self.run_id = ""
        self._studio = studio
        self._further_dirs = tuple(plugin_dirs)
        self._safe_mode = safe_mode
        self._connection: ExitStack | None = None
        self._registry: Registry | None = None
        self._finding = self._find_again = False

    @property
    def studio(self) -> Studio:
        """Registry, boards and job runner; made at the first use."""
        if self._studio is None:
            from motestudio.studio.home import Studio

            self._studio = Studio(self.plugin_dirs, safe_mode=self._safe_mode)
        return self._studio

    @property
    def plugin_dirs(self) -> tuple[Path, ...]:
        """Further folders of plugins, from the settings, and those that the window was started with."""
        kept = tuple(Path(p) for p in self.settings.get("plugin_dirs", []) if isinstance(p, str))
        return kept + self._further_dirs

    @property
    def projects_folder(self) -> Path:
        """Where new projects are proposed, from the settings."""
        return Path(self.settings.get("projects_dir", "") or Path.home() / "mote")

    # Operations and messages

    def run_operation(
        self,
        title: str,
        fn: Callable[[Operation], Any],
        on_done: Callable[[Any], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_event: Callable[[Happening], object] | None = None,
        *,
        quiet: bool = False,
    ) -> RunningOperation:
        """Run a verb beside the window, see `Bridge.run`. It shows in the job strip with Cancel, unless `quiet`."""
        return self.bridge.run(title, fn, on_done, on_error, on_event, quiet=quiet)

    def show_error(self, error: BaseException, details: str = "") -> None:
        """Show an error in the banner over the page."""
        self.error_wanted.emit(error, details)

    def show_message(
        self, text: str, hint: str = "", tone: str = "info", action: str = "", act: Callable[[], object] | None = None
    ) -> None:
        """Show a message in the banner over the page, see `widgets.Banner.show_message`."""
        self.message_wanted.emit({"text": text, "hint": hint, "tone": tone, "action": action, "act": act})

    def goto(self, page: str) -> None:
        """Show a page by its key."""
        self.page_wanted.emit(page)

    def choose_run(self, run_id: str) -> None:
        """Make a run the one that Train, Analyse and Deploy look at; the newest where empty."""
        if run_id != self.run_id:
            self.run_id = run_id
            self.run_chosen.emit()

    def show_take(self, name: str) -> None:
        """Show a recording where recordings are looked at."""
        self.goto("label")
        self.take_wanted.emit(name)

    def show_running_job(self) -> None:
        """Show the jobs, and of them the one that runs."""
        self.goto("jobs")
        self.running_job_wanted.emit()

    def set_stage(self, page: str, state: str) -> None:
        """Set a rail dot: ``none``, ``running``, ``fresh``, ``stale`` or ``failed``."""
        if self.stages.get(page) != state:
            self.stages[page] = state
            self.stages_changed.emit()

    @Slot(object)
    def _operation_failed(self, running: RunningOperation) -> None:
        if running.error is not None:
            self.show_error(running.error, running.details)

    # Project

    def open_project(self, folder: Path, then: Callable[[], object] | None = None) -> None:
        """Open a project folder; the present one is closed first."""
        studio = self.studio

        def work(_: Operation) -> Project:
            from motestudio.project.store import Project

            project = Project.open(folder)
            # Before any page asks for a stage of the project's own plugins.
            self._registry = studio.open_project_plugins(project.folder)
            return project

        self.close_project()
        self.run_operation(f"Open {folder.name}", work, lambda project: self.adopt_project(project, then))

    def create_project(self, folder: Path, template: str, name: str, then: Callable[[], object] | None = None) -> None:
        """Create a project from a template and open it."""

        def work(_: Operation) -> Project:
            from motestudio.studio.create import create

            return create(folder, template_id=template, name=name)

        self.close_project()
        self.run_operation(f"Create {name}", work, lambda project: self.adopt_project(project, then))

    def adopt_project(self, project: Project, then: Callable[[], object] | None = None) -> None:
        """Make an open project the window's."""
        self.close_project()
        self.project = project
        self.run_id = ""
        self._find_plugins()
        from motestudio.project.recent import RecentProjects

        RecentProjects().add(project.folder, project.config.name)
        self.project_changed.emit()
        self.recordings_changed.emit()
        self.pipeline_changed.emit()
        self.runs_changed.emit()
        if then:
            then()

    def close_project(self) -> None:
        """Close the project, and the connection that belongs to it."""
        self.disconnect_device()
        if self.project is None:
            return
        self.edits.clear()
        self.project.close()
        self.project = None
        self.stages.clear()
        self._find_plugins()
        self.stages_changed.emit()
        self.project_changed.emit()

    # Plugins

    def look_for_plugins(self) -> None:
        """Look for plugins again, as after one was added or mended."""
        studio = self.studio
        self.run_operation("Look for plugins", lambda _: studio.rescan(), self._plugins_found)

    def trust_project(self, on: bool) -> None:
        """Let the open project's own plugins run, now and whenever it is opened; or stop that."""
        project, studio = self.project, self.studio
        if project is None:
            return
        name = project.config.name

        def done(registry: Registry) -> None:
            self._plugins_found(registry)
            text = f"You trust {name}: its own plugins are used." if on else f"The plugins of {name} are not used."
            action = "Stop trusting" if on else "Trust it again"
            self.show_message(text, tone="ok" if on else "info", action=action, act=lambda: self.trust_project(not on))

        verb = studio.trust_project if on else studio.untrust_project
        self.run_operation(f"{'Trust' if on else 'Stop trusting'} {name}", lambda _: verb(), done)

    def _find_plugins(self) -> None:
        """Let the registry follow the open project, one look at a time."""
        if self._finding:
            self._find_again = True
            return
        self._finding, studio, project = True, self.studio, self.project
        folder = project.folder if project is not None else None

        def done(registry: Registry) -> None:
            self._finding = False
            if self._find_again:
                self._find_again = False
                self._find_plugins()
            elif registry is self._registry:
                self.plugins_changed.emit()
            else:
                self._plugins_found(registry)

        def failed(error: BaseException) -> None:
            self._finding = self._find_again = False
            self.show_error(error)

        self.run_operation("Find plugins", lambda _: studio.open_project_plugins(folder), done, failed, quiet=True)

    def _plugins_found(self, registry: Registry) -> None:
        self._registry = registry
        self.plugins_changed.emit()
        if self.project is not None:
            self.pipeline_changed.emit()

    def undo(self) -> None:
        """Undo the last change of the project."""
        self._step("undo", "Undone")

    def redo(self) -> None:
        """Redo what was undone last."""
        self._step("redo", "Redone")

    def _step(self, what: str, word: str) -> None:
        project = self.project
        if project is None:
            return
        self.about_to_step.emit()

        def make() -> Callable[[Operation], Any] | None:
            return (lambda _: getattr(project.undo, what)()) if self.project is project else None

        def done(label: str | None) -> None:
            if label and self.project is project:
                self.show_message(f"{word}: {label}", tone="ok")
                self.project_changed.emit()
                self.recordings_changed.emit()
                self.pipeline_changed.emit()

        self.edits.submit(word, make, done)

    # Board

    def connect_device(
        self,
        port: str = "",
        *,
        baud: int | None = None,
        lines: LinePolicy = "auto",
        decoder: str = "",
        params: Mapping[str, Value] | None = None,
        then: Callable[[], object] | None = None,
    ) -> RunningOperation | None:
        """Connect to a board; None where no project is open.

        Args:
            port: a port, ``socket://host:port`` or ``virtual``; the project's, then that of the settings, then
                ``virtual`` where empty.
            baud: of a serial port, `devices.baud.AUTO` to find it out; that of the settings where None.
            lines: what becomes of a serial port's DTR and RTS.
            decoder: who shall read what it sends; see `studio.decoders.wish_for`, as for `params`.
            params: of the decoder.
            then: called when it is connected.
        """
        if (project := self.project) is None:
            return None
        port = port or project.config.port or self.settings.get("port", "")
        rate = self.settings.get("baud", 115200) if baud is None else baud
        studio = self.studio

        def work(_: Operation) -> tuple[ExitStack, DeviceSession]:
            from motestudio.studio.connect import connect
            from motestudio.studio.device_session import WAIT_SECONDS

            wait_s, stack = self.settings.get("reconnect_s", WAIT_SECONDS), ExitStack()
            read: dict[str, Any] = {"decoder": decoder, "decoder_params": params}
            how = connect(studio, project, port, baud=rate, lines=lines, wait_s=wait_s, **read)
            return stack, stack.enter_context(how)

        def done(made: tuple[ExitStack, DeviceSession]) -> None:
            stack, session = made
            if self.project is not project:
                self._leave(stack)
                return
            self._connection, self.session = stack, session
            session.on_event = self.device_event.emit
            self.device_changed.emit()
            if (slow := session.too_slow() if session.description.groups else None) is not None:
                self.show_message(slow.text, slow.hint, "warn")
            if then:
                then()

        self.disconnect_device()
        self.port = port
        self._again = {"baud": baud, "lines": lines, "decoder": decoder, "params": params}
        name = "the virtual board" if port in ("", "virtual") else port
        return self.run_operation(f"Connect to {name}", work, done)

    def prepare_recorder(self) -> None:
        """Have a recorder ready for the next board: starting one takes longer than connecting."""
        if self.session is None and self.project is not None:
            self.run_operation("Start a recorder", lambda _: self.studio.prepare_recorder(), quiet=True)

    def reconnect_device(self) -> None:
        """Connect anew to what was connected last."""
        self.connect_device(self.port, **self._again)

    def disconnect_device(self) -> None:
        """Let the board go; the recorder process ends beside the window."""
        stack, self._connection, self.session = self._connection, None, None
        if stack is not None:
            self.device_changed.emit()
            self._leave(stack)

    def _leave(self, stack: ExitStack) -> None:
        self.run_operation("Disconnect", lambda _: stack.close(), quiet=True)

    def close(self) -> None:
        """End everything: connection, operations, project, worker processes."""
        stack, self._connection, self.session = self._connection, None, None
        self.bridge.close()
        if stack is not None:
            stack.close()
        if self.project is not None:
            self.project.close()
            self.project = None
        if self._studio is not None:
            self._studio.close()
            self._studio = None
