"""One side of ``mote bench features``: a process that has one implementation loaded and does what it is told.

Started by ``features.py``; reads lines ``run CASE`` and ``save CASE FILE`` and answers each with one line: seconds of
processor time and of the clock, or ``saved``. One thread, whatever the library would like.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

import numpy as np

CALLS = 3
"""In a row, once warm: their mean is one measurement."""
HERE = Path(__file__).resolve().parent


def main() -> int:
    """Serve until the input ends."""
    sys.path.insert(0, str(HERE))
    answers = sys.stdout
    sys.stdout = sys.stderr  # libraries greet
    cases = importlib.import_module(sys.argv[1]).CASES
    answers.write(" ".join(cases) + "\n")
    answers.flush()
    ready: dict[str, object] = {}
    for line in sys.stdin:
        verb, name, *rest = line.split()
        if name not in ready:
            ready[name] = cases[name]()
        call = ready[name]
        if verb == "save":
            np.save(rest[0], np.asarray(call()))
            answers.write("saved\n")
        else:
            call()  # another side has had the processor and its caches
            processor, clock = time.process_time(), time.perf_counter()
            for _ in range(CALLS):
                call()
            spent = time.process_time() - processor, time.perf_counter() - clock
            answers.write(" ".join(f"{one / CALLS:.9f}" for one in spent) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
