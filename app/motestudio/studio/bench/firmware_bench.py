"""`mote bench firmware`: the generated firmware on an emulated Cortex-M4, beside TensorFlow Lite Micro alone.

QEMU counts instructions, so that the figures do not hang on this computer. The peer is a bare loop around ``Invoke()``
with the same library, model and start-up (``resources/bench/bare_loop.cc``); outputs are compared with the virtual
board's, which is TFLM on this computer, and features with the twin's here.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.devices.client import BoardClient
from motestudio.devices.link.protocol import Event
from motestudio.devices.transports import open_transport
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock
from motestudio.errors import DeviceError, JobError, MissingError
from motestudio.firmware import toolchain
from motestudio.firmware.boards import load_boards
from motestudio.firmware.chip_image import ChipImage, semihosting_command
from motestudio.jobs.launcher import run_program
from motestudio.shipped import resources_dir
from motestudio.studio import chip, deploy, sdk
from motestudio.studio.bench.figure import Figure
from motestudio.studio.bench.firmware_apps import BOARD, TEMPLATES, App, build_firmware, build_other, make_app
from motestudio.studio.connect import VIRTUAL, connect
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation

WINDOWS = int(os.environ.get("MOTE_BENCH_WINDOWS", "1000"))
SECONDS = float(os.environ.get("MOTE_BENCH_SECONDS", "600"))
"""Of the board's time, under load."""
COUNTING, TIMING = 10, 3
"""QEMU's shift. At 10 an instruction takes 1.024 us of the board's time: its microseconds count instructions. At 3 a
microsecond is 125 instructions, and sensors are as fast as they should be."""
INSTRUCTIONS = {COUNTING: 1 / 1.024, TIMING: 125.0}
"""In a microsecond."""
ROUNDS, STREAMED = 20, 40
LOAD = 0.8
OWN_FLASH, OWN_RAM = 12 * 1024, 4 * 1024
KEYWORD_FLASH, KEYWORD_RAM = 128 * 1024, 48 * 1024
PARTS = ("sampling", "stream", "features", "inference", "post")
_NOT_OWN = {"model", "kernels and TFLM", "libraries", "arena", "signal", "stack"}
_ANSWER_SECONDS, _CHIP_SECONDS = 120.0, 3600.0


def measure(operation: Operation) -> list[Figure]:
    """Run the bench.

    Args:
        operation: progress and cancel.

    Returns:
        Equality with the desk, instructions by part, sizes, samples lost under load, time to the first result.

    Raises:
        MissingError: there is no TensorFlow Lite Micro built for the chip, or a tool is not here.
    """
    tflm = _tflm()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch, Studio() as studio:
        folder = Path(scratch)
        for number, template in enumerate(TEMPLATES):
            operation.progress(0.3 * number, f"{template}: record and train")
            app = make_app(studio, template, folder / template, Operation())
            try:
                operation.progress(0.3 * number + 0.05, f"{template}: {WINDOWS} windows on the chip")
                equal, first = _equality(studio, app, folder / "built" / template, tflm, operation)
                figures += equal
                if template != "vibration":
                    operation.progress(0.3 * number + 0.2, f"{template}: instructions and sizes")
                    figures += _costs(app, folder / "cost" / template, tflm, first, operation)
                if template == "gesture":
                    operation.progress(0.25, f"{SECONDS:.0f} emulated seconds under load")
                    figures += _load(app, folder / "load", tflm, operation)
                    figures += _first_result(studio, app, tflm, operation)
            finally:
                app.project.close()
    operation.progress(1.0, "done")
    return figures


def _tflm() -> str:
    """Folder of a TFLM tree that is built for the chip."""
    toolchain.need(*toolchain.BUILD, *toolchain.EMULATE)
    core = load_boards()[BOARD].core
    tree = sdk.find().tree
    if tree is None or not tree.built(core):
        raise MissingError(
            "bench.tflm",
            f"There is no TensorFlow Lite Micro built for {core}.",
            f"Name one in {sdk.TFLM_VARIABLE}, or run: mote sdk get; mote sdk build --core {core}",
        )
    return str(tree.folder)


