"""Single-precision functions and the Fourier transform of mote_dsp.h against double precision."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from motestudio.sdk import dsp
from motestudio.shipped import resources_dir

CORE = resources_dir() / "firmware" / "core"
LARGEST = float(np.finfo(np.float32).max)
FUNCTIONS = ("log2f", "lnf", "exp2f", "sqrtf")
SOURCE = (
    '#include "mote_dsp.h"\n'
    + "".join(
        f"void each_{f}(const float *x, float *y, size_t n);\n"
        f"void each_{f}(const float *x, float *y, size_t n) {{\n"
        f"  for (size_t i = 0; i < n; ++i) y[i] = mote_{f}(x[i]);\n}}\n"
        for f in FUNCTIONS
    )
    + """
void each_powf(const float *x, const float *p, float *y, size_t n);
void each_powf(const float *x, const float *p, float *y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = mote_powf(x[i], p[i]);
}
void rfft(float *x, size_t n, const float *table);
void rfft(float *x, size_t n, const float *table) { mote_rfft(x, n, table); }
void rfft_power(float *x, size_t n, const float *table);
void rfft_power(float *x, size_t n, const float *table) { mote_rfft_power(x, n, table); }
"""
)
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wno-sign-conversion", "-ffp-contract=off"]
CHECKS = ["-fsanitize=undefined,float-cast-overflow", "-fsanitize-undefined-trap-on-error"]


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


class Library:
    def __init__(self, path: Path) -> None:
        self._c = ctypes.CDLL(str(path))

    def each(self, name: str, *arguments: np.ndarray) -> np.ndarray:
        inputs = [np.ascontiguousarray(a, np.float32) for a in np.broadcast_arrays(*arguments)]
        out = np.empty_like(inputs[0])
        getattr(self._c, f"each_{name}")(*map(pointer, inputs), pointer(out), ctypes.c_size_t(out.size))
        return out.astype(np.float64)

    def transform(self, name: str, values: np.ndarray) -> np.ndarray:
        x, table = np.array(values, np.float32), dsp.fft_table(len(values))
        getattr(self._c, name)(pointer(x), ctypes.c_size_t(len(x)), pointer(table))
        return x


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("dsp")
    (folder / "dsp.c").write_text(SOURCE)
    argv = [compiler, *FLAGS, *CHECKS, "-fPIC", "-shared", "-nostdlib", f"-I{CORE}", str(folder / "dsp.c"), "-o"]
    done = subprocess.run([*argv, str(folder / "dsp.so")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Library(folder / "dsp.so")


def floats(low: float, high: float, n: int = 400_000) -> np.ndarray:
    """Single-precision numbers evenly spread over a range of exponents."""
    return np.exp2(np.random.default_rng(3).uniform(low, high, n)).astype(np.float32)


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-300)))


def positive_numbers() -> np.ndarray:
    near_one = (1 + np.arange(-40_000, 40_000) * 2.0**-24).astype(np.float32)
    powers = np.exp2(np.arange(-149, 128, dtype=np.float64)).astype(np.float32)
    return np.concatenate([floats(-149, 128), near_one[near_one != 1], powers, np.linspace(0.4, 2.5, 200_000)])


@pytest.mark.parametrize(("name", "exact", "bound"), [("log2f", np.log2, 3e-7), ("lnf", np.log, 4e-7)])
def test_logarithm(library: Library, name: str, exact: np.ufunc, bound: float):
    x = positive_numbers().astype(np.float32)
    x = x[(x > 0) & (x != 1)]
    assert relative(library.each(name, x), exact(x.astype(np.float64))) <= bound
    assert library.each(name, np.array([1.0]))[0] == 0.0


def test_logarithm_of_what_has_none_is_below_all_others(library: Library):
    x = np.array([0.0, -0.0, -1.0, -np.inf, np.nan])
    assert set(library.each("log2f", x)) == {-150.0}
    assert library.each("log2f", np.array([2.0**-149]))[0] == -149.0
    assert np.isfinite(library.each("log2f", np.array([np.inf, LARGEST]))).all()


def test_exponential(library: Library):
    x = np.random.default_rng(4).uniform(-126, 128, 600_000).astype(np.float32)
    x = np.concatenate([x, np.arange(-126, 128), np.linspace(-1e-3, 1e-3, 1001)]).astype(np.float32)
    x = x[x < 128]
    assert relative(library.each("exp2f", x), np.exp2(x.astype(np.float64))) <= 3e-7
    np.testing.assert_array_equal(library.each("exp2f", np.arange(-126, 128)), np.exp2(np.arange(-126.0, 128.0)))
    ends = library.each("exp2f", np.array([-126.1, -1e30, -np.inf, np.nan, 128.0, 1e30, np.inf]))
    np.testing.assert_array_equal(ends, [0, 0, 0, 0, LARGEST, LARGEST, LARGEST])


@pytest.mark.parametrize("power", [0.0, 0.5, -0.98, 1.0, 2.0, -3.0, 1 / 15, 0.025, 17.3])
def test_power(library: Library, power: float):
    y = np.float32(power)
    x = floats(-149, 128)
    with np.errstate(over="ignore"):
        wanted = x.astype(np.float64) ** np.float64(y)
    inside = (wanted > 2.0**-125) & (wanted < 2.0**127)
    assert inside.any()
    assert relative(library.each("powf", x, y)[inside], wanted[inside]) <= 3e-7 * (2 + abs(power))
    assert np.isfinite(library.each("powf", x, y)).all()


def test_power_of_nothing_and_beyond_the_range(library: Library):
    x = np.array([0.0, -2.0, np.nan, 1e30, 1e-30, 1e30, 1e-30, 2.0, 2.0])
    y = np.array([0.5, 2.0, 1.0, 2.0, 2.0, -1e30, -1e30, 3e38, -3e38])
    wanted = [0, 0, 0, LARGEST, 0, 0, LARGEST, LARGEST, 0]
    np.testing.assert_array_equal(library.each("powf", x, y), wanted)


def test_square_root(library: Library):
    x = np.concatenate([positive_numbers(), [LARGEST]]).astype(np.float32)
    x = x[x > 0]
    assert relative(library.each("sqrtf", x), np.sqrt(x.astype(np.float64))) <= 2e-7
    np.testing.assert_array_equal(library.each("sqrtf", np.array([0.0, -0.0, -4.0, np.nan])), 0.0)


@pytest.mark.parametrize("n", [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
def test_transform_is_numpys(library: Library, n: int):
    rng = np.random.default_rng(n)
    impulse = np.zeros(n)
    impulse[1] = 1.0
    tone = np.sin(2 * np.pi * np.arange(n) * (n // 8 + 0.3) / n)
    for x in (rng.standard_normal(n), impulse, np.ones(n), tone, np.zeros(n)):
        values = np.float32(x)
        wanted = np.fft.rfft(values.astype(np.float64))
        found = library.transform("rfft", values).astype(np.float64)
        spectrum = np.concatenate([found[:1], found[2::2] + 1j * found[3::2], found[1:2]])
        limit = 3e-7 * np.abs(wanted).max()
        assert np.abs(spectrum - wanted).max() <= limit
        power = library.transform("rfft_power", values)[: n // 2 + 1]
        assert np.abs(np.sqrt(power) - np.abs(wanted)).max() <= 2 * limit


def test_transform_of_lengths_that_have_no_table():
    for n in (0, 2, 12, 100):
        with pytest.raises(ValueError, match="power of two"):
            dsp.fft_table(n)
