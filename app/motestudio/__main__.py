"""The one entry point: decides which of the studio's programs this process is before anything heavy is imported.

``motestudio @worker``, ``@recorder``, ``@decoder`` and so on are the studio's own child processes (a frozen application
re-invokes itself with them); ``mote studio`` opens the window; everything else is the command line.
"""

from __future__ import annotations

import importlib
import multiprocessing
import sys

PROGRAMS = {
    "@worker": "motestudio.worker.main",
    "@recorder": "motestudio.recorder.main",
    "@decoder": "motestudio.worker.live_decoder",
    "@virtual-board": "motestudio.virtualboard.main",
    "@engine": "motestudio.virtualboard.engine",
    "@flash-tool": "motestudio.flash_tool.main",
}
"""Child programs by their first argument; each module has ``main(argv) -> int``."""


def main(argv: list[str] | None = None) -> int:
    """Run the program that the arguments name and return its exit status."""
    multiprocessing.freeze_support()
    args = sys.argv[1:] if argv is None else argv
    if args and args[0] in PROGRAMS:
        return int(importlib.import_module(PROGRAMS[args[0]]).main(args[1:]))
    return int(importlib.import_module("motestudio.cli.main").run(args))


if __name__ == "__main__":
    sys.exit(main())