@contextmanager
def _board(image: ChipImage, operation: Operation, shift: int) -> Iterator[BoardClient]:
    with chip.emulator(image.path, load_boards()[BOARD], operation, shift=shift) as url:
        client = BoardClient(_open(url))
        try:
            client.describe(20.0)
            yield client
        finally:
            client.close()


def _open(url: str) -> Any:
    """QEMU listens a moment after it was started."""
    for attempt in range(100):
        try:
            return open_transport(url)
        except DeviceError:
            if attempt == 99:
                raise
            time.sleep(0.1)
    raise AssertionError


# --- equal to the desk -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnChip:
    """What the chip made of windows.

    Attributes:
        features: int8, shape (windows, values): the model's input.
        outputs: int8, shape (windows, classes).
        inference: instructions of each window's, shape (windows,).
    """

    features: npt.NDArray[np.int8]
    outputs: npt.NDArray[np.int8]
    inference: npt.NDArray[np.float64]


def _on_chip(
    app: App, folder: Path, tflm: str, windows: Sequence[npt.NDArray[np.int16]], operation: Operation
) -> OnChip:
    """Run windows on the emulated chip; ``chip_windows.c`` reads and writes files here."""
    image = build_other(app, folder, resources_dir() / "bench" / "chip_windows.c", tflm, operation)
    (folder / "windows.bin").write_bytes(b"".join(map(_wire, windows)))
    argv = semihosting_command(image.path, load_boards()[BOARD], COUNTING)
    run_program(argv, cwd=folder, timeout_s=_CHIP_SECONDS, on_line=operation.log, cancel=operation.cancel)
    model = app.request.deployable
    values, classes = int(np.prod(model.feature_shape)), len(model.classes)
    row = np.dtype([("features", "i1", values), ("output", "i1", classes), ("ticks", "<u4", 3)])
    found = np.fromfile(folder / "results.bin", row) if (folder / "results.bin").is_file() else np.empty(0, row)
    if len(found) != len(windows) or not found["ticks"][:, 2].all():
        raise JobError("bench.chip", f"The chip answered {len(found)} of {len(windows)} windows.", "See the log.")
    return OnChip(found["features"], found["output"], found["ticks"][:, 1] * INSTRUCTIONS[COUNTING])


def _equality(studio: Studio, app: App, folder: Path, tflm: str, operation: Operation) -> tuple[list[Figure], OnChip]:
    windows = list(app.windows(WINDOWS))
    built = deploy.generate_and_build(studio, app.project, app.run, Operation())
    with connect(studio, app.project, VIRTUAL) as session:
        deploy.flash(session, built, Operation())
        wanted = [bytes(session.request("infer_window", samples=_wire(w))["output"]) for w in windows]
    got = _on_chip(app, folder, tflm, windows, operation)
    differ = sum(row.tobytes() != output for row, output in zip(got.outputs, wanted, strict=True))
    twin = np.array([*map(_twin(app, built.build.image), windows)])
    furthest = int(np.abs(got.features.astype(int) - twin.astype(int)).max())
    peer = f"{len(windows)} windows, TFLM on this computer"
    return [
        Figure(f"{app.name}: windows whose output is not the host's", differ, "windows", 0, peer, len(windows)),
        Figure(f"{app.name}: features off by at most", furthest, "LSB", 1, "the twin on this computer", len(windows)),
    ], got


def _wire(window: npt.NDArray[np.int16]) -> bytes:
    return window.astype("<i2").tobytes()


def _twin(app: App, library: Path) -> Callable[[npt.NDArray[np.int16]], npt.NDArray[np.int8]]:
    run = ctypes.CDLL(str(library)).mote_host_features_i8
    count = int(np.prod(app.request.deployable.feature_shape))

    def features(window: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
        samples, out = np.ascontiguousarray(window, np.int16), np.empty(count, np.int8)
        run(samples.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p))
        return out

    return features


# --- what it costs -----------------------------------------------------------------------------------------------


