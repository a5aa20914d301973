"""Runs all sides of ``mote bench features`` in turn and writes what it measured as JSON.

``features.py SIDE... --rounds N FILE``: each side is a process of its own with one thread; a round runs
every case on every side once, so that the machine's noise hits all alike. Outputs are compared with ``ours``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR")


class Side:
    """A running side."""

    def __init__(self, name: str) -> None:
        one = {f"{library}_NUM_THREADS": "1" for library in THREADS}
        argv = [sys.executable, "-W", "ignore", str(HERE / "side.py"), f"side_{name}"]
        self.name = name
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | one,
        )
        self.cases = self._line().split()

    def ask(self, text: str) -> str:
        """Send a line, wait for its answer."""
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the side {self.name} ended with {self._process.wait(10)}")
        return line.strip()

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(20)


def differences(found: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """How far outputs are from ours, and how large ours are."""
    apart = np.abs(found.astype(np.float64) - wanted)
    return {"max": float(apart.max()), "mean": float(apart.mean()), "largest": float(np.abs(wanted).max())}


def main() -> int:
    """Run all; 0 where every side answered."""
    at = sys.argv.index("--rounds")
    names, rounds = sys.argv[1:at], int(sys.argv[at + 1])
    sides = [Side(name) for name in names]
    ours = next(side for side in sides if side.name == "ours")
    seconds: dict[str, dict[str, list[tuple[float, float]]]] = {}
    apart: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
        for case in ours.cases:
            outputs = {}
            for side in sides:
                if case in side.cases:
                    file = Path(scratch) / f"{case}-{side.name}.npy"
                    side.ask(f"save {case} {file}")
                    outputs[side.name] = np.load(file)
            shapes = {name: found.shape for name, found in outputs.items()}
            if len(set(shapes.values())) != 1:
                raise SystemExit(f"{case}: shapes differ: {shapes}")
            apart[case] = {n: differences(o, outputs["ours"]) for n, o in outputs.items() if n != "ours"}
            seconds[case] = {name: [] for name in outputs}
    for number in range(rounds + 1):
        sys.stderr.write(f"round {number} of {rounds}\n")
        for case, rows in seconds.items():
            for side in sides:
                if side.name in rows:
                    processor, clock = map(float, side.ask(f"run {case}").split())
                    if number:  # the first one warms up
                        rows[side.name].append((processor, clock))
    for side in sides:
        side.close()
    result: dict[str, Any] = {"apart": apart, "rounds": rounds}
    for column, kind in enumerate(("processor", "clock")):
        result[kind] = {
            case: {name: statistics.median(row[column] for row in rows) for name, rows in sides_.items()}
            for case, sides_ in seconds.items()
        }
    Path(sys.argv[-1]).write_text(json.dumps(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
