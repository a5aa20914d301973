"""Checks of feature stages on the board's side: the C twin, compiled for this computer and run as a program of its own.

The project is the one that the firmware generator writes, with the same core; only the driver is the kit's.
"""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.domain.board import BoardFile
from motestudio.errors import BuildError, JobError, MissingError
from motestudio.firmware.builder import find_compiler
from motestudio.firmware.elf import read_sections, totals, undefined_symbols
from motestudio.firmware.feature_code import FeatureCode, source_files, streaming
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.jobs.launcher import ProgramResult, run_program
from motestudio.sdk.data import FeatureBlock, SignalInfo
from motestudio.sdk.deployable import Deployable
from motestudio.sdk.quantise import quantise
from motestudio.sdk.testing import edge_windows
from motestudio.shipped import resources_dir
from motestudio.studio.conformance import feature, material
from motestudio.studio.conformance.bench import Bench, Params
from motestudio.studio.conformance.combinations import combinations
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped

STRICT = ("-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wno-sign-conversion")
_CHECKED = ("-O1", "-g", "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
_ALLOWED = frozenset({"memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"})
_HEAP = frozenset({"malloc", "calloc", "realloc", "free", "aligned_alloc", "alloca"})
_RELATIVE, _SMALLEST = 1e-4, 0.1
"""Of a value; those below this part of the largest one are held to that part's tolerance."""
_RAM_SPARE = 64
"""Bytes of static RAM that alignment may add to what was announced."""
_PIECES = (1, 7, 61)
_MOST_SIGNALS, _MOST_OTHERS = 2, 4
_BOARD = BoardFile("host", "Host", "x", "cortex-m4f", 80_000_000, 98_304, 1_048_576, "cmsis-nn")
_ZERO_POINT = -3

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Twin:
    """A stage's C code for one signal and one set of parameters.

    Attributes:
        signal: of its windows.
        code: sources, constants and shape.
        ram_bytes: as announced.
    """

    signal: SignalInfo
    code: FeatureCode
    ram_bytes: int


def twin_of(bench: Bench, signal: SignalInfo, params: Params) -> Twin:
    """Ask the stage for its constants.

    Raises:
        CheckSkipped: it has no C code, or there is no compiler here.
        CheckFailed: it gave none.
    """
    manifest = bench.entry.manifest
    if not manifest.csrc:
        raise CheckSkipped("the stage has no C code: it cannot run on a board")
    try:
        find_compiler()
    except MissingError as error:
        raise CheckSkipped(str(error)) from error
    folder = bench.folder("signal")
    material.save_signal(folder, signal)
    outcome = bench.must_work({"signal": folder}, params, kind="feature:constants")
    info = feature.info_of(outcome)
    with np.load(outcome.folder / "constants.npz", allow_pickle=False) as file:
        constants = {n: file[n].item() if file[n].ndim == 0 else file[n] for n in file.files}
    key = manifest.id.rpartition("/")[2]
    block = FeatureBlock(key, manifest.id, manifest.implementation, dict(params), info.shape, info.axes)
    sources = tuple(bench.entry.folder / name for name in manifest.csrc)
    return Twin(signal, FeatureCode(block, constants, sources, info.hop_samples), info.ram_bytes)


def write_project(bench: Bench, twin: Twin, scale: float = 0.05) -> FirmwareProject:
    """The firmware project with this twin only.

    Raises:
        CheckFailed: the generator refuses its constants.
    """
    block = twin.code.block
    deployable = Deployable(b"TFL3", ("a", "b"), twin.signal, (block,), block.shape, scale, _ZERO_POINT, 1 / 256, -128)
    request = FirmwareRequest("conformance", _BOARD, deployable, ("CONV_2D",), 8192, (twin.code,))
    try:
        return generate(bench.folder("project"), request)
    except BuildError as error:
        raise CheckFailed(str(error)) from error


class Program:
    """A compiled twin.

    Args:
        bench: for folders.
        project: with one feature stage.
        flags: besides the strict ones.
    """

    def __init__(self, bench: Bench, project: FirmwareProject, flags: Sequence[str] = ("-O1",)) -> None:
        self._bench, self._folder = bench, project.folder
        features = project.request.features
        self._shape = project.request.deployable.feature_shape
        driver = resources_dir() / "firmware" / "conformance" / "driver.c"
        sources = ["core/mote_host.c", "model/mote_features.c", *source_files(features), str(driver)]
        self.path = project.folder / "build" / ("twin.exe" if sys.platform == "win32" else "twin")
        self.path.parent.mkdir(exist_ok=True)
        compile_sources(self._folder, [*flags, *sources, "-o", str(self.path)])

    def windows(self, mode: str, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.generic]:
        """Features of every window by itself; `mode` is f32, i8 or i16."""
        types = {"f32": np.float32, "i8": np.int8, "i16": np.int16}
        return self._run(mode, samples, np.dtype(types[mode]), len(samples))

    def stream(self, samples: npt.NDArray[np.int16], piece: int, count: int) -> npt.NDArray[np.generic]:
        """Features of `count` windows of a stream, pushed in pieces of up to `piece` samples."""
        return self._run("stream", samples, np.dtype(np.float32), count, str(piece))

    def _run(
        self, mode: str, samples: npt.NDArray[np.int16], dtype: np.dtype[np.generic], count: int, *more: str
    ) -> npt.NDArray[np.generic]:
        place = self._bench.folder("twin")
        np.ascontiguousarray(samples, dtype="<i2").tofile(place / "in")
        done = _program([str(self.path), mode, "in", "out", *more], place)
        if done.exit_code != 0:
            said = [line for line in done.output.splitlines() if "ERROR" in line or "error:" in line]
            text = (said or done.output.strip().splitlines()[-1:] or ["it said nothing"])[0]
            raise CheckFailed(f"the C twin died with status {done.exit_code}: {text.strip()}")
        values = np.fromfile(place / "out", dtype=dtype)
        if values.size != count * math.prod(self._shape):
            raise CheckFailed(f"the C twin gave {values.size} values for {count} windows of {self._shape}")
        return values.reshape(count, *self._shape)


def compile_sources(folder: Path, arguments: Sequence[str]) -> None:
    """Run the compiler with the strict warnings.

    Raises:
        CheckFailed: it refuses, with the first complaint.
    """
    argv = [*find_compiler(), *STRICT, "-Icore", "-Imodel", *arguments]
    done = _program(argv, folder)
    if done.exit_code != 0:
        complaint = next((line for line in done.output.splitlines() if "error" in line), done.output[-300:])
        raise CheckFailed(f"{complaint.strip()} (compiled with {shlex.join(STRICT)})")


def _program(argv: Sequence[str], folder: Path) -> ProgramResult:
    try:
        return run_program(argv, cwd=folder, timeout_s=60)
    except JobError as error:
        raise CheckFailed(f"{Path(argv[0]).name} did not end: {error.text}") from error


def _default(bench: Bench) -> Twin:
    found: Twin = bench.fact("twin", lambda: twin_of(bench, feature.main_signal(bench), bench.defaults))
    return found


def _objects(bench: Bench) -> dict[str, bytes]:
    """Object files of the default twin's sources."""

    def build() -> dict[str, bytes]:
        project = write_project(bench, _default(bench))
        found = {}
        for number, source in enumerate(source_files(project.request.features)):
            target = project.folder / f"{number}.o"
            flags = ["-O2", "-fno-stack-protector", "-fno-math-errno"]
            compile_sources(project.folder, [*flags, "-c", source, "-o", str(target)])
            found[Path(source).name] = target.read_bytes()
        return found

    objects: dict[str, bytes] = bench.fact("objects", build)
    return objects


def compiles(bench: Bench) -> str:
    """The twin's sources compile, warnings as errors; every further check compiles them for other parameters."""
    return f"{len(_objects(bench))} file(s), {Path(find_compiler()[0]).name}"


def symbols(bench: Bench) -> str:
    """What the twin's objects want from elsewhere."""
    wanted: set[str] = set()
    for name, data in _objects(bench).items():
        found = undefined_symbols(data)
        if found is None:
            raise CheckSkipped("this computer's object files are no ELF files")
        for symbol in found:
            if symbol.startswith("mote_") or symbol in _ALLOWED:
                continue
            what = "the heap" if symbol in _HEAP else "something that boards may not have"
            raise CheckFailed(f"{name} calls {symbol}: {what}; use core/mote_dsp.h and static memory")
        wanted.update(found)
    return f"calls {', '.join(sorted(wanted & _ALLOWED - {'_GLOBAL_OFFSET_TABLE_'})) or 'nothing'}"


def ram(bench: Bench) -> str:
    """Static memory against what was announced."""
    static = 0
    for data in _objects(bench).values():
        sections = read_sections(data)
        if not sections:
            raise CheckSkipped("this computer's object files are no ELF files")
        sums = totals(sections)
        static += sums["data"] + sums["bss"]
    announced = _default(bench).ram_bytes
    if static > announced + _RAM_SPARE:
        raise CheckFailed(f"has {static} bytes of static memory; ram_bytes announces {announced}")
    return f"{static} bytes static, {announced} announced"


def parity(bench: Bench) -> str:
    """Python and C on hard and recorded windows, for the defaults and some other parameters."""
    worst, steps, count = 0.0, 0, 0
    for signal, params, what in _tried(bench):
        if feature.announce(bench, signal, params).end != "worked":
            continue
        natural, hard = _samples(bench, signal), material.edge_samples(signal)
        samples = np.concatenate([natural, hard])
        desk = feature.compute(bench, signal, samples, params)
        scale = float(np.float32(max(float(np.abs(desk).max(initial=0.0)), 1e-6) / 127))
        program = Program(bench, write_project(bench, twin_of(bench, signal, params), scale))
        # Spectra of pure tones are mostly rounding, which no two programs share: those are held to the 8 bits.
        board = program.windows("f32", samples)[: len(natural)]
        distance = relative(board, desk[: len(natural)])
        if not distance <= _RELATIVE:
            raise CheckFailed(f"{what}: Python and C differ by {distance:.2g} of the value; {_RELATIVE:g} is allowed")
        codes = quantise(desk, scale, _ZERO_POINT).astype(np.int32)
        step = int(np.abs(program.windows("i8", samples).astype(np.int32) - codes).max(initial=0))
        if step > 1:
            raise CheckFailed(f"{what}: after quantisation Python and C differ by {step} steps")
        worst, steps, count = max(worst, distance), max(steps, step), count + 1
    exact = "bit for bit" if worst == 0 else f"within {worst:.1g}"
    return f"{count} builds, {exact} in float, {steps} step(s) in 8 bits"


def _tried(bench: Bench) -> list[tuple[SignalInfo, Params, str]]:
    """Signals and parameters for parity: every signal with the defaults, other parameters with the first."""
    _default(bench)
    taken = feature.taken_signals(bench)
    rows: list[tuple[SignalInfo, Params, str]] = [(s, bench.defaults, f"signal {n}") for n, s in taken.items()]
    rows = rows[:_MOST_SIGNALS]
    others = [c for c in combinations(bench.entry.manifest.params, seed=2, random=3) if c.name != "defaults"]
    # Choices and switches select other code; they come before numbers, which only change constants.
    kinds = {p.key: p.type for p in bench.entry.manifest.params}
    others.sort(key=lambda c: {"choice": 0, "bool": 0, "": 1}.get(kinds.get(c.name.split(" = ")[0], ""), 2))
    first = feature.main_signal(bench)
    return rows + [(first, c.params, c.name) for c in others[:_MOST_OTHERS]]


def _samples(bench: Bench, signal: SignalInfo) -> npt.NDArray[np.int16]:
    """Noise, and windows of the recordings that have this signal's channels and rate."""
    parts = [material.natural_samples(signal)]
    for one in bench.recorded:
        if one.group == signal.group:
            starts = range(0, len(one.samples) - signal.window_samples + 1, signal.step_samples)
            parts += [one.samples[at : at + signal.window_samples][None] for at in list(starts)[:50]]
    return np.concatenate(parts)


def relative(values: npt.NDArray[np.generic], reference: npt.NDArray[np.generic]) -> float:
    """Largest difference in parts of the value; small values are held to a part of the largest."""
    a, b = np.asarray(values, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if not a.size:
        return 0.0
    if not np.isfinite(a).all():
        return math.inf
    size = np.maximum(np.abs(b), _SMALLEST * np.abs(b).max())
    return float((np.abs(a - b) / np.maximum(size, 1e-30)).max())


def _streaming_project(bench: Bench) -> tuple[Twin, FirmwareProject]:
    twin = _default(bench)
    hop = twin.code.hop_samples
    if not hop:
        raise CheckSkipped("the C twin works on whole windows")
    window = twin.signal.window_samples
    if hop > window:
        raise CheckFailed(f"announces a hop of {hop} samples for a window of {window}")
    step = hop * max(1, min(window, twin.signal.step_samples) // hop)
    signal = replace(twin.signal, step_samples=step)
    twin = twin_of(bench, signal, bench.defaults)
    if not streaming([twin.code], window, step):
        raise CheckFailed(f"its hop became {twin.code.hop_samples} with a step of {step} samples")
    return twin, write_project(bench, twin)


def stream(bench: Bench) -> str:
    """A stream of all hard windows, in odd pieces, against every window by itself."""
    twin, project = _streaming_project(bench)
    program = Program(bench, project)
    return _streamed(twin, program, _PIECES)


def _streamed(twin: Twin, program: Program, pieces: Sequence[int]) -> str:
    signal = twin.signal
    samples = np.concatenate(list(edge_windows(signal).values()))
    starts = range(0, len(samples) - signal.window_samples + 1, signal.step_samples)
    cut = np.stack([samples[at : at + signal.window_samples] for at in starts])
    single, worst = program.windows("f32", cut), 0.0
    for piece in pieces:
        distance = relative(program.stream(samples, piece, len(cut)), single)
        if not distance <= _RELATIVE:
            raise CheckFailed(f"in pieces of up to {piece} samples the stream differs by {distance:.2g} of the value")
        worst = max(worst, distance)
    hop = twin.code.hop_samples
    return f"{len(cut)} windows, hop {hop}, {'bit for bit' if worst == 0 else f'within {worst:.1g}'}"


def sanitised(bench: Bench) -> str:
    """The same under the checkers of the compiler, for every signal."""
    _default(bench)
    try:
        probe = bench.folder("probe")
        (probe / "probe.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
        compile_sources(probe, [*_CHECKED, "probe.c", "-o", "probe"])
        works = _program(["./probe"], probe).exit_code == 0
    except (CheckFailed, MissingError):
        works = False
    if not works:
        raise CheckSkipped("the compiler has no address and undefined-behaviour checkers here")
    twin = _default(bench)
    if twin.code.hop_samples:
        twin, project = _streaming_project(bench)
    else:
        project = write_project(bench, twin)
    program = Program(bench, project, _CHECKED)
    hard = material.edge_samples(twin.signal)
    for mode in ("f32", "i8", "i16"):
        program.windows(mode, hard)
    if twin.code.hop_samples:
        _streamed(twin, program, _PIECES[1:2])
    return f"{len(hard)} hard windows{', as a stream too' if twin.code.hop_samples else ''}"


CHECKS = {
    "compiles": compiles,
    "symbols": symbols,
    "ram": ram,
    "parity": parity,
    "streaming": stream,
    "sanitised": sanitised,
}
