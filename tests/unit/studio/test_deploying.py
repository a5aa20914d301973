"""The ways from a run to something that runs it: which are open, what they need, what a written board must say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from motestudio.domain.board import BoardDescription, LoadedModel
from motestudio.errors import BuildError, FlashError
from motestudio.firmware.boards import load_boards
from motestudio.firmware.chip_image import ChipImage
from motestudio.firmware.package import sha256_of
from motestudio.firmware.tflm import TFLM_PIN, write_stamp
from motestudio.studio import chip, deploying
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.run_store import Run
from support.tflm_trees import add_library, plant

BOARDS = load_boards()
F405 = BOARDS["stm32f405"]
MODEL = b"a model"
ABOUT = BoardDescription(
    board_id="stm32f405",
    name="STM32F405",
    serial_number="0001",
    firmware="mote 0.1.0",
    groups=(),
    capabilities=("stream", "infer", "slots"),
    model=LoadedModel("wand", sha256_of(MODEL), ("wave",), 130, 26),
)


def session(about: BoardDescription = ABOUT, *, connected: bool = True) -> Any:
    return SimpleNamespace(description=about, connected=connected, url="/dev/ttyACM0")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "model.tflite").write_bytes(MODEL)
    return Run("run-001", tmp_path, "2026-01-01T00:00:00+00:00", {})


@pytest.fixture(autouse=True)
def nobody_has_tflm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MOTE_TFLM_DIR", raising=False)
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("board", "closed"),
    [
        ("stm32f405", {"model"}),
        ("nucleo-l476rg", {"emulator", "model"}),
        ("esp32-devkitc", {"emulator", "model"}),
        ("virtual", {"emulator", "chip", "model"}),
    ],
)
def test_without_a_board_the_ways_are_those_of_the_board_file(board: str, closed: set[str]) -> None:
    reasons = {way: deploying.blocked(way, BOARDS[board], None) for way in deploying.WAYS}
    assert {way for way, reason in reasons.items() if reason} == closed
    assert all(reason.endswith(".") for reason in reasons.values() if reason)


@pytest.mark.parametrize(
    ("about", "way"),
    [
        (ABOUT, "model"),
        (replace(ABOUT, capabilities=("stream",)), "chip"),
        (replace(ABOUT, serial_number="EMULATED"), "chip"),
        (replace(ABOUT, virtual=True), "virtual"),
    ],
    ids=["slots", "no slots", "in QEMU", "virtual"],
)
def test_what_is_connected_suggests_the_way(about: BoardDescription, way: str) -> None:
    assert deploying.suggested(F405, session(about)) == way
    assert deploying.suggested(F405, session(about, connected=False)) == "virtual"
    assert deploying.suggested(F405, None) == "virtual"


def test_each_way_asks_for_its_own_tools_only() -> None:
    def names(way: deploying.Way, board: str, tool: Any) -> set[str]:
        return {need.name for need in deploying.needs(way, BOARDS[board], tool).tools}

    arm = {"cmake", "arm-none-eabi-gcc", "newlib", "libstdc++"}
    assert names("emulator", "stm32f405", "pyocd") == arm | {"qemu-system-arm"}
    assert names("chip", "stm32f405", "stm32loader") == arm | {"stm32loader"}
    assert names("chip", "stm32f405", "pyocd") == arm | {"pyocd"}
    assert names("chip", "esp32-devkitc", "esptool") == {"idf.py", "esptool"}
    assert names("model", "stm32f405", "pyocd") == set()
    assert "C compiler" in names("virtual", "stm32f405", "pyocd")


def test_a_compiler_that_the_environment_names_is_enough_for_the_virtual_board(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def compiler() -> str:
        needs = deploying.needs("virtual", F405, "pyocd")
        return next(need.found for need in needs.tools if need.name == "C compiler")

    monkeypatch.delenv("MOTE_CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiler() == ""
    own = tmp_path / "own-cc"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("MOTE_CC", str(own))
    assert compiler() == str(own)


def test_commands_are_told_for_every_system_without_words_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    needs = deploying.needs("emulator", F405, "pyocd")
    assert needs.missing == needs.tools
    hints = {need.name: need.hints for need in needs.tools}
    assert hints["cmake"] == {
        "windows": "winget install -e --id Kitware.CMake",
        "macos": "brew install cmake",
        "linux": "sudo apt install cmake",
    }


def test_tflm_is_told_as_absent_not_built_ready_or_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def state() -> deploying.TflmNeed:
        need = deploying.needs("chip", F405, "pyocd").tflm
        assert need is not None
        return need

    assert state().folder == ""
    tree = plant(tmp_path / "tflm")
    monkeypatch.setenv("MOTE_TFLM_DIR", str(tree))
    assert (state().folder, state().built, state().core) == (str(tree), False, "cortex-m4f")
    add_library(tree)
    assert (state().built, state().problem) == (True, "")
    write_stamp(tree, "0" * 40, "elsewhere")
    assert TFLM_PIN.short in state().problem
    assert deploying.needs("chip", BOARDS["esp32-devkitc"], "esptool").tflm is None, "ESP-IDF gets its own"


def test_a_written_board_is_taken_at_its_word(run: Run) -> None:
    assert "runs run-001" in deploying.verify(session(), F405, run, has_model=True)
    assert "infers nothing" in deploying.verify(session(), F405, run, has_model=False)
    with pytest.raises(FlashError) as caught:
        deploying.verify(session(replace(ABOUT, board_id="nucleo-l476rg")), F405, run, has_model=True)
    assert caught.value.code == "flash.other_board"
    assert "/dev/ttyACM0" in caught.value.text
    (run.folder / "model.tflite").write_bytes(b"another")
    with pytest.raises(FlashError) as caught:
        deploying.verify(session(), F405, run, has_model=True)
    assert caught.value.code == "flash.other_model"


def test_generating_and_building_are_told_apart(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def build(_: object, __: object, ___: Run, operation: Operation) -> ChipImage:
        operation.progress(0.0, "Writing the firmware project")
        operation.progress(0.4, "3 of 4 files changed")
        operation.progress(0.4, chip.BUILDING)
        operation.log("cmake")
        return ChipImage(Path("a.elf"), 2048, 1024, has_model=True, seconds=1.0)

    monkeypatch.setattr(chip, "build", build)
    told: list[Happening] = []
    deploying.build_image(None, None, run, Operation(told.append))  # type: ignore[arg-type]
    words = [(h.kind, h.name, h.text) for h in told if h.kind in ("part", "done")]
    assert words == [
        ("part", "generate", "Generate"),
        ("done", "generate", "3 of 4 files changed"),
        ("part", "build", "Build"),
        ("done", "build", "2.0 KB of flash, 1.0 KB of RAM"),
    ]


def test_a_build_that_fails_while_generating_never_begins_to_build(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def build(*_: object) -> ChipImage:
        raise BuildError("build.compile", "No.", "")

    monkeypatch.setattr(chip, "build", build)
    told: list[Happening] = []
    with pytest.raises(BuildError):
        deploying.build_image(None, None, run, Operation(told.append))  # type: ignore[arg-type]
    assert [h.name for h in told if h.kind == "part"] == ["generate"]


def test_the_session_lets_go_of_the_port_before_the_chip_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    held = SimpleNamespace(close=lambda: done.append("closed"))
    monkeypatch.setattr(chip, "flash", lambda *_, tool: done.append(f"written by {tool}"))
    image = ChipImage(Path("a.elf"), 1, 1, has_model=True, seconds=0.0)
    operation = Operation(lambda happening: done.append(happening.name))
    deploying.write_chip(None, None, image, "COM3", "stm32loader", held, operation)  # type: ignore[arg-type]
    assert done == ["closed", "flash", "written by stm32loader"]
