"""Proves that the headless environment is one: neither Qt nor TensorFlow can be imported, the command line can."""

from __future__ import annotations

import importlib.util
import subprocess
import sys


def main() -> int:
    """Check and say what is wrong."""
    present = [name for name in ("PySide6", "pyqtgraph", "tensorflow", "tf_keras") if importlib.util.find_spec(name)]
    if present:
        sys.stderr.write(f"not a headless environment: {', '.join(present)} can be imported\n")
        return 1
    for verb in (["--help"], ["board", "list"], ["plugin", "list"], ["--version"]):
        done = subprocess.run([sys.executable, "-m", "motestudio", *verb], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(f"mote {' '.join(verb)} ended with {done.returncode}:\n{done.stderr}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