def _costs(app: App, folder: Path, tflm: str, first: OnChip, operation: Operation) -> list[Figure]:
    image = build_firmware(app, folder / "whole", tflm, operation)
    parts = _by_part(app, image, operation)
    ours = float(first.inference[0])
    bare_image = _bare(app, folder / "bare", tflm, first.features[0], operation)
    bare = _bare_instructions(bare_image, operation)
    own_flash, own_ram = _own(image, bare_image)
    figures = [
        Figure(f"{app.name}: {part} of a window", parts[part] / 1000, "k instructions", None, "", STREAMED)
        for part in PARTS
    ]
    figures += [
        Figure(
            f"{app.name}: inference above the bare loop",
            100 * (ours / bare - 1),
            "%",
            1.0,
            f"bare TFLM + CMSIS-NN {bare / 1000:,.0f} k instructions",
            ROUNDS,
        ),
        Figure(
            f"{app.name}: flash beside model, kernels, TFLM", own_flash, "bytes", OWN_FLASH, _listed(image, "flash")
        ),
        Figure(f"{app.name}: RAM beside arena, window, stack", own_ram, "bytes", OWN_RAM, _listed(image, "ram")),
    ]
    if app.name == "keyword":
        figures += [
            Figure("keyword: whole firmware, flash", image.flash_bytes, "bytes", KEYWORD_FLASH),
            Figure("keyword: whole firmware, RAM with stack", image.ram_bytes, "bytes", KEYWORD_RAM),
        ]
    return figures


def _own(image: ChipImage, bare: ChipImage) -> tuple[int, int]:
    """Flash and RAM of what is not model, kernels or TFLM; of the C library what the bare loop does without."""
    libraries = [next((p for p in one.parts if p.name == "libraries"), None) for one in (image, bare)]
    flash = sum(p.flash_bytes for p in image.parts if p.name not in _NOT_OWN)
    ram = sum(p.ram_bytes for p in image.parts if p.name not in _NOT_OWN)
    if libraries[0] is not None and libraries[1] is not None:
        flash += max(0, libraries[0].flash_bytes - libraries[1].flash_bytes)
        ram += max(0, libraries[0].ram_bytes - libraries[1].ram_bytes)
    return flash, ram


def _listed(image: ChipImage, kind: str) -> str:
    sizes = [(p.name, p.flash_bytes if kind == "flash" else p.ram_bytes) for p in image.parts]
    return ", ".join(f"{name} {size:,}" for name, size in sizes if size)


def _by_part(app: App, image: ChipImage, operation: Operation) -> dict[str, float]:
    """Instructions of a window by part, while it streams."""
    signal = app.request.deployable.signal
    count = signal.window_samples + STREAMED * signal.step_samples
    with _board(image, operation, TIMING) as board:
        board.request("profile")
        frames, _ = _stream(board, count)
        said = board.request("profile")
    windows = max(1, len(frames))
    return {part: said[part] * INSTRUCTIONS[TIMING] / windows for part in PARTS}


def _stream(board: BoardClient, count: int) -> tuple[list[InferenceFrame], list[SampleBlock]]:
    """Stream and infer so many samples; what came."""
    board.request("infer_start")
    board.request("start", {"count": count})
    frames: list[InferenceFrame] = []
    blocks: list[SampleBlock] = []
    ended, heard = False, time.monotonic()
    while not ended:
        arrived = board.poll(1.0)
        heard = time.monotonic() if arrived else heard
        if time.monotonic() - heard > _ANSWER_SECONDS:
            raise JobError("bench.stream", "The board stopped sending.", "Run the bench again.")
        for message in arrived:
            if isinstance(message, InferenceFrame):
                frames.append(message)
            elif isinstance(message, SampleBlock):
                blocks.append(message)
            ended = ended or isinstance(message, Event)
    # The last window may still be at work.
    frames += [m for m in board.poll(2.0) if isinstance(m, InferenceFrame)]
    return frames, blocks


def _bare(app: App, folder: Path, tflm: str, given: npt.NDArray[np.int8], operation: Operation) -> ChipImage:
    values = ", ".join(str(v) for v in given.tolist())
    header = f"#define BARE_ROUNDS {ROUNDS}\nstatic const signed char bare_input[] = {{{values}}};\n"
    main = resources_dir() / "bench" / "bare_loop.cc"
    return build_other(app, folder, main, tflm, operation, {"bare_input.h": header})


