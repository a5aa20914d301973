"""What the tests of the built-in plugins share: loading stages, a run context, host-compiled twins, shared data."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motestudio.domain.params import Param, ShownIf, complete
from motestudio.errors import Cancelled
from motestudio.sdk import Channel, ChannelGroup, SignalInfo

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"
C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "uint16": "uint16_t", "int32": "int32_t"}


class Context:
    """A run context that remembers; it cancels at the call with the given number."""

    def __init__(self, workdir: Path, seed: int = 1, cancel_at: int = -1) -> None:
        self.workdir = workdir
        self.seed = seed
        self.cancel_at = cancel_at
        self.calls = 0
        self.fractions: list[float] = []
        self.metrics: list[tuple[str, float, int]] = []
        self.lines: list[str] = []

    def progress(self, fraction: float, text: str = "") -> None:
        self.fractions.append(fraction)
        self.check_cancelled()

    def metric(self, name: str, value: float, step: int) -> None:
        self.metrics.append((name, value, step))

    def log(self, text: str) -> None:
        self.lines.append(text)

    def check_cancelled(self) -> None:
        self.calls += 1
        if 0 <= self.cancel_at <= self.calls:
            raise Cancelled


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


def feature_header(stage: Stage, signal: SignalInfo, scale: float, zero_point: int) -> str:
    """The feature_params.h that the firmware generator writes for a board."""
    info = stage.code.infer_output(signal, stage.params)
    lines = [
        "#include <stdint.h>",
        f"#define MOTE_WINDOW_SAMPLES {signal.window_samples}",
        f"#define MOTE_CHANNELS {signal.n_channels}",
        f"#define MOTE_FEATURE_COUNT {int(np.prod(info.shape))}",
        f"#define MOTE_INPUT_SCALE {float(np.float32(scale)).hex()}f",
        f"#define MOTE_INPUT_ZERO_POINT ({zero_point})",
    ]
    for key, value in stage.code.c_constants(signal, stage.params).items():
        if isinstance(value, np.ndarray):
            real = value.dtype == np.float32
            cells = ", ".join(f"{float(v).hex()}f" if real else str(int(v)) for v in value)
            kind = "float" if real else C_TYPES[str(value.dtype)]
            lines.append(f"static const {kind} MOTE_{key}[{len(value)}] = {{{cells}}};")
        else:
            lines.append(f"#define MOTE_{key} ({value})")
    return "\n".join(lines) + "\n"


class Twin:
    """A stage's C twin, compiled for this computer."""

    def __init__(self, library: Path, signal: SignalInfo, shape: tuple[int, ...]) -> None:
        self.library = ctypes.CDLL(str(library))
        self.signal, self.shape = signal, shape
        assert self.library.mote_host_window_samples() == signal.window_samples
        assert self.library.mote_host_channels() == signal.n_channels
        assert self.library.mote_host_feature_count() == int(np.prod(shape))

    def floats(self, windows: np.ndarray) -> np.ndarray:
        return self._run(windows, self.library.mote_host_features_f32, np.float32)

    def codes(self, windows: np.ndarray) -> np.ndarray:
        return self._run(windows, self.library.mote_host_features_i8, np.int8)

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

    def make(stage: Stage, signal: SignalInfo, scale: float = 0.05, zero_point: int = -3) -> Twin:
        folder = tmp_path / f"twin{len(list(tmp_path.glob('twin*')))}"
        folder.mkdir()
        (folder / "feature_params.h").write_text(feature_header(stage, signal, scale, zero_point))
        core = ROOT / "resources" / "firmware" / "core"
        sources = [str(core / "mote_host.c"), *(str(stage.folder / c) for c in stage.row["csrc"])]
        flags = ["-O2", "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-fPIC"]
        command = [compiler, *flags, "-Wno-sign-conversion", "-shared", f"-I{core}", f"-I{folder}", *sources]
        done = subprocess.run([*command, "-o", str(folder / "core.so")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return Twin(folder / "core.so", signal, stage.code.infer_output(signal, stage.params).shape)

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
