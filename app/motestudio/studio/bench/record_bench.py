"""`mote bench record`: hours in the field in little: a USB full-speed board's ceiling with the live page drawing.

Ours is the whole studio: window, recorder, disk. The peers are what people write themselves: pyserial's ``readline``
with ``float``, and ``pandas.read_csv``, on the same samples as lines of numbers over the same kind of port; they draw
nothing and write nothing. Programs are in ``resources/bench``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.errors import JobError, MissingError
from motestudio.jobs.launcher import Child, run_program, spawn_program
from motestudio.shipped import resources_dir
from motestudio.studio.bench.figure import Figure
from motestudio.studio.bench.screen import display
from motestudio.studio.create import create
from motestudio.studio.operation import Operation

FULL_SPEED, HIGH_SPEED = 1_216_000, 10_000_000
"""Bytes of samples per second: the payload ceiling of USB full-speed bulk, and a high-speed board."""
SECONDS, HIGH_SECONDS, PEER_SECONDS = 600.0, 60.0, 10.0
SECONDS_VARIABLE = "MOTE_BENCH_SECONDS"
"""Environment variable: a shorter time for the long run, to look at the bench itself; the figures say so."""
CONNECTS = 5
_FRAME = 12
_STARTING_S = 180.0


def measure(operation: Operation) -> list[Figure]:
    """Run the bench.

    Args:
        operation: progress and cancel.

    Returns:
        Loss, frame rate, processor and memory at both rates, time to the first sample, and the peers'.

    Raises:
        MissingError: a peer is not installed.
    """
    if importlib.util.find_spec("pandas") is None:
        raise MissingError("bench.peers", "Not installed: pandas.", "Run: make bench, or: pip install pandas.")
    seconds = float(os.environ.get(SECONDS_VARIABLE, SECONDS))
    high_seconds = min(HIGH_SECONDS, seconds)
    total = seconds + high_seconds + 2 * PEER_SECONDS
    operation.progress(0.0, "readline and float()")
    naive = _peer("readline", operation)
    operation.progress(PEER_SECONDS / total, "pandas.read_csv")
    pandas = _peer("pandas", operation)
    with operation.within(2 * PEER_SECONDS / total, 1 - high_seconds / total) as part:
        part.progress(0.0, f"{FULL_SPEED:,} bytes per second for {seconds:g} s")
        full = _studio("pty", FULL_SPEED, seconds, CONNECTS, operation)
    operation.progress(1 - high_seconds / total, f"{HIGH_SPEED:,} bytes per second for {high_seconds:g} s")
    high = _studio("socket", HIGH_SPEED, high_seconds, 1, operation)
    operation.progress(1.0, "done")
    return [*_full_figures(full, seconds, naive, pandas), *_high_figures(high, high_seconds)]


def _full_figures(run: dict[str, Any], seconds: float, naive: dict[str, Any], pandas: dict[str, Any]) -> list[Figure]:
    name = f"1.216 MB/s for {seconds / 60:g} min"
    gaps = np.diff(run["frames"])
    cpu = np.array(run["cpu"])
    rss = np.array(run["rss"]).sum(axis=1) / 1e6
    window, recorder = np.median(cpu, axis=0) * 100
    wanted = FULL_SPEED / _FRAME

    def beside(peer: dict[str, Any], words: str) -> str:
        keeps = peer["samples"] / peer["seconds"] / wanted
        core = peer["processor_s"] / peer["seconds"]
        kept = "keeps up" if keeps >= 1 else f"keeps {keeps:.0%} of it"
        return f"{words} {kept} at {core:.0%} of a core"

    peers = f"{beside(naive, 'readline + float()')}; {beside(pandas, 'pandas.read_csv')}"
    return [
        Figure(f"{name}: frames lost or damaged", float(run["lost"] + run["damaged"] + run["broken"]), "", 0.0, peers),
        Figure("frames per second, median", 1 / float(np.median(gaps)), "FPS", 55.0, runs=len(gaps), at_least=True),
        Figure(
            "frames per second, p99", 1 / float(np.percentile(gaps, 99)), "FPS", 30.0, runs=len(gaps), at_least=True
        ),
        Figure(
            "processor, all processes",
            float(np.median(cpu.sum(axis=1))) * 100,
            "% of a core",
            40.0,
            f"window {window:.0f} %, recorder {recorder:.0f} %; {peers}",
            len(cpu),
        ),
        Figure("memory, growth over the run", _growth(rss), "MB", 10.0, f"{rss[-1]:.0f} MB at the end", len(rss)),
        Figure(
            "first sample on screen after Connect",
            statistics.median(run["first_sample_s"]) * 1000,
            "ms",
            100.0,
            runs=len(run["first_sample_s"]),
        ),
    ]


def _high_figures(run: dict[str, Any], seconds: float) -> list[Figure]:
    cpu = np.array(run["cpu"])
    fps = 1 / float(np.median(np.diff(run["frames"])))
    words = f"{fps:.0f} FPS, {np.median(cpu.sum(axis=1)):.0%} of a core"
    lost = float(run["lost"] + run["damaged"] + run["broken"])
    return [Figure(f"10 MB/s for {seconds:g} s: frames lost or damaged", lost, "", 0.0, words)]


def _growth(rss: np.ndarray) -> float:
    """How much more the last fifth of the run holds than the first, by the median."""
    fifth = max(1, len(rss) // 5)
    return max(0.0, float(np.median(rss[-fifth:]) - np.median(rss[:fifth])))


def _studio(kind: str, bytes_per_s: int, seconds: float, connects: int, operation: Operation) -> dict[str, Any]:
    """Record with the whole studio; adds ``broken``: places where the recorded samples do not follow each other."""
    with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
        folder, answer = Path(scratch) / "bench", Path(scratch) / "answer.json"
        create(folder, template_id="gesture").close()
        with _boards([(kind, bytes_per_s)] * connects, operation) as urls:
            done = run_program(
                [sys.executable, "-m", "motestudio.gui.record_probe", str(folder), str(answer), str(seconds), *urls],
                cwd=Path(scratch),
                timeout_s=seconds + _STARTING_S,
                on_line=operation.log,
                cancel=operation.cancel,
                env=display(),
            )
        if done.exit_code != 0 or not answer.exists():
            raise JobError("bench.probe", f"The window ended with {done.exit_code}.", done.output[-600:])
        run: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        run["broken"] = _broken(Path(run["recording"]))
        return run


def _broken(path: Path) -> int:
    """Steps of the recorded sample counter that are not 1; its highest bit is not sent."""
    samples = np.memmap(path, dtype="<i2", mode="r").reshape(-1, _FRAME // 2)
    broken = 0
    for begin in range(0, len(samples), 1 << 20):
        counts: Any = samples[begin : begin + (1 << 20) + 1, 0].astype(np.int32)
        steps = np.diff(counts) & 0x7FFF
        broken += int((steps != 1).sum())
    return broken


def _peer(name: str, operation: Operation) -> dict[str, Any]:
    script = resources_dir() / "bench" / "record_peer.py"
    with _boards([("text", FULL_SPEED)], operation) as urls:
        done = run_program(
            [sys.executable, str(script), name, urls[0], str(PEER_SECONDS)],
            timeout_s=PEER_SECONDS + _STARTING_S,
            on_line=operation.log,
            cancel=operation.cancel,
        )
    if done.exit_code != 0:
        raise JobError("bench.peer", f"The peer {name} ended with {done.exit_code}.", done.output[-600:])
    result: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return result


@contextmanager
def _boards(wanted: Sequence[tuple[str, int]], operation: Operation) -> Iterator[list[str]]:
    """Addresses of boards, each a process of its own."""
    script = resources_dir() / "bench" / "record_board.py"
    children: list[Child] = []
    urls = []
    try:
        for kind, bytes_per_s in wanted:
            said: queue.SimpleQueue[str] = queue.SimpleQueue()
            child = spawn_program([sys.executable, str(script), kind, str(bytes_per_s)], on_line=said.put)
            children.append(child)
            try:
                urls.append(said.get(timeout=30).strip())
            except queue.Empty:
                raise JobError("bench.board", "The board of the bench did not start.", "Try again.") from None
        yield urls
    finally:
        for child in children:
            child.close(0.0)
