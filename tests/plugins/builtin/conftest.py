"""What the tests of the built-in plugins share: loading stages, a run context, host-compiled twins, shared data."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motestudio.domain.board import BoardFile
from motestudio.domain.params import Param, ShownIf, complete
from motestudio.firmware.feature_code import FeatureCode, source_files
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.sdk import Channel, ChannelGroup, Deployable, FeatureBlock, SignalInfo, joined_shape
from motestudio.sdk.testing import Context
from support import cortex_m4, rv32

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"


def manifest(plugin: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "plugins" / plugin / "plugin.toml").read_text(encoding="utf-8"))


def params_of(row: Mapping[str, Any]) -> list[Param]:
    names = {"min": "minimum", "max": "maximum"}
    out = []
    for table in row.get("param", []):
        fields = {names.get(k, k): v for k, v in table.items()}
        fields["choices"] = tuple(fields.get("choices", ()))
        if "shown_if" in fields:
            fields["shown_if"] = ShownIf(**fields["shown_if"])
        out.append(Param(**fields))
    return out


class Stage:
    """A built-in stage as the worker loads it, with its complete parameters."""

    def __init__(self, full_id: str, **params: Any) -> None:
        plugin, name = full_id.split("/")
        self.folder = ROOT / "plugins" / plugin
        self.row = next(s for s in manifest(plugin)["stage"] if s["id"] == name)
        self.params = complete(params_of(self.row), params)
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        module, cls = self.row["entry"].split(":")
        self.code = getattr(importlib.import_module(module), cls)()


def feature_use(stage: Stage, signal: SignalInfo) -> FeatureCode:
    """A stage's C side, as the studio hands it to the firmware generator."""
    info = stage.code.infer_output(signal, stage.params)
    constants = stage.code.c_constants(signal, stage.params)
    block = FeatureBlock(stage.row["id"], stage.row["entry"], 1, dict(stage.params), info.shape, info.axes)
    return FeatureCode(block, constants, tuple(stage.folder / c for c in stage.row["csrc"]), info.hop_samples)


def generated(
    folder: Path, signal: SignalInfo, stages: Sequence[Stage], scale: float, zero_point: int
) -> tuple[FirmwareProject, list[str], tuple[int, ...]]:
    """A firmware project with these features: project, the sources of its features, and their shape."""
    uses = tuple(feature_use(one, signal) for one in stages)
    shape, _ = joined_shape([use.block for use in uses])
    deployable = Deployable(
        b"TFL3", ("a", "b"), signal, tuple(use.block for use in uses), shape, scale, zero_point, 1 / 256, -128
    )
    board = BoardFile("host", "Host", "x", "cortex-m4f", 80_000_000, 98_304, 1_048_576, "cmsis-nn")
    project = generate(folder, FirmwareRequest("twin", board, deployable, ("CONV_2D",), 8192, uses))
    return project, ["model/mote_features.c", *source_files(uses)], shape


class Twin:
    """The C side of stages, generated and compiled for this computer."""

    def __init__(self, library: Path, signal: SignalInfo, shape: tuple[int, ...]) -> None:
        self.library = ctypes.CDLL(str(library))
        self.signal, self.shape = signal, shape
        assert self.library.mote_host_window_samples() == signal.window_samples
        assert self.library.mote_host_channels() == signal.n_channels
        assert self.library.mote_host_feature_count() == int(np.prod(shape))

    @property
    def streaming(self) -> bool:
        """Whether the board computes features as samples come."""
        return bool(self.library.mote_host_streaming())

    def floats(self, windows: np.ndarray) -> np.ndarray:
        return self._run(windows, self.library.mote_host_features_f32, np.float32)

    def codes(self, windows: np.ndarray, bits: int = 8) -> np.ndarray:
        return self._run(windows, getattr(self.library, f"mote_host_features_i{bits}"), np.dtype(f"int{bits}"))

    def stream(self, samples: np.ndarray, pieces: int = 7) -> np.ndarray:
        """Features of every window of a stream, pushed in pieces of up to so many samples."""
        window, step = self.signal.window_samples, self.signal.step_samples
        self.library.mote_host_stream_reset()
        out, at, end = [], 0, window
        while end <= len(samples):
            while at < end:
                piece = np.ascontiguousarray(samples[at : min(at + pieces, end)], dtype=np.int16)
                self.library.mote_host_stream_push(piece.ctypes.data_as(ctypes.c_void_p), len(piece))
                at += len(piece)
            row = np.zeros(self.shape, dtype=np.float32)
            self.library.mote_host_stream_emit_f32(row.ctypes.data_as(ctypes.c_void_p))
            out.append(row)
            end += step
        return np.array(out)

    def _run(self, windows: np.ndarray, function: Any, dtype: Any) -> np.ndarray:
        out = np.zeros((len(windows), *self.shape), dtype=dtype)
        for row, window in zip(out, windows, strict=True):
            raw = np.ascontiguousarray(window, dtype=np.int16)
            function(raw.ctypes.data_as(ctypes.c_void_p), row.ctypes.data_as(ctypes.c_void_p))
        return out


