"""The applications that `mote bench firmware` measures: recorded from the virtual board, trained, ready to be built."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.firmware.builder import Run as RunTool
from motestudio.firmware.chip_image import ChipImage, build_image
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.jobs.launcher import run_program
from motestudio.project.store import Project
from motestudio.studio import deploy, train
from motestudio.studio.connect import VIRTUAL, connect
from motestudio.studio.create import create
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.record import TakePlan
from motestudio.studio.run_store import Run
from motestudio.studio.take_runs import Pace, record_all

BOARD = "stm32f405"
"""The chip that QEMU has."""
TEMPLATES = ("gesture", "keyword", "vibration")
_TAKES = 8
_SUBJECTS = ("anna", "ben", "carla", "dev")
_BUILD_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class App:
    """A trained application.

    Attributes:
        name: of its template.
        project: open.
        run: its model.
        request: what its firmware is generated from.
        recordings: int16 samples of every recording, shape (samples, channels).
    """

    name: str
    project: Project
    run: Run
    request: FirmwareRequest
    recordings: tuple[npt.NDArray[np.int16], ...]

    def windows(self, count: int, seed: int = 7) -> Iterator[npt.NDArray[np.int16]]:
        """Windows from anywhere in the recordings, shape (samples, channels); the same ones every time."""
        rng = np.random.default_rng(seed)
        size = self.request.deployable.signal.window_samples
        whole = [r for r in self.recordings if len(r) >= size]
        for _ in range(count):
            samples = whole[int(rng.integers(len(whole)))]
            begin = int(rng.integers(len(samples) - size + 1))
            yield samples[begin : begin + size]


def make_app(studio: Studio, template: str, folder: Path, operation: Operation) -> App:
    """Record, train; the project stays open and is the caller's to close."""
    project = create(folder, template_id=template, name=template, board=BOARD)
    with connect(studio, project, VIRTUAL) as session:
        record_all(project, session, _plans(project), operation, Pace(rate=0.0))
    run = train.train(studio, project, operation)
    store = project.recordings
    recordings = tuple(np.asarray(store.samples(r)) for r in store.all())
    return App(template, project, run, deploy.request_of(studio, project, run, operation), recordings)


def _plans(project: Project) -> list[TakePlan]:
    plans = []
    seconds = max(2.0, project.config.record.seconds)
    for number in range(_TAKES):
        for index, name in enumerate(c.name for c in project.config.classes):
            subject = _SUBJECTS[number % len(_SUBJECTS)]
            perform = {"gesture": name, "seed": 1000 + 100 * number + index, "subject": subject}
            plans.append(TakePlan(name, seconds, perform, subject=subject))
    return plans


def build_firmware(app: App, folder: Path, tflm_dir: str, operation: Operation, *, step: int = 0) -> ChipImage:
    """Generate and build an application's firmware in a folder of its own.

    Args:
        app: whose.
        folder: of the generated project.
        tflm_dir: see `build_image`.
        operation: gets what the tools say.
        step: samples between two windows, in place of the application's own.
    """
    request = app.request
    if step:
        signal = replace(request.deployable.signal, step_samples=step)
        request = replace(request, deployable=replace(request.deployable, signal=signal))
    return build_image(generate(folder, request), _runner(operation), tflm_dir)


def build_other(
    app: App, folder: Path, main: Path, tflm_dir: str, operation: Operation, headers: Mapping[str, str] | None = None
) -> ChipImage:
    """Build the application with another program in place of its main: a peer, or one that needs no link.

    Args:
        app: whose model and features.
        folder: of the generated project.
        main: the program's source, C or C++.
        tflm_dir: see `build_image`.
        operation: gets what the tools say.
        headers: text of further headers by name.
    """
    made: FirmwareProject = generate(folder, app.request)
    port = made.folder / "port" / "stm32"
    (port / main.name).write_bytes(main.read_bytes())
    for name, text in (headers or {}).items():
        (port / name).write_text(text, encoding="utf-8")
    cmake = port / "port.cmake"
    text = cmake.read_text(encoding="utf-8")
    cmake.write_text(text.replace("port/stm32/main.c", f"port/stm32/{main.name}"), encoding="utf-8")
    return build_image(made, _runner(operation), tflm_dir)


def _runner(operation: Operation) -> RunTool:
    def run(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        operation.log(shlex.join(argv))
        done = run_program(argv, cwd=cwd, timeout_s=_BUILD_SECONDS, on_line=operation.log, cancel=operation.cancel)
        return done.exit_code, done.output

    return run
