"""TensorFlow Lite Micro on this computer: where it is, whether a model can be built with it, building it for a core.

It is the user's: a folder that the user names, or one that `sdk_get` put into the user's own data. Its static library
is built by TFLM's own Makefile, once a core, and stays in the tree.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motestudio.analysis.converter import converter_version
from motestudio.analysis.tflite_reader import read_graph
from motestudio.errors import AppError, BuildError, MissingError, ProjectError
from motestudio.firmware import tflm, toolchain
from motestudio.firmware.tflm import TFLM_PIN, TflmPin, TflmTree
from motestudio.jobs.launcher import run_program
from motestudio.project.lock import ProjectLock
from motestudio.shipped import user_dir
from motestudio.studio.operation import Operation

TFLM_VARIABLE = "MOTE_TFLM_DIR"
"""Environment variable: folder of a TensorFlow Lite Micro tree."""
SETTING = "tflm_dir"
"""The same among the window's settings."""
_SETTINGS_FILE = "window.json"
_BUILD_SECONDS = 3600.0
_COMPILES = re.compile(r"\s-c\s+(\S+)\s+-o\s+\S+\.o\s*$")
_OBJECTS = 315
"""About how many files TFLM's build compiles, for progress."""
_NO_NETWORK = re.compile(
    r"resolve (?:host|proxy)|unable to access|unreachable|failed: Connection|Error \d+ downloading"
    r"|[Ss]omething went wrong with the \w+ download"
)
_ERROR = re.compile(r"\berror: |\*\*\*")
_PACKAGES = ("numpy", "pillow")
_IMPORTS = "import numpy, PIL"


@dataclass(frozen=True, slots=True)
class SdkState:
    """Which TFLM is used.

    Attributes:
        tree: what lies there; None where no folder is named and none was got.
        source: who named the folder: ``argument``, ``environment``, ``setting``; ``own`` where the studio got it.
    """

    tree: TflmTree | None
    source: Literal["argument", "environment", "setting", "own", ""]


def home() -> Path:
    """Folder of what the studio gets."""
    return user_dir() / "sdk"


def own_folder(pin: TflmPin = TFLM_PIN) -> Path:
    """Where the studio puts the tree that it gets."""
    return home() / f"tflm-{pin.short}"


def find(folder: str = "") -> SdkState:
    """The TFLM in use: the first folder that is named, else the one that was got.

    A folder that is named is used or refused, never passed over: a wrong name is to be mended, not hidden.

    Args:
        folder: named by the caller, before the environment and the settings.
    """
    named: tuple[tuple[Literal["argument", "environment", "setting"], str], ...] = (
        ("argument", folder),
        ("environment", os.environ.get(TFLM_VARIABLE, "")),
        ("setting", _setting()),
    )
    for source, name in named:
        if name.strip():
            return SdkState(tflm.read_tree(Path(name.strip()).expanduser().absolute()), source)
    own = own_folder()
    return SdkState(tflm.read_tree(own), "own") if own.is_dir() else SdkState(None, "")


def check_model(tree: TflmTree, model: bytes, core: str) -> tuple[str, ...]:
    """See that a model can be built with a tree for a core; to be asked before anything is built.

    Args:
        tree: as `find` saw it.
        model: bytes of the .tflite file.
        core: of the board.

    Returns:
        What could not be made sure of, a sentence each.

    Raises:
        BuildError: what `tflm.check` raises.
        AppError: ``model.broken``.
    """
    ops = {op.kernel for op in read_graph(model).ops}
    return tflm.check(tree, core, ops=ops, converter=converter_version(model))


def build(core: str, operation: Operation, *, folder: str = "") -> Path:
    """Build TFLM's library for a core with TFLM's own Makefile; what is built already is not built again.

    Args:
        core: as board files name it.
        operation: progress and cancel; gets what the build says.
        folder: see `find`.

    Returns:
        The library.

    Raises:
        MissingError: ``sdk.absent``: there is no tree; ``toolchain.missing``; ``sdk.python``.
        BuildError: ``tflm.…``: it is not the version in use, or there is no such target; ``sdk.busy``; ``sdk.build``
            with the end of the output.
        Cancelled: by the operation; what was compiled stays for the next time.
    """
    tree = _tree_in_use(folder)
    for note in tflm.check_tree(tree):
        operation.log(note)
    tflm.architecture(core)
    if tree.built(core):
        return _built(tree, core, operation)
    toolchain.need(*toolchain.TFLM_BUILD)
    if tree.lacks:
        toolchain.need(*(("git",) if "pigweed" in tree.lacks else ()), *toolchain.TFLM_FETCH)
    with held(tree.folder / "mote-build.lock", f"Another build works in {tree.folder}."):
        tree = tflm.read_tree(tree.folder)
        if tree.built(core):
            return _built(tree, core, operation)
        operation.part("tflm-build", f"Building TensorFlow Lite Micro for {core}")
        _make(tree, core, operation)
    return _built(tflm.read_tree(tree.folder), core, operation)


@contextmanager
def held(path: Path, text: str) -> Iterator[None]:
    """Keep a lock file for the length of a ``with`` block.

    Raises:
        BuildError: ``sdk.busy`` with `text`: another process has it.
    """
    try:
        lock = ProjectLock(path)
    except ProjectError as error:
        if error.code != "project.locked":
            raise
        raise BuildError("sdk.busy", text, "Wait until it has ended.", error.data) from error
    try:
        yield
    finally:
        lock.release()


