"""Where the windows of a bench are drawn."""

from __future__ import annotations

import os
import sys


def display() -> dict[str, str]:
    """Environment for a window: the screen there is, or none, where it is drawn offscreen."""
    known = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform != "linux" or any(os.environ.get(name) for name in known):
        return {name: os.environ[name] for name in known if name in os.environ}
    return {"QT_QPA_PLATFORM": "offscreen"}
