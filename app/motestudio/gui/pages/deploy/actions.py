"""Generate, build, flash, in that order, as one operation; says how each step stands. Talks to verbs, draws nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.errors import AppError
from motestudio.firmware.generator import FirmwareProject
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.numbers import byte_size
from motestudio.project.store import Project
from motestudio.studio import deploy
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.run_store import Run


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it; `flashed` is None where no board was connected."""

    made: FirmwareProject
    built: deploy.BuiltPackage
    flashed: deploy.FlashResult | None


class Actions(QObject):
    """The one way from a run to a board.

    Signals:
        busy(bool): it runs, or has ended in any way.
        step(str, str, str, float): key of a step, its state, a text, seconds or -1.
        line(str): for the log.
        done(Done): all of it went well.
    """

    busy = Signal(bool)
    step = Signal(str, str, str, float)
    line = Signal(str)
    done = Signal(object)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._running: RunningOperation | None = None
        self._at = ""
        self._last = ""
        context.bridge.finished.connect(self._finished)

    def start(self, run: Run) -> None:
        """Build and flash a run; without a board it is built, and the banner asks for one."""
        context, project, session = self._context, self._context.project, self._context.session
        if project is None or self._running is not None:
            return
        self.busy.emit(True)
        self._at = self._last = ""
        if session is not None and not session.connected:
            session = None
        work = partial(self._work, project, session, run)
        self._running = context.run_operation(
            f"Build and flash {run.id}" if session else f"Build {run.id}",
            work,
            partial(self._done, run),
            self._failed,
            self._happened,
        )

    def cancel(self) -> None:
        """Stop what runs; a board that is being sent a model keeps the one it had."""
        if self._running is not None:
            self._running.cancel()

    def _work(self, project: Project, session: DeviceSession | None, run: Run, operation: Operation) -> Done:
        studio = self._context.studio
        began = time.monotonic()
        operation.part("generate", "Generate")
        deploy.check_fit(studio, project, run)
        with operation.within(0.0, 0.3) as part:
            made = deploy.generate(studio, project, run, part)
        operation.done("generate", f"{len(made.changed)} of {len(made.files)} files written", time.monotonic() - began)
        began = time.monotonic()
        operation.part("build", "Build")
        with operation.within(0.3, 0.6) as part:
            built = deploy.build(studio, project, run, made, part)
        size = " ".join(byte_size(built.path.stat().st_size))
        operation.done("build", f"package of {size}", time.monotonic() - began)
        operation.log(f"package {built.package_sha256}")
        if session is None:
            return Done(made, built, None)
        operation.part("flash", f"Flash {session.description.name}")
        with operation.within(0.6, 1.0) as part:
            flashed = deploy.flash(session, built, part)
        operation.done("flash", f"{size} sent, hash read back and equal", flashed.seconds)
        operation.log(f"board   {flashed.package_sha256}")
        operation.log(f"model   {flashed.model_sha256}")
        return Done(made, built, flashed)

    def _happened(self, happening: Happening) -> None:
        if happening.kind == "part":
            self._at = happening.name
            self.step.emit(self._at, "running", "", -1.0)
        elif happening.kind == "done":
            self.step.emit(happening.name, "fresh", happening.text, happening.value)
            self.line.emit(f"{happening.name}: {happening.text}")
        elif happening.kind == "progress" and happening.text and self._at and happening.text != self._last:
            self._last = happening.text
            self.step.emit(self._at, "running", happening.text, -1.0)
        elif happening.kind == "log":
            self.line.emit(happening.text)

    def _done(self, run: Run, done: Done) -> None:
        context = self._context
        self.done.emit(done)
        if done.flashed is not None:
            context.device_changed.emit()
            return
        context.show_message(
            "It is built; no board is connected to flash it to.",
            "Connect a board at the left, or use the virtual one: it takes the same package.",
            action="Use the virtual board",
            act=partial(context.connect_device, "virtual", then=partial(self.start, run)),
        )

    def _failed(self, error: BaseException) -> None:
        text = error.text if isinstance(error, AppError) else str(error)
        self.step.emit(self._at or "generate", "failed", text, -1.0)
        self.line.emit(f"{self._at or 'generate'} failed: {text}")
        if isinstance(error, AppError):
            for said in str(error.data.get("output", "")).splitlines():
                self.line.emit(said)
            if self._at == "flash" and error.code.startswith(("device.", "flash.interrupted", "link.")):
                self._context.show_message(
                    f"Flashing was interrupted. {error.text}",
                    f"The board keeps the model it had: a package counts only when its hash is right. {error.hint}",
                    "bad",
                )
                return
        self._context.show_error(error)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is not self._running:
            return
        self._running = None
        if running.state == "cancelled":
            self.step.emit(self._at or "generate", "stale", "cancelled", -1.0)
            self.line.emit("cancelled")
            if self._at == "flash":
                self._context.show_message(
                    "Flashing was cancelled.",
                    "The board keeps the model it had: a package counts only when its hash is right.",
                    "warn",
                )
        self.busy.emit(False)
