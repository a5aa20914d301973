"""The tools that build firmware: what is found, and that each can be got on every system."""

from __future__ import annotations

from pathlib import Path

import pytest

from motestudio.errors import MissingError
from motestudio.firmware import toolchain


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer that has nothing; its folder of programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("IDF_PATH", raising=False)
    return folder


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("program", toolchain.TOOLS)
def test_every_tool_can_be_got_on_every_system(program: str) -> None:
    one = toolchain.tool(program)
    assert set(one.hints) == {"linux", "macos", "windows"}
    assert all(hint.startswith("Install it with: ") for hint in one.hints.values())
    assert one.hint in one.hints.values()
    assert one.purpose


def test_the_hint_is_that_of_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, word in (("linux", "apt"), ("darwin", "brew"), ("win32", "winget")):
        monkeypatch.setattr("sys.platform", system)
        assert word in toolchain.tool("qemu-system-arm").hint


def test_a_program_is_found_on_the_path(bare: Path) -> None:
    assert toolchain.tool("cmake").found == ""
    program = put(bare / "cmake")
    assert toolchain.tool("cmake").found == str(program)


def test_the_first_that_is_missing_is_said(bare: Path) -> None:
    put(bare / "cmake")
    with pytest.raises(MissingError) as caught:
        toolchain.need(*toolchain.BUILD)
    assert caught.value.code == "toolchain.missing"
    assert caught.value.data["program"] == "arm-none-eabi-gcc"
    assert set(caught.value.data["hints"]) == {"linux", "macos", "windows"}
    put(bare / "arm-none-eabi-gcc")
    toolchain.need(*toolchain.BUILD)


@pytest.mark.parametrize("place", ["arm-none-eabi/lib", "lib/arm-none-eabi/lib", "lib/arm-none-eabi/newlib"])
def test_the_libraries_of_the_arm_compiler_are_found_where_packages_put_them(bare: Path, place: str) -> None:
    put(bare / "arm-none-eabi-gcc")
    assert toolchain.tool("newlib").found == ""
    assert toolchain.tool("libstdc++").found == ""
    library = put(bare.parent / place / "libstdc++_nano.a")
    assert toolchain.tool("libstdc++").found == str(library)
    assert toolchain.tool("newlib").found == ""


def test_idf_is_found_where_its_shell_says(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert toolchain.tool("idf.py").found == ""
    program = put(tmp_path / "esp-idf" / "tools" / "idf.py")
    monkeypatch.setenv("IDF_PATH", str(tmp_path / "esp-idf"))
    assert toolchain.tool("idf.py").found == str(program)


def test_a_package_of_this_python_is_found_without_a_program(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = put(bare.parent / "packages" / "stm32loader" / "__init__.py")
    monkeypatch.syspath_prepend(str(bare.parent / "packages"))
    assert toolchain.tool("stm32loader").found == str(package)
