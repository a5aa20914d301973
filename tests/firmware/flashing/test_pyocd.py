"""pyOCD: its command lines, its bars and words, and itself where there is no probe."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError, JobError
from motestudio.firmware.flashers import pyocd
from motestudio.firmware.flashers.images import Region
from motestudio.flash_tool.main import _LineAWrite
from motestudio.jobs.launcher import ProgramResult
from motestudio.studio import flash_chip
from motestudio.studio.operation import Happening, Operation

Boards = dict[str, BoardFile]
IMAGE = (Region(0x0800_0000, b"code" * 20_000), Region(0x0802_0000, b"tail"))
NBYTES = 0x2_0004

installed = pytest.mark.skipif(importlib.util.find_spec("pyocd") is None, reason="pyOCD is not installed")


class Probe:
    """Answers the three runs of pyOCD as a board with this chip does."""

    def __init__(self, chip: str = "10006421", load: str = "", compare: str = "", exit_code: int = 0) -> None:
        self.asked: list[list[str]] = []
        self.files: list[bytes] = []
        self._identify = f"e0042000:  {chip}                               |..d!|\n"
        self._load = load or f"0001520 I Erased {NBYTES} bytes (65 sectors), programmed {NBYTES} bytes [loader]\n"
        self._compare = compare or f"Comparing 32768 bytes @ 0x08000000\nAll {NBYTES} bytes match.\n"
        self._exit_code = exit_code

    def __call__(self, argv: Sequence[str], *, cwd: Path, on_line: Callable[[str], None], **_: object) -> ProgramResult:
        args = list(argv)[list(argv).index("@flash-tool") + 1 :]
        self.asked.append(args)
        self.files += [path.read_bytes() for path in cwd.iterdir()]
        text = " ".join(args)
        output = self._identify if "read32" in text else self._compare if "compare" in text else self._load
        for line in output.splitlines():
            on_line(line)
        return ProgramResult(self._exit_code if args[1] == "load" else 0, output)


def flash(boards: Boards, probe: Probe, monkeypatch: pytest.MonkeyPatch, told: list[Happening]) -> flash_chip.ChipFlash:
    monkeypatch.setattr(flash_chip.importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setattr(flash_chip, "run_program", probe)
    return flash_chip.flash(boards["nucleo-f446re"], IMAGE, "066EFF", Operation(told.append), "pyocd")


def test_it_is_asked_for_the_chip_then_loads_then_compares(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    probe, told = Probe(), list[Happening]()
    result = flash(boards, probe, monkeypatch, told)
    assert (result.tool, result.verified) == ("pyocd", True)
    select = ["--no-wait", "--probe", "066EFF", "--target"]
    identify, load, compare = probe.asked
    assert identify == ["pyocd", "commander", *select, "cortex_m", "--command", "read32 0xe0042000"]
    assert load[:-1] == ["pyocd", "load", *select, "stm32f446re", "--format", "bin", "--base-address", "0x08000000"]
    assert compare == ["pyocd", "commander", *select, "stm32f446re", "--command", "compare 0x08000000 firmware.bin"]
    assert probe.files[0] == (b"code" * 20_000).ljust(0x2_0000, b"\xff") + b"tail"
    fractions = [happening.fraction for happening in told if happening.kind == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_a_chip_of_another_board_is_not_loaded(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = Probe(chip="10076413")
    with pytest.raises(FlashError) as caught:
        flash(boards, probe, monkeypatch, [])
    assert caught.value.code == "flash.wrong_chip"
    assert "0x413" in caught.value.text
    assert len(probe.asked) == 1


def test_a_comparison_that_finds_a_difference_is_an_error(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Mismatched byte at 0x08000010 (offset 0x10): 0xff (memory) != 0x12 (file)\n"
    with pytest.raises(FlashError) as caught:
        flash(boards, Probe(compare=said), monkeypatch, [])
    assert caught.value.code == "flash.verify"
    assert "0x08000010" in caught.value.data["said"]


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ("0000877 E No target device available [load_cmd]", "flash.no_probe", "ST-Link"),
        ("1 | STLINK-V3 [stm32]\nEnter the number of the debug probe or 'q' to quit>", "flash.which_probe", "id"),
        (
            "0000700 C Target type stm32f446re not recognized. Use 'pyocd list' [__main__]",
            "flash.no_target",
            "pyocd pack install stm32f446re",
        ),
        (
            "0002100 C Memory transfer fault (STLink error (20): DP error) @ 0xe000ed00 [__main__]",
            "flash.no_answer",
            "SWD",
        ),
        ("0000900 E No cores were discovered! [coresight_target]", "flash.no_answer", "SWD"),
        ("0004100 C STM32F446RE is locked [__main__]", "flash.write_protected", "option bytes"),
        ("usb.core.USBError: [Errno 19] No such device (it may have been disconnected)", "flash.interrupted", "cable"),
        (
            "0003000 C flash program page failure (address 0x08004000; result code 0x1) [__main__]",
            "flash.failed",
            "log",
        ),
    ],
)
def test_its_last_words_become_an_error_that_helps(
    boards: Boards, monkeypatch: pytest.MonkeyPatch, said: str, code: str, hint: str
) -> None:
    with pytest.raises(FlashError) as caught:
        flash(boards, Probe(load=said, exit_code=1), monkeypatch, [])
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_an_unknown_failure_is_told_without_time_and_place(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "0003000 C flash program page failure (address 0x08004000; result code 0x1) [__main__]"
    with pytest.raises(FlashError) as caught:
        flash(boards, Probe(load=said, exit_code=1), monkeypatch, [])
    assert caught.value.text.endswith(": flash program page failure (address 0x08004000; result code 0x1)")


@installed
def test_its_own_bars_are_followed(boards: Boards) -> None:
    from pyocd.utility.progress import ProgressReportNoTTY

    stream = io.StringIO()
    bar = ProgressReportNoTTY(_LineAWrite(stream))
    for title in ("0000100 I Erasing... [loader]", "0000900 I Programming... [loader]"):
        stream.write(title + "\n")
        for step in range(41):
            bar(step / 40)
    progress = pyocd.Progress()
    steps = [step for line in stream.getvalue().splitlines() if (step := progress.line(line))]
    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert len(steps) > 60
    assert {word for _, word in steps} == {"Erasing", "Writing"}


@installed
def test_without_a_probe_it_says_so(boards: Boards) -> None:
    told: list[Happening] = []
    with pytest.raises(FlashError) as caught:
        flash_chip.flash(boards["nucleo-f446re"], IMAGE, "", Operation(told.append))
    assert caught.value.code == "flash.no_probe"
    assert any("pyocd commander" in happening.text for happening in told)


def test_a_tool_that_hangs_is_ended_and_told(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> ProgramResult:
        raise JobError("program.timed_out", "python did not end within 900 s.", "Try again.")

    monkeypatch.setattr(flash_chip.importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setattr(flash_chip, "run_program", hang)
    with pytest.raises(FlashError) as caught:
        flash_chip.flash(boards["nucleo-f446re"], IMAGE, "", Operation())
    assert caught.value.code == "flash.interrupted"
    assert "pyocd" in caught.value.text
