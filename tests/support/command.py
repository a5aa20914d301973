"""Runs the command `mote` as a user does: in a process of its own, judged by exit status, output and files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
"""Real recordings beside the checkout; tests that use them skip where they are absent."""


@dataclass(frozen=True)
class Done:
    """One finished command line."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with --json."""
        return json.loads(self.out)


class Mote:
    """The command, with a home folder of the test's own."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
        }
        for name in ("MOTE_PROJECT", "MOTE_PORT", "MOTE_PLUGIN_PATH"):
            self.environment.pop(name, None)

    def start(self, *args: object) -> subprocess.Popen[str]:
        """Begin a command that goes on until it is told to end."""
        argv = [sys.executable, "-m", "motestudio", *map(str, args)]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, env=self.environment)

    def __call__(self, *args: object, timeout: float = 280) -> Done:
        argv = [sys.executable, "-m", "motestudio", *map(str, args)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, env=self.environment, check=False)
        return Done(done.returncode, done.stdout, done.stderr)
