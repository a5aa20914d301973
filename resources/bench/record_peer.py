"""Peers of ``mote bench record``: what people write themselves to read a board that sends lines of numbers.

``record_peer.py readline|pandas PORT SECONDS`` prints samples per second of processor time and of the clock.
"""

from __future__ import annotations

import json
import sys
import time


def readline(port: str, seconds: float) -> int:
    """pyserial's ``readline`` and ``float``, one line after the other."""
    import serial

    rows = []
    with serial.Serial(port, 115200, timeout=1) as board:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            rows.append([float(value) for value in board.readline().decode().split(",")])
    return len(rows)


def pandas(port: str, seconds: float) -> int:
    """``pandas.read_csv`` on the port, ten thousand lines at a time."""
    import pandas as pd

    count = 0
    with open(port, encoding="ascii", newline="\n") as board:  # noqa: PTH123 - as people write it
        end = time.perf_counter() + seconds
        for frame in pd.read_csv(board, header=None, chunksize=10_000):
            count += len(frame)
            if time.perf_counter() >= end:
                break
    return count


def main() -> int:
    """Read for a while."""
    kind, port, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    processor, clock = time.process_time(), time.perf_counter()
    count = {"readline": readline, "pandas": pandas}[kind](port, seconds)
    spent = time.process_time() - processor
    print(json.dumps({"samples": count, "processor_s": spent, "seconds": time.perf_counter() - clock}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