def _bare_instructions(image: ChipImage, operation: Operation) -> float:
    """Of one ``Invoke()``."""
    with chip.emulator(image.path, load_boards()[BOARD], operation, shift=COUNTING) as url:
        transport = _open(url)
        try:
            said, deadline = b"", time.monotonic() + _ANSWER_SECONDS
            while said.count(b"\n") < 3 and time.monotonic() < deadline:
                said += transport.read(4096, 1.0)
        finally:
            transport.close()
    rows = [int(line) for line in said.split(b"\n")[:-1] if line.isdigit()]
    if not rows:
        raise JobError("bench.bare", "The bare loop said nothing.", "Run the bench again.")
    return statistics.median(rows) * INSTRUCTIONS[COUNTING] / ROUNDS


# --- under load, and how long until it runs ----------------------------------------------------------------------


def _load(app: App, folder: Path, tflm: str, operation: Operation) -> list[Figure]:
    signal = app.request.deployable.signal
    parts = _by_part(app, build_firmware(app, folder / "own", tflm, operation), operation)
    shift, step = _busy(sum(parts[p] for p in ("features", "inference", "post")), signal.group.rate_hz)
    image = build_firmware(app, folder / "busy", tflm, operation, step=step)
    count = int(SECONDS * signal.group.rate_hz)
    with _board(image, operation, shift) as board:
        board.request("profile")
        frames, blocks = _stream(board, count)
        said = board.request("profile")
    busy = sum(said[p] for p in PARTS) / (SECONDS * 1e6)
    samples = np.concatenate([b.samples for b in blocks])
    wrong = int((samples != _made_up(len(samples), signal.n_channels)).any(axis=1).sum())
    lost = count - len(samples) + wrong + max(b.dropped for b in blocks)
    windows = (count - signal.window_samples) // step + 1
    return [
        Figure("load while sampling", 100 * busy, "%", 100 * LOAD, f"a window every {step} samples", 1, at_least=True),
        Figure("samples lost under load", lost, "samples", 0, f"of {count:,}, {SECONDS:.0f} s of the board's time"),
        Figure("windows lost under load", windows - len(frames), "windows", 0, f"of {windows:,}"),
    ]


def _busy(instructions: float, rate_hz: float) -> tuple[int, int]:
    """QEMU's shift and a step that keep the chip busy for a little more than `LOAD` of the time."""
    for shift in range(TIMING, COUNTING):
        step = int(instructions * 2**shift * 1e-9 * rate_hz / (LOAD + 0.02))
        if step >= 8:
            return shift, step
    raise JobError("bench.load", "The model is too small to keep the chip busy.", "Mend the bench.")


def _made_up(count: int, channels: int) -> npt.NDArray[np.int16]:
    """What ``port/stm32/sensor.c`` makes where there is no sensor."""
    phase = np.arange(count)[:, None] * (np.arange(channels) + 1) % 200
    return (np.where(phase < 100, phase, 200 - phase) * 80 - 4000).astype(np.int16)


def _first_result(studio: Studio, app: App, tflm: str, operation: Operation) -> list[Figure]:
    window = _wire(next(app.windows(1)))
    shutil.rmtree(deploy.firmware_folder(app.project), ignore_errors=True)
    began = time.monotonic()
    built = deploy.generate_and_build(studio, app.project, app.run, Operation())
    with connect(studio, app.project, VIRTUAL) as session:
        deploy.flash(session, built, Operation())
        session.request("infer_window", samples=window)
    virtual = time.monotonic() - began
    shutil.rmtree(deploy.firmware_folder(app.project), ignore_errors=True)
    began = time.monotonic()
    image = chip.build(studio, app.project, app.run, Operation(), tflm_dir=tflm)
    with _board(image, operation, TIMING) as board:
        board.request("infer_window", {"samples": window}, _ANSWER_SECONDS)
    stm32 = time.monotonic() - began
    return [
        Figure("Deploy to first result, virtual board", virtual, "s", 30.0),
        Figure("Deploy to first result, STM32 in QEMU", stm32, "s", 90.0, "TFLM built before"),
    ]