def _tree_in_use(folder: str) -> TflmTree:
    tree = find(folder).tree
    if tree is None:
        text = "TensorFlow Lite Micro is not on this computer."
        raise MissingError("sdk.absent", text, f"Get it with: mote sdk get; or name its folder in {TFLM_VARIABLE}.")
    return tree


def _built(tree: TflmTree, core: str, operation: Operation) -> Path:
    tflm.check(tree, core)
    operation.progress(1.0, f"Built for {core}")
    return tree.built(core)[0]


def _make(tree: TflmTree, core: str, operation: Operation) -> None:
    compiler = Path(toolchain.tool("arm-none-eabi-gcc").found)
    argv = tflm.make_command(core, compiler, os.cpu_count() or 1)
    path = os.pathsep.join([str(_python_folder(operation)), os.environ.get("PATH", os.defpath)])
    lacked = tree.lacks
    compiled = _Compiled(operation, fetching=bool(lacked))
    library = tflm.library_path(tree.folder, core)
    operation.log(shlex.join(argv))
    whole = False
    try:
        done = run_program(
            argv,
            cwd=tree.folder,
            timeout_s=_BUILD_SECONDS,
            on_line=compiled.line,
            cancel=operation.cancel,
            env={"PATH": path},
        )
        whole = done.exit_code == 0 and library.is_file()
    finally:
        if not whole:
            library.unlink(missing_ok=True)
            if not compiled.count:
                # Its scripts take a folder that is there for a whole one, so one that was begun would stay broken.
                for name in lacked:
                    shutil.rmtree(tree.folder / tflm.DOWNLOADS / name, ignore_errors=True)
    if not whole:
        raise _refused(core, done.output, done.exit_code, fetching=not compiled.count)


class _Compiled:
    """Counts what is compiled; says files instead of command lines."""

    def __init__(self, operation: Operation, *, fetching: bool) -> None:
        self._operation = operation
        self._lock = threading.Lock()
        self.count = 0
        operation.report(0.0, "Fetching what it is built from" if fetching else "Reading the Makefile")

    def line(self, text: str) -> None:
        match = _COMPILES.search(text)
        if match is None:
            self._operation.log(text)
            return
        with self._lock:
            self.count += 1
            self._operation.log(f"compiles {match[1]}")
            self._operation.report(min(0.98, self.count / _OBJECTS), f"{self.count} files compiled")


def _refused(core: str, output: str, exit_code: int, *, fetching: bool) -> AppError:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    data = {"core": core, "exit_code": exit_code, "output": output[-20_000:]}
    if fetching and (cut := [line for line in lines if _NO_NETWORK.search(line)]):
        text = f"TensorFlow Lite Micro's own build could not fetch the sources that it needs: {cut[0]}"
        hint = (
            f"Connect to the internet and try again; or give mote sdk get --from a tree with a full {tflm.DOWNLOADS}, "
            "copied from a computer that built it."
        )
        return MissingError("sdk.fetch", text, hint, data)
    telling = [line for line in lines if _ERROR.search(line)] or lines[-1:] or ["it said nothing"]
    hint = "The log has all that it said."
    if not toolchain.tool("libstdc++").found:
        hint = f"The compiler's C++ library was not found: {toolchain.tool('libstdc++').hint}."
    return BuildError("sdk.build", f"TensorFlow Lite Micro could not be built for {core}: {telling[0]}", hint, data)


def _python_folder(operation: Operation) -> Path:
    """Folder of a ``python3`` that can do what TFLM's Makefile asks of it; one of our own where there is no other.

    Raises:
        MissingError: ``sdk.python``.
    """
    found = shutil.which("python3")
    here = [] if getattr(sys, "frozen", False) else [Path(sys.executable).parent]
    own = home() / "python" / ("Scripts" if sys.platform == "win32" else "bin")
    for folder in (*here, *([Path(found).parent] if found else []), own):
        python = folder / "python3"
        if python.is_file():
            done = run_program([str(python), "-c", _IMPORTS], timeout_s=60, cancel=operation.cancel)
            if done.exit_code == 0:
                return folder
    operation.progress(0.0, "Making a Python environment for TFLM's build")
    home().mkdir(parents=True, exist_ok=True)
    first = str(here[0] / Path(sys.executable).name) if here else found or "python3"
    shutil.rmtree(own.parent, ignore_errors=True)
    for argv in (
        [first, "-m", "venv", str(own.parent)],
        [str(own / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-q", *_PACKAGES],
    ):
        done = run_program(argv, timeout_s=900, on_line=operation.log, cancel=operation.cancel)
        if done.exit_code:
            said = done.output.strip().splitlines()[-1:] or ["it said nothing"]
            text = f"TensorFlow Lite Micro's own build needs Python with {' and '.join(_PACKAGES)}: {said[0]}"
            raise MissingError("sdk.python", text, f"Install them with: {first} -m pip install {' '.join(_PACKAGES)}")
    return own


def _setting() -> str:
    """The folder that the user set in the window; empty where none is or the file is damaged."""
    try:
        table = json.loads((user_dir() / _SETTINGS_FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    value = table.get(SETTING) if isinstance(table, dict) else None
    return value if isinstance(value, str) else ""
