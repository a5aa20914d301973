"""The C core compiled for this computer, every warning an error, with the address and undefined-behaviour checkers, and
for a Cortex-M4 and a 32-bit RISC-V core that QEMU emulates.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from motestudio.shipped import resources_dir
from support import cortex_m4, rv32

CORE = resources_dir() / "firmware" / "core"
DRIVERS = Path(__file__).parent / "drivers"
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
CHECKERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
EMULATED = {"cortex-m4": cortex_m4, "rv32": rv32}
MACHINES = ("here", *EMULATED)


def folders(sources: list[Path]) -> list[Path]:
    """Where headers are: the core's, and those beside a source."""
    return sorted({CORE, *(source.parent.resolve() for source in sources)})


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
        argv = [
            compiler,
            *FLAGS,
            *CHECKERS,
            *(f"-I{folder}" for folder in folders(sources)),
            *options,
            *map(str, sources),
            "-o",
            str(program),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return program

    return build


@pytest.fixture(scope="session")
def compile_emulated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles sources into a program for a machine in QEMU."""

    def build(machine: str, name: str, sources: list[Path]) -> Path:
        program = tmp_path_factory.mktemp(machine) / f"{name}.elf"
        EMULATED[machine].compile_program(program, sources, folders(sources), program.parent)
        return program

    return build


@pytest.fixture(scope="session", params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Where the C core runs: on this computer with the checkers, and on emulated chips with and without floats."""
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
            program = request.getfixturevalue("compile_emulated")(machine, name, sources)
            running.append(Driver(*EMULATED[machine].RUN, program))
        return running[-1]

    yield start
    assert [driver.close() for driver in running] == [0] * len(running)
