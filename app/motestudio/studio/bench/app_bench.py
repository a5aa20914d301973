"""`mote bench app`: how fast the window is there, what it holds in memory, how long the whole job takes.

The peer of the window is a bare PySide6 window with a pyqtgraph plot, started in turn with ours in the same run: what
nobody can be faster than. Long jobs have no peer that runs offline; their figure stands alone.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from motestudio.errors import JobError
from motestudio.jobs.launcher import run_program
from motestudio.studio.bench.figure import Figure
from motestudio.studio.bench.screen import display
from motestudio.studio.create import create
from motestudio.studio.operation import Operation

RUNS = 5
_PEER = """
import sys, time, json, os, psutil
import pyqtgraph
from PySide6.QtWidgets import QApplication, QMainWindow
from PySide6.QtCore import QTimer
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(pyqtgraph.PlotWidget())
window.resize(1440, 900)
window.show()
def usable():
    if not window.windowHandle().isExposed():
        QTimer.singleShot(1, usable)
        return
    window.repaint()
    seconds = time.time() - float(os.environ["MOTE_PROBE_START"])
    print(json.dumps({"seconds": seconds, "rss": psutil.Process().memory_info().rss}))
    app.quit()
QTimer.singleShot(0, usable)
app.exec()
"""


def measure(operation: Operation) -> list[Figure]:
    """Run the bench.

    Args:
        operation: progress and cancel.

    Returns:
        Window and memory figures, then the whole job's.
    """
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
        folder = Path(scratch) / "wand"
        create(folder, template_id="gesture").close()
        ours: list[tuple[float, float]] = []
        peer: list[tuple[float, float]] = []
        for number in range(RUNS):
            operation.progress(0.3 * number / RUNS, f"window, run {number + 1} of {RUNS}")
            peer.append(_probe([sys.executable, "-c", _PEER], operation))
            ours.append(_probe([sys.executable, "-m", "motestudio.gui.probe", str(folder)], operation))
        operation.progress(0.3, "the whole job")
        began = time.monotonic()
        report = Path(scratch) / "report"
        done = run_program(
            [sys.executable, "-m", "motestudio", "demo", "--report", str(report)],
            cwd=Path(scratch),
            timeout_s=1200,
            on_line=operation.log,
            cancel=operation.cancel,
        )
        seconds = time.monotonic() - began
        if done.exit_code != 0:
            raise JobError("bench.demo", f"mote demo ended with {done.exit_code}.", done.output[-400:])
    operation.progress(1.0, "done")
    start, peer_start = _medians(ours)[0], _medians(peer)[0]
    memory, peer_memory = _medians(ours)[1] / 1e6, _medians(peer)[1] / 1e6
    return [
        Figure(
            "window usable after process start", start, "s", 1.0, f"bare window with a plot {peer_start:.2f} s", RUNS
        ),
        Figure("window against the bare one", start / peer_start, "x", None, "", RUNS),
        Figure(
            "memory with a project open", memory, "MB", 250.0, f"bare window with a plot {peer_memory:.0f} MB", RUNS
        ),
        Figure("mote demo, board to board", seconds, "s", 240.0, "none runs this offline"),
    ]


def _medians(rows: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(r[0] for r in rows), statistics.median(r[1] for r in rows)


def _probe(argv: list[str], operation: Operation) -> tuple[float, float]:
    """Seconds from process start until the event loop answers, and resident bytes then."""
    done = run_program(
        argv,
        cwd=Path.cwd(),
        timeout_s=60,
        on_line=operation.log,
        cancel=operation.cancel,
        env={"MOTE_PROBE_START": repr(time.time())} | display(),
    )
    for line in reversed(done.output.splitlines()):
        if line.startswith("{"):
            body = json.loads(line)
            return float(body["seconds"]), float(body["rss"])
    raise JobError("bench.probe", f"The window did not start ({done.exit_code}).", done.output[-400:])
