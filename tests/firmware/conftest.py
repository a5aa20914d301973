"""The C core compiled for this computer, every warning an error, with the address and undefined-behaviour checkers, and
for a Cortex-M4 that QEMU emulates.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from motestudio.shipped import resources_dir
from support import cortex_m4

CORE = resources_dir() / "firmware" / "core"
DRIVERS = Path(__file__).parent / "drivers"
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
CHECKERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]


MACHINES = ("here", "cortex-m4")


class Driver:
    """A test program that answers lines."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def line(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer, f"the program ended with {self._process.wait(10)}"
        return answer.rstrip("\n")

    def ask(self, line: str) -> str:
        self.send(line)
        return self.line()

    def close(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        code = self._process.wait(20)
        self._process.stdout.close()
        return code


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles sources into a program; the checkers' findings end it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")

    def build(name: str, sources: list[Path], *options: str) -> Path:
        program = tmp_path_factory.mktemp("c") / name
        argv = [compiler, *FLAGS, *CHECKERS, f"-I{CORE}", *options, *map(str, sources), "-o", str(program)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return program

    return build


@pytest.fixture(scope="session")
def compile_m4(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles sources into a program for a Cortex-M4 in QEMU."""

    def build(name: str, sources: list[Path]) -> Path:
        program = tmp_path_factory.mktemp("m4") / f"{name}.elf"
        cortex_m4.compile_program(program, sources, [CORE], program.parent)
        return program

    return build


@pytest.fixture(scope="session", params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Where the C core runs: on this computer with the checkers, and on an emulated Cortex-M4."""
    return str(request.param)


@pytest.fixture(scope="session")
def start_driver(request: pytest.FixtureRequest, machine: str) -> Iterator[Callable[..., Driver]]:
    """Starts a driver of ``drivers/``; each must end with 0, which the checkers prevent where they found something."""
    running: list[Driver] = []

    def start(name: str, *core: str) -> Driver:
        sources = [DRIVERS / f"{name}_driver.c", *(CORE / source for source in core)]
        if machine == "here":
            running.append(Driver(request.getfixturevalue("compile_c")(name, sources)))
        else:
            running.append(Driver(*cortex_m4.RUN, request.getfixturevalue("compile_m4")(name, sources)))
        return running[-1]

    yield start
    assert [driver.close() for driver in running] == [0] * len(running)
