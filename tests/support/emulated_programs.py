"""Programs for processors that QEMU emulates; their files and streams are this computer's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def compile_for(emulator: str, argv: Sequence[Path | str], cwd: Path) -> None:
    """Run a cross compiler's command line; skips where it or the emulator is absent."""
    for needed in (str(argv[0]), emulator):
        if shutil.which(needed) is None:
            pytest.skip(f"there is no {needed}")
    done = subprocess.run(list(map(str, argv)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
