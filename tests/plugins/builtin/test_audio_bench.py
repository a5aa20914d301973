"""The bench's programs run, and the sides that need nothing more than we do agree with ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from motestudio.shipped import resources_dir

BENCH = resources_dir() / "bench"


def run(tmp_path, *arguments):
    answer = tmp_path / "answer.json"
    argv = [sys.executable, str(BENCH / arguments[0]), *arguments[1:], str(answer)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    return json.loads(answer.read_text())


def test_ours_and_scipy_take_turns_and_agree(tmp_path):
    result = run(tmp_path, "features.py", "ours", "scipy", "--rounds", "1")
    apart = result["apart"]["spectral"]["scipy"]
    assert apart["max"] < 1e-4 * apart["largest"]
    for kind in ("processor", "clock"):
        assert all(seconds > 0 for case in result[kind].values() for seconds in case.values())
        assert "ours" in result[kind]["mfcc_minute"]


def test_twins_are_counted(tmp_path):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    rows = {row["name"]: row for row in run(tmp_path, "twins.py")}
    transform = rows["power spectrum of 512"]["hop"]
    assert 11_520 < transform < 30_000
    for name in ("mfcc", "mfe", "log-mel float32"):
        # One frame's work for one hop: its transform, window, bands and logarithms, never a second frame's.
        assert transform < rows[name]["hop"] < 1.7 * transform
