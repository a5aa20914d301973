"""Environments for child processes: what the studio's own programs and what strangers get. It starts nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

from motestudio.jobs.channel import VARIABLE

_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "LIBPATH")
_OURS = ("PYTHON", "_PYI_", "_MEIPASS", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QML2_IMPORT_PATH", VARIABLE)


def for_own(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of one of the studio's own programs."""
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    environment |= {
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
    }
    return environment | dict(extra or {})


def for_stranger(extra: Mapping[str, str] | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a compiler, flasher or emulator: as the user's shell has it, without what we put there.

    A frozen application changes the library path for itself and keeps the user's in ``<NAME>_ORIG``; a program that
    inherits the changed one loads our libraries instead of its own.

    Args:
        extra: added last.
        base: instead of this process's environment.
    """
    source = dict(os.environ if base is None else base)
    environment = {k: v for k, v in source.items() if not k.startswith(_OURS)}
    for name in _LIBRARY_PATHS:
        original = environment.pop(f"{name}_ORIG", None)
        if original:
            environment[name] = original
        elif original is not None or getattr(sys, "frozen", False):
            environment.pop(name, None)
    return environment | dict(extra or {})


def own_command(role: str, args: list[str]) -> list[str]:
    """The command line that starts one of the studio's own programs.

    Args:
        role: ``worker``, ``recorder``, ``decoder``, ``virtual-board`` or ``engine``, with or without its ``@``.
        args: further arguments; secrets never stand here.
    """
    program = "@" + role.removeprefix("@")
    if getattr(sys, "frozen", False):
        return [sys.executable, program, *args]
    # -P: a file named like a module in the user's folder must not be imported instead of that module.
    return [sys.executable, "-P", "-m", "motestudio", program, *args]


def describe_exit(code: int) -> str:
    """An exit status in words: ``exit status 3`` or ``SIGSEGV``."""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit status {code}"
