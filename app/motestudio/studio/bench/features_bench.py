"""`mote bench features`: the feature stages beside librosa, python_speech_features, tf.signal and scipy.signal.

Same parameters, outputs compared, one thread each, all in one run and in turn (``resources/bench``). Times are
processor time: what else the machine does then counts little. The C twins have no peer; their instructions are
counted and stand beside the operations of a textbook transform.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motestudio.errors import JobError, MissingError
from motestudio.jobs.launcher import run_program
from motestudio.shipped import resources_dir
from motestudio.studio.bench.figure import Figure
from motestudio.studio.create import create
from motestudio.studio.operation import Operation

ROUNDS = 11
AUDIO_SECONDS = 60
AGREE = 1e-4
"""Of the largest value: outputs further apart than this are not those of the same parameters."""

SIDES = {
    "librosa": ("librosa", "librosa"),
    "speech_features": ("python_speech_features", "python_speech_features"),
    "tensorflow": ("tf.signal", "tensorflow"),
    "scipy": ("scipy.signal", "scipy"),
}
"""Names of the sides in ``resources/bench``: what people call them, and the module that must be there."""

CASES = {
    "mfcc_minute": ("MFCC, 60 s at 16 kHz", 1.5),
    "logmel_minute": ("log-mel, 60 s at 16 kHz", 1.5),
    "mfcc_speech": ("MFCC 25 ms / 10 ms, 60 s", 1.5),
    "mfcc_clips": ("MFCC, 60 clips of 1 s", 1.5),
    "spectral": ("spectral, 10,000 windows of 128 x 6", 1.5),
}
LIBROSA_CLIPS = 10.0

_MARK = "loaded:"
_PROBE = """
import sys
from motestudio.gui import probe
probe.main()
print("@MARK@", *sorted(name for name in sys.modules if f"{name}.".startswith("scipy.signal.")))
""".replace("@MARK@", _MARK)


def measure(operation: Operation) -> list[Figure]:
    """Run the bench.

    Args:
        operation: progress and cancel.

    Returns:
        Speed of the desk's stages, what the window's process imports, instructions of the C twins.

    Raises:
        MissingError: a peer is not installed.
    """
    _need_peers()
    operation.progress(0.0, "stages and peers in turn")
    sides = _script("features.py", ["ours", *SIDES, "--rounds", str(ROUNDS)], operation, 1800.0)
    operation.progress(0.7, "what the window imports")
    figures = [*_speeds(sides), _imports(operation)]
    operation.progress(0.8, "instructions of the C twins")
    figures += _instructions(operation)
    operation.progress(1.0, "done")
    return figures


def _need_peers() -> None:
    absent = [title for title, module in SIDES.values() if importlib.util.find_spec(module) is None]
    if absent:
        raise MissingError(
            "bench.peers",
            f"Not installed: {', '.join(absent)}.",
            "Run: make bench, or: pip install librosa python_speech_features 'motestudio[train]'.",
            {"absent": absent},
        )


def _script(name: str, arguments: Sequence[str], operation: Operation, timeout_s: float) -> Any:
    """Run a program of ``resources/bench``, which writes JSON into the file named last."""
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
        answer = Path(scratch) / "answer.json"
        _run([str(resources_dir() / "bench" / name), *arguments, str(answer)], operation, timeout_s)
        return json.loads(answer.read_text(encoding="utf-8"))


def _run(arguments: Sequence[str], operation: Operation, timeout_s: float, **env: str) -> str:
    """What a Python program prints."""
    done = run_program(
        [sys.executable, *arguments], timeout_s=timeout_s, on_line=operation.log, cancel=operation.cancel, env=env
    )
    if done.exit_code != 0:
        raise JobError("bench.program", f"A part of the bench ended with {done.exit_code}.", done.output[-600:])
    return done.output


def _speeds(sides: Mapping[str, Any]) -> list[Figure]:
    """How much faster than the fastest peer, case by case."""
    figures = []
    for case, (title, goal) in CASES.items():
        seconds: dict[str, float] = dict(sides["processor"][case])
        ours = seconds.pop("ours")
        _check_agreement(title, sides["apart"][case])
        fastest = min(seconds, key=lambda name: seconds[name])
        words = "; ".join(f"{SIDES[name][0]} {_pace(case, value)}" for name, value in seconds.items())
        worst = max(peer["max"] / peer["largest"] for peer in sides["apart"][case].values())
        peer = f"ours {_pace(case, ours)}; {words}; outputs within {worst:.0e}"
        figures.append(Figure(f"{title}, against the fastest", seconds[fastest] / ours, "x", goal, peer, ROUNDS, True))
        if case == "mfcc_clips":
            singly = sides["processor"]["mfcc_clips_singly"]["ours"]
            note = f"clips one call each on our side, too: {seconds['librosa'] / singly:.1f} x"
            ratio = seconds["librosa"] / ours
            figures.append(Figure(f"{title}, against librosa", ratio, "x", LIBROSA_CLIPS, note, ROUNDS, True))
    return figures


def _check_agreement(title: str, apart: Mapping[str, Mapping[str, float]]) -> None:
    for name, peer in apart.items():
        if not peer["max"] <= AGREE * peer["largest"]:
            text = f"{title}: {SIDES[name][0]} differs by {peer['max']:.2g} of {peer['largest']:.2g}."
            raise JobError("bench.differs", text, "Another version of it, perhaps; nothing was compared.")


def _pace(case: str, seconds: float) -> str:
    if case == "spectral":
        return f"{1e2 * seconds:.2f} us a window"
    return f"{AUDIO_SECONDS / seconds:,.0f} x real time"


def _imports(operation: Operation) -> Figure:
    """Modules of scipy.signal in the window's process with a project open; it takes longer to import than the rest."""
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
        folder = Path(scratch) / "words"
        create(folder, template_id="keyword").close()
        platform = os.environ.get("QT_QPA_PLATFORM", "offscreen")
        output = _run(["-c", _PROBE, str(folder)], operation, 120.0, QT_QPA_PLATFORM=platform)
    loaded = output.rpartition(_MARK)[2].split()
    return Figure("scipy.signal in the window's process", float(len(loaded)), "modules", 0.0, ", ".join(loaded[:2]))


def _instructions(operation: Operation) -> list[Figure]:
    """Instructions of every twin for one hop, beside a textbook transform."""
    absent = [name for name in ("valgrind", "cc") if shutil.which(name) is None]
    if absent:
        note = f"not counted: install {' and '.join(absent)} (sudo apt-get install valgrind gcc)"
        return [Figure("C twins, instructions per hop", None, "", peer=note)]
    rows = _script("twins.py", [], operation, 600.0)
    return [
        Figure(f"C twin {row['name']}, one hop", float(row["hop"]), "instructions", peer=_beside(row)) for row in rows
    ]


def _beside(row: Mapping[str, Any]) -> str:
    """What a radix-2 transform takes: 5 n log2 n operations for n complex values, half of that for n real ones."""
    n, transforms = int(row["n_fft"]), int(row["transforms"])
    operations = round(2.5 * n * math.log2(n)) * transforms
    times = f"{transforms} x " if transforms > 1 else ""
    text = f"radix-2 transform of {times}{n} real values, 2.5 n log2 n: {operations:,} operations"
    emit = f"; a window's end {row['emit']:,}" if row["emit"] else ""
    return f"{text}, {row['hop'] / operations:.1f} x{emit}"
