"""`mote bench`: ourselves and a peer in one run, as a table of figure, goal and peer. Never part of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from motestudio.errors import AppError
from motestudio.project.files import write_text
from motestudio.studio.bench import app_bench, features_bench, firmware_bench, record_bench
from motestudio.studio.bench.figure import Figure
from motestudio.studio.operation import Operation

BENCHES: dict[str, Callable[[Operation], list[Figure]]] = {
    "app": app_bench.measure,
    "features": features_bench.measure,
    "firmware": firmware_bench.measure,
    "record": record_bench.measure,
}


def run_bench(name: str, operation: Operation) -> list[Figure]:
    """Run a bench.

    Raises:
        AppError: there is none with this name.
    """
    if name not in BENCHES:
        raise AppError("bench.unknown", f"There is no bench {name!r}.", f"Benches: {', '.join(BENCHES)}.")
    return BENCHES[name](operation)


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """Write figures for programs."""
    rows = [asdict(f) | {"met": f.met} for f in figures]
    write_text(path, json.dumps({"figures": rows, "met": all(f.met for f in figures)}, indent=1) + "\n")
