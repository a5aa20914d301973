"""Where the shipped plugins and resources lie (beside a source checkout, in a wheel, or in a frozen application), and
where the user's own things do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    candidates = [_HERE / "_shipped" / name, _HERE.parents[1] / name]
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        candidates.insert(0, Path(frozen) / "motestudio" / "_shipped" / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the installation has no {name} folder: reinstall Mote Studio")


def plugins_dir() -> Path:
    """Folder of the built-in plugins, one folder each."""
    return _find("plugins")


def resources_dir() -> Path:
    """Folder of boards, firmware sources, theme and samples."""
    return _find("resources")


def user_dir() -> Path:
    """Folder of the user's own plugins, recent projects and settings; ``MOTE_DATA_DIR`` names another one."""
    import platformdirs

    named = os.environ.get("MOTE_DATA_DIR", "")
    return Path(named) if named else platformdirs.user_data_path("motestudio", appauthor=False)
