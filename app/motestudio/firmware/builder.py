"""Builds the host library of a firmware project: the feature twin as the virtual board and parity tests load it.

It finds the compiler and says what to run; running is the caller's (`Run`), so that every process starts in one place.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from motestudio.errors import BuildError, MissingError
from motestudio.firmware.elf import read_sections, totals
from motestudio.firmware.feature_code import source_files
from motestudio.firmware.generator import FirmwareProject

Run = Callable[[Sequence[str], Path], tuple[int, str]]
"""``run(argv, cwd) -> (exit code, output)``; stdout and stderr together."""

COMPILER_VARIABLE = "MOTE_CC"
FLAGS = (
    *("-O2", "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"),
    *(("-fPIC",) if sys.platform != "win32" else ()),
)
_INCLUDES = ("core", "model")
_ERROR = re.compile(
    r"^(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)? "
    r"(?:(?:fatal )?error: )?(?P<text>(?<=error: ).*|undefined reference to .*)$",
    re.MULTILINE,
)
_INSTALL = {
    "linux": "Install one, such as with: sudo apt install gcc",
    "darwin": "Install one with: xcode-select --install",
    "win32": "Install one, such as with: winget install -e --id MSYS2.MSYS2, then add its gcc to PATH",
}


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A finished build.

    Attributes:
        image: the file that was built.
        sections: bytes by kind: ``text``, ``rodata``, ``data``, ``bss``; all 0 where the image is no ELF file.
        files: text, rodata and data bytes of each source file's object.
        compiler: the command it was built with.
        seconds: of all compiler runs.
        output: what the compiler said.
    """

    image: Path
    sections: dict[str, int]
    files: dict[str, int]
    compiler: str
    seconds: float
    output: str = ""


def find_compiler() -> tuple[str, ...]:
    """The C compiler as the start of a command line: ``MOTE_CC``, else cc, gcc or clang on the PATH.

    Raises:
        MissingError: ``build.no_compiler``; the hint says how to install one here.
    """
    named = os.environ.get(COMPILER_VARIABLE, "").strip()
    for candidate in [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]:
        if found := shutil.which(candidate[0]):
            return (found, *candidate[1:])
    text = f"{COMPILER_VARIABLE} names {named!r}, which is not there." if named else "There is no C compiler."
    hint = _INSTALL.get(sys.platform, "Install gcc or clang.") + f"; or name one in {COMPILER_VARIABLE}."
    raise MissingError("build.no_compiler", text, hint, {"searched": named or "cc, gcc, clang"})


def build_host(project: FirmwareProject, run: Run, out: Path) -> BuildResult:
    """Compile the feature twin into a shared library for this computer.

    Args:
        project: as `generate` returned it.
        run: runs a program to its end.
        out: path of the library, such as ``.../core.so``; its folder is made where it is not there, and nothing else
            is left in it.

    Returns:
        The library and its sizes.

    Raises:
        BuildError: ``build.compile``: the compiler refused; the text has file and line.
        MissingError: there is no compiler.
    """
    features = project.request.features
    if lacking := [code.block.stage for code in features if not any(path.suffix == ".c" for path in code.sources)]:
        raise BuildError(
            "build.no_twin",
            f"Feature stage {lacking[0]} has no C sources.",
            "Name them as csrc in the plugin's manifest; without them it cannot run on a board.",
        )
    sources = ["core/mote_host.c", "model/mote_features.c", *source_files(features)]
    return compile_library(project.folder, sources, run, out)


def compile_library(folder: Path, sources: Sequence[str], run: Run, out: Path) -> BuildResult:
    """Compile sources of a project folder one by one and link them into the library `out`; see `build_host`."""
    compiler = find_compiler()
    started = time.monotonic()
    out.parent.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    sizes: dict[str, int] = {}
    includes = [f"-I{name}" for name in _INCLUDES]
    with tempfile.TemporaryDirectory(prefix=".build-", dir=out.parent) as scratch:
        objects = []
        for number, source in enumerate(sources):
            target = Path(scratch).resolve() / f"{number}-{Path(source).stem}.o"
            said.append(run_step(run, [*compiler, *FLAGS, *includes, "-c", source, "-o", str(target)], folder))
            parts = totals(read_sections(target.read_bytes()))
            sizes[source] = parts["text"] + parts["rodata"] + parts["data"]
            objects.append(str(target))
        library = Path(scratch).resolve() / out.name
        said.append(run_step(run, [*compiler, "-shared", *objects, "-o", str(library)], folder))
        # Into place in one step: a library that somebody has loaded keeps its own file.
        library.replace(out)
    sections = totals(read_sections(out.read_bytes()))
    output = "\n".join(text for text in said if text)
    return BuildResult(out, sections, sizes, shlex.join(compiler), time.monotonic() - started, output)


def run_step(run: Run, argv: list[str], folder: Path) -> str:
    """Run one program of a build; what it said.

    Raises:
        BuildError: ``build.compile``, with file and line where it named them and its output in the data.
        MissingError: it cannot be started.
    """
    try:
        code, output = run(argv, folder)
    except OSError as error:
        hint = _INSTALL.get(sys.platform, "Install gcc or clang.")
        raise MissingError("build.no_compiler", f"The compiler cannot be started: {error}.", hint) from error
    if code == 0:
        return output.strip()
    data = {"output": output[-20_000:], "exit_code": code, "command": shlex.join(argv)}
    if match := _ERROR.search(output):
        data |= {"file": match["file"], "line": int(match["line"])}
        text = f"{match['file']}:{match['line']}: {match['text']}"
        raise BuildError("build.compile", text, "Mend the source; the log has all that the compiler said.", data)
    last = output.strip().splitlines()[-1:] or ["it said nothing"]
    raise BuildError("build.compile", f"The compiler ended with {code}: {last[0]}", "See the log.", data)