@pytest.fixture(scope="session")
def stage() -> Callable[..., Stage]:
    return Stage


@pytest.fixture
def context(tmp_path: Path) -> Callable[..., Context]:
    """Makes run contexts, each with an empty folder."""
    made = 0

    def make(**options: Any) -> Context:
        nonlocal made
        made += 1
        folder = tmp_path / f"work{made}"
        folder.mkdir()
        return Context(folder, **options)

    return make


@pytest.fixture
def twin(tmp_path: Path) -> Callable[..., Twin]:
    """Compiles a stage's twin with the host's compiler, warnings as errors."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler on this computer")

    def make(stage: Stage, signal: SignalInfo, scale: float = 0.05, zero_point: int = -3, *more: Stage) -> Twin:
        folder = tmp_path / f"twin{len(list(tmp_path.glob('twin*')))}"
        project, features, shape = generated(folder, signal, (stage, *more), scale, zero_point)
        sources = ["core/mote_host.c", *features]
        flags = ["-O2", "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-fPIC"]
        command = [compiler, *flags, "-Wno-sign-conversion", "-shared", "-Icore", "-Imodel", *sources, "-o", "core.so"]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return Twin(project.folder / "core.so", signal, shape)

    return make


CHIPS = {"cortex-m4": cortex_m4, "rv32": rv32}


class BoardTwin:
    """The C side of stages on an emulated chip."""

    def __init__(self, run: Sequence[str], program: Path, shape: tuple[int, ...]) -> None:
        self.run, self.program, self.shape = run, program, shape

    def features(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Floats and 8-bit codes of windows, shape (windows, *shape)."""
        folder = self.program.parent
        np.ascontiguousarray(windows, dtype="<i2").tofile(folder / "windows.bin")
        argv = [*self.run, self.program.name]
        done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        count = int(np.prod(self.shape))
        rows = np.fromfile(folder / "features.bin", np.uint8).reshape(len(windows), 5 * count)
        floats = np.ascontiguousarray(rows[:, : 4 * count]).view("<f4").reshape(len(windows), *self.shape)
        return floats, rows[:, 4 * count :].view(np.int8).reshape(len(windows), *self.shape)


@pytest.fixture(params=CHIPS)
def board_twin(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., BoardTwin]:
    """Compiles the C side of stages for a Cortex-M4 with a floating-point unit and for a 32-bit RISC-V without one."""
    chip = CHIPS[request.param]

    def make(stage: Stage, signal: SignalInfo, scale: float = 0.05, zero_point: int = -3) -> BoardTwin:
        project, features, shape = generated(tmp_path / "board", signal, (stage,), scale, zero_point)
        program = project.folder / "features.elf"
        driver = ROOT / "tests" / "support" / "chip_features.c"
        chip.compile_program(program, [driver, *features], ["core", "model"], project.folder)
        return BoardTwin(chip.RUN, program, shape)

    return make


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Folder of recorded data beside the checkout."""

    def find(name: str) -> Path:
        folder = SHARED / name
        if not folder.is_dir():
            pytest.skip(f"no recorded data at {folder}")
        return folder

    return find


@pytest.fixture(scope="session")
def make_signal() -> Callable[..., SignalInfo]:
    def make(rate: float, samples: int, channels: tuple[Channel, ...], step: int = 0) -> SignalInfo:
        return SignalInfo(ChannelGroup("test", rate, channels), samples, step or samples)

    return make


@pytest.fixture(autouse=True)
def _same_path() -> Iterator[None]:
    """Stages are imported from folders put on the path; it is as it was afterwards."""
    before = list(sys.path)
    yield
    sys.path[:] = before
