"""From a run to a board: generate the firmware project, build its package, send it and verify it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motestudio.domain.model_report import ArenaUse
from motestudio.errors import FlashError
from motestudio.firmware.builder import BuildResult, build_host
from motestudio.firmware.generator import FirmwareProject, GeneratedFile
from motestudio.firmware.generator import generate as write_project
from motestudio.firmware.generator import preview as preview_project
from motestudio.firmware.package import build_package, check_fits, sha256_of
from motestudio.firmware.request import FirmwareRequest
from motestudio.firmware.signing import load_key
from motestudio.jobs.launcher import run_program
from motestudio.project.files import write_atomic
from motestudio.project.store import Project
from motestudio.sdk.deployable import Deployable
from motestudio.studio import analyse, targets
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.feature_twin import feature_code
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run

ARENA_MARGIN, ARENA_SPARE = 1.1, 1024
"""The arena of the firmware over what was measured: another kernel library asks for other scratch buffers, and where
the smallest arena that works is not known, TFLM takes more while kernels prepare than it accounts for."""


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """What is sent to a board.

    Attributes:
        path: the package file.
        package_sha256: of its bytes.
        model_sha256: of the ``.tflite`` inside.
        files: of the generated project.
        folder: of the generated project.
        build: compiler output and sizes.
    """

    path: Path
    package_sha256: str
    model_sha256: str
    files: tuple[GeneratedFile, ...]
    folder: Path
    build: BuildResult


@dataclass(frozen=True, slots=True)
class FlashResult:
    """What a board holds after flashing, by its own word.

    Attributes:
        package_sha256: read back from the board.
        model_sha256: of the model that the board says it runs.
        n_bytes: sent.
        seconds: sending and verifying.
    """

    package_sha256: str
    model_sha256: str
    n_bytes: int
    seconds: float


def request_of(studio: Studio, project: Project, run: Run, operation: Operation) -> FirmwareRequest:
    """All that the firmware of a run is generated from."""
    deployable = Deployable.load(run.folder)
    model = analyse.analyse(studio, project, run)
    return FirmwareRequest(
        project_name=project.config.name,
        board=studio.board(project.config.board),
        deployable=deployable,
        ops=tuple(op.kernel for op in model.graph.ops),
        arena_bytes=arena_bytes(model.arena),
        features=feature_code(studio, project, deployable, operation),
        key=load_key(project.folder / project.config.key) if project.config.key else None,
    )


def arena_bytes(arena: ArenaUse) -> int:
    """Arena to reserve: what is needed with a margin, in whole 16 bytes."""
    used = max(arena.needed, arena.total)
    spare = 0 if arena.needed else ARENA_SPARE
    return -(-max(int(used * ARENA_MARGIN), used + spare) // 16) * 16


def firmware_folder(project: Project) -> Path:
    """Where generated projects lie, one folder per board."""
    return project.folder / "firmware"


def preview(studio: Studio, project: Project, run: Run, operation: Operation) -> FirmwareProject:
    """What `generate` would write, with diffs; writes nothing."""
    return preview_project(firmware_folder(project), request_of(studio, project, run, operation))


def generate(
    studio: Studio,
    project: Project,
    run: Run,
    operation: Operation,
    *,
    target: str = "",
    params: Mapping[str, Any] | None = None,
) -> FirmwareProject:
    """Write the firmware project of a run; the user's own files in it stay.

    Args:
        studio: plugins and workers.
        project: open for writing.
        run: whose model.
        operation: progress and cancel.
        target: full id of a target stage that adds to the project, or empty: what one added before then stays.
        params: what differs from its defaults.

    Raises:
        BuildError: something that firmware cannot have.
        PluginError: the target stage is absent or none, or a parameter is not allowed.
        JobError: the target stage failed; nothing was written.
    """
    operation.progress(0.0, "Writing the firmware project")
    request = request_of(studio, project, run, operation)
    if target:
        request = replace(request, target=targets.files_of(studio, request, target, params or {}, operation))
    made = write_project(firmware_folder(project), request)
    operation.progress(1.0, f"{len(made.changed)} of {len(made.files)} files changed")
    return made


def generate_and_build(studio: Studio, project: Project, run: Run, operation: Operation) -> BuiltPackage:
    """Generate, compile the feature code, and pack what a board is sent.

    Raises:
        FlashError: it does not fit the board; nothing is sent.
        BuildError: the compiler refused; with file and line.
        MissingError: there is no compiler.
    """
    check_fit(studio, project, run)
    with operation.within(0.0, 0.5) as part:
        made = generate(studio, project, run, part)
    with operation.within(0.5, 1.0) as part:
        return build(studio, project, run, made, part)


def build(studio: Studio, project: Project, run: Run, made: FirmwareProject, operation: Operation) -> BuiltPackage:
    """Compile the feature code of a generated project, and pack what a board is sent; see `generate_and_build`."""
    model = analyse.analyse(studio, project, run)
    operation.progress(0.0, "Compiling the feature code")

    def compile_one(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        operation.log(shlex.join(argv))
        done = run_program(argv, cwd=cwd, timeout_s=120, on_line=operation.log, cancel=operation.cancel)
        return done.exit_code, done.output

    output = made.folder / "build" / "host"
    output.mkdir(parents=True, exist_ok=True)
    built = build_host(made, compile_one, output / "core.so")
    operation.progress(0.8, "Packing")
    deployable = made.request.deployable
    data = build_package(
        name=project.config.name,
        board=made.request.board,
        deploy=deployable.to_json(),
        model=deployable.model,
        host_library=built.image.read_bytes(),
        arena_bytes=made.request.arena_bytes,
        flash_bytes=int(model.verdict.budget("flash").used),
        ram_bytes=int(model.verdict.budget("ram").used),
    )
    path = made.folder / "build" / "package.mote"
    write_atomic(path, data)
    operation.progress(1.0, f"{len(data)} bytes")
    return BuiltPackage(path, sha256_of(data), made.request.model_sha256, made.files, made.folder, built)


def check_fit(studio: Studio, project: Project, run: Run) -> None:
    """Refuse before anything is built: the board's own limits first, then the project's.

    Raises:
        FlashError: ``flash.too_large`` and its like, or ``flash.over_budget``, by how much.
    """
    board = studio.board(project.config.board)
    model = analyse.analyse(studio, project, run)
    ram, flash = model.verdict.budget("ram"), model.verdict.budget("flash")
    check_fits(board, flash_bytes=int(flash.used), ram_bytes=int(ram.used))
    for budget, name in ((ram, "RAM"), (flash, "flash")):
        if not budget.fits:
            over = int(budget.used - budget.limit)
            raise FlashError(
                "flash.over_budget",
                f"The firmware would need {over} bytes of {name} more than the budget of {int(budget.limit)}.",
                "Make the model or the window smaller, or raise the budget in project.toml.",
                {"region": name, "over": over},
            )


def flash(session: DeviceSession, built: BuiltPackage, operation: Operation) -> FlashResult:
    """Send a package and compare the hash that the board computes from its own flash.

    Raises:
        FlashError: refused, interrupted, or not what was sent.
    """
    if "load" not in session.description.capabilities:
        raise FlashError(
            "flash.no_loader",
            f"{session.description.name} takes no model over the link.",
            "Flash its whole firmware with its own tool, from the generated project.",
        )
    began = time.monotonic()
    size = built.path.stat().st_size

    def tell(fraction: float) -> None:
        # This runs in the session's thread; `cancel` ends the sending.
        operation.report(0.95 * fraction, "Sending")

    session.load_package(built.path, tell, operation.cancel)
    operation.progress(0.95, "Verifying")
    answer = session.request("package_hash")
    read_back = str(answer.get("sha256", ""))
    if read_back != built.package_sha256:
        raise FlashError(
            "flash.verify",
            f"The board holds {read_back[:12] or 'nothing'}…, sent was {built.package_sha256[:12]}….",
            "Flash again; if it happens again, the board's flash is worn or the link is bad.",
        )
    model = session.description.model  # as the board said it after loading
    if model is None or model.sha256 != built.model_sha256:
        raise FlashError("flash.verify", "The board does not run the model that was sent.", "Flash again.")
    operation.progress(1.0, "Verified")
    return FlashResult(read_back, model.sha256, size, time.monotonic() - began)
