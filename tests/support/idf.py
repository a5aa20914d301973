"""The ESP-IDF port without ESP-IDF: its Kconfig, its component's CMakeLists and its sources, read by the real tools."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from esp_kconfiglib import Kconfig

from support import rv32

HEADERS = Path(__file__).parent / "idf_headers"
WITH_USB = ("esp32s3", "esp32c3")
# What ESP-IDF's own Kconfig says before a component's: the chip, what it has, where the console is.
_ROOT = """
config IDF_TARGET
    string
    default "{chip}"
config IDF_TARGET_{upper}
    bool
    default y
config SOC_USB_SERIAL_JTAG_SUPPORTED
    bool
    default {usb}
config ESP_CONSOLE_USB_SERIAL_JTAG_ENABLED
    bool
    default {console_on_usb}
source "{kconfig}"
"""
# CMake reads the component as ESP-IDF has it: what it registers is printed, what it sets afterwards is taken.
_READ = """
cmake_minimum_required(VERSION 3.16)
function(idf_component_register)
  cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS;PRIV_REQUIRES" ${{ARGN}})
  foreach(key IN ITEMS UNPARSED_ARGUMENTS SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS PRIV_REQUIRES)
    message(STATUS "${{key}}=${{ARG_${{key}}}}")
  endforeach()
endfunction()
function(target_compile_options target scope)
  message(STATUS "OPTIONS=${{ARGN}}")
endfunction()
function(target_compile_definitions target scope)
  message(STATUS "DEFINITIONS=${{ARGN}}")
endfunction()
function(esptool_py_flash_to_partition target partition image)
  message(STATUS "FLASH=${{target}};${{partition}};${{image}}")
endfunction()
set(COMPONENT_LIB __idf_main)
include("{lists}")
"""


def sdkconfig(port: Path, chip: str, *, console_on_usb: bool = False, **options: str) -> Kconfig:
    """The port's configuration for a chip, its defaults but for `options`.

    Args:
        port: folder ``port/esp32``.
        chip: as ESP-IDF calls it.
        console_on_usb: whether messages go to the chip's USB.
        options: by name without ``CONFIG_``.
    """
    root = port / f"Kconfig.{chip}"
    usb = {True: "y", False: "n"}
    text = _ROOT.format(
        chip=chip,
        upper=chip.upper(),
        usb=usb[chip in WITH_USB],
        console_on_usb=usb[console_on_usb],
        kconfig=port / "main" / "Kconfig.projbuild",
    )
    root.write_text(text)
    config = Kconfig(str(root), warn_to_stderr=False)
    for name, value in options.items():
        assert name in config.syms, f"there is no option {name}"
        assert config.syms[name].set_value(value)
    root.unlink()
    assert not config.warnings
    return config


def component(port: Path) -> dict[str, list[str]]:
    """What ``main/CMakeLists.txt`` tells ESP-IDF, by key."""
    if shutil.which("cmake") is None:
        pytest.skip("there is no cmake")
    lists = port / "main" / "CMakeLists.txt"
    script = port / "read.cmake"
    # In a script CMake takes the folder of what it includes from there too.
    script.write_text(_READ.format(lists=lists))
    done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=False)
    script.unlink()
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.removeprefix("-- ").partition("=")
        told.setdefault(key, []).extend(v for v in value.split(";") if v)
    return told


def check_sources(port: Path, config: Kconfig, folder: Path, *options: str) -> None:
    """Compile all C sources of the component against declarations of ESP-IDF, every warning an error.

    Args:
        port: folder ``port/esp32``.
        config: of `sdkconfig`.
        folder: to write ``sdkconfig.h`` to.
        options: for the compiler.
    """
    if shutil.which(rv32.COMPILER) is None:
        pytest.skip(f"there is no {rv32.COMPILER}")
    told = component(port)
    config.write_autoconf(str(folder / "sdkconfig.h"))
    includes = [f"-I{HEADERS}", f"-I{folder}", f"-I{port / 'main'}", *(f"-I{d}" for d in told["PRIV_INCLUDE_DIRS"])]
    own = [o for o in told["OPTIONS"] if not o.startswith("$")]
    flags = ["-std=gnu11", "-O1", "-Werror", "-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "-fsyntax-only"]
    defines = [f"-D{d}" for d in told["DEFINITIONS"]]
    sources = [s for s in told["SRCS"] if s.endswith(".c")]
    argv = [rv32.COMPILER, *flags, *own, *defines, *includes, *options, *sources]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
