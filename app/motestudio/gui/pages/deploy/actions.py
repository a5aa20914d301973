"""From a run to something that runs it, step after step; says how each stands. Talks to verbs, draws nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.domain.board import BoardFile
from motestudio.errors import AppError, DeviceError
from motestudio.firmware.chip_image import ChipImage
from motestudio.firmware.generator import FirmwareProject
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.deploy.data import PROBE
from motestudio.gui.pages.deploy.failing import tell_cancelled, tell_failed
from motestudio.project.store import Project
from motestudio.studio import chip, deploy, deploying, flash_chip
from motestudio.studio.deploying import Way
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.run_store import Run


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done.

    Attributes:
        run: whose model.
        board: the project's.
        way: to where.
        through: what writes the chip: a serial port, or `PROBE`; empty for the other ways.
        tool: that writes through it.
    """

    run: Run
    board: BoardFile
    way: Way
    through: str
    tool: flash_chip.Tool


class Actions(QObject):
    """The one way from a run to a board.

    Signals:
        busy(bool): it runs, or has ended in any way.
        step(str, str, str, float): key of a step, its state, a text, seconds or -1.
        place(str, object, int): key of a step, path and line of the file that stopped it.
        line(str): for the log.
        packaged(FirmwareProject, BuiltPackage): what a virtual board is sent, is built.
        linked(ChipImage): a whole firmware is built.
        way_wanted(str): the user wants to go on another way.
    """

    busy = Signal(bool)
    step = Signal(str, str, str, float)
    place = Signal(str, object, int)
    line = Signal(str)
    packaged = Signal(object, object)
    linked = Signal(object)
    way_wanted = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._running: RunningOperation | None = None
        self._connecting: RunningOperation | None = None
        self._emulator: RunningOperation | None = None
        self._order: Order | None = None
        self._project: Project | None = None
        self._url = self._at = self._last = ""
        self._busy = False
        context.bridge.finished.connect(self._finished)
        # After the context's own slot: what this one says of a connection takes the place of what that one said.
        context.bridge.failed.connect(self._failed_elsewhere)
        context.device_changed.connect(self._device_changed)
        context.project_changed.connect(self._project_changed)

    @property
    def emulating(self) -> bool:
        """Whether a firmware runs in an emulator."""
        return self._emulator is not None

    def start(self, order: Order) -> None:
        """Go the whole way; nothing happens while it runs already."""
        project = self._context.project
        if project is None or self._busy:
            return
        self._order, self._project, self._at, self._last = order, project, "", ""
        self._busy = True
        self.busy.emit(True)
        begin = {"virtual": self._package, "emulator": self._build, "chip": self._build, "model": self._model}
        begin[order.way](project, order)

    def cancel(self) -> None:
        """Stop what runs; a board that is being sent a model keeps the one it had."""
        if self._running is not None:
            self._running.cancel()

    def stop_emulator(self) -> None:
        """End the emulated board, and the connection to it."""
        if self._emulator is not None:
            if self._context.session is not None and self._context.session.url == self._url:
                self._context.disconnect_device()
            self._emulator.cancel()

    def _do(self, title: str, work: Callable[[Operation], Any], done: Callable[[Any], object]) -> None:
        self._running = self._context.run_operation(title, work, done, self._failed, self._happened)

    # The virtual board: a package

    def _package(self, project: Project, order: Order) -> None:
        studio, run = self._context.studio, order.run

        def work(operation: Operation) -> tuple[FirmwareProject, deploy.BuiltPackage]:
            began = time.monotonic()
            operation.part("generate", "Generate")
            deploy.check_fit(studio, project, run)
            with operation.within(0.0, 0.5) as part:
                made = deploy.generate(studio, project, run, part)
            words = f"{len(made.changed)} of {len(made.files)} files written"
            operation.done("generate", words, time.monotonic() - began)
            began = time.monotonic()
            operation.part("build", "Build")
            with operation.within(0.5, 1.0) as part:
                built = deploy.build(studio, project, run, made, part)
            size = " ".join(byte_size(built.path.stat().st_size))
            operation.done("build", f"package of {size}", time.monotonic() - began)
            operation.log(f"package {built.package_sha256}")
            return made, built

        def done(made: tuple[FirmwareProject, deploy.BuiltPackage]) -> None:
            self.packaged.emit(*made)
            session = self._session
            if session is not None and "load" in session.description.capabilities:
                self._send(made[1])
            else:
                self._at = "flash"
                self.step.emit("flash", "running", "starting the virtual board", -1.0)
                self._connect("virtual", partial(self._send, made[1]))

        self._do(f"Build {run.id}", work, done)

    def _send(self, built: deploy.BuiltPackage) -> None:
        session = self._session
        if session is None:
            self._failed(_gone())
            return

        def work(operation: Operation) -> None:
            operation.part("flash", f"Flash {session.description.name}")
            flashed = deploy.flash(session, built, operation)
            size = " ".join(byte_size(flashed.n_bytes))
            operation.done("flash", f"{size} sent, hash read back and equal", flashed.seconds)
            operation.log(f"board   {flashed.package_sha256}")
            operation.log(f"model   {flashed.model_sha256}")

        self._do(f"Flash {session.description.name}", work, self._held)

    # The model alone

    def _model(self, project: Project, order: Order) -> None:
        session, studio = self._session, self._context.studio
        self._at = "flash"
        if session is None:
            self._failed(_gone())
            return

        def work(operation: Operation) -> None:
            operation.part("flash", f"Send the model to {session.description.name}")
            sent = chip.load_model(studio, project, order.run, session, operation)
            size = " ".join(byte_size(sent.n_bytes))
            operation.done("flash", f"{size} sent, hash read back and equal", sent.seconds)

        self._do(f"Send {order.run.id}", work, self._held)

    def _held(self, _: object) -> None:
        self._end()
        self._context.device_changed.emit()

    # The whole firmware

    def _build(self, project: Project, order: Order) -> None:
        studio = self._context.studio

        def done(image: ChipImage) -> None:
            self.linked.emit(image)
            (self._emulate if order.way == "emulator" else self._write)(project, order, image)

        work = partial(deploying.build_image, studio, project, order.run)
        self._do(f"Build {order.run.id} for {order.board.name}", work, done)

    def _write(self, project: Project, order: Order, image: ChipImage) -> None:
        studio, session = self._context.studio, self._context.session
        # A probe has no port to ask the board over: the one that it was connected by, or the project's.
        asked = order.through
        if asked == PROBE:
            asked = session.url if session is not None and not session.description.virtual else project.config.port

        def work(operation: Operation) -> flash_chip.ChipFlash:
            port = "" if order.through == PROBE else order.through
            wrote = deploying.write_chip(studio, project, image, port, order.tool, session, operation)
            size = " ".join(byte_size(wrote.nbytes))
            words = f"{size} written by {wrote.tool}{' and verified' if wrote.verified else ''}"
            operation.done("flash", words, wrote.seconds)
            return wrote

        def done(_: flash_chip.ChipFlash) -> None:
            self._at = "verify"
            if not asked:
                self.step.emit("verify", "stale", "not asked: connect it by a serial port at the left", -1.0)
                self._end()
                return
            self.step.emit("verify", "running", f"connecting to {asked}", -1.0)
            self._connect(asked, partial(self._verify, order, image))

        self._do(f"Flash {order.board.name}", work, done)

    def _emulate(self, project: Project, order: Order, image: ChipImage) -> None:
        self.stop_emulator()
        studio = self._context.studio
        self._at = "run"
        self.step.emit("run", "running", "starting QEMU", -1.0)

        def happened(happening: Happening) -> None:
            if happening.kind == "part":
                self._url = happening.text
                self._connect(self._url, partial(self._verify, order, image))
            elif happening.kind == "log":
                self.line.emit(happening.text)

        work = partial(deploying.emulate, studio, project, image)
        title = f"{order.board.name} in QEMU"
        failed = self._emulator_failed
        self._running = self._emulator = self._context.run_operation(title, work, None, failed, happened)

    def _verify(self, order: Order, image: ChipImage) -> None:
        session = self._session
        if session is None:
            self._failed(_gone())
            return
        try:
            said = deploying.verify(session, order.board, order.run, has_model=image.has_model)
        except AppError as error:
            self._failed(error)
            return
        self.step.emit(self._at, "fresh", said, -1.0)
        self.line.emit(f"{self._at}: {session.description.name} {said}")
        if not image.has_model:
            text = f"{session.description.name} runs, but infers nothing: it was built without TensorFlow Lite Micro."
            self._context.show_message(text, "Get it under This computer at the left, and deploy again.", "warn")
        self._end()
        self._context.device_changed.emit()

    # Connecting, telling, ending

    @property
    def _session(self) -> DeviceSession | None:
        session = self._context.session
        return session if session is not None and session.connected else None

    def _connect(self, port: str, then: Callable[[], object]) -> None:
        self._running = self._connecting = self._context.connect_device(port, then=then)

    def _happened(self, happening: Happening) -> None:
        if happening.kind == "part":
            self._at = happening.name
            self.step.emit(self._at, "running", "", -1.0)
            if self._at == "flash" and self._order is not None and self._order.way == "chip":
                # The verb closed it, so that the port is free.
                self._context.disconnect_device()
        elif happening.kind == "done":
            self.step.emit(happening.name, "fresh", happening.text, happening.value)
            self.line.emit(f"{happening.name}: {happening.text}")
        elif happening.kind == "progress" and happening.text and self._at and happening.text != self._last:
            self._last = happening.text
            self.step.emit(self._at, "running", happening.text, -1.0)
        elif happening.kind == "log":
            self.line.emit(happening.text)

    def _emulator_failed(self, error: BaseException) -> None:
        if self._busy and self._at == "run":
            self._failed(error)
        else:
            # Long after everything went well.
            self._context.show_error(error)

    def _failed(self, error: BaseException) -> None:
        order, at = self._order, self._at or "generate"
        if order is None:
            return
        text = error.text if isinstance(error, AppError) else str(error)
        if self._project is not None:
            # Within the generated project, whose folder stands beside it.
            text = text.replace(f"{deploy.firmware_folder(self._project) / order.board.id}{os.sep}", "")
        self.step.emit(at, "failed", text, -1.0)
        self.line.emit(f"{at} failed: {text}")
        if isinstance(error, AppError):
            self._tell_place(at, error, order)
        self._end()
        tell_failed(self._context, error, at, order.way, self.way_wanted.emit)

    def _tell_place(self, at: str, error: AppError, order: Order) -> None:
        project, named = self._context.project, error.data.get("file")
        if project is None or not isinstance(named, str):
            return
        # A compiler that is run in the project's folder names what lies in it by the way from there.
        path = deploy.firmware_folder(project) / order.board.id / Path(named)
        if path.is_file():
            self.place.emit(at, path, int(error.data.get("line", 1)))

    @Slot(object)
    def _failed_elsewhere(self, running: RunningOperation) -> None:
        if running is self._connecting and running.error is not None and self._running is running:
            self._failed(running.error)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self._emulator:
            self._emulator = None
            session = self._context.session
            if session is not None and session.url == self._url:
                self._context.disconnect_device()
            self._context.device_changed.emit()
        if running is not self._running or running.state != "cancelled":
            return
        order, at = self._order, self._at or "generate"
        if order is None:
            return
        self.step.emit(at, "stale", "cancelled", -1.0)
        self.line.emit("cancelled")
        self._end()
        tell_cancelled(self._context, at, order.way)

    @Slot()
    def _device_changed(self) -> None:
        """An emulated board that nobody is connected to any more ends."""
        session = self._context.session
        if self._emulator is not None and not self._busy and (session is None or session.url != self._url):
            self._emulator.cancel()

    @Slot()
    def _project_changed(self) -> None:
        """What runs, runs for a project that is no longer open."""
        if self._project is None or self._context.project is self._project:
            return
        self._project = None
        if self._emulator is not None:
            self._emulator.cancel()
        if self._running is not None:
            self._running.cancel()
            self._end()

    def _end(self) -> None:
        self._running = self._connecting = None
        self._busy = False
        self._device_changed()
        self.busy.emit(False)


def _gone() -> DeviceError:
    return DeviceError("device.gone", "The board is no longer connected.", "Connect it and deploy again.")
